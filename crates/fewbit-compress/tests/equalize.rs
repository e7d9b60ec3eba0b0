//! Equalisation leaves what a network computes, to the last bit, and loses less in 8 bits.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, convolution, dataset, functions, ints, output};
use fewbit_compress::assign::{AssignOptions, Width, assign};
use fewbit_compress::calibrate::calibrate;
use fewbit_compress::equalize::equalize;
use fewbit_compress::position::PositionMethod;
use fewbit_compress::{CompressOptions, NoProgress, compress};
use fewbit_core::function::arguments::{
    Affine, AveragePooling, Axis, BinaryConvolution, DepthwiseConvolution, InPlace, LeakyReLU, Pooling, Reshape,
};
use fewbit_core::{Function, Network, VariableId};
use fewbit_nnb::Version;

const RELU: Function = Function::ReLU(InPlace { inplace: false });
const ADD: Function = Function::Add2(InPlace { inplace: false });

/// Weights or biases whose output channels differ in size by factors of two up to `2^spread`.
fn uneven(builder: &mut Builder, name: &str, dims: &[usize], spread: i32, numbers: &mut Numbers) -> VariableId {
    let per_channel: usize = dims[1..].iter().product();
    let values: Vec<f32> = (0..dims[0])
        .flat_map(|channel| {
            let size = (-((channel as i32 * 5) % (spread + 1)) as f32).exp2();
            numbers.take(per_channel).into_iter().map(move |value| value * size)
        })
        .collect();
    builder.parameter(name, dims, &values)
}

fn pooling() -> Pooling {
    let two = ints(&[2, 2]);
    Pooling { kernel: two, stride: two, ignore_border: true, pad: ints(&[0, 0]), channel_last: false }
}

/// A binary convolution of twelve channels: its factors can take up scales, its signs cannot.
fn binary(builder: &mut Builder, x: VariableId, numbers: &mut Numbers) -> VariableId {
    let signs: Vec<f32> = numbers.take(144).iter().map(|value| value.signum()).collect();
    let signs = builder.parameter("binary/Wb", &[12, 12, 1, 1], &signs);
    let alpha = uneven(builder, "binary/alpha", &[12], 6, numbers);
    let bias = uneven(builder, "binary/b", &[12], 6, numbers);
    let arguments = BinaryConvolution {
        base_axis: 1,
        pad: ints(&[0, 0]),
        stride: ints(&[1, 1]),
        dilation: ints(&[1, 1]),
        group: 1,
        quantize_zero_to: 1.0,
    };
    builder.apply(Function::BinaryWeightConvolution(arguments), &[x, signs, signs, alpha, bias])
}

/// A network with everything that scales go through (activations, depthwise and binary convolution, a residual addition,
/// pooling, concatenation, flattening), and with things that they do not.
fn network(seed: u64) -> Network {
    let mut numbers = Numbers::new(seed);
    let (mut builder, x) = Builder::new(&[1, 3, 8, 8]);
    let layer = |builder: &mut Builder, x: VariableId, dims: &[usize], function: Function, numbers: &mut Numbers| {
        let number = builder.0.nodes.len();
        let weights = uneven(builder, &format!("{number}/W"), dims, 6, numbers);
        let bias = uneven(builder, &format!("{number}/b"), &[dims[0]], 6, numbers);
        builder.apply(function, &[x, weights, bias])
    };
    let trunk = layer(&mut builder, x, &[24, 3, 3, 3], convolution(1, 1, 1), &mut numbers);
    let trunk = builder.apply(RELU, &[trunk]);
    let a = layer(&mut builder, trunk, &[24, 24, 1, 1], convolution(0, 1, 1), &mut numbers);
    let a = builder.apply(Function::LeakyReLU(LeakyReLU { alpha: 0.1, inplace: false }), &[a]);
    let depthwise = DepthwiseConvolution {
        base_axis: 1,
        pad: ints(&[1, 1]),
        stride: ints(&[1, 1]),
        dilation: ints(&[1, 1]),
        multiplier: 1,
    };
    let a = layer(&mut builder, a, &[24, 3, 3], Function::DepthwiseConvolution(depthwise), &mut numbers);
    let a = builder.apply(RELU, &[a]);
    let a = layer(&mut builder, a, &[24, 24, 1, 1], convolution(0, 1, 1), &mut numbers);
    let sum = builder.apply(ADD, &[a, trunk]);
    let pooled = builder.apply(Function::MaxPooling(pooling()), &[sum]);
    let b = layer(&mut builder, pooled, &[12, 12, 1, 1], convolution(0, 1, 2), &mut numbers);
    let b = binary(&mut builder, b, &mut numbers);
    // Sigmoid has a scale of its own.
    let c = layer(&mut builder, pooled, &[12, 24, 1, 1], convolution(0, 1, 1), &mut numbers);
    let c = builder.apply(Function::Sigmoid, &[c]);
    let joined = builder.apply(Function::Concatenate(Axis { axis: 1 }), &[b, c]);
    let Pooling { kernel, stride, ignore_border, pad, channel_last } = pooling();
    let average = AveragePooling { kernel, stride, ignore_border, pad, channel_last, including_pad: true };
    let joined = builder.apply(Function::AveragePooling(average), &[joined]);
    let flat = builder.apply(Function::Reshape(Reshape { shape: ints(&[1, 96]), inplace: false }), &[joined]);
    let weights = builder.random("fc/W", &[96, 40], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[flat, weights]);
    builder.finish(&[y])
}

#[test]
fn outputs_are_the_same_to_the_last_bit() {
    for seed in 0..4 {
        let network = network(seed);
        let inputs = dataset(&network, 8, Numbers::next);
        let calibration = calibrate(&network, &inputs, &NoProgress).unwrap();
        for version in [Version::V3, Version::V4] {
            let equal = equalize(&network, &calibration, version).unwrap();
            assert_ne!(equal, network);
            assert_eq!(functions(&equal), functions(&network));
            let mut numbers = Numbers::new(seed + 100);
            for _ in 0..3 {
                let input = numbers.take(3 * 8 * 8);
                assert_eq!(output(&equal, &input), output(&network, &input));
            }
        }
    }
}

#[test]
fn uneven_channels_lose_less() {
    let errors = (0..6).map(|seed| {
        let network = network(seed);
        let inputs = dataset(&network, 32, Numbers::next);
        [false, true].map(|equalize| {
            // Where positions end, channels have most to give to each other.
            let options =
                CompressOptions { equalize, least_sqnr_db: 0.0, version: Version::V3, ..CompressOptions::default() };
            let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
            compressed.compressed.evaluation.score.mse().unwrap()
        })
    });
    let errors: Vec<[f64; 2]> = errors.collect();
    assert!(errors.iter().all(|[before, after]| after < before), "{errors:?}");
    let [before, after] = [0, 1].map(|place| errors.iter().map(|pair| pair[place]).sum::<f64>());
    assert!(after < 0.5 * before, "{errors:?}");
}

#[test]
fn small_weights_borrow_from_large_ones_where_positions_end() {
    // The first layer alone would need a position of 14.
    let mut numbers = Numbers::new(5);
    let (mut builder, x) = Builder::new(&[1, 6]);
    let small: Vec<f32> = numbers.take(36).iter().map(|value| value / 128.0).collect();
    let first = builder.parameter("a/W", &[6, 6], &small);
    let large: Vec<f32> = numbers.take(18).iter().map(|value| value * 64.0).collect();
    let second = builder.parameter("b/W", &[6, 3], &large);
    let affine = Function::Affine(Affine { base_axis: 1 });
    let h = builder.apply(affine, &[x, first]);
    let h = builder.apply(RELU, &[h]);
    let y = builder.apply(affine, &[h, second]);
    let network = builder.finish(&[y]);
    let calibration = calibrate(&network, &dataset(&network, 16, Numbers::next), &NoProgress).unwrap();
    let least_sqnr = |network: &Network| {
        let options = AssignOptions {
            parameters: Width::Fixed8,
            buffers: Width::Float32,
            least_sqnr_db: f64::NEG_INFINITY,
            positions: PositionMethod::default(),
            correct_biases: false,
            version: Version::V3,
        };
        assign(network, &calibration, &options).sqnr_db.into_iter().flatten().fold(f64::INFINITY, f64::min)
    };
    assert!(least_sqnr(&network) < 10.0);
    assert!(least_sqnr(&equalize(&network, &calibration, Version::V3).unwrap()) > 35.0);
}

#[test]
fn what_others_read_too_is_not_scaled() {
    // The same weights twice, and a hidden variable that is an output.
    let mut numbers = Numbers::new(6);
    let (mut builder, x) = Builder::new(&[1, 4]);
    let weights = uneven(&mut builder, "W", &[4, 4], 6, &mut numbers);
    let affine = Function::Affine(Affine { base_axis: 1 });
    let h = builder.apply(affine, &[x, weights]);
    let h = builder.apply(RELU, &[h]);
    let y = builder.apply(affine, &[h, weights]);
    let network = builder.finish(&[y]);
    let calibration = calibrate(&network, &dataset(&network, 4, Numbers::next), &NoProgress).unwrap();
    assert_eq!(equalize(&network, &calibration, Version::V3).unwrap(), network);

    let (mut builder, x) = Builder::new(&[1, 4]);
    let [a, b] = ["a", "b"].map(|name| uneven(&mut builder, name, &[4, 4], 6, &mut numbers));
    let h = builder.apply(affine, &[x, a]);
    let y = builder.apply(affine, &[h, b]);
    let network = builder.finish(&[y, h]);
    let calibration = calibrate(&network, &dataset(&network, 4, Numbers::next), &NoProgress).unwrap();
    assert_eq!(equalize(&network, &calibration, Version::V3).unwrap(), network);
}
