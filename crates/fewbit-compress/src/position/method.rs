//! [`PositionMethod`]: what a position is chosen by.
//!
//! All methods choose among the same few positions near that of the largest value, so that what they say can be compared.
//! `docs/compression.md` has the measurements that the default follows from.

use super::{Choice, around_largest, best_position, error_of_values, position_of_largest};
use crate::calibrate::Histogram;
use fewbit_core::NumberFormat;
use std::borrow::Cow;
use std::ops::RangeInclusive;

/// What a position is chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum PositionMethod {
    /// No value saturates.
    Max,
    /// At most one value in ten thousand saturates.
    Percentile,
    /// The least squared error of the values.
    #[default]
    Squared,
    /// The least squared error of a normal distribution of the same power: the highest ratio of signal to noise under a
    /// fitted distribution (Lin, Talathi, Annapureddy 2016, section 3).
    Fitted,
    /// The least divergence of what is stored from the values (Migacz 2017, 8-bit inference with TensorRT).
    Divergence,
    /// The least error at the network's output: from the least squared error on, those of single buffers are moved as
    /// long as the outputs on calibration data come nearer to those of the float network.
    Output,
}

/// The share of values that may saturate.
const RARE: f64 = 1e-4;

/// Values that a position is chosen for.
pub struct Values<E, H> {
    /// Their largest magnitude.
    pub largest: f64,
    /// The mean or the sum of the squared errors that a format would make.
    pub error: E,
    /// How often values of each size occur.
    pub histogram: H,
}

/// Values of a parameter.
impl Values<(), ()> {
    /// Values that are all known.
    pub fn of(values: &[f32]) -> Values<impl Fn(NumberFormat) -> f64, impl Fn() -> Cow<'static, Histogram>> {
        let largest = values.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        Values {
            largest: largest.into(),
            error: |format| error_of_values(values, format),
            histogram: || {
                let mut histogram = Histogram::default();
                histogram.add(values);
                Cow::Owned(histogram)
            },
        }
    }
}

impl PositionMethod {
    /// The position of `format` for some values. [`Choice::error`] is their squared error, whatever the method.
    pub fn choose<'h, E: Fn(NumberFormat) -> f64, H: Fn() -> Cow<'h, Histogram>>(
        self,
        format: NumberFormat,
        allowed: RangeInclusive<i8>,
        values: &Values<E, H>,
    ) -> Choice {
        let Values { largest, error, histogram } = values;
        let by = |cost: &dyn Fn(NumberFormat) -> f64| {
            let choice = best_position(format, *largest, allowed.clone(), cost);
            Choice { error: error(choice.format), ..choice }
        };
        let without_saturation = |most: f64| {
            let position = position_of_largest(format, most);
            let nearest = around_largest(format, *largest, allowed.clone())
                .min_by_key(|&candidate| (i32::from(candidate) - position).abs())
                .unwrap_or_default();
            let format = format.with_position(nearest);
            Choice { format, error: error(format) }
        };
        match self {
            Self::Max => without_saturation(*largest),
            Self::Percentile => without_saturation(quantile(&histogram(), 1.0 - RARE)),
            Self::Squared | Self::Output => by(error),
            Self::Fitted => {
                let power = histogram().mean_of(|value| value * value);
                by(&|format| error_of_normal(power.sqrt(), format))
            }
            // Bins are coarser than the steps of 16 bits.
            Self::Divergence if format.bits() > 8 => by(error),
            Self::Divergence => {
                let histogram = histogram();
                by(&|format| divergence(&histogram, format))
            }
        }
    }
}

/// The magnitude that this share of the values does not exceed.
fn quantile(histogram: &Histogram, share: f64) -> f64 {
    let mut sizes: Vec<(f64, u64)> = histogram.bins().map(|bin| (bin.high.max(-bin.low), bin.count)).collect();
    sizes.sort_by(|a, b| b.0.total_cmp(&a.0));
    let mut left = ((1.0 - share) * histogram.total() as f64) as u64;
    for (size, count) in sizes {
        if count > left {
            return size;
        }
        left -= count;
    }
    0.0
}

/// The mean squared error of storing values of a normal distribution around zero.
fn error_of_normal(deviation: f64, format: NumberFormat) -> f64 {
    let (Some((least, most)), step) = (format.integer_range(), f64::from(format.step())) else { return 0.0 };
    /// The part of the distribution that counts, in deviations, and how finely it is looked at.
    const REACH: i32 = 6;
    const FINE: i32 = 400;
    let errors = (-REACH * FINE..=REACH * FINE).map(|place| {
        let z = f64::from(place) / f64::from(FINE);
        let value = z * deviation / step;
        let error = value - value.round().clamp(least.into(), most.into());
        (-z * z / 2.0).exp() * error * error
    });
    errors.sum::<f64>() * step * step
}

/// The divergence (Kullback and Leibler 1951) of the histogram with every level's values spread evenly over the level
/// from the histogram with saturating values at its ends. Exact zeros are stored as they are and left out.
fn divergence(histogram: &Histogram, format: NumberFormat) -> f64 {
    let (Some((least, most)), step) = (format.integer_range(), f64::from(format.step())) else { return 0.0 };
    let (low, high) = (f64::from(least) - 0.5, f64::from(most) + 0.5);
    let (mut below, mut above) = (0.0, 0.0);
    // Level and count of each bin within the range.
    let mut inside: Vec<(f64, f64)> = Vec::new();
    for bin in histogram.bins() {
        let (middle, count) = ((bin.low + bin.high) / 2.0 / step, bin.count as f64);
        if middle < low {
            below += count;
        } else if middle > high {
            above += count;
        } else {
            inside.push((middle.round(), count));
        }
    }
    let total = below + above + inside.iter().map(|(_, count)| count).sum::<f64>();
    let kept = total - below - above;
    if kept == 0.0 {
        return if total == 0.0 { 0.0 } else { f64::INFINITY };
    }
    let last = inside.len() - 1;
    let mut sum = 0.0;
    let mut first = 0;
    while first < inside.len() {
        let level = inside[first].0;
        let bins = inside[first..].iter().take_while(|bin| bin.0 == level).count();
        let even = inside[first..first + bins].iter().map(|bin| bin.1).sum::<f64>() / bins as f64 / kept;
        for (place, (_, count)) in inside.iter().enumerate().skip(first).take(bins) {
            let ends = if place == 0 { below } else { 0.0 } + if place == last { above } else { 0.0 };
            let share = (count + ends) / total;
            sum += share * (share / even).ln();
        }
        first += bins;
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    const BYTE: NumberFormat = NumberFormat::Fixed8 { position: 0 };

    fn position(method: PositionMethod, values: &[f32]) -> i8 {
        method.choose(BYTE, i8::MIN..=i8::MAX, &Values::of(values)).format.position().expect("fixed-point")
    }

    /// Numbers of a normal distribution, as sums of even ones, and one far away.
    fn normal_with_outlier(outlier: f32) -> Vec<f32> {
        let mut state = 1u32;
        let mut even = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state as f32 / u32::MAX as f32 - 0.5
        };
        let mut values: Vec<f32> = (0..40_000).map(|_| (0..12).map(|_| even()).sum()).collect();
        values.push(outlier);
        values
    }

    #[test]
    fn methods_differ_in_what_may_saturate() {
        let values = normal_with_outlier(9.0);
        let methods =
            [PositionMethod::Max, PositionMethod::Percentile, PositionMethod::Squared, PositionMethod::Fitted];
        // 9 needs position 3; a normal distribution loses least at 5, where its step is 0.031 deviations (Lin et al.,
        // table 1), and no further than that is the outlier worth saturating.
        assert_eq!(methods.map(|method| position(method, &values)), [3, 5, 4, 5]);
        assert!((3..=5).contains(&position(PositionMethod::Divergence, &values)));
    }

    #[test]
    fn no_values_choose_something() {
        use PositionMethod::{Divergence, Fitted, Max, Output, Percentile, Squared};
        for method in [Max, Percentile, Squared, Fitted, Divergence, Output] {
            assert_eq!(position(method, &[0.0, 0.0]), position(method, &[]), "{method:?}");
        }
    }
}
