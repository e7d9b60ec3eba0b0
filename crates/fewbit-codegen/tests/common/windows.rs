//! Random networks of one window.

use super::builder::{Builder, Formats, ints};
use super::random::Random;
use fewbit_core::function::arguments::{AveragePooling, Convolution, Deconvolution};
use fewbit_core::{Function, Network};

/// A network of one window over one to three axes, with channels first or last, now and then larger than what kernels
/// gather at a time.
pub fn window(seed: u64, formats: Formats) -> Network {
    let mut random = Random::new(seed);
    let axes = 1 + random.below(3);
    let large = random.below(4) == 0;
    let channel_last = random.below(2) == 0;
    let (channels, outputs) = (1 + random.below(5), 1 + random.below(4));
    let extents: Vec<usize> = (0..axes).map(|_| if large && axes < 3 { 20 } else { 2 + random.below(5) }).collect();
    let kernel: Vec<usize> =
        extents.iter().map(|&extent| if large { extent.min(13) } else { 1 + random.below(2) }).collect();
    let with_channels = |first: usize, channels: usize, extents: &[usize]| match channel_last {
        true => [&[first], extents, &[channels]].concat(),
        false => [&[first, channels], extents].concat(),
    };
    let x_dims = with_channels(2, channels, &extents);
    let weight_dims = with_channels(outputs, channels, &kernel);
    let all = |value: usize| ints(&vec![value; axes]);
    let (pad, stride, kind) = (random.below(2), 1 + random.below(2), random.below(4));
    let mut builder = Builder::new(&mut random, formats);
    let x = builder.input(&x_dims);
    let y = match kind {
        0 => {
            let (kernel, including_pad) = (ints(&kernel), stride == 1);
            let pooling = AveragePooling {
                kernel,
                stride: all(stride),
                ignore_border: pad == 0,
                pad: all(pad),
                channel_last,
                including_pad,
            };
            builder.apply(Function::AveragePooling(pooling), &[x])
        }
        1 => {
            let dims = with_channels(channels, outputs, &kernel);
            let weights = builder.weights(&dims, false);
            let arguments = Deconvolution {
                base_axis: 1,
                pad: all(0),
                stride: all(stride),
                dilation: all(1),
                group: 1,
                channel_last,
                output_padding: all(0),
            };
            builder.apply(Function::Deconvolution(arguments), &[x, weights])
        }
        _ => {
            let weights = builder.weights(&weight_dims, true);
            let arguments = Convolution {
                base_axis: 1,
                pad: all(pad),
                stride: all(stride),
                dilation: all(1),
                group: 1,
                channel_last,
            };
            builder.apply(Function::Convolution(arguments), &[x, weights])
        }
    };
    builder.finish(y)
}
