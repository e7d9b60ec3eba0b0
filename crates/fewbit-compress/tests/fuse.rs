//! Fusing leaves a network that computes the same in floats, and in fixed point what one rounding at the end gives.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{Builder, Numbers, convolution, dataset, functions, ints, output};
use fewbit_compress::diagnose::{Subject, explain, variable_errors};
use fewbit_compress::passes::{fuse_convolutions, split_fused};
use fewbit_compress::{CompressOptions, NoProgress, compress};
use fewbit_core::function::arguments::{Alpha, DepthwiseConvolution, InPlace, LeakyReLU, Pooling};
use fewbit_core::{Function, Network, NumberFormat, Rounding, VariableId, VariableKind};
use fewbit_nnb::{EncodeOptions, Nnb, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use proptest::prelude::*;

const RELU: Function = Function::ReLU(InPlace { inplace: false });
const ADD: Function = Function::Add2(InPlace { inplace: false });

/// A convolution of three taps with a bias, or depthwise without.
fn convolve(builder: &mut Builder, x: VariableId, depthwise: bool, numbers: &mut Numbers) -> VariableId {
    let number = builder.0.nodes.len();
    let channels = builder.0.variable(x).shape[1];
    if depthwise {
        let arguments = DepthwiseConvolution {
            base_axis: 1,
            pad: ints(&[1, 1]),
            stride: ints(&[1, 1]),
            dilation: ints(&[1, 1]),
            multiplier: 1,
        };
        let weights = builder.random(&format!("{number}/W"), &[channels, 3, 3], numbers);
        return builder.apply(Function::DepthwiseConvolution(arguments), &[x, weights]);
    }
    let weights = builder.random(&format!("{number}/W"), &[channels, channels, 3, 3], numbers);
    let bias = builder.random(&format!("{number}/b"), &[channels], numbers);
    builder.apply(convolution(1, 1, 1), &[x, weights, bias])
}

/// A residual block: two convolutions, an addition, a nonlinearity.
fn block(depthwise: bool, swapped: bool, last: Option<Function>) -> Network {
    let mut numbers = Numbers::new(3);
    let (mut builder, x) = Builder::new(&[1, 4, 5, 6]);
    let h = convolve(&mut builder, x, depthwise, &mut numbers);
    let h = builder.apply(RELU, &[h]);
    let h = convolve(&mut builder, h, depthwise, &mut numbers);
    let y = builder.apply(ADD, &if swapped { [x, h] } else { [h, x] });
    let y = last.map_or(y, |last| builder.apply(last, &[y]));
    builder.finish(&[y])
}

fn typed(mut network: Network, position: impl Fn(usize) -> i8) -> Network {
    for (index, variable) in network.variables.iter_mut().enumerate() {
        variable.format = NumberFormat::Fixed8 { position: position(index) };
    }
    network
}

/// What a network gives for an input, in the version that holds all formats, as stored.
fn stored(network: &Network, input: &[f32]) -> Vec<u8> {
    let file = encode(network, &EncodeOptions { version: Version::V4, ..EncodeOptions::default() }).unwrap().bytes;
    let model = Model::open(&file).unwrap();
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).unwrap();
    session.set_input(0, input);
    session.run();
    session.output(0).bytes().to_vec()
}

#[test]
fn floats_stay_the_same_to_the_last_bit() {
    let nonlinearities = [
        None,
        Some(RELU),
        Some(Function::ReLU6),
        Some(Function::Sigmoid),
        Some(Function::Tanh),
        Some(Function::LeakyReLU(LeakyReLU { alpha: 0.3, inplace: false })),
        Some(Function::ELU(Alpha { alpha: 0.7 })),
    ];
    for (depthwise, swapped) in [(false, false), (false, true), (true, false), (true, true)] {
        for last in nonlinearities {
            let network = block(depthwise, swapped, last);
            let fused = fuse_convolutions(&network).unwrap();
            assert_eq!(functions(&fused), ["FusedConvolution"; 2], "{last:?}");
            let input = Numbers::new(9).take(4 * 5 * 6);
            assert_eq!(output(&fused, &input), output(&network, &input), "{last:?}");
        }
    }
}

#[test]
fn splitting_undoes_fusing() {
    let network = block(false, false, Some(RELU));
    let split = split_fused(&fuse_convolutions(&network).unwrap()).unwrap();
    assert_eq!(functions(&split), functions(&network));
}

#[test]
fn what_others_need_is_not_fused() {
    // The caller reads the sum, and a function reads the first convolution's output again.
    let mut numbers = Numbers::new(3);
    let (mut builder, x) = Builder::new(&[1, 4, 5, 6]);
    let h = convolve(&mut builder, x, false, &mut numbers);
    let a = builder.apply(RELU, &[h]);
    let b = builder.apply(Function::Tanh, &[h]);
    let sum = builder.apply(ADD, &[a, b]);
    let h = convolve(&mut builder, sum, false, &mut numbers);
    // What is added is computed later than the convolution.
    let later = builder.apply(Function::Abs, &[sum]);
    let y = builder.apply(ADD, &[h, later]);
    let network = builder.finish(&[y, sum]);
    assert_eq!(fuse_convolutions(&network).unwrap(), network);

    // An addition that stretches one of its operands, and one of a convolution to itself.
    let (mut builder, x) = Builder::new(&[1, 4, 5, 6]);
    let row = builder.random("row", &[1, 4, 1, 1], &mut numbers);
    let h = convolve(&mut builder, x, false, &mut numbers);
    let h = builder.apply(ADD, &[h, row]);
    let h = convolve(&mut builder, h, false, &mut numbers);
    let y = builder.apply(ADD, &[h, h]);
    let network = builder.finish(&[y]);
    assert_eq!(fuse_convolutions(&network).unwrap(), network);
}

#[test]
fn the_later_of_two_convolutions_takes_the_addition() {
    let mut numbers = Numbers::new(3);
    let (mut builder, x) = Builder::new(&[1, 4, 5, 6]);
    let a = convolve(&mut builder, x, false, &mut numbers);
    let b = convolve(&mut builder, x, false, &mut numbers);
    let sum = builder.apply(ADD, &[a, b]);
    let two = ints(&[2, 2]);
    let pooling = Pooling { kernel: two, stride: two, ignore_border: true, pad: ints(&[0, 0]), channel_last: false };
    let pooled = builder.apply(Function::MaxPooling(pooling), &[sum]);
    let network = builder.finish(&[pooled]);
    let fused = fuse_convolutions(&network).unwrap();
    assert_eq!(functions(&fused), ["Convolution", "FusedConvolution", "MaxPooling"]);
    let input = numbers.take(4 * 5 * 6);
    assert_eq!(output(&fused, &input), output(&network, &input));
}

#[test]
fn tables_and_sums_of_64_bits_stay_as_they_are() {
    let leaky = Function::LeakyReLU(LeakyReLU { alpha: 0.3, inplace: false });
    let fused = fuse_convolutions(&typed(block(false, false, Some(leaky)), |_| 4)).unwrap();
    assert_eq!(functions(&fused), ["FusedConvolution", "FusedConvolution", "LeakyReLU"]);
    // The second convolution has its sums at a position that the shortcut's integers cannot be brought to.
    let network = block(false, false, Some(RELU));
    let far = network.nodes[2].inputs[1..].to_vec();
    let far = typed(network, |index| if far.contains(&VariableId(index)) { 70 } else { 0 });
    let fused = fuse_convolutions(&far).unwrap();
    assert_eq!(functions(&fused), ["FusedConvolution", "Convolution", "Add2", "ReLU"]);
    stored(&fused, &[0.0; 120]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// The float form computes exactly with numbers this small: rounding its result once is what is expected.
    #[test]
    fn fixed_point_is_rounded_once(depthwise in any::<bool>(), position in 0i8..5, y in -2i8..4, limit in 0u8..3) {
        let last = [None, Some(RELU), Some(Function::ReLU6)][usize::from(limit)];
        let mut numbers = Numbers::new(17);
        let (mut builder, x) = Builder::new(&[1, 4, 5, 6]);
        let h = convolve(&mut builder, x, depthwise, &mut numbers);
        let sum = builder.apply(ADD, &[x, h]);
        let end = last.map_or(sum, |last| builder.apply(last, &[sum]));
        let network = builder.finish(&[end]);
        let fused = fuse_convolutions(&typed(network, |index| if index == end.0 { y } else { position })).unwrap();
        prop_assert_eq!(functions(&fused), ["FusedConvolution"]);
        let input = numbers.take(4 * 5 * 6);
        let found = stored(&fused, &input);

        // The same numbers as floats.
        let mut plain = fused.clone();
        for variable in &mut plain.variables {
            let format = variable.format;
            if let Some(values) = variable.values() {
                let quantized = values.iter().map(|value| {
                    format.quantize(*value, Rounding::HalfEven) as f32 * format.step()
                });
                variable.kind = VariableKind::Parameter(quantized.collect());
            }
            variable.format = NumberFormat::Float32;
        }
        let x_format = NumberFormat::Fixed8 { position };
        let given: Vec<f32> = input
            .iter()
            .map(|value| x_format.quantize(*value, Rounding::HalfUp) as f32 * x_format.step())
            .collect();
        let to = NumberFormat::Fixed8 { position: y };
        let expected: Vec<u8> =
            output(&plain, &given).iter().map(|value| to.quantize(*value, Rounding::HalfUp) as u8).collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn compressed_networks_are_fused_for_fewbit_and_plain_for_nnabla() {
    let network = block(false, false, Some(RELU));
    let inputs = dataset(&network, 4, Numbers::next);
    let compressed = |version| {
        let options = CompressOptions { version, ..CompressOptions::default() };
        compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap()
    };
    let [own, nnabla] = [Version::V4, Version::V3].map(compressed);
    assert_eq!(functions(&own.network), ["FusedConvolution"; 2]);
    assert_eq!(functions(&nnabla.network), functions(&network));
    assert_eq!(Nnb::new(&own.file).unwrap().function_count(), 2);
    assert!(own.compressed.arena_bytes < nnabla.compressed.arena_bytes);
    // The settings are those of the network that is written beside them.
    assert_eq!(own.settings.variables.len(), own.network.variables.len());
    assert_eq!(own.variables.len(), own.network.variables.len());
}

#[test]
fn fused_layers_are_explained() {
    let network = block(true, false, Some(RELU));
    let inputs = dataset(&network, 4, Numbers::next);
    let options = CompressOptions::default();
    let compressed = compress(&network, &inputs, &inputs, &options, &NoProgress).unwrap();
    let subject = Subject::of(&compressed, &options);
    let errors = variable_errors(&subject, &inputs, &NoProgress).unwrap();
    let explanation = explain(&subject, &errors, &inputs, &NoProgress).unwrap();
    // The input is a layer too.
    assert_eq!(explanation.layers.len(), 3);
    assert!(explanation.layers.iter().all(|cost| cost.alone.noise > 0.0));
}
