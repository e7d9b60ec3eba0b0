//! Random networks whose functions write over their inputs give the bits that they give in memory of their own: in the
//! portable runtime, and prepared for a host. `random_networks` holds generated code against the portable runtime.

mod common;

use common::builder::{Formats, network};
use common::compiled::{Sample, expected, samples};
use common::networks::planned;
use common::windows::window;
use fewbit_compress::memory::{InPlace, plan_with};
use fewbit_core::Network;
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics, Values};

/// What a model gives, prepared for a set of instructions, as the bits of its outputs; `None` if the machine lacks them.
fn prepared(model: &Model<'_>, set: InstructionSet, samples: &[Sample]) -> Option<Vec<u32>> {
    let prepared = Prepared::with_instruction_set(model, Semantics::Integer, set)?;
    let mut runner = prepared.runner();
    let mut bits = Vec::new();
    for sample in samples {
        let mut rest = &sample[..];
        for (index, number) in model.nnb().inputs().iter().enumerate() {
            let variable = model.nnb().variable(number);
            let (own, others) = rest.split_at(variable.format.bytes(variable.shape.items()));
            rest = others;
            let values = Values::new(own, variable.format, variable.shape);
            let mut reals = vec![0.0; values.len()];
            values.read(0, &mut reals);
            runner.set_input(index, &reals);
        }
        runner.run();
        for (index, number) in model.nnb().outputs().iter().enumerate() {
            let mut reals = vec![0.0; model.nnb().variable(number).shape.items()];
            runner.read_output(index, &mut reals);
            bits.extend(reals.iter().map(|value| value.to_bits()));
        }
    }
    Some(bits)
}

/// Compares both ways to lay out a network; whether one takes less memory.
fn check(network: &Network) -> bool {
    let files = [InPlace::Apart, InPlace::Shared].map(|in_place| planned(network, in_place));
    let models = [0, 1].map(|way| Model::open(&files[way]).expect("a network that can be run"));
    let samples = samples(&models[0], 4, 11);
    let [apart, shared] = &models;
    assert_eq!(expected(shared, &samples), expected(apart, &samples), "{:?}", network.nodes);
    for set in InstructionSet::ALL {
        assert_eq!(prepared(shared, set, &samples), prepared(apart, set, &samples), "{set:?} {:?}", network.nodes);
    }
    let plan = plan_with(network, InPlace::Shared);
    assert!(plan.bytes >= plan.lower_bound && shared.arena_bytes() == plan.bytes);
    plan.bytes < apart.arena_bytes()
}

#[test]
fn networks_in_place() {
    let mut smaller = 0;
    for formats in [Formats::Fixed, Formats::Mixed, Formats::Float] {
        smaller += (0..200).filter(|&seed| check(&network(seed, formats))).count();
    }
    smaller += (0..100).filter(|&seed| check(&window(seed, Formats::Mixed))).count();
    assert!(smaller >= 60, "{smaller} networks take less memory in place");
}
