//! Plans an `.nnb` file depth first, checks that the result is the same bit for bit, and tells what that saves and costs:
//! `cargo run --release -p fewbit-compress --example depth_first -- MODEL.nnb [LIMIT]`.

use fewbit_compress::memory::rows::{RowOptions, plan};
use fewbit_nnb::{EncodeOptions, Nnb, Version, decode, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::time::Instant;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let limit = arguments.next().map_or(Ok(0), |limit| limit.parse())?;
    let network = decode(&Nnb::new(&file)?)?;
    let whole = Model::open(&file)?;
    let expected = outputs(&whole)?;
    println!("as a whole: {} bytes of arena", whole.arena_bytes());
    for pushed in [false, true] {
        let start = Instant::now();
        let plan = plan(&network, &RowOptions { limit, pushed });
        println!("planned in {:?}", start.elapsed());
        for group in &plan.arena.groups {
            println!("  nodes {:?}, {} steps", group.nodes, group.steps.len());
        }
        for ring in &plan.arena.rings {
            println!(
                "    {:<6} {:?} rows {} bytes {} at {:?}",
                plan.network.variable(ring.variable).name,
                plan.network.variable(ring.variable).shape,
                ring.rows,
                ring.bytes,
                plan.arena.offsets[ring.variable.0]
            );
        }
        println!(
            "by rows: {} bytes of arena, bound {}; {} bytes of weights read, {} as a whole",
            plan.bytes, plan.lower_bound, plan.weights_read, plan.weights
        );
        let options =
            EncodeOptions { version: Version::V4, arena: Some(plan.arena.clone()), ..EncodeOptions::default() };
        let bytes = encode(&plan.network, &options)?.bytes;
        println!("file: {} bytes, was {}", bytes.len(), file.len());
        let model = Model::open(&bytes)?;
        assert_eq!(model.arena_bytes(), plan.bytes);
        if !pushed {
            let start = Instant::now();
            assert_eq!(outputs(&model)?, expected);
            println!("the same outputs, in {:?}", start.elapsed());
        }
    }
    Ok(())
}

/// The outputs for an image of noise.
fn outputs(model: &Model<'_>) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut arena = vec![0xa5; model.arena_bytes()];
    let mut session = Session::new(model, &mut arena, Semantics::Integer)?;
    let mut noise = 1u32;
    for index in 0..model.nnb().inputs().len() {
        let Some(mut input) = session.input_mut(index) else { continue };
        for byte in input.bytes() {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (noise >> 24) as u8;
        }
    }
    let start = Instant::now();
    session.run();
    println!("ran in {:?}", start.elapsed());
    Ok((0..model.nnb().outputs().len()).flat_map(|index| session.output(index).bytes().to_vec()).collect())
}
