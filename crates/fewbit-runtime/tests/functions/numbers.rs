//! Random integers of number formats, and what *integer* semantics make of sums of them: in 128 bits, by the definition.

use fewbit_core::NumberFormat;

/// A sequence of numbers that a seed determines (Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators").
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ bits >> 31
    }

    /// A number below `end`, which must not be 0.
    pub fn below(&mut self, end: usize) -> usize {
        (self.bits() % end as u64) as usize
    }

    /// A number from -1 to 1.
    pub fn real(&mut self) -> f32 {
        self.below(1 << 24) as f32 / (1 << 23) as f32 - 1.0
    }

    /// Integers that a format stores. They are as small as one draw says for all of them, so that some sums saturate and
    /// some do not; now and then there is one at the end of the range.
    pub fn of_format(&mut self, format: NumberFormat, count: usize) -> Vec<i128> {
        let (low, high) = format.integer_range().expect("integers");
        let smaller = self.below(format.bits());
        let mut integer = || match (format, self.below(16)) {
            (NumberFormat::Sign, draw) => {
                if draw < 8 {
                    low
                } else {
                    high
                }
            }
            (_, 0) => low,
            (_, 1) => high,
            _ => (low + self.below((high - low + 1) as usize) as i32) >> smaller,
        };
        (0..count).map(|_| integer().into()).collect()
    }
}

/// The integer that a format stores for a sum of integers at their positions: exact, changed by `change` (which is given
/// the sum and what 1 is at its position), rounded half up, saturated.
pub fn rounded(addends: &[(i128, i32)], format: NumberFormat, change: impl Fn(i128, i128) -> i128) -> i128 {
    let common = addends.iter().map(|&(_, position)| position).fold(0, i32::max);
    let sum = addends.iter().map(|&(value, position)| value << (common - position)).sum();
    let sum = change(sum, 1 << common);
    stored_fraction(sum, 1 << common, format)
}

/// The integer that a format stores for `numerator / denominator`: rounded half up, saturated.
pub fn stored_fraction(numerator: i128, denominator: i128, format: NumberFormat) -> i128 {
    let position = format.position().expect("fixed-point");
    let (mut numerator, mut denominator) = (numerator, denominator);
    match position {
        0.. => numerator <<= position,
        _ => denominator <<= -position,
    }
    let (low, high) = format.integer_range().expect("fixed-point");
    // floor(n / d + 1/2) = floor((2 n + d) / 2 d)
    (2 * numerator + denominator).div_euclid(2 * denominator).clamp(low.into(), high.into())
}
