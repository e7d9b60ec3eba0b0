//! Networks that were quantised elsewhere: the rounding goes, and the limits that stand for activations stay.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, functions, output};
use fewbit_compress::calibrate::calibrate;
use fewbit_compress::evaluate::liken;
use fewbit_compress::passes::{has_rounding, remove_rounding};
use fewbit_compress::{CompressOptions, NoProgress, compress};
use fewbit_core::function::arguments::{Affine, QuantizeLinear, RoundMode};
use fewbit_core::{Function, Network, VariableId};
use fewbit_data::{Dataset, Fit, Inputs, Preprocess};

/// Rounds to 8 bits as other tools do.
fn round(builder: &mut Builder, x: VariableId, name: &str, scale: f32, zero: f32) -> VariableId {
    let scale = builder.parameter(&format!("{name}/scale"), &[1, 1], &[scale]);
    let zero = builder.parameter(&format!("{name}/zero"), &[1, 1], &[zero]);
    let arguments = QuantizeLinear { round_mode: RoundMode::HalfToEven, narrow_range: false, dtype: 1 };
    let integers = builder.apply(Function::QuantizeLinear(arguments), &[x, scale, zero]);
    builder.apply(Function::DequantizeLinear, &[integers, scale, zero])
}

/// Two layers; the integers between them begin at `low`, of which values down to about -4 are cut off if it is zero.
fn network(zero: f32) -> Network {
    let mut numbers = Numbers::new(5);
    let (mut builder, x) = Builder::new(&[1, 8]);
    let x = round(&mut builder, x, "x", 1.0 / 127.0, 0.0);
    let weights = builder.random("a/W", &[8, 16], &mut numbers);
    let hidden = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights]);
    let hidden = round(&mut builder, hidden, "hidden", 5.0 / 127.0, zero);
    let weights = builder.random("b/W", &[16, 4], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[hidden, weights]);
    builder.finish(&[y])
}

fn noise(seed: u64) -> Inputs {
    let dataset = Dataset::noise(&[8], 64, seed).unwrap();
    let preprocess = Preprocess::Normalize { mean: vec![0.5], std: vec![0.5] };
    Inputs::new(dataset, &[8], preprocess, Fit::Exact).unwrap()
}

fn plain(network: &Network) -> Network {
    assert!(has_rounding(network));
    let plain = remove_rounding(network, &calibrate(network, &noise(0), &NoProgress).unwrap()).unwrap();
    plain.validate().unwrap();
    assert!(!has_rounding(&plain));
    plain
}

#[test]
fn rounding_goes_where_values_do_not_reach_its_limits() {
    let before = network(0.0);
    let after = plain(&before);
    assert_eq!(functions(&after), ["Affine", "Affine"]);
    // Nothing but the rounding is missing: some steps in each of 16 values.
    let input = Numbers::new(8).take(8);
    for (before, after) in output(&before, &input).iter().zip(output(&after, &input)) {
        assert!((before - after).abs() < 0.5, "{before} and {after}");
    }
}

#[test]
fn integers_that_begin_at_zero_stand_for_a_relu() {
    let after = plain(&network(-128.0));
    assert_eq!(functions(&after), ["Affine", "ReLU", "Affine"]);
}

#[test]
fn limits_that_cut_off_values_stay() {
    let mut numbers = Numbers::new(5);
    let (mut builder, x) = Builder::new(&[1, 8]);
    let weights = builder.random("W", &[8, 16], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights]);
    let y = round(&mut builder, y, "y", 1.0 / 128.0, 0.0);
    let after = plain(&builder.finish(&[y]));
    assert_eq!(functions(&after), ["Affine", "MaximumScalar", "MinimumScalar"]);
    let found = output(&after, &[1.0; 8]);
    assert!(found.iter().all(|value| (-1.0..=0.9921875).contains(value)), "{found:?}");
}

/// Without targets, what is measured is the difference from the network as it was.
#[test]
fn a_quantised_network_is_compressed_without_targets() {
    let network = network(-128.0);
    let options = CompressOptions { least_sqnr_db: 40.0, ..CompressOptions::default() };
    let compressed = compress(&network, &noise(0), &noise(1), &options, &NoProgress).unwrap();
    assert!(!functions(&compressed.network).contains(&"QuantizeLinear"));
    assert!(compressed.output_sqnr_db > 30.0, "{}", compressed.output_sqnr_db);
    assert_eq!(compressed.float.evaluation.score.mse(), Some(0.0));
    let [before, after] = [&network, &compressed.network].map(common::file);
    let likeness = liken(&before, &before, &noise(1), &NoProgress).unwrap();
    assert_eq!((likeness.mse, likeness.sqnr_db, likeness.images), (0.0, f64::INFINITY, 64));
    let likeness = liken(&before, &after, &noise(1), &NoProgress).unwrap();
    assert_eq!(Some(likeness.mse), compressed.compressed.evaluation.score.mse());
}
