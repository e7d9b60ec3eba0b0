//! [`on_every_set`]: a model on the portable runtime, and prepared for each instruction set.

use fewbit_core::Network;
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics, Session};
use proptest::prelude::*;

/// Runs the model of a network on inputs both ways, and shows each output to `compare`: the instruction set, the number of the
/// output, what the prepared network gives, and what the portable runtime does.
pub fn on_every_set(
    model: &Model<'_>,
    network: &Network,
    inputs: &[Vec<f32>],
    compare: impl Fn(InstructionSet, usize, &[f32], &[f32]) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(model, &mut arena, Semantics::Integer).expect("enough");
    for (index, input) in inputs.iter().enumerate() {
        session.set_input(index, input);
    }
    session.run();
    for set in InstructionSet::ALL {
        let Some(prepared) = Prepared::with_instruction_set(model, Semantics::Integer, set) else { continue };
        let mut runner = prepared.runner();
        // Twice: what a run leaves behind must not matter to the next.
        for _ in 0..2 {
            for (index, input) in inputs.iter().enumerate() {
                runner.set_input(index, input);
            }
            runner.run();
        }
        for (index, &id) in network.outputs.iter().enumerate() {
            let mut expected = vec![0.0; network.variable(id).shape.items()];
            let mut found = expected.clone();
            session.output(index).read(0, &mut expected);
            runner.read_output(index, &mut found);
            compare(set, index, &found, &expected)?;
        }
    }
    Ok(())
}
