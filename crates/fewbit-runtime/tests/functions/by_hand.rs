//! What NNabla refuses, leaves undefined or cannot compute on a CPU: against numbers from the definition.

use crate::random::Random;
use crate::single::{compute, shape};
use fewbit_core::function::arguments::{
    Axes, Axis, BatchNormalization, ExtremeReduction, FixedPointQuantize, Gather, Interpolate, InterpolateMode,
    MeanSubtraction, Pow2Quantize, Prune, QuantizeLinear, Reduction, RoundMode, ShapeOnly, Slice, TensorNormalization,
};
use fewbit_core::{Function, IntList, Shape};

fn ints(values: &[i32]) -> IntList {
    IntList::from_slice(values).expect("a short list")
}

/// 0, 1, 2, ...
fn counting(count: usize) -> Vec<f32> {
    (0..count).map(|value| value as f32).collect()
}

fn one(function: Function, inputs: &[(&[usize], &[f32])]) -> Vec<f32> {
    let mut outputs = compute(function, inputs);
    assert_eq!(outputs.len(), 1);
    outputs.remove(0)
}

#[test]
fn slices_reach_the_beginning_backwards() {
    let x = counting(6);
    let slice = |start, stop, step| {
        let arguments = Slice { start: ints(&[0, start]), stop: ints(&[2, stop]), step: ints(&[1, step]) };
        one(Function::Slice(arguments), &[(&[2, 3], &x)])
    };
    const NONE: i32 = i32::MAX;
    assert_eq!(slice(NONE, NONE, -1), [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
    assert_eq!(slice(-1, -4, -2), [2.0, 0.0, 5.0, 3.0]);
    assert_eq!(slice(1, NONE, NONE), [1.0, 2.0, 4.0, 5.0]);
    assert_eq!(slice(NONE, 2, 1), [0.0, 1.0, 3.0, 4.0]);
    assert_eq!(slice(5, -9, -1), [2.0, 1.0, 0.0, 5.0, 4.0, 3.0]);
}

#[test]
fn axes_count_from_the_end() {
    let x = counting(24);
    let transpose = |axes: &[i32]| one(Function::Transpose(Axes { axes: ints(axes) }), &[(&[2, 3, 4], &x)]);
    assert_eq!(transpose(&[-3, -1, 1]), transpose(&[0, 2, 1]));
    assert_eq!(transpose(&[0, 2, 1])[..5], [0.0, 4.0, 8.0, 1.0, 5.0]);
    let normalize = |axis| {
        let arguments = TensorNormalization { axes: ints(&[axis]), eps: 1e-5, no_scale: true, no_bias: true };
        one(Function::TensorNormalization(arguments), &[(&[2, 3, 4], &x)])
    };
    assert_eq!(normalize(-2), normalize(1));
}

#[test]
fn sums_and_products_of_many_inputs_are_stretched() {
    let inputs: [(&[usize], &[f32]); 3] =
        [(&[2, 1], &[1.0, 2.0]), (&[3], &[10.0, 20.0, 30.0]), (&[1, 2, 3], &[0.5, 1.5, 2.5, 3.5, 4.5, 5.5])];
    assert_eq!(one(Function::AddN, &inputs), [11.5, 22.5, 33.5, 15.5, 26.5, 37.5]);
    assert_eq!(one(Function::MulN, &inputs), [5.0, 30.0, 75.0, 70.0, 180.0, 330.0]);
}

fn interpolate(sizes: &[i32], mode: InterpolateMode, align_corners: bool, channel_last: bool) -> Function {
    Function::Interpolate(Interpolate {
        output_size: ints(sizes),
        mode,
        align_corners,
        half_pixel: !align_corners,
        half_pixel_for_nn: false,
        channel_last,
    })
}

#[test]
fn channels_can_be_last_in_interpolation() {
    let x: Vec<f32> = counting(2 * 3 * 4 * 5).iter().map(|value| (value * 0.7).sin()).collect();
    let transpose = |axes: &[i32], dims: &[usize], values: &[f32]| {
        one(Function::Transpose(Axes { axes: ints(axes) }), &[(dims, values)])
    };
    let last = transpose(&[0, 2, 3, 1], &[2, 3, 4, 5], &x);
    for mode in [InterpolateMode::Linear, InterpolateMode::Nearest] {
        let expected = one(interpolate(&[7, 3], mode, false, false), &[(&[2, 3, 4, 5], &x)]);
        let found = one(interpolate(&[7, 3], mode, false, true), &[(&[2, 4, 5, 3], &last)]);
        assert_eq!(transpose(&[0, 3, 1, 2], &[2, 7, 3, 3], &found), expected, "{mode:?}");
    }
}

/// Between the corners a linear function stays what it is, however many axes there are.
#[test]
fn interpolation_of_four_axes_keeps_a_linear_function() {
    let linear = |dims: [usize; 4], scale: [f32; 4]| {
        let mut values = Vec::new();
        for place in 0..dims.iter().product() {
            let mut rest: usize = place;
            let mut value = 1.0;
            for (dim, scale) in dims.iter().zip(scale).rev() {
                value += (rest % dim) as f32 * scale;
                rest /= dim;
            }
            values.push(value);
        }
        values
    };
    let x = linear([2, 3, 2, 3], [1.0, 2.0, 4.0, 8.0]);
    let expected = linear([3, 5, 2, 9], [0.5, 1.0, 4.0, 2.0]);
    let found = one(interpolate(&[3, 5, 2, 9], InterpolateMode::Linear, true, false), &[(&[2, 3, 2, 3], &x)]);
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
    }
}

#[test]
fn places_that_do_not_exist_give_zeros() {
    let x = counting(6);
    let gather = Function::Gather(Gather { axis: 0, batch_dims: 0 });
    let places = [2.0, 3.0, -1.0, f32::NAN, 0.9, f32::INFINITY];
    let expected = [4.0, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    assert_eq!(one(gather, &[(&[3, 2], &x), (&[6], &places)]), expected);
    assert_eq!(one(Function::Embed, &[(&[6], &places), (&[3, 2], &x)]), expected);
    let batched = Function::Gather(Gather { axis: -1, batch_dims: -1 });
    assert_eq!(one(batched, &[(&[2, 3], &x), (&[2, 2], &[2.0, 0.0, 1.0, 1.0])]), [2.0, 0.0, 4.0, 4.0]);
    let one_hot = Function::OneHot(ShapeOnly { shape: ints(&[2]) });
    let expected = [0.0, 0.0, 0.0, 1.0, 0.0, 0.0];
    assert_eq!(one(one_hot, &[(&[3, 1], &[f32::NAN, -1.0, 1e30])]), expected);
}

#[test]
fn broadcast_to_takes_any_rank() {
    let x = [0.0; 32];
    let y = counting(4);
    let expected: Vec<f32> = (0..32).map(|place| ((place / 2) % 4) as f32).collect();
    let inputs: [(&[usize], &[f32]); 2] = [(&[2, 2, 2, 2, 2], &x), (&[2, 2], &y)];
    assert_eq!(one(Function::BroadcastTo(Axis { axis: 2 }), &inputs), expected);
}

#[test]
fn reductions_of_nothing_are_where_their_search_begins() {
    let reduction = Reduction { axes: ints(&[1]), keep_dims: false };
    let empty: [(&[usize], &[f32]); 1] = [(&[2, 0], &[])];
    assert_eq!(one(Function::Sum(reduction), &empty), [0.0, 0.0]);
    assert_eq!(one(Function::Prod(reduction), &empty), [1.0, 1.0]);
    assert!(one(Function::Mean(reduction), &empty).iter().all(|value| value.is_nan()));
    let extreme = ExtremeReduction { axes: ints(&[1]), keep_dims: false, with_index: true, only_index: false };
    assert_eq!(compute(Function::Max(extreme), &empty), [[-1e8, -1e8], [0.0, 0.0]]);
    assert_eq!(compute(Function::Min(extreme), &empty), [[1e8, 1e8], [0.0, 0.0]]);
}

/// NNabla takes statistics of one axis only.
#[test]
fn batch_normalization_of_two_axes() {
    let mut random = Random::new(5);
    let mut values = |count: usize| -> Vec<f32> { (0..count).map(|_| random.real(2.0)).collect() };
    let (x, beta, gamma, mean) = (values(24), values(8), values(8), values(8));
    let variance: Vec<f32> = values(8).iter().map(|value| value.abs() + 0.1).collect();
    let arguments = BatchNormalization {
        axes: ints(&[0, 2]),
        decay_rate: 0.9,
        eps: 0.01,
        batch_stat: false,
        no_scale: false,
        no_bias: false,
    };
    let dims: &[usize] = &[2, 1, 4];
    let inputs: [(&[usize], &[f32]); 5] =
        [(&[2, 3, 4], &x), (dims, &beta), (dims, &gamma), (dims, &mean), (dims, &variance)];
    let found = one(Function::BatchNormalization(arguments), &inputs);
    for (place, found) in found.iter().enumerate() {
        let kept = place / 12 * 4 + place % 4;
        let deviation = f64::from(variance[kept] + 0.01).sqrt();
        let normalized = f64::from(x[place] - mean[kept]) / deviation;
        let expected = normalized * f64::from(gamma[kept]) + f64::from(beta[kept]);
        assert!((f64::from(*found) - expected).abs() < 1e-5, "{found} for {expected}");
    }
}

#[test]
fn mean_subtraction_needs_no_count_where_nothing_is_updated() {
    let arguments = MeanSubtraction { base_axis: -1, update_running_mean: false };
    let inputs: [(&[usize], &[f32]); 2] = [(&[2, 2], &[1.0, 2.0, 3.0, 4.0]), (&[2], &[0.5, 1.0])];
    assert_eq!(one(Function::MeanSubtraction(arguments), &inputs), [0.5, 1.0, 2.5, 3.0]);
}

#[test]
fn pruning_finds_the_threshold_that_sorting_finds() {
    let mut random = Random::new(6);
    for rate in [0.0, 0.01, 0.37, 0.5, 0.99] {
        let x: Vec<f32> = (0..1000).map(|_| random.real(3.0) * 10f32.powi(random.below(9) as i32 - 4)).collect();
        let mut sizes: Vec<f32> = x.iter().map(|value| value.abs()).collect();
        sizes.sort_by(f32::total_cmp);
        let threshold = sizes[(999.0 * rate) as usize];
        let expected: Vec<f32> = x.iter().map(|&value| if value.abs() < threshold { 0.0 } else { value }).collect();
        assert_eq!(one(Function::Prune(Prune { rate }), &[(&[1000], &x)]), expected, "{rate}");
    }
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let refuses = |function: Function, shapes: &[&[usize]]| {
        let shapes: Vec<Shape> = shapes.iter().map(|dims| shape(dims)).collect();
        assert!(function.output_shape(&&shapes[..]).is_err(), "{function:?}");
    };
    let one = &[&[3][..]][..];
    for (sign, n, delta) in [(true, 1, 1.0), (false, 0, 1.0), (true, 33, 1.0), (true, 8, 0.0), (true, 8, f32::NAN)] {
        refuses(Function::FixedPointQuantize(FixedPointQuantize { sign, n, delta, ste_fine_grained: true }), one);
    }
    for (sign, with_zero, n) in [(true, true, 2), (true, false, 1), (false, false, 0), (false, false, 33)] {
        refuses(Function::Pow2Quantize(Pow2Quantize { sign, with_zero, n, m: 0, ste_fine_grained: true }), one);
    }
    for rate in [-0.1, 1.1, f32::NAN] {
        refuses(Function::Prune(Prune { rate }), one);
    }
    let quantize = QuantizeLinear { round_mode: RoundMode::HalfToEven, narrow_range: false, dtype: 3 };
    refuses(Function::QuantizeLinear(quantize), &[&[3], &[1], &[1]]);
    let arguments = MeanSubtraction { base_axis: 0, update_running_mean: true };
    refuses(Function::MeanSubtraction(arguments), &[&[3], &[3]]);
    refuses(Function::MeanSubtraction(arguments), &[&[3], &[3], &[2]]);
}
