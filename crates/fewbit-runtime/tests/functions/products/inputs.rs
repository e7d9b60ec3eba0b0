//! The inputs of a [`Spec`], in any formats, and the network that they make.

use super::Spec;
use crate::numbers::integers;
use crate::random::Random;
use crate::single::{file, network, shape, variable};
use fewbit_core::{NumberFormat, Shape, Variable};
use proptest::prelude::*;

/// The values of a variable, those of a channel in a run.
pub struct Stored {
    format: NumberFormat,
    /// Whether positions are those of channels, instead of the format's.
    by_channel: bool,
    positions: Vec<i8>,
    /// The integers that stand for the values; empty for floats.
    pub integers: Vec<i128>,
    pub reals: Vec<f32>,
}

impl Stored {
    /// Random values; positions of the channels differ if `by_channel` wants it and the format has any.
    fn new(random: &mut Random, format: NumberFormat, count: usize, channels: usize, by_channel: bool) -> Self {
        if format == NumberFormat::Float32 {
            let reals = (0..count).map(|_| random.real(1.0)).collect();
            return Self { format, by_channel: false, positions: vec![0], integers: Vec::new(), reals };
        }
        let position = format.position().unwrap_or(0);
        let by_channel = by_channel && format.is_fixed();
        let positions: Vec<i8> = match by_channel {
            true => (0..channels).map(|_| position + random.below(4) as i8 - 2).collect(),
            false => vec![position],
        };
        let integers = integers(random, format, count);
        let in_channel = (count / positions.len()).max(1);
        let step = |index: usize| format.with_position(positions[index / in_channel]).step();
        let reals = integers.iter().enumerate().map(|(index, &value)| value as f32 * step(index)).collect();
        Self { format, by_channel, positions, integers, reals }
    }

    pub fn position(&self, channel: usize) -> i32 {
        self.positions.get(channel).unwrap_or(&self.positions[0]).to_owned().into()
    }

    /// A parameter with these values, or a buffer.
    fn variable(&self, shape: Shape, reals: Vec<f32>, parameter: bool) -> Variable {
        let channel_positions = self.by_channel.then(|| self.positions.clone().into());
        Variable { channel_positions, ..variable(shape, self.format, parameter.then_some(reals)) }
    }
}

/// In which formats inputs are stored.
#[derive(Clone, Debug)]
pub struct Formats {
    pub x: NumberFormat,
    pub weights: NumberFormat,
    pub bias: NumberFormat,
    pub alpha: NumberFormat,
    pub residual: NumberFormat,
    /// Whether positions of parameters differ by channel.
    pub by_channel: bool,
    /// Whether weights are parameters.
    pub weights_are_stored: bool,
    /// Decides about the values.
    pub seed: u64,
}

pub fn buffer_format() -> impl Strategy<Value = NumberFormat> {
    (any::<bool>(), -3i8..16).prop_map(|(wide, position)| match wide {
        true => NumberFormat::Fixed16 { position },
        false => NumberFormat::Fixed8 { position },
    })
}

fn parameter_format() -> impl Strategy<Value = NumberFormat> {
    (0..6, -3i8..16).prop_map(|(kind, position)| match kind {
        0 | 1 => NumberFormat::Fixed8 { position },
        2 => NumberFormat::Fixed16 { position },
        3 => NumberFormat::Fixed4 { position },
        4 => NumberFormat::Fixed2 { position },
        _ => NumberFormat::Sign,
    })
}

/// Formats of integers.
pub fn integer_formats() -> impl Strategy<Value = Formats> {
    let parameters = (parameter_format(), parameter_format(), parameter_format());
    (buffer_format(), parameters, buffer_format(), any::<bool>(), any::<bool>(), any::<u64>()).prop_map(
        |(x, (weights, bias, alpha), residual, by_channel, stored, seed)| Formats {
            x,
            weights,
            bias,
            alpha,
            residual,
            by_channel,
            weights_are_stored: stored || weights.is_packed(),
            seed,
        },
    )
}

/// Formats of which some are floats.
pub fn any_formats() -> impl Strategy<Value = Formats> {
    let floats = prop_oneof![1 => Just([true; 5]), 2 => any::<[bool; 5]>()];
    (integer_formats(), floats).prop_map(|(formats, [x, weights, bias, alpha, residual])| {
        let or_float = |float: bool, format| if float { NumberFormat::Float32 } else { format };
        Formats {
            x: or_float(x, formats.x),
            weights: or_float(weights, formats.weights),
            bias: or_float(bias, formats.bias),
            alpha: or_float(alpha, formats.alpha),
            residual: or_float(residual, formats.residual),
            ..formats
        }
    })
}

/// The inputs of a function, whether it has them all or not.
pub struct Inputs {
    /// In the order `batch, channels, places`.
    pub x: Stored,
    /// In the order `groups, outputs, inputs, taps`.
    pub weights: Stored,
    /// Whether each weight is rounded to a power of two, where the function has such weights.
    pub fixed: Vec<bool>,
    pub alpha: Stored,
    pub bias: Stored,
    /// Beta, gamma, mean and variance.
    pub normalization: [Stored; 4],
    /// In the order `batch, channels, places`.
    pub residual: Stored,
    weights_are_stored: bool,
}

impl Inputs {
    pub fn new(spec: &Spec, formats: &Formats) -> Self {
        let mut random = Random::new(formats.seed);
        let channels = spec.groups * spec.outputs;
        let weight_items = spec.weight_shape().items();
        // Only there do the values of an output channel lie in a row.
        let rows_are_channels =
            !spec.kind.is_deconvolution() && !spec.kind.has_indicators() && formats.weights_are_stored;
        let x = Stored::new(&mut random, formats.x, spec.x_shape().items(), 1, false);
        let by_channel = formats.by_channel && rows_are_channels;
        let weights = Stored::new(&mut random, formats.weights, weight_items, channels, by_channel);
        let mut normalization =
            [(); 4].map(|()| Stored::new(&mut random, NumberFormat::Float32, channels, channels, false));
        normalization[3].reals.iter_mut().for_each(|variance| *variance = variance.abs() + 0.1);
        Self {
            x,
            weights,
            fixed: (0..weight_items).map(|_| random.below(2) == 0).collect(),
            alpha: Stored::new(&mut random, formats.alpha, channels, channels, formats.by_channel),
            bias: Stored::new(&mut random, formats.bias, channels, channels, formats.by_channel),
            normalization,
            residual: Stored::new(&mut random, formats.residual, spec.y_shape().items(), 1, false),
            weights_are_stored: formats.weights_are_stored,
        }
    }

    /// The file of a network of the function with an output of this format, and what to put into its inputs.
    pub fn file(&self, spec: &Spec, output: NumberFormat) -> (Vec<u8>, Vec<Vec<f32>>) {
        let channels = spec.groups * spec.outputs;
        let weight_shape = spec.weight_shape();
        let mut variables = Vec::new();
        let mut given = Vec::new();
        let mut add = |stored: &Stored, shape: Shape, reals: Vec<f32>, parameter: bool| {
            variables.push(stored.variable(shape, reals.clone(), parameter));
            given.extend((!parameter).then_some(reals));
        };
        let float = |reals: Vec<f32>| Stored {
            format: NumberFormat::Float32,
            by_channel: false,
            positions: vec![0],
            integers: Vec::new(),
            reals,
        };
        add(&self.x, spec.x_shape(), spec.batch_in_memory(&self.x.reals, spec.groups * spec.inputs), false);
        if spec.kind.is_binary() {
            // The float weights, which are not read.
            let zeros = float(vec![0.0; weight_shape.items()]);
            add(&zeros, weight_shape, zeros.reals.clone(), true);
        }
        add(&self.weights, weight_shape, spec.weights_in_memory(&self.weights.reals), self.weights_are_stored);
        if spec.kind.has_indicators() {
            let indicators = float(self.fixed.iter().map(|&fixed| f32::from(u8::from(fixed))).collect());
            add(&indicators, weight_shape, spec.weights_in_memory(&indicators.reals), true);
        }
        if spec.kind.has_alpha() {
            add(&self.alpha, shape(&[channels]), self.alpha.reals.clone(), true);
        }
        if spec.bias {
            add(&self.bias, shape(&[channels]), self.bias.reals.clone(), true);
        }
        if spec.normalized {
            self.normalization.iter().for_each(|stored| add(stored, shape(&[channels]), stored.reals.clone(), true));
        }
        if spec.residual {
            add(&self.residual, spec.y_shape(), spec.batch_in_memory(&self.residual.reals, channels), false);
        }
        let network = network(spec.function(), variables, vec![variable(spec.y_shape(), output, None)]);
        network.validate().unwrap_or_else(|error| panic!("{error}"));
        (file(&network), given)
    }
}
