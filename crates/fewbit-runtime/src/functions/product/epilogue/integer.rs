//! [`IntegerEpilogue`]: what follows a sum, in exact integers up to one rounding half up.

use super::{Channels, Epilogue, with_channels, with_outputs};
use crate::functions::product::ROWS;
use crate::functions::product::arithmetic::IntegerSums;
use crate::functions::product::operands::Terms;
use crate::requantize::{Magnitude, Requantizer, Total, fits_narrow, is_exact, magnitude, position, shift_between};
use crate::values::ValuesMut;
use fewbit_core::NumberFormat;
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_nnb::Values;

/// Rounds as [`crate::requantize`] defines it.
pub(in super::super) struct IntegerEpilogue<'t, 'v> {
    terms: &'t Terms<'v>,
    sums: IntegerSums<'v>,
    output: NumberFormat,
    /// The alignment of all channels, if they have the same.
    alignment: Option<Alignment>,
    /// Whether everything is known to fit 32 bits.
    narrow: bool,
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
        let mut epilogue = Self { terms, sums: *sums, output, alignment: None, narrow: false };
        let first = epilogue.align(0).filter(|_| exact)?;
        let same = [terms.alpha, terms.bias].iter().flatten().all(|values| values.channel_positions().is_empty());
        if same && sums.have_one_position() {
            epilogue.alignment = Some(first);
            epilogue.narrow = fits_narrow(epilogue.addends(0));
        }
        Some(epilogue)
    }

    /// Whether the outputs of so many channels are exact although sums have no more than 64 bits.
    pub fn is_exact(&self, channels: usize) -> bool {
        let channels = if self.alignment.is_some() { 1 } else { channels };
        let to = position(self.output).unwrap_or(0);
        (0..channels).all(|channel| is_exact(self.addends(channel), to))
    }

    /// What is added up for an output of a channel.
    fn addends(&self, channel: usize) -> impl Iterator<Item = Magnitude> + Clone {
        let largest = |values: &Values<'v>| magnitude(values.format()).unwrap_or(1);
        let alpha = self.terms.alpha.as_ref().map_or(1, largest);
        let sum = Magnitude { largest: self.sums.largest.saturating_mul(alpha), position: self.sum_position(channel) };
        let [bias, residual] = [self.terms.bias, self.terms.residual].map(|values| {
            values.map(|values| Magnitude { largest: largest(&values), position: values.position_at(channel).into() })
        });
        core::iter::once(sum).chain(bias).chain(residual)
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

    /// Finishes sums in totals of one width.
    fn store_in<T: Total, S: Copy + Into<T>>(
        &self,
        sums: &[S],
        channels: Channels,
        start: usize,
        output: &mut ValuesMut<'_>,
    ) {
        let alignment = match (self.alignment, channels) {
            (Some(alignment), _) => Some(alignment),
            (None, Channels::All(channel)) => self.align(channel),
            (None, Channels::From(first)) => {
                for (place, sum) in sums.iter().enumerate() {
                    let channel = Channels::All(first + place);
                    self.store_in::<T, S>(core::slice::from_ref(sum), channel, start + place, output);
                }
                return;
            }
        };
        // The output was fixed-point when the epilogue was made.
        let Some(alignment) = alignment else { return };
        let mut totals = [T::default(); ROWS];
        let totals = &mut totals[..sums.len()];
        for (total, sum) in totals.iter_mut().zip(sums) {
            *total = (*sum).into();
        }
        if let Some(alpha) = &self.terms.alpha {
            with_channels(totals, alpha, channels, T::times);
        }
        if alignment.sum > 0 {
            totals.iter_mut().for_each(|total| *total = total.shifted(alignment.sum));
        }
        let plus = |shift| move |total: T, value: T| total.plus(value.shifted(shift));
        if let Some(bias) = &self.terms.bias {
            with_channels(totals, bias, channels, plus(alignment.bias));
        }
        if let Some(residual) = &self.terms.residual {
            with_outputs(totals, residual, output, start, plus(alignment.residual));
        }
        let mut stored = [0; ROWS];
        for (stored, total) in stored.iter_mut().zip(&*totals) {
            *stored = total.rounded(&alignment.requantizer);
        }
        output.write_integers(start, &stored[..sums.len()]);
    }
}

impl Epilogue<i32> for IntegerEpilogue<'_, '_> {
    fn store(&mut self, sums: &[i32], channels: Channels, start: usize, output: &mut ValuesMut<'_>) {
        match self.narrow {
            true => self.store_in::<i32, i32>(sums, channels, start, output),
            false => self.store_in::<i64, i32>(sums, channels, start, output),
        }
    }
}

impl Epilogue<i64> for IntegerEpilogue<'_, '_> {
    fn store(&mut self, sums: &[i64], channels: Channels, start: usize, output: &mut ValuesMut<'_>) {
        self.store_in::<i64, i64>(sums, channels, start, output);
    }
}
