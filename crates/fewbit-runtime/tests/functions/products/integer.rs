//! *Integer* semantics, bit for bit, against integers of 128 bits.

use super::inputs::{Formats, Inputs, integer_formats};
use super::spec::specs;
use super::{Kind, Spec, naive};
use crate::numbers::rounded;
use crate::single::{Given, run};
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::{NumberFormat, Rounding};
use fewbit_runtime::{OpenError, Semantics};
use proptest::prelude::*;

/// Weights rounded to powers of two where `fixed` says so, of which `2^(num_bits - 2)` are kept.
fn powers(weights: &[i128], fixed: &[bool], num_bits: u32) -> Vec<i128> {
    let nearest = |value: i128| (0..).find(|&exponent| 2 * value.abs() < 3 << exponent).expect("large enough");
    let greatest = weights.iter().filter(|&&weight| weight != 0).map(|&weight| nearest(weight)).max().unwrap_or(0);
    let least = greatest + 1 - (1 << (num_bits - 2));
    let half_of_least = if least >= 1 { 1 << (least - 1) } else { 0 };
    let power = |(&weight, &fixed): (&i128, &bool)| match fixed {
        false => weight,
        true if weight == 0 || weight.abs() < half_of_least => 0,
        true => weight.signum() << nearest(weight).clamp(least.max(0), greatest),
    };
    weights.iter().zip(fixed).map(power).collect()
}

/// The outputs, in the order of memory, for an output format that shifts the sums right by `shift`.
fn expected(spec: &Spec, formats: &Formats, inputs: &Inputs, wide: bool, shift: i32) -> (NumberFormat, Vec<f32>) {
    let Inputs { x, weights, alpha, bias, residual, .. } = inputs;
    let channels = spec.groups * spec.outputs;
    let multiplied = match spec.kind.has_indicators() {
        true => powers(&weights.integers, &inputs.fixed, 4),
        false => weights.integers.clone(),
    };
    let constant = formats.x.quantize(spec.constant, Rounding::HalfUp).into();
    let sums = naive::sums(spec, &x.integers, &multiplied, constant);
    let scale = |channel: usize| match spec.kind.has_alpha() {
        true => (alpha.integers[channel], alpha.position(channel)),
        false => (1, 0),
    };
    let sum_position = |channel: usize| x.position(0) + weights.position(channel) + scale(channel).1;
    let position = (sum_position(0) - shift).clamp(-60, 60) as i8;
    let output = if wide { NumberFormat::Fixed16 { position } } else { NumberFormat::Fixed8 { position } };
    let places = sums.len() / (spec.batch * channels);
    let stored = |(index, &sum): (usize, &i128)| {
        let channel = index / places % channels;
        let mut addends = vec![(sum * scale(channel).0, sum_position(channel))];
        addends.extend(spec.bias.then(|| (bias.integers[channel], bias.position(channel))));
        addends.extend(spec.residual.then(|| (residual.integers[index], residual.position(0))));
        let integer = rounded(&addends, output, |sum, one| match spec.nonlinearity {
            Nonlinearity::ReLU => sum.max(0),
            Nonlinearity::ReLU6 => sum.clamp(0, 6 * one),
            _ => sum,
        });
        integer as f32 * output.step()
    };
    let expected: Vec<f32> = sums.iter().enumerate().map(stored).collect();
    (output, spec.batch_in_memory(&expected, channels))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn functions_that_sum_products_are_exact(
        spec in specs(),
        formats in integer_formats(),
        wide: bool,
        shift in -3i32..24,
    ) {
        // What has no exact integer form is compared elsewhere.
        let nonlinearity = match spec.nonlinearity {
            exact @ (Nonlinearity::Identity | Nonlinearity::ReLU | Nonlinearity::ReLU6) => exact,
            _ => Nonlinearity::Identity,
        };
        let spec = Spec { nonlinearity, normalized: false, ..spec };
        let inputs = Inputs::new(&spec, &formats);
        let (output, expected) = expected(&spec, &formats, &inputs, wide, shift);
        let (file, given) = inputs.file(&spec, output);
        let given: Vec<_> = given.iter().map(|values| Given::Values(values)).collect();
        match run(&file, Semantics::Integer, &given) {
            Ok(variables) => prop_assert_eq!(&variables[variables.len() - 1], &expected),
            Err(error) => prop_assume!(!matches!(error, OpenError::Positions { .. }), "{}", error),
        }
    }
}

/// Sums that 64 bits cannot hold are refused, instead of wrapping; where the output saturates anyhow they are taken.
#[test]
fn positions_too_far_apart_are_refused() {
    let spec = Spec::affine(Kind::Affine, 1, 3, 2);
    let fixed8 = |position| NumberFormat::Fixed8 { position };
    let opens = |bias: i8, output: i8| {
        let formats = Formats {
            x: fixed8(0),
            weights: fixed8(0),
            bias: fixed8(bias),
            alpha: fixed8(0),
            residual: fixed8(0),
            by_channel: false,
            weights_are_stored: true,
            seed: 1,
        };
        let (file, _) = Inputs::new(&spec, &formats).file(&spec, fixed8(output));
        match run(&file, Semantics::Integer, &[]) {
            Ok(_) => true,
            Err(OpenError::Positions { index: 0, name: "Affine" }) => false,
            Err(error) => panic!("{error}"),
        }
    };
    assert!(opens(40, 0));
    assert!(!opens(70, 0));
    assert!(opens(70, 24));
    assert!(!opens(70, 23));
    assert!(!opens(100, -100));
}
