//! [`Histogram`]: how often values of each size occur, in constant memory however many there are.

/// How many bins a histogram has, half of them for negative values.
const BINS: usize = 2048;

/// How many bins there are on each side of zero, as an exponent of two.
const HALF_BITS: i32 = 10;

/// Counts of values in equal bins over `-2^e .. 2^e`, for the least `e` that takes them all. Exact zeros, of which there
/// are many behind a ReLU, are counted apart.
///
/// When a value does not fit, the range doubles and pairs of bins become one. So the result depends only on which
/// values were added, not on their order or on how they were divided among histograms that are then merged.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Histogram {
    /// `e`; counts are empty until there is a value that is not zero.
    exponent: i32,
    counts: Vec<u64>,
    /// The least and the greatest value; zero takes part.
    min: f32,
    max: f32,
    zeros: u64,
    not_finite: u64,
}

/// A bin that is not empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Its lower end, or the least value of all if that lies in it.
    pub low: f64,
    /// Its upper end, or the greatest value of all if that lies in it.
    pub high: f64,
    /// How many values did.
    pub count: u64,
}

impl Histogram {
    /// Adds values. Those that are no finite numbers are only counted.
    pub fn add(&mut self, values: &[f32]) {
        let finite = values.iter().filter(|value| value.is_finite());
        self.not_finite += (values.len() - finite.clone().count()) as u64;
        let ends = finite.clone().fold((0.0f32, 0.0f32), |(min, max), &value| (min.min(value), max.max(value)));
        self.make_room(ends.0, ends.1);
        let scale = exp2(HALF_BITS - self.exponent);
        let half = 1i32 << HALF_BITS;
        for &value in finite {
            if value == 0.0 {
                self.zeros += 1;
            } else if let Some(count) = self.counts.get_mut(((f64::from(value) * scale).floor() as i32 + half) as usize)
            {
                *count += 1;
            }
        }
    }

    /// Adds all values that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        self.zeros += other.zeros;
        self.not_finite += other.not_finite;
        if other.counts.is_empty() {
            return;
        }
        self.make_room(other.min, other.max);
        let shift = u32::try_from(self.exponent - other.exponent).unwrap_or(0);
        for (place, count) in other.counts.iter().enumerate() {
            self.counts[joined(place, shift)] += count;
        }
    }

    /// How many finite values were added.
    pub fn total(&self) -> u64 {
        self.zeros + self.counts.iter().sum::<u64>()
    }

    /// How many exact zeros there were.
    pub fn zeros(&self) -> u64 {
        self.zeros
    }

    /// How many values were not finite numbers.
    pub fn not_finite(&self) -> u64 {
        self.not_finite
    }

    /// The bins that are not empty, in order; without the exact zeros.
    pub fn bins(&self) -> impl Iterator<Item = Bin> {
        let width = exp2(self.exponent - HALF_BITS);
        let half = (BINS / 2) as f64;
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(place, &count)| {
            let low = (place as f64 - half) * width;
            // The ends tell whether the largest values saturate, which a whole bin would blur.
            Bin { low: low.max(self.min.into()), high: (low + width).min(self.max.into()), count }
        })
    }

    /// The mean of a function of the values, taken in the middles of the bins; zero if there were none.
    pub fn mean_of(&self, function: impl Fn(f64) -> f64) -> f64 {
        let sum: f64 = self.bins().map(|bin| bin.count as f64 * function((bin.low + bin.high) / 2.0)).sum();
        let total = self.total();
        if total == 0 { 0.0 } else { (sum + self.zeros as f64 * function(0.0)) / total as f64 }
    }

    /// Doubles the range until it takes these values.
    fn make_room(&mut self, min: f32, max: f32) {
        (self.min, self.max) = (self.min.min(min), self.max.max(max));
        let largest = max.max(-min);
        if largest == 0.0 {
            return;
        }
        let exponent = exponent_above(largest);
        if self.counts.is_empty() {
            self.counts = vec![0; BINS];
            self.exponent = exponent;
        }
        let Some(shift) = u32::try_from(exponent - self.exponent).ok().filter(|shift| *shift > 0) else { return };
        let mut counts = vec![0; BINS];
        for (place, count) in self.counts.iter().enumerate() {
            counts[joined(place, shift)] += count;
        }
        self.counts = counts;
        self.exponent = exponent;
    }

    /// The largest magnitude.
    pub fn largest(&self) -> f32 {
        self.max.max(-self.min)
    }
}

/// The bin that takes the one at `place` after the range has doubled `shift` times.
fn joined(place: usize, shift: u32) -> usize {
    // Rounded down also below zero, as the bins of single values are.
    let half = BINS as i64 / 2;
    (((place as i64 - half) >> shift.min(63)) + half) as usize
}

/// The least `e` with `value < 2^e`, for a finite value above zero.
fn exponent_above(value: f32) -> i32 {
    let bits = f64::from(value).to_bits() >> 52;
    // Every float is a normal number in double precision.
    i32::try_from(bits).unwrap_or(0) - 1022
}

/// `2^exponent`.
fn exp2(exponent: i32) -> f64 {
    f64::from(exponent).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_fall_into_bins_that_hold_them() {
        let values = [0.75f32, -0.3, 1e-9, -1e-9, 0.0, -0.0, f32::NAN, f32::INFINITY];
        let mut histogram = Histogram::default();
        histogram.add(&values);
        assert_eq!((histogram.total(), histogram.zeros(), histogram.not_finite()), (6, 2, 2));
        let bins: Vec<Bin> = histogram.bins().collect();
        for value in [-0.3, -1e-9, 1e-9, 0.75] {
            let found = bins.iter().filter(|bin| bin.low <= value && value <= bin.high).count();
            assert_eq!(found, 1, "{value}");
        }
        assert_eq!(bins.len(), 4);
        assert_eq!((bins[1].low, bins[1].high), (-1.0 / 1024.0, 0.0));
        assert_eq!((bins[0].low, bins[3].high), (f64::from(-0.3f32), 0.75));
    }

    #[test]
    fn a_power_of_two_is_within_the_range() {
        for value in [1.0f32, -1.0, 4.0, f32::MIN_POSITIVE, f32::MAX, f32::from_bits(1)] {
            let mut histogram = Histogram::default();
            histogram.add(&[value]);
            let bin = histogram.bins().next().expect("a bin");
            assert!(bin.low <= f64::from(value) && f64::from(value) <= bin.high, "{value}");
        }
    }

    #[test]
    fn no_values_make_no_bins() {
        let mut histogram = Histogram::default();
        histogram.add(&[]);
        histogram.add(&[0.0; 3]);
        assert_eq!((histogram.total(), histogram.bins().count()), (3, 0));
    }

    proptest! {
        /// Neither the order nor the division among histograms makes a difference.
        #[test]
        fn the_result_depends_on_the_values_alone(
            values in proptest::collection::vec((-1.0f32..1.0, -20i32..20), 1..60),
            split in 0usize..60,
        ) {
            let values: Vec<f32> = values.into_iter().map(|(value, exponent)| value * (exponent as f32).exp2()).collect();
            let mut whole = Histogram::default();
            whole.add(&values);

            let mut single = Histogram::default();
            values.iter().rev().for_each(|&value| single.add(&[value]));
            prop_assert_eq!(&single, &whole);

            let (front, back) = values.split_at(split.min(values.len()));
            let [mut a, mut b] = [Histogram::default(), Histogram::default()];
            a.add(front);
            b.add(back);
            let mut other = b.clone();
            other.merge(&a);
            a.merge(&b);
            prop_assert_eq!(&a, &whole);
            prop_assert_eq!(&other, &whole);
        }
    }
}
