//! [`Linear`]: the weights of a convolution or an affine function, with what follows folded into them.

use crate::model::Model;
use core::ops::Range;
use fewbit_core::Function;
use fewbit_core::function::arguments::BatchNormalization;
use fewbit_nnb::{Data, Values};
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
    /// The weights of a function of the file, with its scale and its bias: rows in the file's order.
    ///
    /// `None` if the function has none in the file.
    pub fn of(model: &Model<'_>, index: usize, outputs: usize) -> Option<Self> {
        let inputs = model.nnb().function(index).inputs;
        let (weights, scale, bias) = match model.function(index)? {
            Function::Convolution(_) | Function::DepthwiseConvolution(_) | Function::Affine(_) => (1, None, 2),
            // Whether it has a bias depends on its other inputs: the caller adds it.
            Function::FusedConvolution(_) => (1, None, usize::MAX),
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

    /// Adds a variable of the file to the bias; `None` if it is not there.
    pub fn add_bias(&mut self, model: &Model<'_>, variable: usize) -> Option<()> {
        let values = parameter(model, variable).filter(|values| values.len() == self.bias.len())?;
        self.bias.iter_mut().zip(values).for_each(|(bias, value)| *bias += f64::from(value));
        Some(())
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
        self.exact_weight(output, place) as f32
    }

    /// The same before it is rounded.
    pub fn exact_weight(&self, output: usize, place: usize) -> f64 {
        f64::from(self.weights[output * self.row_len + place]) * self.scale[output]
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
        let inputs = model.nnb().function(index).inputs;
        // Without `beta` or `gamma` the inputs after them move up.
        let mut next = 1..inputs.len();
        let mut input =
            |missing: bool| if missing { Some(None) } else { next.next().map(|place| Some(inputs.get(place))) };
        let beta = input(arguments.no_bias)?;
        let gamma = input(arguments.no_scale)?;
        let statistics = [input(false)??, input(false)??];
        (!arguments.batch_stat).then(|| Self::new(model, [beta, gamma], statistics, arguments.eps, channels))?
    }

    /// The same of four inputs of a function that follow one another: beta, gamma, mean and variance.
    pub fn of_inputs(model: &Model<'_>, index: usize, places: Range<usize>, eps: f32, channels: usize) -> Option<Self> {
        let inputs = model.nnb().function(index).inputs;
        let [beta, gamma, mean, variance] = core::array::from_fn(|place| inputs.get(places.start + place));
        (places.len() == 4 && places.end <= inputs.len())
            .then(|| Self::new(model, [Some(beta), Some(gamma)], [mean, variance], eps, channels))?
    }

    fn new(
        model: &Model<'_>,
        [beta, gamma]: [Option<usize>; 2],
        [mean, variance]: [usize; 2],
        eps: f32,
        channels: usize,
    ) -> Option<Self> {
        let values = |variable| parameter(model, variable).filter(|values| values.len() == channels);
        let or = |variable: Option<usize>, default| variable.map_or_else(|| Some(vec![default; channels]), values);
        let (beta, gamma, mean, variance) = (or(beta, 0.0)?, or(gamma, 1.0)?, values(mean)?, values(variance)?);
        let scale: Vec<f64> = (gamma.iter().zip(&variance))
            .map(|(&gamma, &variance)| f64::from(gamma) / (f64::from(variance) + f64::from(eps)).sqrt())
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
    let stored = Values::new(bytes, record.format, record.shape).with_channel_positions(record.channel_positions);
    stored.read(0, &mut values);
    Some(values)
}
