//! Random networks, prepared for a host with each instruction set, against the portable runtime.
#![cfg(feature = "host")]

use fewbit_core::function::arguments::{
    Affine, AveragePooling, BatchNormalization, Convolution, DepthwiseConvolution, FusedConvolution, InPlace,
    LeakyReLU, Nonlinearity, PadMode, Pooling, Reshape,
};
use fewbit_core::{FloatList, Function, IntList, Network, Node, Operation, Shape, Variable, VariableId};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics, Session};
use proptest::prelude::*;

/// Builds a network, function by function, with random parameters.
struct Builder {
    network: Network,
    seed: u32,
}

impl Builder {
    fn new() -> Self {
        Self { network: Network::default(), seed: 1 }
    }

    fn values(&mut self, count: usize) -> Vec<f32> {
        (0..count)
            .map(|_| {
                self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (self.seed >> 8) as f32 / (1 << 23) as f32 - 1.0
            })
            .collect()
    }

    fn add(&mut self, variable: Variable) -> VariableId {
        self.network.variables.push(variable);
        VariableId(self.network.variables.len() - 1)
    }

    fn name(&self) -> String {
        format!("v{}", self.network.variables.len())
    }

    fn input(&mut self, shape: &[usize]) -> VariableId {
        let id = self.add(Variable::buffer(self.name(), Shape::new(shape).expect("a small shape")));
        self.network.inputs.push(id);
        id
    }

    fn parameter(&mut self, shape: &[usize]) -> VariableId {
        let shape = Shape::new(shape).expect("a small shape");
        let values = self.values(shape.items());
        self.add(Variable::parameter(self.name(), shape, values))
    }

    /// Applies a function; `None` if it does not take these inputs.
    fn apply(&mut self, function: Function, inputs: &[VariableId]) -> Option<VariableId> {
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let shape = function.output_shape(&&shapes[..]).ok()?;
        let output = self.add(Variable::buffer(self.name(), shape));
        let name = format!("f{}", self.network.nodes.len());
        let operation = Operation::Known(function);
        self.network.nodes.push(Node {
            name,
            operation,
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        Some(output)
    }

    fn shape(&self, id: VariableId) -> Shape {
        self.network.variable(id).shape
    }
}

fn ints(values: &[usize]) -> IntList {
    IntList::try_from_iter(values.iter().map(|&value| value as i32)).expect("few values")
}

/// Runs the network both ways and compares all outputs.
fn check(builder: &mut Builder) -> Result<(), TestCaseError> {
    let file = encode(&builder.network, &EncodeOptions::default()).expect("a plain network").bytes;
    let model = Model::open(&file).expect("just written");
    let inputs: Vec<Vec<f32>> =
        builder.network.inputs.clone().iter().map(|&id| builder.values(builder.shape(id).items())).collect();
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("enough");
    for (index, input) in inputs.iter().enumerate() {
        session.set_input(index, input);
    }
    session.run();
    for set in InstructionSet::ALL {
        let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Integer, set) else { continue };
        let mut runner = prepared.runner();
        // Twice: what a run leaves behind must not matter to the next.
        for _ in 0..2 {
            for (index, input) in inputs.iter().enumerate() {
                runner.set_input(index, input);
            }
            runner.run();
        }
        for (index, &id) in builder.network.outputs.iter().enumerate() {
            let mut expected = vec![0.0; builder.shape(id).items()];
            let mut found = expected.clone();
            session.output(index).read(0, &mut expected);
            runner.read_output(index, &mut found);
            let largest = expected.iter().fold(1e-3f32, |largest, value| largest.max(value.abs()));
            for (place, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let close = (found - expected).abs() <= 1e-5 * largest;
                prop_assert!(close, "{set:?}, output {index}, place {place}: {found} is not {expected}");
            }
        }
    }
    Ok(())
}

/// The geometry of a convolution.
#[derive(Clone, Debug)]
struct Geometry {
    images: usize,
    groups: usize,
    group_inputs: usize,
    group_outputs: usize,
    /// Extent, kernel, pad, stride and dilation of each spatial axis.
    axes: Vec<[usize; 5]>,
    channel_last: bool,
    bias: bool,
}

impl Geometry {
    fn column(&self, index: usize) -> IntList {
        ints(&self.axes.iter().map(|axis| axis[index]).collect::<Vec<_>>())
    }

    fn extents(&self, index: usize) -> Vec<usize> {
        self.axes.iter().map(|axis| axis[index]).collect()
    }

    /// The spatial extents of the output, without strides and dilations.
    fn outputs(&self) -> Vec<usize> {
        self.axes.iter().map(|[extent, kernel, pad, ..]| extent + 2 * pad + 1 - kernel).collect()
    }

    fn joined(&self, channels: usize, extents: &[usize]) -> Vec<usize> {
        if self.channel_last { [extents, &[channels]].concat() } else { [&[channels], extents].concat() }
    }

    fn input(&self, builder: &mut Builder) -> VariableId {
        let inputs = self.groups * self.group_inputs;
        builder.input(&[&[self.images][..], &self.joined(inputs, &self.extents(0))].concat())
    }

    fn weights(&self, builder: &mut Builder) -> VariableId {
        let outputs = self.groups * self.group_outputs;
        builder.parameter(&[&[outputs][..], &self.joined(self.group_inputs, &self.extents(1))].concat())
    }

    /// A convolution of a new input.
    fn build(&self, builder: &mut Builder) -> Option<VariableId> {
        let x = self.input(builder);
        self.convolve(builder, x)
    }

    fn convolve(&self, builder: &mut Builder, x: VariableId) -> Option<VariableId> {
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

fn axis() -> impl Strategy<Value = [usize; 5]> {
    (1usize..12, 1usize..5, 0usize..3, 1usize..4, 1usize..3)
        .prop_map(|(extent, kernel, pad, stride, dilation)| [extent, kernel, pad, stride, dilation])
}

fn geometry() -> impl Strategy<Value = Geometry> {
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
fn square() -> impl Strategy<Value = Geometry> {
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
struct Follow {
    normalize: bool,
    add: bool,
    activation: u8,
    pooling: Option<(u8, [usize; 3], bool)>,
    affine: Option<(usize, bool)>,
}

impl Follow {
    fn build(&self, builder: &mut Builder, geometry: &Geometry, mut x: VariableId) -> Option<VariableId> {
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

fn normalize(builder: &mut Builder, x: VariableId, axis: usize) -> Option<VariableId> {
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

fn follow() -> impl Strategy<Value = Follow> {
    let pooling = (0u8..5, [1usize..4, 1usize..4, 0usize..2], any::<bool>());
    let affine = (1usize..40, any::<bool>());
    (any::<bool>(), any::<bool>(), 0u8..6, prop::option::of(pooling), prop::option::of(affine)).prop_map(
        |(normalize, add, activation, pooling, affine)| Follow { normalize, add, activation, pooling, affine },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn convolutions_and_what_follows(geometry in prop_oneof![geometry(), square()], follow in follow()) {
        let mut builder = Builder::new();
        let Some(y) = geometry.build(&mut builder) else { return Ok(()) };
        let Some(y) = follow.build(&mut builder, &geometry, y) else { return Ok(()) };
        builder.network.outputs.push(y);
        check(&mut builder)?;
    }

    /// A variable that two convolutions and the caller read, joined again.
    #[test]
    fn branches(first in square(), second in square(), third in square(), output in any::<bool>()) {
        let mut builder = Builder::new();
        let (second, third) = (
            Geometry { group_inputs: first.group_outputs, channel_last: first.channel_last, ..second },
            Geometry {
                group_inputs: first.group_outputs,
                group_outputs: second.group_outputs,
                channel_last: first.channel_last,
                ..third
            },
        );
        let Some(x) = first.build(&mut builder) else { return Ok(()) };
        let Some(a) = second.convolve(&mut builder, x) else { return Ok(()) };
        let Some(b) = third.convolve(&mut builder, x) else { return Ok(()) };
        if builder.shape(a) == builder.shape(b) {
            let sum = builder.apply(Function::Add2(InPlace { inplace: false }), &[a, b]);
            builder.network.outputs.extend(sum);
        } else {
            builder.network.outputs.extend([a, b]);
        }
        if output {
            builder.network.outputs.push(x);
        }
        check(&mut builder)?;
    }

    #[test]
    fn depthwise_convolutions(
        channels in 1usize..40,
        multiplier in 1usize..3,
        axes in prop::collection::vec(axis(), 1..3),
        follow in follow(),
    ) {
        let geometry = Geometry {
            images: 2, groups: 1, group_inputs: channels, group_outputs: 1, axes, channel_last: false, bias: true,
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
        let Some(y) = builder.apply(function, &inputs) else { return Ok(()) };
        let Some(y) = follow.build(&mut builder, &geometry, y) else { return Ok(()) };
        builder.network.outputs.push(y);
        check(&mut builder)?;
    }

    #[test]
    fn fused_convolutions(geometry in square(), normalize in any::<bool>(), add in any::<bool>(), activation in 0u8..7) {
        let mut builder = Builder::new();
        let channels = geometry.group_outputs;
        let mut inputs = vec![geometry.input(&mut builder), geometry.weights(&mut builder)];
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
        let nonlinearity = [
            Nonlinearity::Identity, Nonlinearity::ReLU, Nonlinearity::Sigmoid, Nonlinearity::Tanh,
            Nonlinearity::LeakyReLU, Nonlinearity::ELU, Nonlinearity::ReLU6,
        ][usize::from(activation)];
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
        let Some(y) = builder.apply(function, &inputs) else { return Ok(()) };
        builder.network.outputs.push(y);
        check(&mut builder)?;
    }
}
