//! What follows a sum of products: scale, bias, normalisation, residual, nonlinearity, rounding and the store.
//!
//! [`IntegerEpilogue`] is the place where *integer* semantics round a product: once, at the very end. [`RealEpilogue`] does
//! the same in floats, for float sums and for what has no exact integer form.

use super::ROWS;
use super::arithmetic::IntegerSums;
use super::operands::{Normalization, Terms};
use super::statistics::BatchStatistics;
use super::sum::Sum;
use crate::requantize::{Magnitude, Requantizer, is_exact, magnitude, position, shift_between, shifted};
use crate::values::ValuesMut;
use fewbit_core::NumberFormat;
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_nnb::{Element, Values};

/// The channels of a run of sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Channels {
    /// All of the run are of one channel.
    All(usize),
    /// One channel after the other, from this one on.
    From(usize),
}

impl Channels {
    /// The channel of the sum at `place` of the run.
    pub fn at(self, place: usize) -> usize {
        match self {
            Self::All(channel) => channel,
            Self::From(first) => first + place,
        }
    }
}

/// Takes sums: finishes and stores them, or learns something of them.
pub(super) trait Epilogue<S> {
    /// Takes a run of at most [`ROWS`] sums, which belong into the output from the value `start` on.
    fn store(&mut self, sums: &[S], channels: Channels, start: usize, output: &mut ValuesMut<'_>);
}

/// Changes each sum by the value of its channel.
fn with_channels<T: Copy, E: Element>(
    sums: &mut [T],
    values: &Values<'_>,
    channels: Channels,
    change: impl Fn(T, E) -> T,
) {
    let mut run = [E::default(); ROWS];
    let run = &mut run[..sums.len().min(ROWS)];
    read_channels(values, channels, run);
    with_run(sums, run, change);
}

/// Reads the value of each channel.
fn read_channels<E: Element>(values: &Values<'_>, channels: Channels, run: &mut [E]) {
    match channels {
        Channels::All(channel) => values.read_strided(channel, 0, run),
        Channels::From(channel) => values.read_strided(channel, 1, run),
    }
}

/// Changes each sum by the value at its place in the output.
fn with_outputs<T: Copy, E: Element>(sums: &mut [T], values: &Values<'_>, start: usize, change: impl Fn(T, E) -> T) {
    let mut run = [E::default(); ROWS];
    let run = &mut run[..sums.len().min(ROWS)];
    values.read_strided(start, 1, run);
    with_run(sums, run, change);
}

fn with_run<T: Copy, E: Copy>(sums: &mut [T], run: &[E], change: impl Fn(T, E) -> T) {
    for (sum, value) in sums.iter_mut().zip(run) {
        *sum = change(*sum, *value);
    }
}

/// Exact integers up to one rounding half up, as [`crate::requantize`] defines it.
pub(super) struct IntegerEpilogue<'t, 'v> {
    terms: &'t Terms<'v>,
    sums: IntegerSums<'v>,
    output: NumberFormat,
    /// The alignment of all channels, if they have the same.
    alignment: Option<Alignment>,
}

/// How far sums and addends of a channel are shifted left to the largest position among them, and how they are rounded.
#[derive(Clone, Copy, Debug)]
struct Alignment {
    sum: u32,
    bias: u32,
    residual: u32,
    requantizer: Requantizer,
}

impl<'t, 'v> IntegerEpilogue<'t, 'v> {
    /// `None` if something is a float, or if there is no exact integer form: of batch normalisation and of smooth
    /// nonlinearities.
    pub fn new(terms: &'t Terms<'v>, sums: &IntegerSums<'v>, output: NumberFormat) -> Option<Self> {
        let integers = |values: &Option<Values<'v>>| values.is_none_or(|values| position(values.format()).is_some());
        let smooth = match terms.nonlinearity {
            Nonlinearity::Identity | Nonlinearity::ReLU | Nonlinearity::ReLU6 => false,
            Nonlinearity::Sigmoid | Nonlinearity::Tanh | Nonlinearity::LeakyReLU | Nonlinearity::ELU => true,
        };
        let exact = !smooth
            && terms.normalization.is_none()
            && [&terms.alpha, &terms.bias, &terms.residual].into_iter().all(integers)
            && terms.residual.is_none_or(|residual| residual.channel_positions().is_empty());
        let mut epilogue = Self { terms, sums: *sums, output, alignment: None };
        let first = epilogue.align(0).filter(|_| exact)?;
        let same = [terms.alpha, terms.bias].iter().flatten().all(|values| values.channel_positions().is_empty());
        epilogue.alignment = (same && sums.have_one_position()).then_some(first);
        Some(epilogue)
    }

    /// Whether the outputs of so many channels are exact although sums have no more than 64 bits.
    pub fn is_exact(&self, channels: usize) -> bool {
        let (Some(to), channels) = (self.output.position(), if self.alignment.is_some() { 1 } else { channels }) else {
            return false;
        };
        let largest = |values: &Option<Values<'v>>| values.and_then(|values| magnitude(values.format())).unwrap_or(1);
        (0..channels).all(|channel| {
            let sum = self.sums.largest.saturating_mul(largest(&self.terms.alpha));
            let mut addends = [Magnitude { largest: sum, position: self.sum_position(channel) }; 3];
            for (addend, values) in addends[1..].iter_mut().zip([self.terms.bias, self.terms.residual]) {
                if let Some(values) = values {
                    let position = values.position_at(channel).into();
                    *addend = Magnitude { largest: largest(&Some(values)), position };
                } else {
                    addend.largest = 0;
                }
            }
            is_exact(&addends, to.into())
        })
    }

    /// The position of the scaled sums of a channel.
    fn sum_position(&self, channel: usize) -> i32 {
        let alpha = self.terms.alpha.map_or(0, |alpha| alpha.position_at(channel));
        self.sums.position(channel) + i32::from(alpha)
    }

    /// `None` if the output is not fixed-point.
    fn align(&self, channel: usize) -> Option<Alignment> {
        let sum = self.sum_position(channel);
        let bias = self.terms.bias.map_or(sum, |bias| bias.position_at(channel).into());
        let residual = self.terms.residual.map_or(sum, |residual| residual.position_at(0).into());
        let common = sum.max(bias).max(residual);
        let requantizer = Requantizer::new(common, self.output)?;
        let requantizer = match self.terms.nonlinearity {
            Nonlinearity::ReLU => requantizer.not_negative(),
            Nonlinearity::ReLU6 => requantizer.not_negative().at_most(Requantizer::new(0, self.output)?.apply(6)),
            _ => requantizer,
        };
        Some(Alignment {
            sum: shift_between(sum, common),
            bias: shift_between(bias, common),
            residual: shift_between(residual, common),
            requantizer,
        })
    }

    fn store_aligned<S: Copy + Into<i64>>(
        &self,
        alignment: &Alignment,
        sums: &[S],
        channels: Channels,
        start: usize,
        output: &mut ValuesMut<'_>,
    ) {
        let mut exact = [0i64; ROWS];
        let exact = &mut exact[..sums.len()];
        for (exact, sum) in exact.iter_mut().zip(sums) {
            *exact = (*sum).into();
        }
        if let Some(alpha) = &self.terms.alpha {
            with_channels(exact, alpha, channels, i64::saturating_mul);
        }
        if alignment.sum > 0 {
            exact.iter_mut().for_each(|sum| *sum = shifted(*sum, alignment.sum));
        }
        let plus = |shift| move |sum: i64, value: i64| sum.saturating_add(shifted(value, shift));
        if let Some(bias) = &self.terms.bias {
            with_channels(exact, bias, channels, plus(alignment.bias));
        }
        if let Some(residual) = &self.terms.residual {
            with_outputs(exact, residual, start, plus(alignment.residual));
        }
        let mut stored = [0; ROWS];
        for (stored, sum) in stored.iter_mut().zip(&*exact) {
            *stored = alignment.requantizer.apply(*sum);
        }
        output.write_integers(start, &stored[..sums.len()]);
    }
}

impl<S: Copy + Into<i64>> Epilogue<S> for IntegerEpilogue<'_, '_> {
    fn store(&mut self, sums: &[S], channels: Channels, start: usize, output: &mut ValuesMut<'_>) {
        match (self.alignment, channels) {
            (Some(alignment), _) => self.store_aligned(&alignment, sums, channels, start, output),
            (None, Channels::All(channel)) => {
                // Known to be fixed-point since the epilogue was made.
                let Some(alignment) = self.align(channel) else { return };
                self.store_aligned(&alignment, sums, channels, start, output);
            }
            (None, Channels::From(channel)) => {
                for (place, sum) in sums.iter().enumerate() {
                    self.store(core::slice::from_ref(sum), Channels::All(channel + place), start + place, output);
                }
            }
        }
    }
}

/// Floats.
pub(super) struct RealEpilogue<'t, 'v> {
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
            with_outputs(real, residual, start, |sum: f32, residual: f32| sum + residual);
        }
        activate(terms.nonlinearity, terms.nonlinearity_alpha, real);
        output.write(start, real);
    }
}

impl RealEpilogue<'_, '_> {
    fn normalize(&self, normalization: &Normalization<'_>, values: &mut [f32], channels: Channels) {
        let Normalization { beta, gamma, mean, variance, eps, .. } = normalization;
        let (mut means, mut variances) = ([0.0; ROWS], [0.0; ROWS]);
        let (means, variances) = (&mut means[..values.len()], &mut variances[..values.len()]);
        match self.batch {
            None => {
                read_channels(mean, channels, means);
                read_channels(variance, channels, variances);
            }
            Some(batch) => {
                for (place, (mean, variance)) in means.iter_mut().zip(&mut *variances).enumerate() {
                    (*mean, *variance) = (batch.mean.get(channels.at(place)), batch.variance.get(channels.at(place)));
                }
            }
        }
        with_run(values, means, |x, mean| x - mean);
        with_run(values, variances, |x, variance| x / libm::sqrtf(variance + eps));
        with_channels(values, gamma, channels, |x: f32, gamma: f32| x * gamma);
        with_channels(values, beta, channels, |x: f32, beta: f32| x + beta);
    }
}

fn activate(nonlinearity: Nonlinearity, alpha: f32, values: &mut [f32]) {
    let mut map = |function: fn(f32, f32) -> f32| values.iter_mut().for_each(|value| *value = function(*value, alpha));
    match nonlinearity {
        Nonlinearity::Identity => {}
        Nonlinearity::ReLU => map(|x, _| x.max(0.0)),
        Nonlinearity::ReLU6 => map(|x, _| x.clamp(0.0, 6.0)),
        Nonlinearity::LeakyReLU => map(|x, alpha| if x > 0.0 { x } else { alpha * x }),
        Nonlinearity::ELU => map(|x, alpha| if x > 0.0 { x } else { alpha * (libm::expf(x) - 1.0) }),
        Nonlinearity::Sigmoid => map(|x, _| 1.0 / (1.0 + libm::expf(-x))),
        Nonlinearity::Tanh => map(|x, _| libm::tanhf(x)),
    }
}
