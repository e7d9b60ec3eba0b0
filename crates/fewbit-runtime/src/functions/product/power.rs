//! Weights of incremental network quantisation: those that are fixed are rounded to powers of two as they are read.
//!
//! A. Zhou, A. Yao, Y. Guo, L. Xu, Y. Chen: "Incremental Network Quantization", 2017, equation 4, with NNabla's
//! thresholds: a weight becomes the nearest power of two, of which there are as many as its bits tell apart, the largest
//! being the one nearest to the largest weight; what is below half of the smallest becomes zero. The weights of a trained
//! network are such powers already and stay what they are. Choosing which weights to fix is a matter of training and
//! does not happen here.

use super::matrix::Matrix;
use super::operands::Powers;
use super::sum::Factor;
use super::{TAPS, WeightTile};
use core::ops::Range;
use fewbit_core::NumberFormat;
use fewbit_nnb::Values;

/// A number that has a nearest power of two.
pub(in super::super) trait Power: Copy {
    /// The exponent of the largest power of two that is not above the magnitude, and that of the nearest one; ties go
    /// up. `None` for zero.
    fn exponents(self) -> Option<(i32, i32)>;

    /// `2^exponent` with the sign of `self`.
    fn with_exponent(self, exponent: i32) -> Self;

    /// What to add to an exponent of stored integers in this format to have one of these numbers.
    fn exponent_offset(stored: NumberFormat) -> i32;

    /// The nearest power of two whose exponent is at least `least`; zero for what is below half of `2^least`.
    fn to_power(self, least: i32) -> Self
    where
        Self: Default,
    {
        match self.exponents() {
            Some((floor, nearest)) if floor >= least - 1 => self.with_exponent(nearest.max(least)),
            _ => Self::default(),
        }
    }
}

macro_rules! power_of_integers {
    ($($type:ty),*) => {$(
        impl Power for $type {
            fn exponents(self) -> Option<(i32, i32)> {
                let magnitude = self.unsigned_abs();
                let floor = magnitude.checked_ilog2()?;
                let one_and_a_half = floor > 0 && magnitude >> (floor - 1) & 1 == 1;
                Some((floor as i32, floor as i32 + i32::from(one_and_a_half)))
            }

            fn with_exponent(self, exponent: i32) -> Self {
                let power = u32::try_from(exponent).ok().and_then(|exponent| (1 as $type).checked_shl(exponent));
                self.signum() * power.unwrap_or(0)
            }

            fn exponent_offset(_stored: NumberFormat) -> i32 {
                0
            }
        }
    )*};
}

power_of_integers!(i16, i32);

impl Power for f32 {
    fn exponents(self) -> Option<(i32, i32)> {
        if self == 0.0 {
            return None;
        }
        // Every float is a normal number in double precision: its exponent is a field of its bits.
        let bits = f64::from(self).to_bits();
        let floor = (bits >> 52 & 0x7ff) as i32 - 1023;
        Some((floor, floor + i32::from(bits >> 51 & 1 == 1)))
    }

    fn with_exponent(self, exponent: i32) -> Self {
        let power = f64::from_bits(((exponent + 1023).clamp(0, 2047) as u64) << 52) as f32;
        if self < 0.0 { -power } else { power }
    }

    fn exponent_offset(stored: NumberFormat) -> i32 {
        -i32::from(stored.position().unwrap_or(0))
    }
}

/// Weights of which some are rounded to powers of two.
pub(in super::super) struct PowerWeights<'v> {
    weights: Matrix<'v>,
    /// Weights whose indicator is 1 are fixed; all of them if there are no indicators.
    indicators: Option<Matrix<'v>>,
    format: NumberFormat,
    /// The exponent of the smallest power, in stored integers or real numbers as the format has it.
    least: i32,
}

impl<'v> PowerWeights<'v> {
    /// The weights of a matrix, which are all values of a variable.
    pub fn new(weights: Matrix<'v>, powers: Powers<'v>) -> Self {
        let values = weights.values();
        // As many powers as the bits tell apart beside sign and zero; more than exist change nothing.
        let bits = powers.num_bits.checked_sub(2).filter(|bits| *bits >= 0);
        let count = bits.map_or(0, |bits| 1 << bits.min(12));
        // Channels with positions of their own are compared as real numbers.
        let format = if values.channel_positions().is_empty() { values.format() } else { NumberFormat::Float32 };
        let least = greatest_exponent(&values, format).saturating_add(1).saturating_sub(count);
        Self { weights, indicators: powers.indicators.map(|values| weights.with_values(values)), format, least }
    }

    /// As [`Matrix::fill_rows`].
    pub fn fill_rows<E: Factor>(&self, start: usize, rows: Range<usize>, taps: Range<usize>, tile: &mut WeightTile<E>) {
        self.weights.fill_rows(start, rows.clone(), taps.clone(), tile);
        let mut indicators = [[1.0; TAPS]; super::ROWS];
        if let Some(matrix) = &self.indicators {
            matrix.fill_rows(start, rows, taps, &mut indicators);
        }
        let least = self.least.saturating_add(E::exponent_offset(self.format));
        for (weight, indicator) in tile.iter_mut().flatten().zip(indicators.iter().flatten()) {
            if *indicator == 1.0 {
                *weight = weight.to_power(least);
            }
        }
    }
}

/// The largest of the exponents of the powers of two that are nearest to the values: that of the largest value.
fn greatest_exponent(values: &Values<'_>, format: NumberFormat) -> i32 {
    let mut greatest = None;
    for start in (0..values.len()).step_by(TAPS) {
        let len = TAPS.min(values.len() - start);
        let exponents = if format == NumberFormat::Float32 {
            greatest_of(&read::<f32>(values, start)[..len])
        } else {
            greatest_of(&read::<i32>(values, start)[..len])
        };
        greatest = greatest.max(exponents);
    }
    greatest.unwrap_or(0)
}

fn read<E: Factor>(values: &Values<'_>, start: usize) -> [E; TAPS] {
    let mut run = [E::default(); TAPS];
    values.read_strided(start, 1, &mut run);
    run
}

fn greatest_of<E: Power>(values: &[E]) -> Option<i32> {
    values.iter().filter_map(|value| value.exponents()).map(|(_, nearest)| nearest).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_power_of_two() {
        let cases = [(1, 1), (2, 2), (3, 4), (5, 4), (6, 8), (11, 8), (12, 16), (-12, -16), (-128, -128), (0, 0)];
        for (value, expected) in cases {
            assert_eq!(i32::to_power(value, 0), expected, "{value}");
            assert_eq!(i16::to_power(value as i16, 0), expected as i16, "{value}");
            assert_eq!((value as f32 / 64.0).to_power(-6), expected as f32 / 64.0, "{value}");
        }
    }

    #[test]
    fn small_values_become_the_least_power_or_zero() {
        assert_eq!([3, 4, 7, 8, -4].map(|value| i32::to_power(value, 3)), [0, 8, 8, 8, -8]);
        assert_eq!([0.24f32, 0.25, -0.3].map(|value| value.to_power(-1)), [0.0, 0.5, -0.5]);
    }
}
