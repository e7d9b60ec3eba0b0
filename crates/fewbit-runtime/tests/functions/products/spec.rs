//! A function that sums products, with shapes, and how its inputs lie in memory.

use crate::single::shape;
use fewbit_core::function::arguments::{
    Affine, BinaryAffine, BinaryConvolution, Convolution, Deconvolution, DepthwiseConvolution, DepthwiseDeconvolution,
    FusedConvolution, INQAffine, INQConvolution, Nonlinearity, PadMode, SelectionAlgorithm,
};
use fewbit_core::{FloatList, Function, IntList, Shape};
use proptest::prelude::*;

/// Which function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Convolution,
    Fused,
    Depthwise,
    BinaryConnect,
    BinaryWeight,
    Inq,
    Deconvolution,
    DepthwiseDeconvolution,
    Affine,
    BinaryConnectAffine,
    BinaryWeightAffine,
    InqAffine,
}

/// One spatial axis.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    pub input: usize,
    pub kernel: usize,
    pub stride: usize,
    pub dilation: usize,
    pub pad: usize,
    /// Padding behind, where it may differ; for deconvolutions what is added behind.
    pub end: usize,
}

/// A function that sums products. Channels of input and output are those of a group. An affine function is a convolution
/// without spatial axes.
#[derive(Clone, Debug)]
pub struct Spec {
    pub kind: Kind,
    pub batch: usize,
    pub groups: usize,
    pub inputs: usize,
    pub outputs: usize,
    pub axes: Vec<Axis>,
    pub channel_last: bool,
    pub bias: bool,
    pub normalized: bool,
    pub residual: bool,
    pub nonlinearity: Nonlinearity,
    pub pad_mode: PadMode,
    pub constant: f32,
}

impl Kind {
    pub fn is_deconvolution(self) -> bool {
        matches!(self, Self::Deconvolution | Self::DepthwiseDeconvolution)
    }

    pub fn is_affine(self) -> bool {
        matches!(self, Self::Affine | Self::BinaryConnectAffine | Self::BinaryWeightAffine | Self::InqAffine)
    }

    /// Whether there is a float weight before the binary one.
    pub fn is_binary(self) -> bool {
        matches!(self, Self::BinaryConnect | Self::BinaryConnectAffine) || self.has_alpha()
    }

    /// Whether binary weights have a scale.
    pub fn has_alpha(self) -> bool {
        matches!(self, Self::BinaryWeight | Self::BinaryWeightAffine)
    }

    /// Whether weights are rounded to powers of two.
    pub fn has_indicators(self) -> bool {
        matches!(self, Self::Inq | Self::InqAffine)
    }
}

fn ints(values: impl IntoIterator<Item = usize>) -> IntList {
    IntList::try_from_iter(values.into_iter().map(|value| i32::try_from(value).expect("small"))).expect("few")
}

impl Spec {
    /// An affine function with a bias.
    pub fn affine(kind: Kind, batch: usize, inputs: usize, outputs: usize) -> Self {
        Self {
            kind,
            batch,
            groups: 1,
            inputs,
            outputs,
            axes: Vec::new(),
            channel_last: false,
            bias: true,
            normalized: false,
            residual: false,
            nonlinearity: Nonlinearity::Identity,
            pad_mode: PadMode::Constant,
            constant: 0.0,
        }
    }

    /// The function with its arguments.
    pub fn function(&self) -> Function {
        let (base_axis, channel_last) = (1, self.channel_last);
        let [pad, stride, dilation] = [|axis: &Axis| axis.pad, |axis: &Axis| axis.stride, |axis: &Axis| axis.dilation]
            .map(|field| ints(self.axes.iter().map(field)));
        let number = |value: usize| i32::try_from(value).expect("small");
        let group = number(self.groups);
        match self.kind {
            Kind::Convolution => {
                Function::Convolution(Convolution { base_axis, pad, stride, dilation, group, channel_last })
            }
            Kind::Fused => Function::FusedConvolution(FusedConvolution {
                base_axis,
                pad: ints(self.axes.iter().flat_map(|axis| [axis.pad, axis.end])),
                stride,
                dilation,
                group,
                channel_last,
                decay_rate: 0.9,
                eps: 1e-3,
                batch_stat: false,
                nonlinearity: self.nonlinearity,
                nonlinearity_args: FloatList::from_slice(&[0.25]).expect("one"),
                pad_mode: self.pad_mode,
                constant_value: self.constant,
            }),
            Kind::Depthwise => {
                let multiplier = number(self.outputs);
                Function::DepthwiseConvolution(DepthwiseConvolution { base_axis, pad, stride, dilation, multiplier })
            }
            Kind::BinaryConnect | Kind::BinaryWeight => {
                let arguments = BinaryConvolution { base_axis, pad, stride, dilation, group, quantize_zero_to: 1.0 };
                match self.kind {
                    Kind::BinaryConnect => Function::BinaryConnectConvolution(arguments),
                    _ => Function::BinaryWeightConvolution(arguments),
                }
            }
            Kind::Inq => Function::INQConvolution(INQConvolution {
                base_axis,
                pad,
                stride,
                dilation,
                group,
                num_bits: 4,
                inq_iterations: IntList::new(),
                selection_algorithm: SelectionAlgorithm::LargestAbs,
                seed: 0,
            }),
            Kind::Deconvolution => Function::Deconvolution(Deconvolution {
                base_axis,
                pad,
                stride,
                dilation,
                group,
                channel_last,
                output_padding: ints(self.axes.iter().map(|axis| axis.end)),
            }),
            Kind::DepthwiseDeconvolution => {
                let divisor = number(self.inputs);
                Function::DepthwiseDeconvolution(DepthwiseDeconvolution { base_axis, pad, stride, dilation, divisor })
            }
            Kind::Affine => Function::Affine(Affine { base_axis }),
            Kind::BinaryConnectAffine => {
                Function::BinaryConnectAffine(BinaryAffine { base_axis, quantize_zero_to: 1.0 })
            }
            Kind::BinaryWeightAffine => Function::BinaryWeightAffine(BinaryAffine { base_axis, quantize_zero_to: 1.0 }),
            Kind::InqAffine => Function::INQAffine(INQAffine {
                base_axis,
                num_bits: 4,
                inq_iterations: IntList::new(),
                selection_algorithm: SelectionAlgorithm::LargestAbs,
                seed: 0,
            }),
        }
    }

    /// Output extents of the spatial axes.
    pub fn output_extents(&self) -> Vec<usize> {
        let extent = |axis: &Axis| {
            let window = (axis.kernel - 1) * axis.dilation + 1;
            match self.kind {
                kind if kind.is_deconvolution() => {
                    let end = if kind == Kind::Deconvolution { axis.end } else { 0 };
                    (axis.input - 1) * axis.stride + window + end - 2 * axis.pad
                }
                Kind::Fused => (axis.input + axis.pad + axis.end - window) / axis.stride + 1,
                _ => (axis.input + 2 * axis.pad - window) / axis.stride + 1,
            }
        };
        self.axes.iter().map(extent).collect()
    }

    pub fn input_extents(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.input).collect()
    }

    pub fn kernel_extents(&self) -> Vec<usize> {
        self.axes.iter().map(|axis| axis.kernel).collect()
    }

    /// The shape of a variable of the batch.
    pub fn batch_shape(&self, channels: usize, extents: &[usize]) -> Shape {
        let mut dims = vec![self.batch];
        if !self.channel_last {
            dims.push(channels);
        }
        dims.extend(extents);
        if self.channel_last {
            dims.push(channels);
        }
        shape(&dims)
    }

    pub fn x_shape(&self) -> Shape {
        self.batch_shape(self.groups * self.inputs, &self.input_extents())
    }

    pub fn y_shape(&self) -> Shape {
        self.batch_shape(self.groups * self.outputs, &self.output_extents())
    }

    pub fn weight_shape(&self) -> Shape {
        let (all_inputs, all_outputs) = (self.groups * self.inputs, self.groups * self.outputs);
        let (first, second) = match self.kind {
            Kind::Depthwise => (all_outputs, None),
            Kind::DepthwiseDeconvolution => (all_inputs, None),
            Kind::Deconvolution => (all_inputs, Some(self.outputs)),
            kind if kind.is_affine() => (all_inputs, Some(all_outputs)),
            _ => (all_outputs, Some(self.inputs)),
        };
        let mut dims = vec![first];
        dims.extend(second.filter(|_| !self.channel_last));
        dims.extend(self.kernel_extents());
        dims.extend(second.filter(|_| self.channel_last));
        shape(&dims)
    }

    /// Values of a variable of the batch, given in the order `batch, channels, places`, in the order of memory.
    pub fn batch_in_memory<T: Copy>(&self, values: &[T], channels: usize) -> Vec<T> {
        if !self.channel_last {
            return values.to_vec();
        }
        let places = values.len() / (self.batch * channels);
        let at = |item: usize, place: usize, channel: usize| values[(item * channels + channel) * places + place];
        (0..self.batch)
            .flat_map(|item| {
                (0..places).flat_map(move |place| (0..channels).map(move |channel| (item, place, channel)))
            })
            .map(|(item, place, channel)| at(item, place, channel))
            .collect()
    }

    /// Weights, given in the order `groups, outputs, inputs, taps`, in the order of memory.
    pub fn weights_in_memory<T: Copy>(&self, weights: &[T]) -> Vec<T> {
        let taps: usize = self.kernel_extents().iter().product();
        let mut places: Vec<(usize, T)> = Vec::new();
        for (index, &weight) in weights.iter().enumerate() {
            let (tap, rest) = (index % taps, index / taps);
            let (input, rest) = (rest % self.inputs, rest / self.inputs);
            let (output, group) = (rest % self.outputs, rest / self.outputs);
            let (first, second, seconds) = if self.kind.is_deconvolution() || self.kind.is_affine() {
                (group * self.inputs + input, output, self.outputs)
            } else {
                (group * self.outputs + output, input, self.inputs)
            };
            let place = match self.channel_last {
                true => (first * taps + tap) * seconds + second,
                false => (first * seconds + second) * taps + tap,
            };
            places.push((place, weight));
        }
        places.sort_by_key(|&(place, _)| place);
        places.into_iter().map(|(_, weight)| weight).collect()
    }
}

fn axis(input: BoxedStrategy<usize>) -> impl Strategy<Value = Axis> {
    (input, 1usize..4, 1usize..4, 1usize..3, 0usize..4, 0usize..3)
        .prop_map(|(input, kernel, stride, dilation, pad, end)| Axis { input, kernel, stride, dilation, pad, end })
}

/// Affine functions.
fn affine_specs() -> impl Strategy<Value = Spec> {
    let kinds = [Kind::Affine, Kind::BinaryConnectAffine, Kind::BinaryWeightAffine, Kind::InqAffine];
    // Sizes cross the borders of tiles.
    (prop::sample::select(kinds.to_vec()), 1usize..20, 1usize..40, 1usize..40, any::<bool>())
        .prop_map(|(kind, batch, inputs, outputs, bias)| Spec { bias, ..Spec::affine(kind, batch, inputs, outputs) })
}

/// Functions with shapes that the shape rule takes.
pub fn specs() -> impl Strategy<Value = Spec> {
    prop_oneof![4 => convolution_specs(), 1 => affine_specs()]
}

fn convolution_specs() -> impl Strategy<Value = Spec> {
    let kinds = prop::sample::select(vec![
        Kind::Convolution,
        Kind::Fused,
        Kind::Depthwise,
        Kind::BinaryConnect,
        Kind::BinaryWeight,
        Kind::Inq,
        Kind::Deconvolution,
        Kind::DepthwiseDeconvolution,
    ]);
    // The last extents cross the borders of tiles.
    let last = prop_oneof![4 => 1usize..8, 1 => 15usize..40];
    let axes = (prop::collection::vec(axis((1usize..7).boxed()), 0..3), axis(last.boxed()));
    let axes = axes.prop_map(|(outer, last)| outer.into_iter().chain([last]).collect::<Vec<_>>());
    let outputs = prop_oneof![4 => 1usize..5, 1 => 31usize..36];
    let pad_mode = prop::sample::select(vec![PadMode::Constant, PadMode::Constant, PadMode::Reflect, PadMode::Repeat]);
    let nonlinearity = prop::sample::select(vec![
        Nonlinearity::Identity,
        Nonlinearity::ReLU,
        Nonlinearity::ReLU6,
        Nonlinearity::LeakyReLU,
        Nonlinearity::ELU,
        Nonlinearity::Sigmoid,
        Nonlinearity::Tanh,
    ]);
    let constant = prop::sample::select(vec![0.0f32, 0.0, 0.75, -3.0]);
    let switches = any::<[bool; 4]>();
    ((kinds, 1usize..3, 1usize..4, 1usize..6, outputs), axes, switches, nonlinearity, pad_mode, constant).prop_map(
        |(
            (kind, batch, groups, inputs, outputs),
            mut axes,
            [channel_last, bias, normalized, residual],
            nonlinearity,
            pad_mode,
            constant,
        )| {
            for axis in &mut axes {
                let window = (axis.kernel - 1) * axis.dilation + 1;
                if kind.is_deconvolution() {
                    // Something must be left of the output.
                    axis.pad = axis.pad.min(((axis.input - 1) * axis.stride + window - 1) / 2);
                } else if axis.input + 2 * axis.pad < window || axis.input + axis.pad + axis.end < window {
                    axis.pad = window;
                }
            }
            let fused = kind == Kind::Fused;
            Spec {
                kind,
                batch,
                groups,
                inputs: if kind == Kind::Depthwise { 1 } else { inputs },
                outputs: if kind == Kind::DepthwiseDeconvolution { 1 } else { outputs },
                axes,
                channel_last: channel_last && matches!(kind, Kind::Convolution | Kind::Fused | Kind::Deconvolution),
                // A normalisation stands in the place of a bias.
                bias: bias && !(normalized && fused),
                normalized: normalized && fused,
                residual: residual && fused,
                nonlinearity: if fused { nonlinearity } else { Nonlinearity::Identity },
                pad_mode: if fused { pad_mode } else { PadMode::Constant },
                constant: if fused { constant } else { 0.0 },
            }
        },
    )
}
