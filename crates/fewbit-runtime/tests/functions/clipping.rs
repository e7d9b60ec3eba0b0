//! Functions that limit or only move fixed-point values, bit for bit against integers of 128 bits.

use crate::numbers::{integers, stored_fraction};
use crate::random::Random;
use crate::single::{Given, file, network, run, shape, variable};
use fewbit_core::function::arguments::{Axes, InPlace, Scalar};
use fewbit_core::{Function, IntList, NumberFormat};
use fewbit_runtime::Semantics;
use proptest::prelude::*;

/// Real numbers are counted in steps of this position, which holds those of all formats here.
const POSITION: i32 = 30;

fn format() -> impl Strategy<Value = NumberFormat> {
    (any::<bool>(), -6i8..20).prop_map(|(wide, position)| match wide {
        true => NumberFormat::Fixed16 { position },
        false => NumberFormat::Fixed8 { position },
    })
}

/// A function, and the bounds that it holds values to, in steps.
fn functions() -> impl Strategy<Value = (Function, i128, i128)> {
    let one = 1i128 << POSITION;
    let (in_place, least, most) = (InPlace { inplace: false }, i128::MIN, i128::MAX);
    // A limit is a multiple of one sixteenth, which few formats hold.
    let limit = || -4000i32..4000;
    let scalar = |limit: i32| Scalar { val: limit as f32 / 16.0 };
    prop_oneof![
        Just((Function::ReLU(in_place), 0, most)),
        Just((Function::ReLU6, 0, 6 * one)),
        Just((Function::HardTanh, -one, one)),
        Just((Function::Identity, least, most)),
        Just((Function::Transpose(Axes { axes: IntList::try_from_iter([0, 1]).expect("two") }), least, most)),
        limit().prop_map(move |limit| (Function::MinimumScalar(scalar(limit)), least, i128::from(limit) * one / 16)),
        limit().prop_map(move |limit| (Function::MaximumScalar(scalar(limit)), i128::from(limit) * one / 16, most)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn integers_are_exact(
        (function, least, most) in functions(),
        input in format(),
        output in format(),
        columns in 1usize..150,
        seed: u64,
    ) {
        let values = integers(&mut Random::new(seed), input, columns);
        let position = i32::from(input.position().expect("fixed-point"));
        let expected: Vec<f32> = values
            .iter()
            .map(|value| {
                let limited = (value << (POSITION - position)).clamp(least, most);
                stored_fraction(limited, 1 << POSITION, output) as f32 * output.step()
            })
            .collect();

        let shape = shape(&[1, columns]);
        let network = network(function, vec![variable(shape, input, None)], vec![variable(shape, output, None)]);
        network.validate().unwrap_or_else(|error| panic!("{error}"));
        let reals: Vec<f32> = values.iter().map(|&value| value as f32 * input.step()).collect();
        let variables = run(&file(&network), Semantics::Integer, &[Given::Values(&reals)]).expect("a model that opens");
        prop_assert_eq!(&variables[1], &expected);
    }
}
