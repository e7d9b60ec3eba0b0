//! All number formats in all positions: a function gives what its float form gives for the values as stored, stored in
//! the format of the output.

use crate::random::{self, Random, has_integer_form};
use crate::single::{Given, file, network, run, variable};
use fewbit_core::spec::FunctionSpec;
use fewbit_core::{Function, NumberFormat, Shape, Variable};
use fewbit_runtime::Semantics;

/// How often a function is to run, and how often that is tried.
const RUNS: usize = 200;
const ATTEMPTS: usize = 20_000;

/// A format that buffers can have.
pub fn buffer_format(random: &mut Random) -> NumberFormat {
    match random.below(3) {
        0 => NumberFormat::Float32,
        1 => NumberFormat::Fixed16 { position: random.pick(&[0, 4, 9, 13, -2, 20]) },
        _ => NumberFormat::Fixed8 { position: random.pick(&[0, 2, 4, 5, 7, -1, 9]) },
    }
}

/// Values that some functions take for places, others for numbers.
fn values(random: &mut Random, count: usize) -> Vec<f32> {
    let places = random.below(3) == 0;
    (0..count).map(|_| if places { random.below(6) as f32 - 2.0 } else { random.real(4.0) }).collect()
}

/// A parameter in any format, with positions for its channels where it can have them.
pub fn parameter(random: &mut Random, shape: Shape) -> Variable {
    let signs = (0..shape.items()).map(|_| random.pick(&[-1.0, 1.0])).collect();
    let format = match random.below(4) {
        0 => return variable(shape, NumberFormat::Sign, Some(signs)),
        1 => NumberFormat::Fixed4 { position: random.pick(&[0, 1, 3]) },
        2 => NumberFormat::Fixed2 { position: random.pick(&[-1, 0, 2]) },
        _ => buffer_format(random),
    };
    let values = values(random, shape.items());
    let channels = shape.first().copied().unwrap_or(1);
    let with_positions = format.is_fixed() && shape.items() > 0 && random.below(2) == 0;
    let channel_positions =
        with_positions.then(|| (0..channels).map(|_| random.pick(&[0i8, 1, 3])).collect::<Vec<_>>().into());
    Variable { channel_positions, ..variable(shape, format, Some(values)) }
}

/// Compares a random function in random formats with its float form; whether its shape rule took the shapes.
fn attempt(random: &mut Random, spec: &'static FunctionSpec) -> bool {
    let first = random::shape(random);
    let function = random::function(random, spec, first.rank());
    let shapes = random::shapes(random, spec, first);
    let (Ok(output), Ok(count)) = (function.output_shape(&&shapes[..]), function.output_count(&&shapes[..])) else {
        return false;
    };
    if shapes.iter().chain([&output]).any(|shape| shape.items() > 2000) || count > 50 {
        return false;
    }
    let inputs: Vec<_> = shapes
        .iter()
        .enumerate()
        .map(|(index, &shape)| match random.below(2) {
            0 if index > 0 => parameter(random, shape),
            _ => variable(shape, buffer_format(random), None),
        })
        .collect();
    let outputs: Vec<_> = (0..count).map(|_| variable(output, buffer_format(random), None)).collect();
    let semantics = random.pick(&[Semantics::Integer, Semantics::Reference]);
    let given: Vec<_> =
        inputs.iter().filter(|input| input.is_buffer()).map(|input| values(random, input.shape.items())).collect();
    check(function, inputs, outputs, semantics, &given);
    true
}

fn check(function: Function, inputs: Vec<Variable>, outputs: Vec<Variable>, semantics: Semantics, given: &[Vec<f32>]) {
    let typed = network(function, inputs, outputs);
    typed.validate().unwrap_or_else(|error| panic!("{function:?}: {error}"));
    let given: Vec<_> = given.iter().map(|values| Given::Values(values)).collect();
    let found = run(&file(&typed), semantics, &given).unwrap_or_else(|error| panic!("{function:?}: {error}"));

    // The same with floats, for the values as they were stored.
    let inputs = &typed.nodes[0].inputs;
    let outputs = &typed.nodes[0].outputs;
    let float = |id: &fewbit_core::VariableId| variable(typed.variable(*id).shape, NumberFormat::Float32, None);
    let plain = network(function, inputs.iter().map(float).collect(), outputs.iter().map(float).collect());
    let stored: Vec<_> = inputs.iter().map(|id| Given::Values(&found[id.0])).collect();
    let expected = run(&file(&plain), semantics, &stored).expect("the same shapes");

    for output in outputs {
        let format = typed.variable(*output).format;
        for (found, expected) in found[output.0].iter().zip(&expected[output.0]) {
            let expected = match format {
                NumberFormat::Float32 => *expected,
                format => format.quantize(*expected, semantics.rounding()) as f32 * format.step(),
            };
            assert!(
                *found == expected || (found.is_nan() && expected.is_nan()),
                "{function:?} in {semantics:?} semantics gives {found}, but its float form {expected}, of\n{:?}",
                typed.variables.iter().map(|variable| (variable.shape, variable.format)).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn formats_change_nothing_but_what_they_cannot_hold() {
    for (spec, seed) in random::functions().filter(|spec| !has_integer_form(spec)).zip(1000..) {
        let mut random = Random::new(seed);
        let runs = (0..ATTEMPTS).filter(|_| attempt(&mut random, spec)).take(RUNS).count();
        println!("{} ran {runs} times", spec.name);
        assert_eq!(runs, RUNS, "{}", spec.name);
    }
}
