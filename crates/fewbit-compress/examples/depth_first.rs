//! Plans an `.nnb` file depth first, checks that the outputs are the same bit for bit, and tells what it saves and costs:
//! `cargo run --release -p fewbit-compress --example depth_first -- MODEL.nnb [BYTES OF ARENA]`.

use fewbit_compress::memory;
use fewbit_compress::memory::rows::{RowOptions, plan};
use fewbit_nnb::{EncodeOptions, Nnb, Version, decode, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::error::Error;
use std::time::{Duration, Instant};

/// The fastest of so many runs is told.
const RUNS: usize = 30;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let file = std::fs::read(arguments.next().ok_or("which file?")?)?;
    let limit = arguments.next().map_or(Ok(0), |limit| limit.parse())?;
    let network = decode(&Nnb::new(&file)?)?;
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };

    let whole = memory::plan(&network);
    let bytes = encode(&network, &EncodeOptions { arena: Some(whole.arena), ..options.clone() })?.bytes;
    let (expected, time) = run(&Model::open(&bytes)?)?;
    println!("whole variables: {} bytes of arena, {} of file, {time:?}", whole.bytes, bytes.len());
    for pushed in [false, true] {
        let plan = plan(&network, &RowOptions { limit, pushed });
        let arena = Some(plan.arena.clone());
        let bytes = encode(&plan.network, &EncodeOptions { arena, ..options.clone() })?.bytes;
        println!(
            "row by row, input {}: {} bytes of arena, {} of file, {} of weights read ({} once)",
            if pushed { "pushed" } else { "held" },
            plan.bytes,
            bytes.len(),
            plan.weights_read,
            plan.weights
        );
        for group in &plan.arena.groups {
            println!("  functions {} to {} in {} steps", group.nodes.start, group.nodes.end - 1, group.steps.len());
        }
        for ring in &plan.arena.rings {
            let (variable, offset) = (plan.network.variable(ring.variable), plan.arena.offsets[ring.variable.0]);
            println!(
                "    at {:>6}: {:>6} bytes, {} rows of {} {}",
                offset.unwrap_or(0),
                ring.bytes,
                ring.rows,
                variable.name,
                variable.shape
            );
        }
        let model = Model::open(&bytes)?;
        if !pushed {
            let (found, time) = run(&model)?;
            println!("  {}, {time:?}", if found == expected { "the same outputs" } else { "OTHER OUTPUTS" });
        }
    }
    Ok(())
}

/// The outputs for inputs of noise, and how long the fastest run took.
fn run(model: &Model<'_>) -> Result<(Vec<u8>, Duration), Box<dyn Error>> {
    let mut arena = vec![0xa5; model.arena_bytes()];
    let mut session = Session::new(model, &mut arena, Semantics::Integer)?;
    let mut fastest = Duration::MAX;
    for _ in 0..RUNS {
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
        fastest = fastest.min(start.elapsed());
    }
    let outputs = 0..model.nnb().outputs().len();
    Ok((outputs.flat_map(|index| session.output(index).bytes().to_vec()).collect(), fastest))
}
