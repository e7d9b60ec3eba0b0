//! Random networks of floats, prepared for a host with each instruction set, against the portable runtime.

use crate::builder::Builder;
use crate::networks::network;
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics, Session};
use proptest::prelude::*;

/// Runs the network both ways and compares all outputs.
fn check(mut builder: Builder) -> Result<(), TestCaseError> {
    let file = encode(&builder.network, &EncodeOptions::default()).expect("a plain network").bytes;
    let model = Model::open(&file).expect("just written");
    let inputs: Vec<Vec<f32>> =
        builder.network.inputs.clone().iter().map(|&id| builder.values(builder.shape(id).items())).collect();
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("enough");
    for (index, input) in inputs.iter().enumerate() {
        session.set_input(index, input);
    }
    session.run();
    for set in InstructionSet::ALL {
        let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Integer, set) else { continue };
        let mut runner = prepared.runner();
        // Twice: what a run leaves behind must not matter to the next.
        for _ in 0..2 {
            for (index, input) in inputs.iter().enumerate() {
                runner.set_input(index, input);
            }
            runner.run();
        }
        for (index, &id) in builder.network.outputs.iter().enumerate() {
            let mut expected = vec![0.0; builder.shape(id).items()];
            let mut found = expected.clone();
            session.output(index).read(0, &mut expected);
            runner.read_output(index, &mut found);
            let largest = expected.iter().fold(1e-3f32, |largest, value| largest.max(value.abs()));
            for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let close = (found - expected).abs() <= 1e-5 * largest;
                prop_assert!(close, "{set:?}, output {index}, place {place}: {found} is not {expected}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn networks_of_floats_agree(network in network()) {
        let Some(builder) = network else { return Ok(()) };
        check(builder)?;
    }
}
