//! Graph passes leave a network that computes the same, through the runtime.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, assert_equal_outputs, convolution, functions, ints};
use fewbit_compress::passes::{drop_training_weights, remove_identities, remove_unused, simplify, split_fused};
use fewbit_core::function::arguments::{
    Affine, BinaryAffine, Dropout, FusedBatchNormalization, FusedConvolution, InPlace, Nonlinearity,
    NormalizationNonlinearity, PadMode, Reshape,
};
use fewbit_core::{FloatList, Function, Network, NumberFormat};

const RELU: Function = Function::ReLU(InPlace { inplace: false });

fn fused_convolution(pad: &[i32], nonlinearity: Nonlinearity, arguments: &[f32]) -> FusedConvolution {
    FusedConvolution {
        base_axis: 1,
        pad: ints(pad),
        stride: ints(&[1; 2]),
        dilation: ints(&[1; 2]),
        group: 1,
        channel_last: false,
        decay_rate: 0.9,
        eps: 1e-5,
        batch_stat: false,
        nonlinearity,
        nonlinearity_args: FloatList::from_slice(arguments).unwrap(),
        pad_mode: PadMode::Constant,
        constant_value: 0.0,
    }
}

#[test]
fn fused_functions_are_split_into_the_same() {
    let nonlinearities = [
        (Nonlinearity::Identity, None),
        (Nonlinearity::ReLU, Some("ReLU")),
        (Nonlinearity::LeakyReLU, Some("LeakyReLU")),
        (Nonlinearity::ELU, Some("ELU")),
        (Nonlinearity::ReLU6, Some("ReLU6")),
        (Nonlinearity::Sigmoid, Some("Sigmoid")),
        (Nonlinearity::Tanh, Some("Tanh")),
    ];
    for (nonlinearity, name) in nonlinearities {
        for (bias, statistics, residual) in [
            (false, false, false),
            (true, false, false),
            (true, false, true),
            (false, false, true),
            (false, true, false),
            (false, true, true),
        ] {
            let mut numbers = Numbers::new(12);
            let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
            let mut inputs = vec![x, builder.random("conv/W", &[4, 4, 3, 3], &mut numbers)];
            let mut expected = vec!["Convolution"];
            if bias {
                inputs.push(builder.random("conv/b", &[4], &mut numbers));
            }
            if statistics {
                for part in ["beta", "gamma", "mean"] {
                    inputs.push(builder.random(part, &[1, 4, 1, 1], &mut numbers));
                }
                inputs.push(builder.parameter("var", &[1, 4, 1, 1], &[0.5, 1.0, 1.5, 2.0]));
                expected.push("BatchNormalization");
            }
            if residual {
                inputs.push(x);
                expected.push("Add2");
            }
            expected.extend(name);
            let fused = fused_convolution(&[1, 1, 1, 1], nonlinearity, &[0.2]);
            let y = builder.apply(Function::FusedConvolution(fused), &inputs);
            let network = builder.finish(&[y]);
            let split = split_fused(&network).unwrap();
            assert_eq!(functions(&split), expected);
            assert_eq!(split.outputs, network.outputs);
            assert_equal_outputs(&network, &split);
        }
    }
}

#[test]
fn padding_that_plain_convolutions_lack_stays_fused() {
    let zeros = fused_convolution(&[1, 1], Nonlinearity::Identity, &[]);
    let cases = [
        FusedConvolution { pad: ints(&[1, 0, 1, 1]), ..zeros },
        FusedConvolution { constant_value: 1.0, ..zeros },
        FusedConvolution { pad_mode: PadMode::Reflect, ..zeros },
    ];
    for fused in cases {
        let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
        let weights = builder.random("conv/W", &[4, 4, 3, 3], &mut Numbers::new(1));
        let y = builder.apply(Function::FusedConvolution(fused), &[x, weights]);
        let network = builder.finish(&[y]);
        assert_eq!(split_fused(&network).unwrap(), network);
    }
}

#[test]
fn fused_normalisation_is_split_and_then_folded() {
    for residual in [false, true] {
        let mut numbers = Numbers::new(13);
        let (mut builder, x) = Builder::new(&[1, 4, 6, 6]);
        let weights = builder.random("c/W", &[4, 4, 3, 3], &mut numbers);
        let y = builder.apply(convolution(1, 1, 1), &[x, weights]);
        let mut inputs = vec![y];
        for part in ["beta", "gamma", "mean"] {
            inputs.push(builder.random(part, &[1, 4, 1, 1], &mut numbers));
        }
        inputs.push(builder.parameter("var", &[1, 4, 1, 1], &[0.5, 1.0, 1.5, 2.0]));
        if residual {
            inputs.push(x);
        }
        let fused = FusedBatchNormalization {
            axes: ints(&[1]),
            decay_rate: 0.9,
            eps: 1e-5,
            batch_stat: false,
            nonlinearity: NormalizationNonlinearity::ReLU,
        };
        let y = builder.apply(Function::FusedBatchNormalization(fused), &inputs);
        let network = builder.finish(&[y]);
        let simple = simplify(&network).unwrap();
        let expected: &[&str] = if residual { &["Convolution", "Add2", "ReLU"] } else { &["Convolution", "ReLU"] };
        assert_eq!(functions(&simple), expected);
        // The input and the output, weights and a bias, and what is between the functions.
        assert_eq!(simple.variables.len(), 3 + expected.len());
        assert_equal_outputs(&network, &simple);
    }
}

#[test]
fn identities_go_away_and_names_of_outputs_stay() {
    let (mut builder, x) = Builder::new(&[1, 4]);
    let a = builder.apply(Function::Identity, &[x]);
    let b = builder.apply(RELU, &[a]);
    let c = builder.apply(Function::Dropout(Dropout { p: 0.5, seed: 1 }), &[b]);
    let d = builder.apply(Function::Reshape(Reshape { shape: ints(&[1, 4]), inplace: false }), &[c]);
    let network = builder.finish(&[d]);
    let simple = remove_identities(&network).unwrap();
    assert_eq!(functions(&simple), ["ReLU"]);
    let names: Vec<&str> = simple.variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["x", network.variable(d).name.as_str()]);
}

#[test]
fn identities_that_do_something_stay() {
    // From an input to an output, and between two outputs.
    let (mut builder, x) = Builder::new(&[1, 4]);
    let y = builder.apply(Function::Identity, &[x]);
    let network = builder.finish(&[y]);
    assert_eq!(remove_identities(&network).unwrap(), network);

    let (mut builder, x) = Builder::new(&[1, 4]);
    let a = builder.apply(RELU, &[x]);
    let b = builder.apply(Function::Identity, &[a]);
    let network = builder.finish(&[a, b]);
    assert_eq!(remove_identities(&network).unwrap(), network);

    // A conversion between formats, and a change of shape.
    let (mut builder, x) = Builder::new(&[1, 4]);
    let a = builder.apply(Function::Identity, &[x]);
    builder.0.variable_mut(a).format = NumberFormat::Fixed8 { position: 5 };
    let b = builder.apply(Function::Reshape(Reshape { shape: ints(&[2, 2]), inplace: false }), &[a]);
    let c = builder.apply(RELU, &[b]);
    let network = builder.finish(&[c]);
    assert_eq!(remove_identities(&network).unwrap(), network);
}

#[test]
fn what_nothing_reads_goes_away() {
    let mut numbers = Numbers::new(14);
    let (mut builder, x) = Builder::new(&[1, 4]);
    let unread = builder.random("unread", &[4, 4], &mut numbers);
    let dead = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, unread]);
    builder.apply(RELU, &[dead]);
    let weights = builder.random("W", &[4, 3], &mut numbers);
    let y = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights]);
    let network = builder.finish(&[y]);
    let simple = remove_unused(&network).unwrap();
    let names: Vec<&str> = simple.variables.iter().map(|variable| variable.name.as_str()).collect();
    assert_eq!(names, ["x", "W", network.variable(y).name.as_str()]);
    assert_equal_outputs(&network, &simple);

    // The caller gives the input, whether it is read or not.
    let constant: Network = {
        let mut network = simple.clone();
        network.nodes.clear();
        network.outputs = vec![network.find("W").unwrap()];
        network
    };
    assert_eq!(remove_unused(&constant).unwrap().inputs.len(), 1);
}

#[test]
fn binary_functions_let_go_of_their_float_weights() {
    let mut numbers = Numbers::new(16);
    let (mut builder, x) = Builder::new(&[1, 6]);
    let float = builder.random("W", &[6, 4], &mut numbers);
    let signs: Vec<f32> = numbers.take(24).iter().map(|value| value.signum()).collect();
    let signs = builder.parameter("Wb", &[6, 4], &signs);
    let affine = Function::BinaryConnectAffine(BinaryAffine { base_axis: 1, quantize_zero_to: 1.0 });
    let y = builder.apply(affine, &[x, float, signs]);
    let network = builder.finish(&[y]);
    let dropped = drop_training_weights(&network).unwrap();
    assert_eq!((dropped.find("W"), dropped.variables.len()), (None, 3));
    assert_equal_outputs(&network, &dropped);
}
