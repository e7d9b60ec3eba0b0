//! From exact sums to stored integers: position arithmetic, rounding half up, saturation.
//!
//! This is what *integer* semantics mean, written once: the portable kernels, the host's SIMD kernels and generated C
//! compute it bit for bit. A sum is an integer times `2^-position`. Its addends are brought to the largest position
//! among them ([`shifted`], exact), and at the very end the sum is rounded once to the position of the output and
//! saturated to its type:
//!
//! ```text
//! shift = position of the sum - position of the output
//! shift > 0:   (sum + (1 << (shift - 1))) >> shift      then saturate
//! shift <= 0:  sum << -shift                            then saturate
//! ```
//!
//! # No sum ever wraps
//! Sums that a bound shows to fit are computed in 32 bits, all others in 64, which saturate ([`Total`]); and a model whose positions lie so far apart that this could change an output is
//! refused when it is opened ([`is_exact`]). A sum that reached the end of its range changes no output as long as
//! all addends but one are at most `2^62` together and the shift right is at most 46: then what was computed is still at
//! least `2^62`, less one, and so beyond every 16-bit type after the shift, like the true sum. All files of versions 2 and
//! 3 are so: their positions go from 0 to 15, the largest sum of positions is the 45 of `x`, `w` and `alpha`, and an addend
//! of 16 bits, brought to position 45, is at most `2^60`.

use fewbit_core::NumberFormat;
use fewbit_nnb::Element;

/// The number of fractional bits of the integers that a format stores; signs are the integers +1 and -1. `None` for
/// floats.
pub fn position(format: NumberFormat) -> Option<i32> {
    match format {
        NumberFormat::Float32 => None,
        NumberFormat::Sign => Some(0),
        format => format.position().map(i32::from),
    }
}

/// The largest magnitude of the integers that a format stores; `None` for floats.
pub fn magnitude(format: NumberFormat) -> Option<u64> {
    format.integer_range().map(|(low, high)| low.unsigned_abs().max(high.unsigned_abs()).into())
}

/// The largest shift right behind which a sum that reached the end of its range saturates its output.
const LARGEST_SHIFT_OF_SATURATED: i32 = 46;

/// Something that is added: integers of some magnitude at some position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Magnitude {
    /// The largest magnitude that occurs, or more.
    pub largest: u64,
    /// The number of fractional bits.
    pub position: i32,
}

/// Whether sums of these addends, rounded to the position `to`, come out exactly although they are computed in 64 bits.
pub fn is_exact(addends: impl Iterator<Item = Magnitude> + Clone, to: i32) -> bool {
    let bound = Bound::of(addends);
    let never_saturates = i64::try_from(bound.all()).is_ok();
    never_saturates || (bound.others <= 1 << 62 && bound.position.saturating_sub(to) <= LARGEST_SHIFT_OF_SATURATED)
}

/// Whether 32 bits hold sums of these addends and all that they are made of.
pub fn fits_narrow(addends: impl Iterator<Item = Magnitude> + Clone) -> bool {
    i32::try_from(Bound::of(addends).all()).is_ok()
}

/// How large addends are when they are brought to the largest position among them.
struct Bound {
    /// That position.
    position: i32,
    /// The largest addend, or more.
    largest: u64,
    /// All others together, or more.
    others: u64,
}

impl Bound {
    fn of(addends: impl Iterator<Item = Magnitude> + Clone) -> Self {
        let position = addends.clone().map(|addend| addend.position).max().unwrap_or(0);
        let mut bound = Self { position, largest: 0, others: 0 };
        for addend in addends {
            let shift = shift_between(addend.position, position);
            let aligned = match addend.largest {
                0 => 0,
                largest if largest.leading_zeros() < shift => u64::MAX,
                largest => largest << shift,
            };
            bound.others = bound.others.saturating_add(aligned.min(bound.largest));
            bound.largest = bound.largest.max(aligned);
        }
        bound
    }

    fn all(&self) -> u64 {
        self.largest.saturating_add(self.others)
    }
}

/// The left shift that brings an addend at position `from` to position `to`, which is not below it.
pub fn shift_between(from: i32, to: i32) -> u32 {
    u32::try_from(to.saturating_sub(from)).unwrap_or(0)
}

/// `value << shift`, saturating.
pub fn shifted(value: i64, shift: u32) -> i64 {
    match 1i64.checked_shl(shift) {
        Some(factor) if factor > 0 => value.saturating_mul(factor),
        _ => i64::MAX.saturating_mul(value.signum()),
    }
}

/// An integer that sums are computed in.
pub trait Total: Element {
    /// `self << shift`.
    fn shifted(self, shift: u32) -> Self;

    /// The sum.
    fn plus(self, other: Self) -> Self;

    /// The product.
    fn times(self, other: Self) -> Self;

    /// The negative of a stored value.
    fn negated(self) -> Self;

    /// The stored integer for a sum.
    fn rounded(self, requantizer: &Requantizer) -> i32;
}

/// Where a bound shows that nothing overflows ([`fits_narrow`]).
impl Total for i32 {
    #[inline]
    fn shifted(self, shift: u32) -> Self {
        self << shift
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline]
    fn negated(self) -> Self {
        -self
    }

    #[inline]
    fn rounded(self, requantizer: &Requantizer) -> i32 {
        requantizer.apply_narrow(self)
    }
}

/// Saturating.
impl Total for i64 {
    #[inline]
    fn shifted(self, shift: u32) -> Self {
        shifted(self, shift)
    }

    #[inline]
    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self.saturating_mul(other)
    }

    #[inline]
    fn negated(self) -> Self {
        self.saturating_neg()
    }

    #[inline]
    fn rounded(self, requantizer: &Requantizer) -> i32 {
        requantizer.apply(self)
    }
}

/// The integer that a fixed-point format stores for a real number, found without a float instruction; `None` for what is
/// not a number, and for other formats.
pub fn stored(real: f32, to: NumberFormat) -> Option<i32> {
    let bits = real.to_bits();
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32, i64::from(bits & 0x7f_ffff));
    let (size, position) = match exponent {
        0 => (fraction, 149),
        255 if fraction != 0 => return None,
        255 => return to.integer_range().map(|(low, high)| if real.is_sign_negative() { low } else { high }),
        _ => (fraction | 1 << 23, 150 - exponent),
    };
    let integer = if real.is_sign_negative() { -size } else { size };
    Some(Requantizer::new(position, to)?.apply(integer))
}

/// Rounds sums at one position to the integers of a fixed-point format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Requantizer {
    /// How far sums are shifted right; left where it is negative.
    shift: i32,
    low: i32,
    high: i32,
}

impl Requantizer {
    /// From sums at position `from` to the format `to`; `None` if that is not fixed-point.
    pub fn new(from: i32, to: NumberFormat) -> Option<Self> {
        let to_position = i32::from(to.position()?);
        let (low, high) = to.integer_range()?;
        Some(Self { shift: from.saturating_sub(to_position), low, high })
    }

    /// How far sums are shifted right before they saturate; left where it is negative.
    pub fn shift(&self) -> i32 {
        self.shift
    }

    /// The least and the greatest integer that comes out.
    pub fn range(&self) -> (i32, i32) {
        (self.low, self.high)
    }

    /// The same with no result below zero: `ReLU` costs nothing behind a sum.
    pub fn not_negative(self) -> Self {
        self.at_least(0)
    }

    /// The same with no result below `limit`, a stored integer.
    pub fn at_least(self, limit: i32) -> Self {
        Self { low: self.low.max(limit), ..self }
    }

    /// The same with no result above `limit`, a stored integer.
    pub fn at_most(self, limit: i32) -> Self {
        Self { high: self.high.min(limit), ..self }
    }

    /// The stored integer for a sum.
    pub fn apply(&self, sum: i64) -> i32 {
        let rounded = match u32::try_from(self.shift) {
            Ok(0) => sum,
            Ok(shift) => round_shift(sum, shift),
            Err(_) => shifted(sum, self.shift.unsigned_abs()),
        };
        saturate(rounded, self.low, self.high)
    }

    /// [`Requantizer::apply`] in 32 bits, in a form that compilers make vector instructions of.
    #[inline]
    pub fn apply_narrow(&self, sum: i32) -> i32 {
        let rounded = if self.shift > 0 {
            let twice = sum >> (self.shift - 1).min(31);
            (twice >> 1) + (twice & 1)
        } else {
            // Whatever is not zero saturates 16 bits when it is shifted by as many.
            sum.clamp(i16::MIN.into(), i16::MAX.into()) << self.shift.unsigned_abs().min(16)
        };
        rounded.clamp(self.low, self.high)
    }

    /// The stored integer for `sum / count`: `floor(sum * 2^-shift / count + 1/2)`, exactly. Zero for a count of zero.
    ///
    /// `sum` must be less than `2^46` in magnitude and `count` at most `2^31`, as for all values that a variable can have: a
    /// sum that is shifted left so far that it saturates then saturates the output too.
    pub fn divide(&self, sum: i64, count: u64) -> i32 {
        if count == 0 {
            return 0;
        }
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        // With a divisor that saturated the quotient is less than one half either way.
        let (sum, divisor) = match u32::try_from(self.shift) {
            Ok(shift) => (sum, shifted(count, shift)),
            Err(_) => (shifted(sum, self.shift.unsigned_abs()), count),
        };
        let (quotient, remainder) = (sum.div_euclid(divisor), sum.rem_euclid(divisor));
        let up = remainder >= divisor - remainder;
        saturate(quotient + i64::from(up), self.low, self.high)
    }
}

/// `floor(sum * 2^-shift + 1/2)` for a shift above zero, without a sum that could overflow: the bit below the last one
/// that is kept says whether to round up.
fn round_shift(sum: i64, shift: u32) -> i64 {
    let twice = sum >> (shift - 1).min(i64::BITS - 1);
    (twice >> 1) + (twice & 1)
}

/// `value`, or the end of the range that it is beyond.
fn saturate(value: i64, low: i32, high: i32) -> i32 {
    // The clamp keeps the value within an `i32`.
    value.clamp(i64::from(low), i64::from(high)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::Rounding;
    use proptest::prelude::*;

    fn format(wide: bool, position: i8) -> NumberFormat {
        if wide { NumberFormat::Fixed16 { position } } else { NumberFormat::Fixed8 { position } }
    }

    /// `floor(numerator / denominator + 1/2)`, saturated, in arithmetic that is wide enough for everything here.
    fn reference(numerator: i128, denominator: i128, wide: bool) -> i32 {
        let doubled = 2 * numerator + denominator;
        let rounded = doubled.div_euclid(2 * denominator);
        let (low, high) = if wide { (-32768, 32767) } else { (-128, 127) };
        i32::try_from(rounded.clamp(low, high)).expect("clamped to 16 bits")
    }

    /// The fraction `value * 2^-shift`; where it would not fit, one that is as far beyond every type.
    fn fraction(value: i128, shift: i32) -> (i128, i128) {
        if shift >= 0 { (value, 1 << shift) } else { (value.clamp(-1 << 64, 1 << 64) << -shift, 1) }
    }

    /// Values whose size is spread over all magnitudes, so that ties, small and saturating values all occur.
    fn spread(bits: u32) -> impl Strategy<Value = i64> {
        (any::<i64>(), 64 - bits..64).prop_map(|(value, shift)| value >> shift)
    }

    proptest! {
        #[test]
        fn real_numbers_are_stored_as_by_floats(bits: u32, size in -40i32..20, wide: bool, position in any::<i8>()) {
            let moderate = f32::from_bits(((127 + size) as u32) << 23 | bits & 0x807f_ffff);
            for real in [f32::from_bits(bits), moderate, moderate.round(), f32::NEG_INFINITY] {
                let expected = (!real.is_nan()).then(|| format(wide, position).quantize(real, Rounding::HalfUp));
                prop_assert_eq!(stored(real, format(wide, position)), expected, "{}", real);
            }
        }
    }

    #[test]
    fn halves_are_rounded_up() {
        let requantizer = Requantizer::new(3, format(false, 1)).expect("fixed-point");
        let cases = [(2, 1), (-2, 0), (1, 0), (-3, -1), (6, 2), (-6, -1), (-7, -2), (4096, 127), (-4096, -128)];
        for (sum, expected) in cases {
            assert_eq!(requantizer.apply(sum), expected, "{sum}");
        }
        assert_eq!(requantizer.not_negative().apply(-100), 0);
        assert_eq!(requantizer.at_most(12).apply(100), 12);
        assert_eq!(Requantizer::new(0, NumberFormat::Float32), None);
        assert_eq!(Requantizer::new(0, NumberFormat::Sign), None);
    }

    #[test]
    fn nothing_overflows_at_the_ends() {
        for shift in [-255, -64, -63, -1, 0, 1, 62, 63, 64, 255] {
            let requantizer = Requantizer { shift, low: -32768, high: 32767 };
            for sum in [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX] {
                let (numerator, denominator) = fraction(i128::from(sum), shift.clamp(-60, 66));
                assert_eq!(requantizer.apply(sum), reference(numerator, denominator, true), "{sum} >> {shift}");
            }
            for sum in [-(1i64 << 46), -1, 0, 1, 1 << 46] {
                for count in [0, 1, 3, u64::MAX] {
                    requantizer.divide(sum, count);
                }
            }
        }
        assert_eq!(shifted(-3, 63), i64::MIN + 1);
        assert_eq!(shifted(0, 1000), 0);
    }

    proptest! {
        #[test]
        fn shifts_are_exact(sum in spread(64), from in 0i32..46, position in 0i8..16, wide: bool) {
            let requantizer = Requantizer::new(from, format(wide, position)).expect("fixed-point");
            let (numerator, denominator) = fraction(sum.into(), from - i32::from(position));
            prop_assert_eq!(requantizer.apply(sum), reference(numerator, denominator, wide));
        }

        #[test]
        fn narrow_sums_are_rounded_as_wide_ones(sum: i32, small in 0u32..32, shift in -40i32..60, relu: bool, wide: bool) {
            let requantizer = Requantizer { shift, ..Requantizer::new(0, format(wide, 0)).expect("fixed-point") };
            let requantizer = if relu { requantizer.not_negative().at_most(100) } else { requantizer };
            prop_assert_eq!(requantizer.apply_narrow(sum >> small), requantizer.apply((sum >> small).into()));
        }

        /// Ties, hit on purpose: an odd number of half steps.
        #[test]
        fn ties_are_exact(steps in -40000i64..40000, from in 1i32..46, wide: bool) {
            let requantizer = Requantizer::new(from, format(wide, 0)).expect("fixed-point");
            let sum = (2 * steps + 1) << (from - 1);
            prop_assert_eq!(requantizer.apply(sum), reference(sum.into(), 1 << from, wide));
        }

        #[test]
        fn quotients_are_exact(sum in spread(47), count in 1u64..5000, shift in -15i32..16, wide: bool) {
            let requantizer = Requantizer { shift, ..Requantizer::new(0, format(wide, 0)).expect("fixed-point") };
            let (numerator, denominator) = fraction(sum.into(), shift);
            let expected = reference(numerator, denominator * i128::from(count), wide);
            prop_assert_eq!(requantizer.divide(sum, count), expected);
        }

        #[test]
        fn quotients_of_huge_windows_are_exact(sum in spread(47), count in 1u64..1 << 31, shift in -40i32..40) {
            let requantizer = Requantizer { shift, ..Requantizer::new(0, format(true, 0)).expect("fixed-point") };
            let (numerator, denominator) = fraction(sum.into(), shift);
            let expected = reference(numerator, denominator * i128::from(count), true);
            prop_assert_eq!(requantizer.divide(sum, count), expected);
        }

        /// The promise at the top of the module: what is found exact is, though sums saturate on the way.
        #[test]
        fn saturating_sums_give_exact_outputs(
            product in spread(62),
            alpha in any::<i16>(),
            addends in proptest::collection::vec((any::<i16>(), -15i32..31), 0..3),
            sum_position in -15i32..46,
            position in -10i8..31,
            wide: bool,
        ) {
            let to = addends.iter().map(|&(_, position)| position).fold(sum_position, i32::max);
            // The product may be as large as 2^76, of which a magnitude knows only that it is large.
            let mut magnitudes = std::vec![Magnitude { largest: u64::MAX, position: sum_position }];
            magnitudes.extend(addends.iter().map(|&(_, position)| Magnitude { largest: 1 << 15, position }));
            prop_assume!(is_exact(magnitudes.iter().copied(), position.into()));

            let mut exact = (i128::from(product) * i128::from(alpha)) << (to - sum_position);
            let mut sum = shifted(product.saturating_mul(i64::from(alpha)), shift_between(sum_position, to));
            for &(addend, from) in &addends {
                exact += i128::from(addend) << (to - from);
                sum = sum.saturating_add(shifted(addend.into(), shift_between(from, to)));
            }
            let requantizer = Requantizer::new(to, format(wide, position)).expect("fixed-point");
            let (numerator, denominator) = fraction(exact, to - i32::from(position));
            prop_assert_eq!(requantizer.apply(sum), reference(numerator, denominator, wide));
        }
    }
}
