//! [`NumberFormat`]: how the values of a variable are stored, and how real numbers become stored ones.
//!
//! Values of less than a byte are packed, the first in the lowest bits.
//!
//! A fixed-point number is an integer in two's complement times a power of two: `value = integer * 2^-position`. The
//! position is the number of fractional bits; it may be negative or exceed the width, though `.nnb` versions 2 and 3
//! hold only positions from 0 to the width less one.

use core::fmt;
use core::str::FromStr;

/// The form in which a value is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum NumberFormat {
    /// IEEE 754 single precision.
    #[default]
    Float32,
    /// A 16-bit integer times `2^-position`.
    Fixed16 {
        /// The number of fractional bits.
        position: i8,
    },
    /// An 8-bit integer times `2^-position`.
    Fixed8 {
        /// The number of fractional bits.
        position: i8,
    },
    /// A 4-bit integer times `2^-position`, two to a byte; for parameters only. A fewbit extension.
    Fixed4 {
        /// The number of fractional bits.
        position: i8,
    },
    /// A 2-bit integer (-2, -1, 0 or 1) times `2^-position`, four to a byte; for parameters only. A fewbit extension.
    Fixed2 {
        /// The number of fractional bits.
        position: i8,
    },
    /// One bit a value: set for +1, clear for -1; for parameters only.
    Sign,
}

/// What to do with the part of a number that lies between two steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To the nearest step, ties to the even one: how NNabla's converter stores parameters.
    HalfEven,
    /// To the nearest step, ties upwards: `(x + 1/2)` rounded down, the *integer* semantics of the runtime.
    HalfUp,
    /// Towards zero: the *reference* semantics, how NNabla's C runtime stores.
    TowardZero,
}

impl NumberFormat {
    /// Bits of one value.
    pub fn bits(self) -> usize {
        match self {
            Self::Float32 => 32,
            Self::Fixed16 { .. } => 16,
            Self::Fixed8 { .. } => 8,
            Self::Fixed4 { .. } => 4,
            Self::Fixed2 { .. } => 2,
            Self::Sign => 1,
        }
    }

    /// Bytes of `items` values; those of less than a byte are packed.
    pub fn bytes(self, items: usize) -> usize {
        match self {
            Self::Float32 => items * 4,
            Self::Fixed16 { .. } => items * 2,
            Self::Fixed8 { .. } => items,
            Self::Fixed4 { .. } => items.div_ceil(2),
            Self::Fixed2 { .. } => items.div_ceil(4),
            Self::Sign => items.div_ceil(8),
        }
    }

    /// Whether values take less than a byte each, so that only parameters can have the format.
    pub fn is_packed(self) -> bool {
        self.bits() < 8
    }

    /// The number of fractional bits; `None` for formats that are not fixed-point.
    #[inline]
    pub fn position(self) -> Option<i8> {
        match self {
            Self::Fixed16 { position }
            | Self::Fixed8 { position }
            | Self::Fixed4 { position }
            | Self::Fixed2 { position } => Some(position),
            Self::Float32 | Self::Sign => None,
        }
    }

    /// The same format with another position; formats without one stay as they are.
    pub fn with_position(self, position: i8) -> Self {
        match self {
            Self::Fixed16 { .. } => Self::Fixed16 { position },
            Self::Fixed8 { .. } => Self::Fixed8 { position },
            Self::Fixed4 { .. } => Self::Fixed4 { position },
            Self::Fixed2 { .. } => Self::Fixed2 { position },
            Self::Float32 | Self::Sign => self,
        }
    }

    /// Whether it is fixed-point.
    pub fn is_fixed(self) -> bool {
        self.position().is_some()
    }

    /// The value of one step: `2^-position`, and 1 for formats that are not fixed-point.
    #[inline]
    pub fn step(self) -> f32 {
        exp2(-i32::from(self.position().unwrap_or(0)))
    }

    /// The least and the greatest integer that the format stores; `None` for floats.
    pub fn integer_range(self) -> Option<(i32, i32)> {
        match self {
            Self::Float32 => None,
            Self::Fixed16 { .. } => Some((i32::from(i16::MIN), i32::from(i16::MAX))),
            Self::Fixed8 { .. } => Some((i32::from(i8::MIN), i32::from(i8::MAX))),
            Self::Fixed4 { .. } => Some((-8, 7)),
            Self::Fixed2 { .. } => Some((-2, 1)),
            Self::Sign => Some((-1, 1)),
        }
    }

    /// The integer stored for `value` in a fixed-point format: rounded, saturated to the range of the type; zero for
    /// a value that is not a number, and in the other formats.
    pub fn quantize(self, value: f32, rounding: Rounding) -> i32 {
        Quantizer::new(self, rounding).map_or(0, |quantizer| quantizer.quantize(value))
    }

    /// The name without the position, as in a settings file.
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Float32 => "FLOAT32",
            Self::Fixed16 { .. } => "FIXED16",
            Self::Fixed8 { .. } => "FIXED8",
            Self::Fixed4 { .. } => "FIXED4",
            Self::Fixed2 { .. } => "FIXED2",
            Self::Sign => "SIGN",
        }
    }
}

/// Turns real numbers into the integers of one fixed-point format, many in a row.
#[derive(Clone, Copy, Debug)]
pub struct Quantizer {
    scale: f32,
    low: f32,
    high: f32,
    rounding: Rounding,
}

impl Quantizer {
    /// The quantiser of a fixed-point format; `None` for the other formats.
    pub fn new(format: NumberFormat, rounding: Rounding) -> Option<Self> {
        let scale = exp2(i32::from(format.position()?));
        let (low, high) = format.integer_range()?;
        Some(Self { scale, low: low as f32, high: high as f32, rounding })
    }

    /// The integer stored for `value`: rounded and saturated; zero for a value that is not a number.
    #[inline]
    pub fn quantize(&self, value: f32) -> i32 {
        self.round(value, self.rounding)
    }

    /// The integers stored for as many values as both slices have.
    pub fn quantize_all(&self, values: &[f32], integers: &mut [i32]) {
        // A loop for each rounding, so that each can be vectorised.
        match self.rounding {
            Rounding::HalfEven => self.round_all(values, integers, Rounding::HalfEven),
            Rounding::HalfUp => self.round_all(values, integers, Rounding::HalfUp),
            Rounding::TowardZero => self.round_all(values, integers, Rounding::TowardZero),
        }
    }

    #[inline(always)]
    fn round_all(&self, values: &[f32], integers: &mut [i32], rounding: Rounding) {
        for (integer, &value) in integers.iter_mut().zip(values) {
            *integer = self.round(value, rounding);
        }
    }

    #[inline(always)]
    fn round(&self, value: f32, rounding: Rounding) -> i32 {
        /// Added to a number of less than 2^22, it leaves the nearest integer in the lowest bits of the sum. Casts to
        /// integers saturate in Rust, which stands in the way of vector instructions.
        const SHIFTER: f32 = 12_582_912.0;
        // The product with a power of two is exact, or beyond the ends, or so near to zero that it becomes zero.
        let scaled = value * self.scale;
        let scaled = if scaled.is_nan() { 0.0 } else { scaled.clamp(self.low, self.high) };
        let shifted = scaled + SHIFTER;
        let nearest = shifted.to_bits().wrapping_sub(SHIFTER.to_bits()) as i32;
        let rest = scaled - (shifted - SHIFTER);
        match rounding {
            Rounding::HalfEven => nearest,
            Rounding::HalfUp => nearest + i32::from(rest == 0.5),
            // The nearest integer is one too far from zero if the value lies before it.
            Rounding::TowardZero => {
                nearest + i32::from(nearest < 0 && rest > 0.0) - i32::from(nearest > 0 && rest < 0.0)
            }
        }
    }
}

/// `2^exponent`, saturating at zero and infinity.
#[inline]
fn exp2(exponent: i32) -> f32 {
    exp2_f64(exponent) as f32
}

/// `2^exponent` for exponents of normal numbers, which all positions are.
#[inline]
fn exp2_f64(exponent: i32) -> f64 {
    let biased = (exponent + 1023).clamp(0, 2047);
    f64::from_bits((biased as u64) << 52)
}

/// The name in a settings file: `FIXED8_5` is an 8-bit number with five fractional bits.
impl fmt::Display for NumberFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.type_name())?;
        match self.position() {
            Some(position) => write!(f, "_{position}"),
            None => Ok(()),
        }
    }
}

/// A text that names no number format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number format: write FLOAT32, SIGN, or FIXED16, FIXED8, FIXED4 or FIXED2 with _<position>")]
pub struct ParseNumberFormatError;

impl FromStr for NumberFormat {
    type Err = ParseNumberFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "FLOAT32" => return Ok(Self::Float32),
            "SIGN" => return Ok(Self::Sign),
            _ => {}
        }
        let (name, position) = text.split_once('_').ok_or(ParseNumberFormatError)?;
        let position = position.parse().map_err(|_| ParseNumberFormatError)?;
        match name {
            "FIXED16" => Ok(Self::Fixed16 { position }),
            "FIXED8" => Ok(Self::Fixed8 { position }),
            "FIXED4" => Ok(Self::Fixed4 { position }),
            "FIXED2" => Ok(Self::Fixed2 { position }),
            _ => Err(ParseNumberFormatError),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    #[test]
    fn rounding_at_ties_and_ends() {
        let format = NumberFormat::Fixed8 { position: 1 };
        let cases = [
            // value, half even, half up, toward zero
            (0.25, 0, 1, 0),
            (0.75, 2, 2, 1),
            (-0.25, 0, 0, 0),
            (-0.75, -2, -1, -1),
            (-0.8, -2, -2, -1),
            (63.4, 127, 127, 126),
            (1e30, 127, 127, 127),
            (-1e30, -128, -128, -128),
            (f32::INFINITY, 127, 127, 127),
            (f32::NAN, 0, 0, 0),
        ];
        for (value, even, up, zero) in cases {
            assert_eq!(format.quantize(value, Rounding::HalfEven), even, "{value} half even");
            assert_eq!(format.quantize(value, Rounding::HalfUp), up, "{value} half up");
            assert_eq!(format.quantize(value, Rounding::TowardZero), zero, "{value} toward zero");
        }
    }

    #[test]
    fn positions_outside_the_width() {
        assert_eq!(NumberFormat::Fixed8 { position: -3 }.quantize(100.0, Rounding::HalfUp), 13);
        assert_eq!(NumberFormat::Fixed8 { position: 20 }.quantize(1e-5, Rounding::HalfUp), 10);
        assert_eq!(NumberFormat::Fixed16 { position: -2 }.step(), 4.0);
        assert_eq!(NumberFormat::Fixed16 { position: 15 }.step(), 1.0 / 32768.0);
    }

    #[test]
    fn names_round_trip() {
        for text in ["FLOAT32", "SIGN", "FIXED16_11", "FIXED8_-2", "FIXED4_3", "FIXED2_0"] {
            assert_eq!(text.parse::<NumberFormat>().map(|f| f.to_string()), Ok(text.to_string()));
        }
        for text in ["FIXED8", "FIXED8_", "FIXED3_1", "fixed8_1", "FIXED8_1x", "FIXED8_200"] {
            assert_eq!(text.parse::<NumberFormat>(), Err(ParseNumberFormatError), "{text}");
        }
    }

    #[test]
    fn packed_formats_share_bytes() {
        let (four, two) = (NumberFormat::Fixed4 { position: 1 }, NumberFormat::Fixed2 { position: -1 });
        assert_eq!([four.bytes(3), two.bytes(5), NumberFormat::Sign.bytes(9)], [2, 2, 2]);
        assert_eq!([four.quantize(9.0, Rounding::HalfUp), four.quantize(-9.0, Rounding::HalfUp)], [7, -8]);
        assert_eq!([two.quantize(1.0, Rounding::HalfUp), two.quantize(-9.0, Rounding::HalfUp)], [1, -2]);
    }

    proptest! {
        /// In double precision every product and every sum with a half is exact.
        #[test]
        fn rounding_is_that_of_exact_arithmetic(bits in any::<u32>(), near in -70000i32..70000, position in any::<i8>()) {
            let step = exp2_f64(-i32::from(position));
            for value in [f32::from_bits(bits), (f64::from(near) / 2.0 * step) as f32] {
                let exact = f64::from(value) / step;
                for format in [NumberFormat::Fixed8 { position }, NumberFormat::Fixed16 { position }] {
                    let (low, high) = format.integer_range().expect("fixed point");
                    let stored = |rounded: f64| if exact.is_nan() { 0 } else { rounded as i32 }.clamp(low, high);
                    prop_assert_eq!(format.quantize(value, Rounding::HalfUp), stored((exact + 0.5).floor()));
                    prop_assert_eq!(format.quantize(value, Rounding::HalfEven), stored(exact.round_ties_even()));
                    prop_assert_eq!(format.quantize(value, Rounding::TowardZero), stored(exact.trunc()));
                }
            }
        }

        /// A stored value, read back, is stored as itself; and a nearest rounding is never off by more than half a step.
        #[test]
        fn quantizing_is_stable_and_near(value in -200.0f32..200.0, position in -4i8..12) {
            let format = NumberFormat::Fixed16 { position };
            for rounding in [Rounding::HalfEven, Rounding::HalfUp, Rounding::TowardZero] {
                let stored = format.quantize(value, rounding);
                let back = stored as f32 * format.step();
                prop_assert_eq!(format.quantize(back, rounding), stored);
                let (low, high) = (-32768, 32767);
                if stored > low && stored < high {
                    let limit = if rounding == Rounding::TowardZero { 1.0 } else { 0.5 };
                    prop_assert!(((value - back) / format.step()).abs() <= limit);
                }
            }
        }
    }
}
