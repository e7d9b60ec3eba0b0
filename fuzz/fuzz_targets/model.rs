//! Whole models: any file that opens runs, in both semantics and prepared for the host, whatever its weights and inputs.
#![no_main]

use fewbit_runtime::host::Prepared;
use fewbit_runtime::{Model, Semantics, Session};
use libfuzzer_sys::fuzz_target;

/// Larger models would only run longer.
const MOST_ARENA: usize = 1 << 18;
const MOST_WORK: usize = 1 << 24;

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::open(bytes) else { return };
    if model.arena_bytes() > MOST_ARENA || work(&model) > MOST_WORK {
        return;
    }
    let mut arena = vec![0x5a; model.arena_bytes()];
    for semantics in [Semantics::Reference, Semantics::Integer] {
        let mut session = Session::new(&model, &mut arena, semantics).expect("an arena of its size");
        session.run();
        for output in 0..model.nnb().outputs().len() {
            let _ = session.output(output).get(0);
        }
    }
    let prepared = Prepared::new(&model, Semantics::Integer);
    prepared.runner().run();
});

/// A bound of what the functions compute: each item of an output from every item of every input.
fn work(model: &Model<'_>) -> usize {
    let nnb = model.nnb();
    let items = |list: fewbit_nnb::reader::Words<'_>| -> usize {
        list.iter().fold(0, |sum: usize, index| sum.saturating_add(nnb.variable(index).shape.items()))
    };
    (0..nnb.function_count()).map(|index| nnb.function(index)).fold(0, |sum: usize, function| {
        sum.saturating_add(items(function.inputs).saturating_mul(items(function.outputs)))
    })
}
