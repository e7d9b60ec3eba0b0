//! Folding batch normalisation leaves a network that computes the same, through the runtime.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, assert_equal_outputs, convolution, functions, ints, normalization};
use fewbit_compress::passes::{fold_normalization, simplify};
use fewbit_core::function::arguments::{
    Affine, BatchNormalization, BinaryAffine, BinaryConvolution, Convolution, Deconvolution, DepthwiseConvolution,
    DepthwiseDeconvolution, InPlace,
};
use fewbit_core::{Function, IntList, VariableId};

const RELU: Function = Function::ReLU(InPlace { inplace: false });
const ADD: Function = Function::Add2(InPlace { inplace: false });

/// A linear function with the shape of its weights.
struct Layer {
    function: Function,
    weights: Vec<usize>,
}

fn layer(function: Function, weights: &[usize]) -> Layer {
    Layer { function, weights: weights.to_vec() }
}

fn depthwise(pad: i32, multiplier: i32) -> Function {
    let (pad, ones) = (ints(&[pad; 2]), ints(&[1; 2]));
    Function::DepthwiseConvolution(DepthwiseConvolution { base_axis: 1, pad, stride: ones, dilation: ones, multiplier })
}

fn deconvolution(stride: i32, group: i32, channel_last: bool) -> Function {
    let ones = ints(&[1; 2]);
    Function::Deconvolution(Deconvolution {
        base_axis: 1,
        pad: ints(&[0; 2]),
        stride: ints(&[stride; 2]),
        dilation: ones,
        group,
        channel_last,
        output_padding: IntList::new(),
    })
}

fn channel_last(pad: i32) -> Function {
    let Function::Convolution(arguments) = convolution(pad, 1, 2) else { unreachable!() };
    Function::Convolution(Convolution { channel_last: true, ..arguments })
}

/// Layers for an input of 1x4x6x6, with the axis of their output's channels.
fn layers() -> Vec<(Layer, usize)> {
    let divided = DepthwiseDeconvolution {
        base_axis: 1,
        pad: ints(&[1; 2]),
        stride: ints(&[1; 2]),
        dilation: ints(&[1; 2]),
        divisor: 2,
    };
    vec![
        (layer(convolution(1, 1, 1), &[6, 4, 3, 3]), 1),
        (layer(convolution(0, 2, 2), &[6, 2, 3, 3]), 1),
        (layer(depthwise(1, 1), &[4, 3, 3]), 1),
        (layer(depthwise(0, 2), &[8, 3, 3]), 1),
        (layer(deconvolution(2, 1, false), &[4, 3, 3, 3]), 1),
        (layer(deconvolution(1, 2, false), &[4, 3, 2, 2]), 1),
        (layer(Function::DepthwiseDeconvolution(divided), &[4, 3, 3]), 1),
        (layer(Function::Affine(Affine { base_axis: 1 }), &[144, 5]), 1),
        // Several channels share the statistics of an item of the axis.
        (layer(Function::Affine(Affine { base_axis: 1 }), &[144, 3, 4]), 1),
        (layer(Function::Affine(Affine { base_axis: 2 }), &[36, 3, 2]), 3),
        (layer(Function::Affine(Affine { base_axis: -3 }), &[144, 3, 4]), 2),
    ]
}

fn with_layer(
    builder: &mut Builder,
    x: VariableId,
    layer: &Layer,
    bias: bool,
    name: &str,
    numbers: &mut Numbers,
) -> VariableId {
    let mut inputs = vec![x, builder.random(&format!("{name}/W"), &layer.weights, numbers)];
    if bias {
        let shapes = [builder.0.variable(x).shape, common::shape(&layer.weights)];
        let output = layer.function.output_shape(&&shapes[..]).unwrap();
        let count = match layer.function {
            Function::Affine(_) => layer.weights[1..].iter().product(),
            Function::Convolution(arguments) if arguments.channel_last => *output.last().unwrap(),
            _ => output[1],
        };
        inputs.push(builder.random(&format!("{name}/b"), &[count], numbers));
    }
    builder.apply(layer.function, &inputs)
}

#[test]
fn normalisation_folds_into_the_layer_before() {
    for (index, (layer, axis)) in layers().iter().enumerate() {
        for bias in [false, true] {
            let mut numbers = Numbers::new(index as u64);
            let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
            let y = with_layer(&mut builder, x, layer, bias, "layer", &mut numbers);
            let y = builder.normalize(y, *axis, "bn", &mut numbers);
            let y = builder.apply(RELU, &[y]);
            let network = builder.finish(&[y]);
            let folded = fold_normalization(&network).unwrap();
            assert_eq!(functions(&folded), [layer.function.name(), "ReLU"], "{:?}", layer.function);
            assert_equal_outputs(&network, &folded);
        }
    }
}

#[test]
fn normalisation_with_channels_last_folds_both_ways() {
    for before in [false, true] {
        let mut numbers = Numbers::new(7);
        let (mut builder, x) = Builder::new(&[1, 6, 6, 4]);
        let conv = layer(channel_last(0), &[6, 3, 3, 2]);
        let y = if before {
            let y = builder.normalize(x, 3, "bn", &mut numbers);
            with_layer(&mut builder, y, &conv, true, "conv", &mut numbers)
        } else {
            let y = with_layer(&mut builder, x, &conv, true, "conv", &mut numbers);
            builder.normalize(y, 3, "bn", &mut numbers)
        };
        let network = builder.finish(&[y]);
        let folded = fold_normalization(&network).unwrap();
        assert_eq!(functions(&folded), ["Convolution"]);
        assert_equal_outputs(&network, &folded);
    }
}

#[test]
fn normalisation_folds_into_the_layers_after_where_that_is_exact() {
    let cases = [
        (layer(convolution(0, 1, 1), &[6, 4, 3, 3]), 1, true),
        (layer(convolution(0, 2, 2), &[6, 2, 3, 3]), 1, true),
        (layer(depthwise(0, 2), &[8, 3, 3]), 1, true),
        (layer(deconvolution(1, 2, false), &[4, 3, 1, 1]), 1, true),
        (layer(Function::Affine(Affine { base_axis: 1 }), &[144, 5]), 1, true),
        (layer(Function::Affine(Affine { base_axis: 1 }), &[144, 5]), 2, true),
        // Zeros of the padding, and outputs that fewer taps reach, are not normalised.
        (layer(convolution(1, 1, 1), &[6, 4, 3, 3]), 1, false),
        (layer(deconvolution(1, 2, false), &[4, 3, 2, 2]), 1, false),
        // The statistics are not those of channels, or of the batch.
        (layer(convolution(0, 1, 1), &[6, 4, 3, 3]), 2, false),
        (layer(Function::Affine(Affine { base_axis: 2 }), &[36, 5]), 1, false),
    ];
    for (index, (layer, axis, folds)) in cases.iter().enumerate() {
        for bias in [false, true] {
            let mut numbers = Numbers::new(index as u64);
            let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
            let y = builder.normalize(x, *axis, "bn", &mut numbers);
            let y = with_layer(&mut builder, y, layer, bias, "layer", &mut numbers);
            let network = builder.finish(&[y]);
            let folded = fold_normalization(&network).unwrap();
            assert_eq!(folded.nodes.len(), if *folds { 1 } else { 2 }, "{:?} over axis {axis}", layer.function);
            assert_equal_outputs(&network, &folded);
        }
    }
}

#[test]
fn a_scale_without_shift_folds_through_padding() {
    let mut numbers = Numbers::new(3);
    let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
    let [gamma, mean] = [numbers.take(4), vec![0.0; 4]];
    let variance: Vec<f32> = numbers.take(4).iter().map(|value| value.abs() + 0.1).collect();
    let inputs: Vec<VariableId> = [("gamma", &gamma), ("mean", &mean), ("var", &variance)]
        .into_iter()
        .map(|(name, values)| builder.parameter(name, &[1, 4, 1, 1], values))
        .collect();
    let function = Function::BatchNormalization(BatchNormalization { no_bias: true, ..normalization(1) });
    let y = builder.apply(function, &[x, inputs[0], inputs[1], inputs[2]]);
    let y = with_layer(&mut builder, y, &layer(convolution(1, 1, 1), &[6, 4, 3, 3]), false, "conv", &mut numbers);
    let network = builder.finish(&[y]);
    let folded = fold_normalization(&network).unwrap();
    assert_eq!(functions(&folded), ["Convolution"]);
    assert_equal_outputs(&network, &folded);
}

#[test]
fn binary_layers_take_the_scale_into_alpha() {
    let arguments = BinaryConvolution {
        base_axis: 1,
        pad: ints(&[1; 2]),
        stride: ints(&[1; 2]),
        dilation: ints(&[1; 2]),
        group: 1,
        quantize_zero_to: 1.0,
    };
    let affine = BinaryAffine { base_axis: 1, quantize_zero_to: 1.0 };
    let cases = [
        (Function::BinaryConnectConvolution(arguments), "BinaryWeightConvolution", vec![6, 4, 3, 3], 6, false),
        (Function::BinaryWeightConvolution(arguments), "BinaryWeightConvolution", vec![6, 4, 3, 3], 6, true),
        (Function::BinaryConnectAffine(affine), "BinaryWeightAffine", vec![144, 5], 5, false),
        (Function::BinaryWeightAffine(affine), "BinaryWeightAffine", vec![144, 5], 5, true),
    ];
    for (function, expected, weights, outputs, alpha) in cases {
        for bias in [false, true] {
            let mut numbers = Numbers::new(11);
            let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
            let float = builder.random("conv/W", &weights, &mut numbers);
            let signs: Vec<f32> = numbers.take(weights.iter().product()).iter().map(|value| value.signum()).collect();
            let mut inputs = vec![x, float, builder.parameter("conv/Wb", &weights, &signs)];
            if alpha {
                inputs.push(builder.random("conv/alpha", &[outputs], &mut numbers));
            }
            if bias {
                inputs.push(builder.random("conv/b", &[outputs], &mut numbers));
            }
            let y = builder.apply(function, &inputs);
            let y = builder.normalize(y, 1, "bn", &mut numbers);
            let network = builder.finish(&[y]);
            let folded = fold_normalization(&network).unwrap();
            assert_eq!(functions(&folded), [expected]);
            let signs_id = folded.find("conv/Wb").unwrap();
            assert_eq!(folded.variable(signs_id).values(), network.variable(signs_id).values());
            assert_equal_outputs(&network, &folded);
        }
    }
}

#[test]
fn shared_weights_are_copied() {
    let mut numbers = Numbers::new(5);
    let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
    let weights = builder.random("conv/W", &[4, 4, 3, 3], &mut numbers);
    let bias = builder.random("conv/b", &[4], &mut numbers);
    let mut y = x;
    for name in ["bn1", "bn2"] {
        y = builder.apply(convolution(1, 1, 1), &[y, weights, bias]);
        y = builder.normalize(y, 1, name, &mut numbers);
    }
    y = builder.apply(convolution(1, 1, 1), &[y, weights, bias]);
    let network = builder.finish(&[y]);
    let folded = fold_normalization(&network).unwrap();
    assert_eq!(functions(&folded), ["Convolution"; 3]);
    assert_equal_outputs(&network, &folded);
}

#[test]
fn values_that_others_read_are_not_changed() {
    let mut numbers = Numbers::new(6);
    let conv = layer(convolution(1, 1, 1), &[4, 4, 3, 3]);
    for is_output in [false, true] {
        let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
        let y = with_layer(&mut builder, x, &conv, true, "conv", &mut numbers);
        let z = builder.normalize(y, 1, "bn", &mut numbers);
        let sum = if is_output { z } else { builder.apply(ADD, &[z, y]) };
        let network = builder.finish(&if is_output { vec![z, y] } else { vec![sum] });
        assert_eq!(fold_normalization(&network).unwrap(), network);
    }
}

#[test]
fn statistics_of_the_batch_are_not_folded() {
    let mut numbers = Numbers::new(8);
    let (mut builder, x) = Builder::new(&[2, 4, 6, 6]);
    let y = with_layer(&mut builder, x, &layer(convolution(1, 1, 1), &[4, 4, 3, 3]), true, "conv", &mut numbers);
    let y = builder.normalize(y, 1, "bn", &mut numbers);
    let mut network = builder.finish(&[y]);
    let Some(node) = network.nodes.last_mut() else { unreachable!() };
    node.operation = fewbit_core::Operation::Known(Function::BatchNormalization(BatchNormalization {
        batch_stat: true,
        ..normalization(1)
    }));
    assert_eq!(fold_normalization(&network).unwrap(), network);
}

#[test]
fn several_readers_each_take_their_share() {
    let mut numbers = Numbers::new(9);
    let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
    let y = builder.normalize(x, 1, "bn", &mut numbers);
    let pointwise = layer(convolution(0, 1, 1), &[4, 4, 1, 1]);
    let a = with_layer(&mut builder, y, &pointwise, true, "a", &mut numbers);
    let b = with_layer(&mut builder, y, &pointwise, false, "b", &mut numbers);
    let sum = builder.apply(ADD, &[a, b]);
    let network = builder.finish(&[sum]);
    let folded = fold_normalization(&network).unwrap();
    assert_eq!(functions(&folded), ["Convolution", "Convolution", "Add2"]);
    assert_equal_outputs(&network, &folded);
}

#[test]
fn a_normalisation_alone_stays() {
    let mut numbers = Numbers::new(15);
    let (mut builder, x) = Builder::new(&[1, 4, 2, 2]);
    let y = builder.normalize(x, 1, "bn", &mut numbers);
    let y = builder.apply(RELU, &[y]);
    let network = builder.finish(&[y]);
    assert_eq!(simplify(&network).unwrap(), network);
}
