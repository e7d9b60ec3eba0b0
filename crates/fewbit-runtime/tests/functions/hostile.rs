//! Shapes, arguments and values without sense: a file is refused, or it runs.

use crate::random::{self, Random};
use crate::single::{Given, file, network, run, variable};
use fewbit_core::spec::FunctionSpec;
use fewbit_core::{NumberFormat, Shape, Variable};
use fewbit_runtime::Semantics;

/// How often a function is to run, and how often that is tried.
const RUNS: usize = 60;
const ATTEMPTS: usize = 20_000;

fn format(random: &mut Random) -> NumberFormat {
    let position = random.pick(&[0i8, 3, 7, -5, 20, i8::MIN, i8::MAX]);
    random.pick(&[NumberFormat::Float32, NumberFormat::Fixed16 { position }, NumberFormat::Fixed8 { position }])
}

/// Builds a function and runs it if it can be opened; whether it could.
fn attempt(random: &mut Random, spec: &'static FunctionSpec) -> bool {
    let first = random::shape(random);
    let function = random::function(random, spec, first.rank());
    let shapes = random::shapes(random, spec, first);
    let output = function.output_shape(&&shapes[..]).unwrap_or_else(|_| random::shape(random));
    let count = function.output_count(&&shapes[..]).unwrap_or(1).clamp(1, 100);
    // What would take long shows nothing new.
    if shapes.iter().chain([&output]).any(|shape| shape.items() > 20_000) {
        return false;
    }
    let buffer = |random: &mut Random, shape: Shape| -> Variable { variable(shape, format(random), None) };
    let inputs = shapes.iter().map(|&shape| buffer(random, shape)).collect();
    let outputs = (0..count).map(|_| buffer(random, output)).collect();
    let network = network(function, inputs, outputs);
    let bytes: Vec<u8> = (0..100_000 / 8).flat_map(|_| random.bits().to_le_bytes()).collect();
    let file = file(&network);
    let given: Vec<_> = shapes.iter().map(|_| Given::Bytes(&bytes[random.below(1000)..])).collect();
    [Semantics::Integer, Semantics::Reference].iter().all(|&semantics| run(&file, semantics, &given).is_ok())
}

#[test]
fn no_shapes_arguments_or_values_make_a_function_panic() {
    for (spec, seed) in random::functions().zip(0..) {
        let mut random = Random::new(seed);
        let runs = (0..ATTEMPTS).filter(|_| attempt(&mut random, spec)).take(RUNS).count();
        println!("{} ran {runs} times", spec.name);
        assert!(runs > 0, "{} never ran", spec.name);
    }
}
