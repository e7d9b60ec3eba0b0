//! Where the binary point goes: the position that loses least for a set of values.
//!
//! The position of the largest value wastes bits when large values are rare. The one with the least squared error,
//! which is also the one with the highest ratio of signal to quantisation noise, lets the rare ones saturate.

mod method;

pub use method::{PositionMethod, Values};

use crate::calibrate::Histogram;
use fewbit_core::{NumberFormat, Rounding};
use fewbit_nnb::Version;
use std::ops::RangeInclusive;

/// A format with its position, and what it loses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The format.
    pub format: NumberFormat,
    /// The mean squared difference between the values and what is stored for them.
    pub error: f64,
}

/// How far the position of the least error may lie from that of the largest value: one below it, since rounding may
/// carry over, and up to four above, where only values beyond an eighth of the largest saturate.
const AROUND_LARGEST: RangeInclusive<i32> = -1..=4;

/// The positions that a version of `.nnb` has for a format.
pub fn allowed_positions(format: NumberFormat, version: Version) -> RangeInclusive<i8> {
    match version {
        // Formats have at most 32 bits.
        Version::V2 | Version::V3 => 0..=format.bits() as i8 - 1,
        Version::V4 => i8::MIN..=i8::MAX,
    }
}

/// The position of `format` with the least mean squared error, which `error` gives for a format, for values of at most
/// the magnitude `largest`. Of equals it is the lowest, which saturates least.
pub fn best_position(
    format: NumberFormat,
    largest: f64,
    allowed: RangeInclusive<i8>,
    error: impl Fn(NumberFormat) -> f64,
) -> Choice {
    let choices = around_largest(format, largest, allowed).map(|position| {
        let format = format.with_position(position);
        Choice { format, error: error(format) }
    });
    choices.min_by(|a, b| a.error.total_cmp(&b.error)).unwrap_or(Choice { format, error: error(format) })
}

/// The positions that are tried for values of at most this magnitude.
pub fn around_largest(format: NumberFormat, largest: f64, allowed: RangeInclusive<i8>) -> RangeInclusive<i8> {
    let (low, high) = (i32::from(*allowed.start()), i32::from(*allowed.end()));
    let center = position_of_largest(format, largest);
    let clamp = |position: i32| position.clamp(low, high) as i8;
    clamp(center + AROUND_LARGEST.start())..=clamp(center + AROUND_LARGEST.end())
}

/// The greatest position at which a value of this magnitude does not saturate; 0 for zero.
pub fn position_of_largest(format: NumberFormat, largest: f64) -> i32 {
    let Some((_, most)) = format.integer_range().filter(|_| largest > 0.0) else { return 0 };
    (f64::from(most) / largest).log2().floor() as i32
}

/// The mean squared error of storing values in `format`, rounded to the nearest; zero for none.
pub fn error_of_values(values: &[f32], format: NumberFormat) -> f64 {
    let step = f64::from(format.step());
    let errors = values.iter().map(|&value| {
        let error = f64::from(value) - f64::from(format.quantize(value, Rounding::HalfEven)) * step;
        error * error
    });
    errors.sum::<f64>() / values.len().max(1) as f64
}

/// The sum of the squared errors of storing the values of a histogram in `format`. Within a bin they are taken as
/// equally frequent.
pub fn error_of_histogram(histogram: &Histogram, format: NumberFormat) -> f64 {
    let Some(range) = format.integer_range() else { return 0.0 };
    let step = f64::from(format.step());
    // In units of a step.
    let errors =
        histogram.bins().map(|bin| bin.count as f64 * error_of_stretch(bin.low / step, bin.high / step, range));
    errors.sum::<f64>() * step * step
}

/// The mean squared error of rounding numbers, equally frequent between `low` and `high`, to whole ones within a range.
fn error_of_stretch(low: f64, high: f64, (least, most): (i32, i32)) -> f64 {
    let (first, last) = (f64::from(least), f64::from(most));
    if low >= high {
        return (low - low.round().clamp(first, last)).powi(2);
    }
    // Each whole number takes what is nearest to it; those at the ends of the range take everything beyond.
    let (below, above) = (first + 0.5, last - 0.5);
    let mut sum = 0.0;
    if low < below {
        sum += integral_of_square(low - first, high.min(below) - first);
    }
    if high > above {
        sum += integral_of_square(low.max(above) - last, high - last);
    }
    let (low_inside, high_inside) = (low.max(below), high.min(above));
    if low_inside < high_inside {
        sum += integral_of_rounding(high_inside) - integral_of_rounding(low_inside);
    }
    sum / (high - low)
}

/// The integral of `x^2` between two numbers.
fn integral_of_square(low: f64, high: f64) -> f64 {
    (high.powi(3) - low.powi(3)) / 3.0
}

/// The integral of the squared rounding error from -1/2 to `x`: a twelfth for each whole number.
fn integral_of_rounding(x: f64) -> f64 {
    let nearest = (x + 0.5).floor();
    nearest / 12.0 + integral_of_square(-0.5, x - nearest)
}

/// A ratio of powers in decibels: of a signal to its noise. Infinite without noise.
pub fn decibels(signal: f64, noise: f64) -> f64 {
    if noise == 0.0 { f64::INFINITY } else { 10.0 * (signal / noise).log10() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const BYTE: NumberFormat = NumberFormat::Fixed8 { position: 0 };

    fn histogram(values: &[f32]) -> Histogram {
        let mut histogram = Histogram::default();
        histogram.add(values);
        histogram
    }

    fn position(choice: Choice) -> i8 {
        choice.format.position().expect("fixed-point")
    }

    fn of_values(values: &[f32], allowed: RangeInclusive<i8>) -> i8 {
        let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        position(best_position(BYTE, largest.into(), allowed, |format| error_of_values(values, format)))
    }

    #[test]
    fn a_rare_large_value_saturates() {
        let mut values: Vec<f32> = (0..10_000).map(|index| (index as f32 / 10_000.0 - 0.5) * 1.9).collect();
        assert_eq!(of_values(&values, -8..=20), 7);
        values.push(1.1);
        assert_eq!(of_values(&values, -8..=20), 7);
        // A thousand of them are not rare.
        values.extend([1.1; 1000]);
        assert_eq!(of_values(&values, -8..=20), 6);
    }

    #[test]
    fn positions_stay_within_what_a_version_has() {
        let (tiny, huge) = ([1e-3f32, -7e-4], [900.0f32, -25.0]);
        assert_eq!(of_values(&tiny, allowed_positions(BYTE, Version::V3)), 7);
        assert_eq!(of_values(&huge, allowed_positions(BYTE, Version::V3)), 0);
        assert!(of_values(&tiny, allowed_positions(BYTE, Version::V4)) > 12);
        assert_eq!(of_values(&huge, allowed_positions(BYTE, Version::V4)), -3);
    }

    #[test]
    fn zeros_take_any_position_without_loss() {
        let choice = best_position(BYTE, 0.0, 0..=7, |format| error_of_histogram(&histogram(&[0.0; 4]), format));
        assert_eq!(choice.error, 0.0);
    }

    #[test]
    fn decibels_of_known_ratios() {
        assert!((decibels(100.0, 1.0) - 20.0).abs() < 1e-12);
        assert_eq!([decibels(1.0, 0.0), decibels(0.0, 0.0)], [f64::INFINITY; 2]);
    }

    proptest! {
        /// The integral over a stretch is the mean over many numbers in it.
        #[test]
        fn the_error_of_a_stretch_is_that_of_its_numbers(low in -140.0f64..140.0, width in 0.01f64..30.0) {
            let numbers = (0..20_000).map(|index| low + width * (f64::from(index) + 0.5) / 20_000.0);
            let mean = numbers.map(|x| (x - x.round().clamp(-128.0, 127.0)).powi(2)).sum::<f64>() / 20_000.0;
            let found = error_of_stretch(low, low + width, (-128, 127));
            prop_assert!((found - mean).abs() <= 1e-4 * mean.max(1e-2), "{} but {}", found, mean);
        }

        /// The histogram finds the position that the values themselves have, or one that is nearly as good.
        #[test]
        fn the_histogram_agrees_with_the_values(scale in -6i32..6, tail in 1.0f32..12.0, seed in any::<u32>()) {
            let mut state = seed;
            let values: Vec<f32> = (0..4000)
                .map(|index| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let unit = state as f32 / u32::MAX as f32 * 2.0 - 1.0;
                    let size = if index % 97 == 0 { tail } else { 1.0 };
                    unit * size * (scale as f32).exp2()
                })
                .collect();
            let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs())).into();
            let counts = histogram(&values);
            // The steps of 16 bits are finer than bins, so that a few saturating values are known less well.
            for (format, times) in [(BYTE, 1.05), (NumberFormat::Fixed16 { position: 0 }, 2.0)] {
                let allowed = allowed_positions(format, Version::V4);
                let exact = best_position(format, largest, allowed.clone(), |format| error_of_values(&values, format));
                let found = best_position(format, largest, allowed, |format| error_of_histogram(&counts, format));
                let real = error_of_values(&values, found.format);
                prop_assert!(real <= exact.error * times, "{} loses {}, {} {}", found.format, real, exact.format, exact.error);
            }
        }
    }
}
