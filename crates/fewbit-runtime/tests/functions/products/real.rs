//! Floats and mixtures of formats, in both semantics, against double precision.

use super::inputs::{Formats, Inputs, any_formats, buffer_format};
use super::spec::specs;
use super::{Spec, naive};
use crate::single::{Given, run};
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::{NumberFormat, Rounding};
use fewbit_runtime::{OpenError, Semantics};
use proptest::prelude::*;

/// An output and how large the numbers are that it was computed of.
#[derive(Clone, Copy)]
struct Estimate {
    value: f64,
    magnitude: f64,
}

fn doubles(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Weights rounded to the nearest powers of two, of which 4 are kept, where `fixed` says so.
fn powers(weights: &[f64], fixed: &[bool]) -> Vec<f64> {
    let nearest =
        |value: f64| (-60..).find(|&exponent| value.abs() < 1.5 * f64::exp2(exponent.into())).expect("finite");
    let greatest = weights.iter().filter(|weight| **weight != 0.0).map(|&weight| nearest(weight)).max().unwrap_or(0);
    let least = greatest - 3;
    let power = |(&weight, &fixed): (&f64, &bool)| match fixed {
        false => weight,
        true if weight.abs() < f64::exp2(f64::from(least - 1)) => 0.0,
        true => weight.signum() * f64::exp2(nearest(weight).max(least).into()),
    };
    weights.iter().zip(fixed).map(power).collect()
}

/// What stands in the padding: integer sums can only have what the format of `x` can store.
fn constant(spec: &Spec, formats: &Formats, semantics: Semantics) -> f64 {
    let float = [formats.x, formats.weights].contains(&NumberFormat::Float32);
    if float || semantics == Semantics::Reference {
        return spec.constant.into();
    }
    f64::from(formats.x.quantize(spec.constant, Rounding::HalfUp)) * f64::from(formats.x.step())
}

fn expected(spec: &Spec, inputs: &Inputs, constant: f64) -> Vec<Estimate> {
    let channels = spec.groups * spec.outputs;
    let (x, weights) = (doubles(&inputs.x.reals), doubles(&inputs.weights.reals));
    let weights = if spec.kind.has_indicators() { powers(&weights, &inputs.fixed) } else { weights };
    let sums = naive::sums(spec, &x, &weights, constant);
    let absolute = |values: &[f64]| -> Vec<f64> { values.iter().map(|value| value.abs()).collect() };
    let magnitudes = naive::sums(spec, &absolute(&x), &absolute(&weights), constant.abs());
    let places = sums.len() / (spec.batch * channels);
    let finish = |index: usize| {
        let channel = index / places % channels;
        let (mut value, mut magnitude) = (sums[index], magnitudes[index]);
        if spec.kind.has_alpha() {
            let alpha = f64::from(inputs.alpha.reals[channel]);
            (value, magnitude) = (value * alpha, magnitude * alpha.abs());
        }
        if spec.bias {
            let bias = f64::from(inputs.bias.reals[channel]);
            (value, magnitude) = (value + bias, magnitude + bias.abs());
        }
        if spec.normalized {
            let [beta, gamma, mean, variance] =
                [0, 1, 2, 3].map(|index| f64::from(inputs.normalization[index].reals[channel]));
            let scale = gamma / (variance + 1e-3).sqrt();
            value = (value - mean) * scale + beta;
            magnitude = (magnitude + mean.abs()) * scale.abs() + beta.abs();
        }
        if spec.residual {
            let residual = f64::from(inputs.residual.reals[index]);
            (value, magnitude) = (value + residual, magnitude + residual.abs());
        }
        let value = match spec.nonlinearity {
            Nonlinearity::Identity => value,
            Nonlinearity::ReLU => value.max(0.0),
            Nonlinearity::ReLU6 => value.clamp(0.0, 6.0),
            Nonlinearity::Sigmoid => 1.0 / (1.0 + (-value).exp()),
            Nonlinearity::Tanh => value.tanh(),
            Nonlinearity::LeakyReLU => value.max(value * 0.25),
            Nonlinearity::ELU if value < 0.0 => (value.exp() - 1.0) * 0.25,
            Nonlinearity::ELU => value,
        };
        Estimate { value, magnitude }
    };
    let estimates: Vec<Estimate> = (0..sums.len()).map(finish).collect();
    spec.batch_in_memory(&estimates, channels)
}

/// Whether an output is what `estimate` is stored as.
fn agrees(found: f32, estimate: Estimate, format: NumberFormat, semantics: Semantics) -> bool {
    let found = f64::from(found);
    let tolerance = 2e-6 * (estimate.magnitude + 1.0);
    let Some((low, high)) = format.integer_range() else { return (found - estimate.value).abs() <= tolerance };
    let step = f64::from(format.step());
    let saturated = estimate.value.clamp(f64::from(low) * step, f64::from(high) * step);
    match semantics {
        Semantics::Integer => (found - saturated).abs() <= step / 2.0 + tolerance,
        // Toward zero.
        Semantics::Reference => {
            (found - saturated).abs() <= step + tolerance && found.abs() <= saturated.abs() + tolerance
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn functions_that_sum_products_agree_with_double_precision(
        spec in specs(),
        formats in any_formats(),
        output in prop_oneof![Just(NumberFormat::Float32), buffer_format()],
        reference: bool,
    ) {
        let semantics = if reference { Semantics::Reference } else { Semantics::Integer };
        let inputs = Inputs::new(&spec, &formats);
        let (file, given) = inputs.file(&spec, output);
        let given: Vec<_> = given.iter().map(|values| Given::Values(values)).collect();
        let found = match run(&file, semantics, &given) {
            Ok(mut variables) => variables.pop().expect("the output"),
            Err(error) => {
                prop_assume!(!matches!(error, OpenError::Positions { .. }), "{}", error);
                return Ok(());
            }
        };
        let expected = expected(&spec, &inputs, constant(&spec, &formats, semantics));
        for (place, (&found, estimate)) in found.iter().zip(expected).enumerate() {
            prop_assert!(
                agrees(found, estimate, output, semantics),
                "{found} at {place}, but {} was expected of numbers up to {}", estimate.value, estimate.magnitude
            );
        }
    }
}
