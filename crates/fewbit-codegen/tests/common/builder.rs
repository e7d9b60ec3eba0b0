//! Random small networks.

use super::random::Random;
use fewbit_core::function::arguments::*;
use fewbit_core::{FloatList, Function, IntList, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId};
use std::sync::Arc;

/// Which formats the variables of a network have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formats {
    /// 8 and 16 bits, weights of 4, 2 and 1 bit, channels with positions of their own.
    Fixed,
    /// The same, and floats between them.
    Mixed,
    /// Floats.
    Float,
}

/// A network under construction.
pub struct Builder<'r> {
    pub network: Network,
    pub random: &'r mut Random,
    formats: Formats,
}

pub fn ints(values: &[usize]) -> IntList {
    IntList::try_from_iter(values.iter().map(|&value| value as i32)).expect("few values")
}

impl<'r> Builder<'r> {
    pub fn new(random: &'r mut Random, formats: Formats) -> Self {
        Self { network: Network { name: "random".into(), ..Network::default() }, random, formats }
    }

    /// The format of a variable between functions.
    fn buffer_format(&mut self) -> NumberFormat {
        let position = self.random.below(8) as i8;
        match (self.formats, self.random.below(5)) {
            // Positions that only the newest version of the format has.
            (Formats::Fixed, 4) => NumberFormat::Fixed8 { position: 2 * position - 6 },
            (Formats::Float, _) | (Formats::Mixed, 0) => NumberFormat::Float32,
            (_, 1) => NumberFormat::Fixed16 { position: position + 4 },
            _ => NumberFormat::Fixed8 { position },
        }
    }

    /// The format of a parameter of values up to 1.
    fn parameter_format(&mut self, is_weight: bool) -> NumberFormat {
        if self.formats == Formats::Float || (self.formats == Formats::Mixed && self.random.below(4) == 0) {
            return NumberFormat::Float32;
        }
        match self.random.below(if is_weight { 8 } else { 4 }) {
            0 => NumberFormat::Fixed16 { position: 12 },
            4 => NumberFormat::Fixed4 { position: 2 },
            5 => NumberFormat::Fixed2 { position: 1 },
            6 => NumberFormat::Fixed16 { position: 9 },
            _ => NumberFormat::Fixed8 { position: 5 + self.random.below(3) as i8 },
        }
    }

    pub fn input(&mut self, dims: &[usize]) -> VariableId {
        let format = self.buffer_format();
        let shape = Shape::new(dims).expect("a small shape");
        let id = self.network.add(Variable { format, ..Variable::buffer("x", shape) });
        self.network.inputs.push(id);
        id
    }

    fn parameter(&mut self, dims: &[usize], format: NumberFormat) -> VariableId {
        let shape = Shape::new(dims).expect("a small shape");
        let values: Vec<f32> = (0..shape.items()).map(|_| self.random.real()).collect();
        let values = match format {
            NumberFormat::Sign => values.iter().map(|value| if *value < 0.0 { -1.0 } else { 1.0 }).collect(),
            _ => values,
        };
        let name = format!("p{}", self.network.variables.len());
        self.network.add(Variable { format, ..Variable::parameter(name, shape, values) })
    }

    /// The weights of a function, whose first extent is the output channels; now and then each with its own position.
    pub fn weights(&mut self, dims: &[usize], channels_are_first: bool) -> VariableId {
        let format = self.parameter_format(true);
        let id = self.parameter(dims, format);
        if let Some(position) = format.position()
            && channels_are_first
            && self.random.below(3) == 0
        {
            let positions: Arc<[i8]> = (0..dims[0]).map(|_| position + self.random.below(3) as i8 - 1).collect();
            self.network.variable_mut(id).channel_positions = Some(positions);
        }
        id
    }

    fn signs(&mut self, dims: &[usize]) -> [VariableId; 2] {
        [self.parameter(dims, NumberFormat::Float32), self.parameter(dims, NumberFormat::Sign)]
    }

    pub fn apply(&mut self, function: Function, inputs: &[VariableId]) -> VariableId {
        let shapes: Vec<Shape> = inputs.iter().map(|&input| self.network.variable(input).shape).collect();
        let count = if let Function::Split(arguments) = &function { shapes[0][arguments.axis as usize] } else { 1 };
        let shape = function.output_shape(&&shapes[..]).unwrap_or_else(|error| panic!("{function:?}: {error}"));
        let outputs: Vec<VariableId> = (0..count)
            .map(|_| {
                let format = self.buffer_format();
                let name = format!("h{}", self.network.variables.len());
                self.network.add(Variable { format, ..Variable::buffer(name, shape) })
            })
            .collect();
        self.network.nodes.push(Node {
            name: format!("{}{}", function.name(), self.network.nodes.len()),
            operation: Operation::Known(function),
            inputs: inputs.to_vec(),
            outputs: outputs.clone(),
            implementation: 0,
        });
        outputs[0]
    }

    /// Adds a random function of a variable with the axes (batch, channels, height, width).
    pub fn random_layer(&mut self, x: VariableId) -> VariableId {
        match self.random.below(10) {
            0..=3 => self.random_convolution(x),
            4 => self.random_pooling(x),
            5 => self.random_move(x),
            6 => self.random_combination(x),
            _ => self.random_unary(x),
        }
    }

    fn dims(&self, x: VariableId) -> [usize; 4] {
        self.network.variable(x).shape.dims().try_into().expect("four axes")
    }

    fn random_convolution(&mut self, x: VariableId) -> VariableId {
        let [_, channels, height, width] = self.dims(x);
        let group = if channels.is_multiple_of(2) && self.random.below(3) == 0 { 2 } else { 1 };
        let outputs = group * (1 + self.random.below(5));
        let kernel = [1 + self.random.below(height.min(3)), 1 + self.random.below(width.min(3))];
        let dilation = [kernel[0], kernel[1]].map(|kernel| if kernel == 1 { 2 } else { 1 });
        let pad = [self.random.below(3), self.random.below(2)];
        let stride = [1 + self.random.below(2), 1 + self.random.below(3)];
        let [pad, stride, dilation] = [ints(&pad), ints(&stride), ints(&dilation)];
        let grouped = [outputs, channels / group, kernel[0], kernel[1]];
        let common = Convolution { base_axis: 1, pad, stride, dilation, group: group as i32, channel_last: false };
        let bias_format = self.parameter_format(false);
        let bias = self.parameter(&[outputs], bias_format);
        let Convolution { base_axis, group: group_argument, .. } = common;
        match self.random.below(7) {
            0 => {
                let weights = self.weights(&[channels, kernel[0], kernel[1]], true);
                let arguments = DepthwiseConvolution { base_axis, pad, stride, dilation, multiplier: 1 };
                self.apply(Function::DepthwiseConvolution(arguments), &[x, weights])
            }
            1 => {
                let weights = self.weights(&[channels, outputs / group, kernel[0], kernel[1]], false);
                let arguments = Deconvolution {
                    base_axis,
                    pad: ints(&[0, 0]),
                    stride,
                    dilation,
                    group: group_argument,
                    channel_last: false,
                    output_padding: ints(&[0, 0]),
                };
                self.apply(Function::Deconvolution(arguments), &[x, weights, bias])
            }
            2 => {
                let [float, signs] = self.signs(&grouped);
                let arguments = BinaryConvolution {
                    base_axis,
                    pad,
                    stride,
                    dilation,
                    group: group_argument,
                    quantize_zero_to: 1.0,
                };
                if self.random.below(2) == 0 {
                    return self.apply(Function::BinaryConnectConvolution(arguments), &[x, float, signs, bias]);
                }
                let format = self.parameter_format(false);
                let alpha = self.parameter(&[outputs], format);
                self.apply(Function::BinaryWeightConvolution(arguments), &[x, float, signs, alpha, bias])
            }
            3 => self.random_fused(x, &common, &grouped, bias),
            _ => {
                let weights = self.weights(&grouped, true);
                self.apply(Function::Convolution(common), &[x, weights, bias])
            }
        }
    }

    fn random_fused(&mut self, x: VariableId, common: &Convolution, dims: &[usize], bias: VariableId) -> VariableId {
        let weights = self.weights(dims, true);
        let nonlinearity = self.random.choose(&[
            Nonlinearity::Identity,
            Nonlinearity::ReLU,
            Nonlinearity::ReLU6,
            Nonlinearity::LeakyReLU,
            Nonlinearity::Sigmoid,
            Nonlinearity::Tanh,
            Nonlinearity::ELU,
        ]);
        let pad_mode = self.random.choose(&[PadMode::Constant, PadMode::Constant, PadMode::Reflect, PadMode::Repeat]);
        let arguments = FusedConvolution {
            base_axis: common.base_axis,
            pad: common.pad,
            stride: common.stride,
            dilation: common.dilation,
            group: common.group,
            channel_last: false,
            decay_rate: 0.9,
            eps: 1e-3,
            batch_stat: false,
            nonlinearity,
            nonlinearity_args: FloatList::from_slice(&[0.3]).expect("one fits"),
            pad_mode,
            constant_value: self.random.choose(&[0.0, 0.0, 0.5, -0.3]),
        };
        let plain = self.apply(Function::Convolution(*common), &[x, weights, bias]);
        match self.random.below(3) {
            0 => self.apply(Function::FusedConvolution(arguments), &[x, weights]),
            1 => self.apply(Function::FusedConvolution(arguments), &[x, weights, bias]),
            _ => self.apply(Function::FusedConvolution(arguments), &[x, weights, bias, plain]),
        }
    }

    fn random_pooling(&mut self, x: VariableId) -> VariableId {
        let [_, _, height, width] = self.dims(x);
        let kernel = ints(&[1 + self.random.below(height), 1 + self.random.below(width)]);
        let stride = ints(&[1 + self.random.below(2), 1 + self.random.below(3)]);
        let pad = ints(&[self.random.below(2), self.random.below(2)]);
        let (ignore_border, channel_last) = (self.random.below(2) == 0, false);
        let pooling = Pooling { kernel, stride, ignore_border, pad, channel_last };
        match self.random.below(5) {
            0 => self.apply(Function::MaxPooling(pooling), &[x]),
            1 => self.apply(Function::SumPooling(pooling), &[x]),
            2 => self.apply(Function::GlobalAveragePooling, &[x]),
            3 => self.apply(Function::Unpooling(Unpooling { kernel: ints(&[2, 1]), channel_last }), &[x]),
            _ => {
                let including_pad = self.random.below(2) == 0;
                let average = AveragePooling { kernel, stride, ignore_border, pad, channel_last, including_pad };
                self.apply(Function::AveragePooling(average), &[x])
            }
        }
    }

    fn random_move(&mut self, x: VariableId) -> VariableId {
        let dims = self.dims(x);
        match self.random.below(8) {
            0 => self.apply(Function::Transpose(Axes { axes: ints(&[0, 2, 3, 1]) }), &[x]),
            1 => self.apply(Function::Flip(Axes { axes: ints(&[2, 3]) }), &[x]),
            2 => {
                let shape = IntList::from_slice(&[dims[0] as i32, dims[3] as i32, -1, 1]).expect("few values");
                self.apply(Function::Reshape(Reshape { shape, inplace: false }), &[x])
            }
            3 => {
                let mode = self.random.choose(&[PadMode::Constant, PadMode::Reflect, PadMode::Repeat]);
                let pad_width = ints(&[self.random.below(2), 1, 0, self.random.below(2)]);
                self.apply(Function::Pad(Pad { pad_width, mode, constant_value: 0.7 }), &[x])
            }
            4 => {
                let (step, stop) = (ints(&[1, 1, 1, 2]), ints(&dims));
                self.apply(Function::Slice(Slice { start: ints(&[0, dims[1] / 2, 0, 0]), stop, step }), &[x])
            }
            5 => {
                let shifts = IntList::from_slice(&[1, -1]).expect("few values");
                let border_mode = self.random.choose(&[BorderMode::Nearest, BorderMode::Reflect]);
                self.apply(Function::Shift(Shift { shifts, border_mode }), &[x])
            }
            6 => {
                let split = self.apply(Function::Split(Axis { axis: 1 }), &[x]);
                self.apply(Function::Stack(Axis { axis: 1 }), &[split, split])
            }
            _ => {
                let other = self.random_unary(x);
                self.apply(Function::Concatenate(Axis { axis: 1 }), &[x, other])
            }
        }
    }

    fn random_combination(&mut self, x: VariableId) -> VariableId {
        let dims = self.dims(x);
        let inplace = InPlace { inplace: false };
        let other = match self.random.below(3) {
            0 => {
                let format = self.parameter_format(false);
                self.parameter(&[1, dims[1], 1, 1], format)
            }
            _ => {
                let other = self.random_unary(x);
                let shapes = [x, other].map(|id| self.network.variable(id).shape);
                // One with more channels is no partner.
                if Function::Maximum2.output_shape(&&shapes[..]).is_ok() { other } else { x }
            }
        };
        match self.random.below(10) {
            0 => self.apply(Function::Sub2(inplace), &[x, other]),
            1 => self.apply(Function::Mul2(inplace), &[x, other]),
            2 => self.apply(Function::Maximum2, &[x, other]),
            3 => self.apply(Function::Minimum2, &[x, other]),
            4 => self.apply(Function::Div2(inplace), &[x, other]),
            5 => self.apply(Function::AddN, &[x, other, x]),
            6 => self.apply(Function::MulN, &[x, other, other]),
            7 => {
                let format = self.parameter_format(false);
                let slope = self.parameter(&[dims[1]], format);
                self.apply(Function::PReLU(PReLU { base_axis: 1 }), &[x, slope])
            }
            8 => {
                let parameters = [0; 4].map(|_| self.parameter(&[1, dims[1], 1, 1], NumberFormat::Float32));
                // Variances are not negative.
                let variance = self.network.variable_mut(parameters[3]);
                let values: Vec<f32> = (0..dims[1]).map(|channel| 0.5 + channel as f32).collect();
                *variance = Variable::parameter(variance.name.clone(), variance.shape, values);
                let arguments = BatchNormalization {
                    axes: ints(&[1]),
                    decay_rate: 0.9,
                    eps: 1e-3,
                    batch_stat: false,
                    no_scale: false,
                    no_bias: false,
                };
                let [beta, gamma, mean, variance] = parameters;
                self.apply(Function::BatchNormalization(arguments), &[x, beta, gamma, mean, variance])
            }
            _ => self.apply(Function::Add2(inplace), &[x, other]),
        }
    }

    fn random_unary(&mut self, x: VariableId) -> VariableId {
        let inplace = false;
        let alpha = 0.3;
        let function = match self.random.below(24) {
            0..=2 => Function::ReLU(InPlace { inplace }),
            3 => Function::ReLU6,
            4 => Function::LeakyReLU(LeakyReLU { alpha, inplace }),
            5 => Function::ELU(Alpha { alpha }),
            6 => Function::SELU(SELU { scale: 1.05, alpha: 1.67 }),
            7 => Function::Sigmoid,
            8 => Function::Tanh,
            9 => Function::Swish,
            10 => Function::GELU,
            11 => Function::Mish,
            12 => Function::SoftPlus(SoftPlus { beta: 1.5 }),
            13 => Function::LogSigmoid,
            14 => Function::HardSigmoid,
            15 => Function::HardTanh,
            16 => Function::SoftSign,
            17 => Function::BinaryTanh,
            18 => Function::Abs,
            19 => Function::AddScalar(InPlaceScalar { val: 0.37, inplace }),
            20 => Function::MulScalar(InPlaceScalar { val: -1.3, inplace }),
            21 => Function::Softmax(Axis { axis: 1 }),
            22 => Function::LogSoftmax(Axis { axis: 3 }),
            _ => Function::CReLU(Axis { axis: 1 }),
        };
        self.apply(function, &[x])
    }

    /// Ends with an affine function or the variable itself.
    pub fn finish(mut self, x: VariableId) -> Network {
        let items = self.network.variable(x).shape.split_items(1).1;
        let output = match self.random.below(3) {
            0 => x,
            1 => {
                let format = self.parameter_format(true);
                let weights = self.parameter(&[items, 5], format);
                let format = self.parameter_format(false);
                let bias = self.parameter(&[5], format);
                self.apply(Function::Affine(Affine { base_axis: 1 }), &[x, weights, bias])
            }
            _ => {
                let [float, signs] = self.signs(&[items, 7]);
                let arguments = BinaryAffine { base_axis: 1, quantize_zero_to: 1.0 };
                self.apply(Function::BinaryConnectAffine(arguments), &[x, float, signs])
            }
        };
        self.network.outputs = vec![output];
        self.network
    }
}

/// A network of a few functions.
pub fn network(seed: u64, formats: Formats) -> Network {
    let mut random = Random::new(seed);
    let dims = [1 + random.below(2), 1 + random.below(6), 1 + random.below(7), 1 + random.below(9)];
    let layers = 1 + random.below(4);
    let mut builder = Builder::new(&mut random, formats);
    let mut x = builder.input(&dims);
    for _ in 0..layers {
        x = builder.random_layer(x);
    }
    builder.finish(x)
}
