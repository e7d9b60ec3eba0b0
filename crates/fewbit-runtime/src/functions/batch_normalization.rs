//! Batch normalisation: by running statistics from the file, or by those of the batch.

use super::RUN;
use super::elementwise::Operand;
use super::groups::{Groups, names};
use super::normalization::Affine;
use super::unary::relu;
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{BatchNormalization, FusedBatchNormalization};
use fewbit_nnb::Values;

/// Batch normalisation alone.
pub(super) fn run(arguments: &BatchNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    normalize(arguments, None, false, call, output);
}

/// Batch normalisation, then the addition of a variable, if there is one, then ReLU.
pub(super) fn fused(arguments: &FusedBatchNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let FusedBatchNormalization { axes, decay_rate, eps, batch_stat, nonlinearity: _ } = *arguments;
    let arguments = BatchNormalization { axes, decay_rate, eps, batch_stat, no_scale: false, no_bias: false };
    normalize(&arguments, call.optional_input(5), true, call, output);
}

fn normalize(
    arguments: &BatchNormalization,
    residual: Option<Values<'_>>,
    relu: bool,
    call: &Call<'_, '_>,
    output: &mut ValuesMut<'_>,
) {
    let x = call.input(0);
    let kept = |axis| names(x.shape(), &arguments.axes, axis);
    let channels = Groups::keeping(x.shape(), &arguments.axes);
    let affine = Affine::new(call, arguments.no_bias, arguments.no_scale, Operand::whole);
    let running = if arguments.batch_stat { None } else { Running::of(arguments, call) };

    let channels_are_last = (0..x.shape().rank()).map(kept).is_sorted();
    if let Some(running) = &running
        && channels_are_last
        && channels.count > 1
    {
        let ending = Ending { residual: residual.map(Operand::whole), relu };
        let mut row = [0.0; RUN];
        for start in (0..channels.count).step_by(RUN) {
            let row = &mut row[..RUN.min(channels.count - start)];
            let block = Block::new(running, &affine, arguments.eps, start, row.len());
            for place in (start..x.len()).step_by(channels.count) {
                output.beside(&x).read(place, row);
                block.apply(row);
                ending.apply(output, place, row);
                output.write(place, row);
            }
        }
        return;
    }

    let ending = Ending { residual: residual.map(|values| channels.operand(values, |_| true)), relu };
    for channel in 0..channels.count {
        let (mean, variance) = match &running {
            Some(running) => (running.mean.get(channel), running.variance.get(channel)),
            None => {
                let mean = channels.mean(&x, channel);
                (mean, channels.variance(&x, channel, mean))
            }
        };
        let deviation = libm::sqrtf(variance + arguments.eps);
        let (mut gamma, mut beta) = ([1.0], [0.0]);
        affine.scale(channel, &mut gamma);
        affine.shift(channel, &mut beta);
        channels.map(&x, output, channel, |output, place, run| {
            for value in &mut *run {
                *value = normalized(*value, mean, gamma[0], deviation, beta[0]);
            }
            ending.apply(output, place, run);
        });
    }
}

/// A value normalised, in the order in which NNabla computes: parameters of few bits give many values on rounding edges,
/// where each float operation counts.
pub(super) fn normalized(value: f32, mean: f32, gamma: f32, deviation: f32, beta: f32) -> f32 {
    (value - mean) * gamma / deviation + beta
}

/// The statistics in the file, one a channel.
struct Running<'a> {
    mean: Values<'a>,
    variance: Values<'a>,
}

impl<'a> Running<'a> {
    fn of(arguments: &BatchNormalization, call: &Call<'a, '_>) -> Option<Self> {
        // Without `beta` or `gamma` the inputs after them move up.
        let first = 3 - usize::from(arguments.no_bias) - usize::from(arguments.no_scale);
        Some(Self { mean: call.optional_input(first)?, variance: call.optional_input(first + 1)? })
    }
}

/// Neighbouring channels whose values are neighbours too, so that parameters are read once for all rows.
struct Block {
    mean: [f32; RUN],
    gamma: [f32; RUN],
    deviation: [f32; RUN],
    beta: [f32; RUN],
}

impl Block {
    /// `channels` channels from `start` on.
    fn new(running: &Running<'_>, affine: &Affine<'_>, eps: f32, start: usize, channels: usize) -> Self {
        let mut block = Self { mean: [0.0; RUN], gamma: [1.0; RUN], deviation: [0.0; RUN], beta: [0.0; RUN] };
        running.mean.read(start, &mut block.mean[..channels]);
        let deviation = &mut block.deviation[..channels];
        running.variance.read(start, deviation);
        for deviation in &mut *deviation {
            *deviation = libm::sqrtf(*deviation + eps);
        }
        affine.scale(start, &mut block.gamma[..channels]);
        affine.shift(start, &mut block.beta[..channels]);
        block
    }

    /// Normalises a row of the block in place.
    fn apply(&self, row: &mut [f32]) {
        let parameters = self.mean.iter().zip(&self.gamma).zip(self.deviation.iter().zip(&self.beta));
        for (value, ((mean, gamma), (deviation, beta))) in row.iter_mut().zip(parameters) {
            *value = normalized(*value, *mean, *gamma, *deviation, *beta);
        }
    }
}

/// What follows the normalisation.
struct Ending<'a> {
    /// A variable to add.
    residual: Option<Operand<'a>>,
    /// Whether negative values become zero.
    relu: bool,
}

impl Ending<'_> {
    /// Changes the values at consecutive places from `place` on, which are to be written to the output.
    fn apply(&self, output: &ValuesMut<'_>, place: usize, run: &mut [f32]) {
        if let Some(residual) = &self.residual {
            residual.change_beside(output, place, run, |value, added| value + added);
        }
        if self.relu {
            for value in run {
                *value = relu(*value);
            }
        }
    }
}
