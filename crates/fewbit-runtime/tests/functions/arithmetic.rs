//! Sums, differences and products of fixed-point variables, bit for bit against integers of 128 bits.

use crate::numbers::{integers, rounded};
use crate::random::Random;
use crate::single::{Given, file, network, run, shape, variable};
use fewbit_core::function::arguments::InPlace;
use fewbit_core::{Function, NumberFormat};
use fewbit_runtime::{OpenError, Semantics};
use proptest::prelude::*;

fn format() -> impl Strategy<Value = NumberFormat> {
    (any::<bool>(), -6i8..20).prop_map(|(wide, position)| match wide {
        true => NumberFormat::Fixed16 { position },
        false => NumberFormat::Fixed8 { position },
    })
}

fn functions() -> impl Strategy<Value = (Function, usize)> {
    let arguments = InPlace { inplace: false };
    prop_oneof![
        Just((Function::Add2(arguments), 2)),
        Just((Function::BcAdd2(arguments), 2)),
        Just((Function::Sub2(arguments), 2)),
        Just((Function::Mul2(arguments), 2)),
        (1usize..6).prop_map(|count| (Function::AddN, count)),
        (1usize..5).prop_map(|count| (Function::MulN, count)),
    ]
}

/// The value of the output for values of the inputs and their positions.
fn expected(function: &Function, inputs: &[(i128, i32)], output: NumberFormat) -> i128 {
    match function {
        Function::Mul2(_) | Function::MulN => {
            let product = inputs.iter().fold((1, 0), |product, input| (product.0 * input.0, product.1 + input.1));
            rounded(&[product], output, |sum, _| sum)
        }
        Function::Sub2(_) => rounded(&[inputs[0], (-inputs[1].0, inputs[1].1)], output, |sum, _| sum),
        _ => rounded(inputs, output, |sum, _| sum),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn integers_are_exact(
        (function, count) in functions(),
        formats in prop::collection::vec(format(), 5),
        stretched in prop::collection::vec(any::<[bool; 2]>(), 5),
        rows in 1usize..4,
        columns in 1usize..90,
        output in format(),
        seed: u64,
    ) {
        let mut random = Random::new(seed);
        let formats = &formats[..count];
        let extents = |axes: &[bool; 2]| [if axes[0] { 1 } else { rows }, if axes[1] { 1 } else { columns }];
        let dims: Vec<[usize; 2]> = stretched[..count].iter().map(extents).collect();
        let values: Vec<Vec<i128>> =
            formats.iter().zip(&dims).map(|(&format, dims)| integers(&mut random, format, dims[0] * dims[1])).collect();
        let y = [0, 1].map(|axis| dims.iter().map(|dims| dims[axis]).max().expect("an input"));

        let at = |row: usize, column: usize| -> Vec<(i128, i32)> {
            let value = |input: usize| {
                let [rows, columns] = dims[input];
                values[input][if rows == 1 { 0 } else { row } * columns + if columns == 1 { 0 } else { column }]
            };
            let position = |input: usize| i32::from(formats[input].position().expect("fixed-point"));
            (0..count).map(|input| (value(input), position(input))).collect()
        };
        let places = (0..y[0]).flat_map(|row| (0..y[1]).map(move |column| (row, column)));
        let expected: Vec<f32> = places
            .map(|(row, column)| expected(&function, &at(row, column), output) as f32 * output.step())
            .collect();

        let inputs = formats.iter().zip(&dims).map(|(&format, dims)| variable(shape(dims), format, None)).collect();
        let network = network(function, inputs, vec![variable(shape(&y), output, None)]);
        network.validate().unwrap_or_else(|error| panic!("{error}"));
        let reals: Vec<Vec<f32>> = formats
            .iter()
            .zip(&values)
            .map(|(format, values)| values.iter().map(|&value| value as f32 * format.step()).collect())
            .collect();
        let given: Vec<_> = reals.iter().map(|values| Given::Values(values)).collect();
        match run(&file(&network), Semantics::Integer, &given) {
            Ok(variables) => prop_assert_eq!(&variables[count], &expected),
            Err(error) => prop_assume!(!matches!(error, OpenError::Positions { .. }), "{}", error),
        }
    }
}

#[test]
fn sums_of_numbers_too_far_apart_are_refused() {
    let opens = |positions: [i8; 3]| {
        let [a, b, y] = positions.map(|position| variable(shape(&[4]), NumberFormat::Fixed16 { position }, None));
        let network = network(Function::AddN, vec![a, b], vec![y]);
        match run(&file(&network), Semantics::Integer, &[]) {
            Ok(_) => true,
            Err(OpenError::Positions { index: 0, name: "AddN" }) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(opens([-20, 20, 0]));
    assert!(opens([-40, 40, 0]));
    assert!(!opens([-40, 40, -10]));
    assert!(!opens([-127, 127, 0]));
}
