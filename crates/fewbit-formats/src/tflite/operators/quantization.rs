//! From real numbers to integers that stand for them, and back.
//!
//! Between operators all values are real numbers, rounded where the file holds integers, so that nothing is left to do.

use super::Operator;
use super::activation::one;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("QUANTIZE", "QuantizeLinear, DequantizeLinear", |c| one(c, "Identity")),
    Operator::new("DEQUANTIZE", "nothing", |c| one(c, "Identity")),
];
