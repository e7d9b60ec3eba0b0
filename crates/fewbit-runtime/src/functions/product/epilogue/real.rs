//! [`RealEpilogue`]: what follows a sum, in floats.

use super::{Channels, Epilogue, read_channels, with_channels, with_outputs};
use crate::functions::batch_normalization::normalized;
use crate::functions::product::ROWS;
use crate::functions::product::arithmetic::IntegerSums;
use crate::functions::product::operands::{Normalization, Terms};
use crate::functions::product::statistics::BatchStatistics;
use crate::functions::product::sum::Sum;
use crate::functions::unary;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_nnb::Values;

/// Floats, for float sums and for what has no exact integer form.
pub(in super::super) struct RealEpilogue<'t, 'v> {
    pub terms: &'t Terms<'v>,
    /// Where the sums are integers: what is known of them.
    pub sums: Option<IntegerSums<'v>>,
    /// What stands in for the running mean and variance.
    pub batch: Option<BatchStatistics>,
}

impl<S: Sum> Epilogue<S> for RealEpilogue<'_, '_> {
    fn store(&mut self, sums: &[S], channels: Channels, start: usize, output: &mut ValuesMut<'_>) {
        let mut real = [0.0; ROWS];
        let real = &mut real[..sums.len()];
        for (place, (real, sum)) in real.iter_mut().zip(sums).enumerate() {
            *real = sum.to_real(self.sums.map_or(0, |sums| sums.position(channels.at(place))));
        }
        let terms = self.terms;
        if let Some(alpha) = &terms.alpha {
            with_channels(real, alpha, channels, |sum: f32, alpha: f32| sum * alpha);
        }
        if let Some(bias) = &terms.bias {
            with_channels(real, bias, channels, |sum: f32, bias: f32| sum + bias);
        }
        if let Some(normalization) = &terms.normalization {
            self.normalize(normalization, real, channels);
        }
        if let Some(residual) = &terms.residual {
            with_outputs(real, residual, output, start, |sum: f32, residual: f32| sum + residual);
        }
        activate(terms.nonlinearity, terms.nonlinearity_alpha, real);
        output.write(start, real);
    }
}

impl RealEpilogue<'_, '_> {
    fn normalize(&self, normalization: &Normalization<'_>, values: &mut [f32], channels: Channels) {
        let Normalization { beta, gamma, mean, variance, eps, .. } = normalization;
        let count = values.len().min(ROWS);
        let read = |values: &Values<'_>| {
            let mut run = [0.0; ROWS];
            read_channels(values, channels, &mut run[..count]);
            run
        };
        let (gamma, beta) = (read(gamma), read(beta));
        let (mean, variance) = match self.batch {
            None => (read(mean), read(variance)),
            Some(batch) => {
                [batch.mean, batch.variance].map(|v| core::array::from_fn(|place| v.get(channels.at(place)))).into()
            }
        };
        for (place, value) in values.iter_mut().enumerate().take(ROWS) {
            let deviation = libm::sqrtf(variance[place] + eps);
            *value = normalized(*value, mean[place], gamma[place], deviation, beta[place]);
        }
    }
}

fn activate(nonlinearity: Nonlinearity, alpha: f32, values: &mut [f32]) {
    let mut map = |function: fn(f32, f32) -> f32| values.iter_mut().for_each(|value| *value = function(*value, alpha));
    match nonlinearity {
        Nonlinearity::Identity => {}
        Nonlinearity::ReLU => map(|x, _| unary::relu(x)),
        Nonlinearity::ReLU6 => map(|x, _| unary::relu6(x)),
        Nonlinearity::LeakyReLU => map(unary::leaky_relu),
        Nonlinearity::ELU => map(unary::elu),
        Nonlinearity::Sigmoid => map(|x, _| unary::sigmoid(x)),
        Nonlinearity::Tanh => map(|x, _| libm::tanhf(x)),
    }
}
