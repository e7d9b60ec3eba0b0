//! Random integers of number formats, and what *integer* semantics make of sums of them: in 128 bits, by the definition.

use crate::random::Random;
use fewbit_core::NumberFormat;

/// Integers that a format stores. They are as small as one draw says for all of them, so that some sums saturate and some
/// do not; now and then there is one at the end of the range.
pub fn integers(random: &mut Random, format: NumberFormat, count: usize) -> Vec<i128> {
    let (low, high) = format.integer_range().expect("integers");
    let smaller = random.below(format.bits());
    let mut integer = || match (format, random.below(16)) {
        (NumberFormat::Sign, draw) => [low, high][draw % 2],
        (_, 0) => low,
        (_, 1) => high,
        _ => (low + random.below((high - low + 1) as usize) as i32) >> smaller,
    };
    (0..count).map(|_| integer().into()).collect()
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
