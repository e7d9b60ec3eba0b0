//! [`Linear`]: the weights of a convolution or an affine function, with what follows folded into them.

use crate::model::Model;
use crate::values::Values;
use fewbit_core::Function;
use fewbit_core::function::arguments::BatchNormalization;
use fewbit_nnb::Data;
use std::vec;
use std::vec::Vec;

/// `scale * (weights * x) + bias`, where each output has its own row of weights, scale and bias.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Linear {
    row_len: usize,
    weights: Vec<f32>,
    scale: Vec<f64>,
    bias: Vec<f64>,
}

impl Linear {
    /// The weights of a function of the file: rows in the file's order.
    ///
    /// `None` if the function has none in the file, or more than a scale and a bias beside them.
    pub fn of(model: &Model<'_>, index: usize, outputs: usize) -> Option<Self> {
        let inputs = model.nnb().function(index).inputs;
        let (weights, scale, bias) = match model.function(index)? {
            Function::Convolution(_) | Function::DepthwiseConvolution(_) | Function::Affine(_) => (1, None, 2),
            // With more inputs it normalises as well.
            Function::FusedConvolution(_) if inputs.len() <= 3 => (1, None, 2),
            Function::BinaryConnectConvolution(_) | Function::BinaryConnectAffine(_) => (2, None, 3),
            Function::BinaryWeightConvolution(_) | Function::BinaryWeightAffine(_) => (2, Some(3), 4),
            _ => return None,
        };
        let doubles = |input, default| match (input < inputs.len()).then(|| parameter(model, inputs.get(input))) {
            Some(values) => values.map(|values| values.into_iter().map(f64::from).collect()),
            None => Some(vec![default; outputs]),
        };
        let weights = parameter(model, inputs.get(weights))?;
        let scale = scale.map_or_else(|| Some(vec![1.0; outputs]), |input| doubles(input, 1.0))?;
        let bias = doubles(bias, 0.0)?;
        let row_len = weights.len().checked_div(outputs)?;
        (scale.len() == outputs && bias.len() == outputs).then_some(Self { row_len, weights, scale, bias })
    }

    /// Folds what multiplies each output and adds to it.
    pub fn fold(&mut self, after: &ScaleShift) {
        for (index, (scale, bias)) in self.scale.iter_mut().zip(&mut self.bias).enumerate() {
            *scale *= after.scale[index];
            *bias = *bias * after.scale[index] + after.shift[index];
        }
    }

    /// A weight of an output, by its place in the row.
    pub fn weight(&self, output: usize, place: usize) -> f32 {
        (f64::from(self.weights[output * self.row_len + place]) * self.scale[output]) as f32
    }

    /// The bias of an output.
    pub fn bias(&self, output: usize) -> f32 {
        self.bias[output] as f32
    }
}

/// A factor and a summand for each channel.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ScaleShift {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl ScaleShift {
    /// What a batch normalisation with running statistics in the file does to each of `channels` channels; `None` if it
    /// is another kind.
    pub fn of(model: &Model<'_>, index: usize, arguments: &BatchNormalization, channels: usize) -> Option<Self> {
        if arguments.batch_stat {
            return None;
        }
        let inputs = model.nnb().function(index).inputs;
        // Without `beta` or `gamma` the inputs after them move up.
        let mut next = 1..inputs.len();
        let mut values = |missing, default| match missing {
            true => Some(vec![default; channels]),
            false => parameter(model, inputs.get(next.next()?)).filter(|values| values.len() == channels),
        };
        let beta = values(arguments.no_bias, 0.0)?;
        let gamma = values(arguments.no_scale, 1.0)?;
        let mean = values(false, 0.0)?;
        let variance = values(false, 0.0)?;
        let scale: Vec<f64> = (gamma.iter().zip(&variance))
            .map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + f64::from(arguments.eps)).sqrt())
            .collect();
        let shift = (beta.iter().zip(&mean).zip(&scale))
            .map(|((&beta, &mean), scale)| f64::from(beta) - f64::from(mean) * scale)
            .collect();
        Some(Self { scale, shift })
    }

    /// The factors in single precision.
    pub fn scale(&self) -> Vec<f32> {
        self.scale.iter().map(|&value| value as f32).collect()
    }

    /// The summands in single precision.
    pub fn shift(&self) -> Vec<f32> {
        self.shift.iter().map(|&value| value as f32).collect()
    }
}

/// The values of a variable in the file, as the numbers that they stand for.
fn parameter(model: &Model<'_>, variable: usize) -> Option<Vec<f32>> {
    let record = model.nnb().variable(variable);
    let Data::File(bytes) = record.data else { return None };
    let mut values = vec![0.0; record.shape.items()];
    Values::new(bytes, record.format, record.shape).read(0, &mut values);
    Some(values)
}
