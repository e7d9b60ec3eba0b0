//! Random networks of a few functions.

use crate::builder::{Builder, ints};
use fewbit_core::function::arguments::{
    Affine, AveragePooling, BatchNormalization, Convolution, DepthwiseConvolution, FusedConvolution, InPlace,
    LeakyReLU, Nonlinearity, PadMode, Pooling, Reshape,
};
use fewbit_core::{FloatList, Function, IntList, Shape, Variable, VariableId};
use proptest::prelude::*;

/// The geometry of a convolution.
#[derive(Clone, Debug)]
pub struct Geometry {
    pub images: usize,
    pub groups: usize,
    pub group_inputs: usize,
    pub group_outputs: usize,
    /// Extent, kernel, pad, stride and dilation of each spatial axis.
    pub axes: Vec<[usize; 5]>,
    pub channel_last: bool,
    pub bias: bool,
}

impl Geometry {
    pub fn column(&self, index: usize) -> IntList {
        ints(&self.axes.iter().map(|axis| axis[index]).collect::<Vec<_>>())
    }

    pub fn extents(&self, index: usize) -> Vec<usize> {
        self.axes.iter().map(|axis| axis[index]).collect()
    }

    /// The spatial extents of the output, without strides and dilations.
    pub fn outputs(&self) -> Vec<usize> {
        self.axes.iter().map(|[extent, kernel, pad, ..]| extent + 2 * pad + 1 - kernel).collect()
    }

    pub fn joined(&self, channels: usize, extents: &[usize]) -> Vec<usize> {
        if self.channel_last { [extents, &[channels]].concat() } else { [&[channels], extents].concat() }
    }

    pub fn input(&self, builder: &mut Builder) -> VariableId {
        let inputs = self.groups * self.group_inputs;
        builder.input(&[&[self.images][..], &self.joined(inputs, &self.extents(0))].concat())
    }

    pub fn weights(&self, builder: &mut Builder) -> VariableId {
        let outputs = self.groups * self.group_outputs;
        builder.parameter(&[&[outputs][..], &self.joined(self.group_inputs, &self.extents(1))].concat())
    }

    /// A convolution of a new input.
    pub fn build(&self, builder: &mut Builder) -> Option<VariableId> {
        let x = self.input(builder);
        self.convolve(builder, x)
    }

    pub fn convolve(&self, builder: &mut Builder, x: VariableId) -> Option<VariableId> {
        let outputs = self.groups * self.group_outputs;
        let mut inputs = vec![x, self.weights(builder)];
        if self.bias {
            inputs.push(builder.parameter(&[outputs]));
        }
        let function = Function::Convolution(Convolution {
            base_axis: 1,
            pad: self.column(2),
            stride: self.column(3),
            dilation: self.column(4),
            group: self.groups as i32,
            channel_last: self.channel_last,
        });
        builder.apply(function, &inputs)
    }
}

pub fn axis() -> impl Strategy<Value = [usize; 5]> {
    (1usize..12, 1usize..5, 0usize..3, 1usize..4, 1usize..3)
        .prop_map(|(extent, kernel, pad, stride, dilation)| [extent, kernel, pad, stride, dilation])
}

pub fn geometry() -> impl Strategy<Value = Geometry> {
    let channels = prop_oneof![1usize..6, 14usize..20, 30usize..50];
    (1usize..4, prop_oneof![3 => Just(1usize), 1 => 2usize..5], channels.clone(), channels)
        .prop_flat_map(|parts| (Just(parts), prop::collection::vec(axis(), 1..4), any::<bool>(), any::<bool>()))
        .prop_map(|((images, groups, group_inputs, group_outputs), axes, channel_last, bias)| Geometry {
            images,
            groups,
            group_inputs,
            group_outputs,
            axes,
            channel_last,
            bias,
        })
}

/// Geometries of 3 x 3 taps, which have a kernel of their own.
pub fn square() -> impl Strategy<Value = Geometry> {
    (1usize..3, 12usize..40, 12usize..40, 1usize..14, 1usize..14, 0usize..2, any::<bool>()).prop_map(
        |(images, group_inputs, group_outputs, height, width, pad, channel_last)| Geometry {
            images,
            groups: 1,
            group_inputs,
            group_outputs,
            axes: vec![[height + 2, 3, pad, 1, 1], [width + 2, 3, 1, 1, 1]],
            channel_last,
            bias: true,
        },
    )
}

/// What follows a convolution.
#[derive(Clone, Debug)]
pub struct Follow {
    pub normalize: bool,
    pub add: bool,
    pub activation: u8,
    pub pooling: Option<(u8, [usize; 3], bool)>,
    pub affine: Option<(usize, bool)>,
}

impl Follow {
    pub fn build(&self, builder: &mut Builder, geometry: &Geometry, mut x: VariableId) -> Option<VariableId> {
        let rank = builder.shape(x).rank();
        let channel_axis = if geometry.channel_last { rank - 1 } else { 1 };
        if self.normalize {
            x = normalize(builder, x, channel_axis)?;
        }
        if self.add {
            let other = builder.input(&builder.shape(x));
            x = builder.apply(Function::Add2(InPlace { inplace: false }), &[other, x])?;
        }
        x = match self.activation {
            0 => x,
            1 => builder.apply(Function::ReLU6, &[x])?,
            2 => builder.apply(Function::LeakyReLU(LeakyReLU { alpha: 0.25, inplace: false }), &[x])?,
            3 => builder.apply(Function::Sigmoid, &[x])?,
            _ => builder.apply(Function::ReLU(InPlace { inplace: false }), &[x])?,
        };
        if let Some((kind, [kernel, stride, pad], ignore_border)) = self.pooling {
            let count = geometry.axes.len().min(2);
            let (kernel, stride) = (ints(&vec![kernel; count]), ints(&vec![stride; count]));
            let (pad, channel_last) = (ints(&vec![pad; count]), geometry.channel_last);
            let plain = Pooling { kernel, stride, ignore_border, pad, channel_last };
            let average = |including_pad| {
                Function::AveragePooling(AveragePooling {
                    kernel,
                    stride,
                    ignore_border,
                    pad,
                    channel_last,
                    including_pad,
                })
            };
            let function = match kind {
                0 => Function::MaxPooling(plain),
                1 => Function::SumPooling(plain),
                2 => average(true),
                3 => average(false),
                _ => Function::GlobalAveragePooling,
            };
            // Where windows do not fit there is no pooling.
            x = builder.apply(function, &[x]).unwrap_or(x);
        }
        if let Some((outputs, reshape)) = self.affine {
            let (images, items) = builder.shape(x).split_items(1);
            if reshape {
                let shape = ints(&[images, items]);
                x = builder.apply(Function::Reshape(Reshape { shape, inplace: false }), &[x])?;
            }
            let weights = builder.parameter(&[items, outputs]);
            let bias = builder.parameter(&[outputs]);
            x = builder.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights, bias])?;
        }
        Some(x)
    }
}

pub fn normalize(builder: &mut Builder, x: VariableId, axis: usize) -> Option<VariableId> {
    let channels = builder.shape(x)[axis];
    let mut shape = vec![1; builder.shape(x).rank()];
    shape[axis] = channels;
    let mut inputs = vec![x];
    for _ in 0..4 {
        inputs.push(builder.parameter(&shape));
    }
    // A variance is not negative.
    let variance = builder.values(channels).iter().map(|value| value.abs() + 0.5).collect::<Vec<_>>();
    let shape = Shape::new(&shape).expect("a small shape");
    inputs[4] = builder.add(Variable::parameter(builder.name(), shape, variance));
    let arguments = BatchNormalization {
        axes: ints(&[axis]),
        decay_rate: 0.9,
        eps: 1e-5,
        batch_stat: false,
        no_scale: false,
        no_bias: false,
    };
    builder.apply(Function::BatchNormalization(arguments), &inputs)
}

pub fn follow() -> impl Strategy<Value = Follow> {
    let pooling = (0u8..5, [1usize..4, 1usize..4, 0usize..2], any::<bool>());
    let affine = (1usize..40, any::<bool>());
    (any::<bool>(), any::<bool>(), 0u8..6, prop::option::of(pooling), prop::option::of(affine)).prop_map(
        |(normalize, add, activation, pooling, affine)| Follow { normalize, add, activation, pooling, affine },
    )
}

/// A convolution and what follows it; `None` if shapes do not fit, as for all of these.
pub fn chain(geometry: &Geometry, follow: &Follow) -> Option<Builder> {
    let mut builder = Builder::new();
    let y = geometry.build(&mut builder)?;
    let y = follow.build(&mut builder, geometry, y)?;
    builder.network.outputs.push(y);
    Some(builder)
}

/// A variable that two convolutions and the caller read, joined again.
pub fn branches(first: &Geometry, second: &Geometry, third: &Geometry, output: bool) -> Option<Builder> {
    let mut builder = Builder::new();
    let (inputs, channel_last) = (first.group_outputs, first.channel_last);
    let second = Geometry { group_inputs: inputs, channel_last, ..second.clone() };
    let third = Geometry { group_inputs: inputs, group_outputs: second.group_outputs, channel_last, ..third.clone() };
    let x = first.build(&mut builder)?;
    let a = second.convolve(&mut builder, x)?;
    let b = third.convolve(&mut builder, x)?;
    if builder.shape(a) == builder.shape(b) {
        let sum = builder.apply(Function::Add2(InPlace { inplace: false }), &[a, b])?;
        builder.network.outputs.push(sum);
    } else {
        builder.network.outputs.extend([a, b]);
    }
    if output {
        builder.network.outputs.push(x);
    }
    Some(builder)
}

/// A convolution whose channels do not mix.
pub fn depthwise(channels: usize, multiplier: usize, axes: &[[usize; 5]], follow: &Follow) -> Option<Builder> {
    let axes = axes.to_vec();
    let geometry = Geometry {
        images: 2,
        groups: 1,
        group_inputs: channels,
        group_outputs: 1,
        axes,
        channel_last: false,
        bias: true,
    };
    let mut builder = Builder::new();
    let shape = [&[2, channels][..], &geometry.extents(0)].concat();
    let kernel = [&[channels * multiplier][..], &geometry.extents(1)].concat();
    let inputs = [builder.input(&shape), builder.parameter(&kernel), builder.parameter(&[channels * multiplier])];
    let function = Function::DepthwiseConvolution(DepthwiseConvolution {
        base_axis: 1,
        pad: geometry.column(2),
        stride: geometry.column(3),
        dilation: geometry.column(4),
        multiplier: multiplier as i32,
    });
    let y = builder.apply(function, &inputs)?;
    let y = follow.build(&mut builder, &geometry, y)?;
    builder.network.outputs.push(y);
    Some(builder)
}

/// A fused convolution.
pub fn fused(
    geometry: &Geometry,
    bias: bool,
    normalize: bool,
    add: bool,
    nonlinearity: Nonlinearity,
) -> Option<Builder> {
    let mut builder = Builder::new();
    let channels = geometry.group_outputs;
    let mut inputs = vec![geometry.input(&mut builder), geometry.weights(&mut builder)];
    if bias {
        inputs.push(builder.parameter(&[channels]));
    }
    if normalize {
        for _ in 0..3 {
            inputs.push(builder.parameter(&[channels]));
        }
        let variance: Vec<f32> = builder.values(channels).iter().map(|value| value.abs() + 0.5).collect();
        let shape = Shape::new(&[channels]).expect("a small shape");
        inputs.push(builder.add(Variable::parameter(builder.name(), shape, variance)));
    }
    if add {
        let shape = [&[geometry.images][..], &geometry.joined(channels, &geometry.outputs())].concat();
        inputs.push(builder.input(&shape));
    }
    let function = Function::FusedConvolution(FusedConvolution {
        base_axis: 1,
        pad: geometry.column(2),
        stride: geometry.column(3),
        dilation: geometry.column(4),
        group: 1,
        channel_last: geometry.channel_last,
        decay_rate: 0.9,
        eps: 1e-5,
        batch_stat: false,
        nonlinearity,
        nonlinearity_args: FloatList::from_slice(&[0.25]).expect("one"),
        pad_mode: PadMode::Constant,
        constant_value: 0.0,
    });
    let y = builder.apply(function, &inputs)?;
    builder.network.outputs.push(y);
    Some(builder)
}

/// Any of the above.
pub fn network() -> impl Strategy<Value = Option<Builder>> {
    let nonlinearity = prop_oneof![
        Just(Nonlinearity::Identity),
        Just(Nonlinearity::ReLU),
        Just(Nonlinearity::ReLU6),
        Just(Nonlinearity::LeakyReLU),
        Just(Nonlinearity::Sigmoid),
        Just(Nonlinearity::Tanh),
        Just(Nonlinearity::ELU),
    ];
    let axes = || prop::collection::vec(axis(), 1..3);
    prop_oneof![
        4 => (prop_oneof![geometry(), square()], follow()).prop_map(|(geometry, follow)| chain(&geometry, &follow)),
        2 => (square(), square(), square(), any::<bool>()).prop_map(|(a, b, c, output)| branches(&a, &b, &c, output)),
        2 => (1usize..40, 1usize..3, axes(), follow())
            .prop_map(|(channels, multiplier, axes, follow)| depthwise(channels, multiplier, &axes, &follow)),
        2 => (square(), any::<bool>(), any::<bool>(), any::<bool>(), nonlinearity)
            .prop_map(|(geometry, bias, normalize, add, kind)| fused(&geometry, bias, normalize, add, kind)),
    ]
}
