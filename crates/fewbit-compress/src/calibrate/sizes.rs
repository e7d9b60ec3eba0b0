//! [`Sizes`]: how often values of each magnitude occur, in bins of equal ratios.
//!
//! Multiplying by a power of two moves such counts by whole bins. So what a scaled channel would lose in a format is
//! known without running the network again.

/// The exponents of the magnitudes that are told apart; smaller ones count as the least, larger ones as the greatest.
const LEAST_EXPONENT: i32 = -24;
const GREATEST_EXPONENT: i32 = 15;

/// Bins a factor of two, as an exponent of two.
const STEPS_BITS: u32 = 2;

const BINS: usize = ((GREATEST_EXPONENT - LEAST_EXPONENT + 1) as usize) << STEPS_BITS;

/// Counts of values by magnitude, four bins to a factor of two. Zeros are not counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sizes {
    counts: Vec<u32>,
}

impl Default for Sizes {
    fn default() -> Self {
        Self { counts: vec![0; BINS] }
    }
}

impl Sizes {
    /// Adds values; those that are no finite numbers are left out.
    pub fn add(&mut self, values: &[f32]) {
        for &value in values.iter().filter(|value| value.is_finite() && **value != 0.0) {
            let count = &mut self.counts[bin_of(value)];
            *count = count.saturating_add(1);
        }
    }

    /// Adds all values that `other` has counted.
    pub fn merge(&mut self, other: &Self) {
        for (count, other) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*other);
        }
    }

    /// Sums over the counts, from which errors follow quickly.
    pub fn sums(&self) -> SizeSums {
        let mut sums = vec![[0.0; 3]];
        let mut sum = [0.0; 3];
        for (bin, &count) in self.counts.iter().enumerate() {
            let (count, size) = (f64::from(count), middle_of(bin));
            sum = [sum[0] + count, sum[1] + count * size, sum[2] + count * size * size];
            sums.push(sum);
        }
        SizeSums { below: sums }
    }
}

/// Count, sum and sum of squares of the magnitudes below each bin.
#[derive(Clone, Debug, PartialEq)]
pub struct SizeSums {
    below: Vec<[f64; 3]>,
}

impl SizeSums {
    /// The sum of the squared errors of rounding the values, times `2^exponent`, to multiples of `step` that reach up to
    /// `most`.
    pub fn error(&self, exponent: i32, step: f64, most: f64) -> f64 {
        let scale = f64::from(exponent).exp2();
        let (half, limit) = (step / 2.0 / scale, most / scale);
        let (small, inside) = (self.below_size(half), self.below_size(limit.max(half)));
        let all = self.below.last().copied().unwrap_or_default();
        let beyond = [0, 1, 2].map(|power| all[power] - inside[power]);
        // What is less than half a step becomes zero, what lies beyond the end becomes the end.
        let vanished = small[2];
        let saturated = beyond[2] - 2.0 * limit * beyond[1] + limit * limit * beyond[0];
        (vanished + saturated) * scale * scale + (inside[0] - small[0]) * step * step / 12.0
    }

    /// The sums over all bins whose middle is less than `size`.
    fn below_size(&self, size: f64) -> [f64; 3] {
        // Bins are equal in the exponent and the first bits of the mantissa.
        let mut bin = bin_of(size as f32);
        bin += usize::from(middle_of(bin) < size);
        self.below.get(bin).copied().unwrap_or_default()
    }
}

/// The bin of a magnitude.
fn bin_of(value: f32) -> usize {
    let bits = (value.to_bits() & 0x7fff_ffff) >> (23 - STEPS_BITS);
    let least = ((LEAST_EXPONENT + 127) << STEPS_BITS) as u32;
    (bits.saturating_sub(least) as usize).min(BINS - 1)
}

/// The middle of a bin.
fn middle_of(bin: usize) -> f64 {
    let steps = f64::from(1 << STEPS_BITS);
    let (octave, step) = (bin >> STEPS_BITS, bin & ((1 << STEPS_BITS) - 1));
    (f64::from(LEAST_EXPONENT) + octave as f64).exp2() * (1.0 + (step as f64 + 0.5) / steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Errors of scaled values, from counts and from the values themselves.
    #[test]
    fn errors_are_near_those_of_the_values() {
        let values: Vec<f32> = (1..4000).map(|index| (index as f32 * 0.37).sin() * (index as f32 / 1000.0)).collect();
        let mut sizes = Sizes::default();
        sizes.add(&values[..1000]);
        let mut rest = Sizes::default();
        rest.add(&values[1000..]);
        sizes.merge(&rest);
        let sums = sizes.sums();
        for exponent in [-9, -2, 0, 3] {
            for step in [1.0 / 64.0, 1.0 / 32.0, 1.0 / 16.0] {
                let exact: f64 = values
                    .iter()
                    .map(|&value| {
                        let value = f64::from(value) * f64::from(exponent).exp2();
                        (value - (value / step).round().clamp(-127.0, 127.0) * step).powi(2)
                    })
                    .sum();
                let found = sums.error(exponent, step, 127.0 * step);
                assert!((found / exact - 1.0).abs() < 0.15, "2^{exponent}, {step}: {found} but {exact}");
            }
        }
    }

    #[test]
    fn extremes_do_not_get_lost() {
        let mut sizes = Sizes::default();
        sizes.add(&[0.0, f32::NAN, f32::INFINITY, f32::MAX, -f32::MIN_POSITIVE, 1.0]);
        assert_eq!(sizes.counts.iter().sum::<u32>(), 3);
    }
}
