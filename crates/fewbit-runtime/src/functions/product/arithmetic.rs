//! [`Arithmetic`]: which numbers the sums of a function are computed in.

use super::matrix::Matrix;
use super::operands::Powers;
use crate::requantize::{magnitude, position};
use crate::session::Semantics;
use fewbit_nnb::Values;

/// How a function computes its sums.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum Arithmetic<'v> {
    /// Floats, values exactly as stored.
    Real,
    /// Integers of 32 bits, which hold every sum that the formats allow.
    Narrow(IntegerSums<'v>),
    /// Integers of 64 bits, which hold every sum: a variable has less than `2^31` values, and no product is larger than
    /// `2^31`.
    Wide(IntegerSums<'v>),
}

/// What is known of integer sums.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct IntegerSums<'v> {
    /// The largest magnitude that a sum can have.
    pub largest: u64,
    x_position: i32,
    weights: Values<'v>,
    /// How many consecutive weights belong to an output channel.
    row_items: usize,
}

impl IntegerSums<'_> {
    /// The position of the sums of an output channel: those of the factors added.
    pub fn position(&self, channel: usize) -> i32 {
        self.x_position + i32::from(self.weights.position_at(channel.saturating_mul(self.row_items)))
    }

    /// Whether the sums of all channels have the same position.
    pub fn have_one_position(&self) -> bool {
        self.weights.channel_positions().is_empty()
    }
}

impl<'v> Arithmetic<'v> {
    /// The arithmetic for sums of `taps` products of values of `x` with weights, which lie in memory as `matrix` and may
    /// be rounded to powers of two.
    pub fn new(
        semantics: Semantics,
        x: &Values<'v>,
        weights: &Matrix<'v>,
        powers: Option<Powers<'v>>,
        taps: usize,
    ) -> Self {
        let (row_items, weights) = (weights.row_items().unwrap_or(0), weights.values());
        let (Semantics::Integer, Some(x_position)) = (semantics, position(x.format())) else { return Self::Real };
        let (Some(x_largest), Some(weight_largest)) = (magnitude(x.format()), magnitude(weights.format())) else {
            return Self::Real;
        };
        // All products of a sum must have one position. Powers are those of a whole variable, not of a channel.
        let one_position = x.channel_positions().is_empty()
            && weights.has_position_for_each(row_items)
            && (weights.channel_positions().is_empty() || powers.is_none());
        if !one_position {
            return Self::Real;
        }
        // The power of two that is nearest to a weight, or the least that there is, can be twice as large as any weight.
        let weight_largest = if powers.is_some() { 2 * weight_largest } else { weight_largest };
        let largest = (x_largest * weight_largest).saturating_mul(taps as u64);
        let sums = IntegerSums { largest, x_position, weights, row_items };
        // The factors of narrow sums have 16 bits: -32768 fits, 32768 would not.
        if largest <= i32::MAX as u64 && weight_largest <= 1 << 15 { Self::Narrow(sums) } else { Self::Wide(sums) }
    }

    /// What is known of the sums, if they are integers.
    pub fn integer(&self) -> Option<&IntegerSums<'v>> {
        match self {
            Self::Real => None,
            Self::Narrow(sums) | Self::Wide(sums) => Some(sums),
        }
    }
}
