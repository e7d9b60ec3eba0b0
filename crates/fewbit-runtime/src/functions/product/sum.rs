//! The innermost loop: sums of products over a tile, in floats and in integers of two widths.

use super::power::Power;
use super::{COLUMNS, TAPS};
use fewbit_nnb::Element;

/// A factor of products.
pub(in super::super) trait Factor: Element + Power {
    /// The factor for a constant that stands in the padding: a real number where tiles hold those, a stored integer
    /// where they hold those.
    fn of_padding(padding: Padding) -> Self;
}

/// What stands in the padding of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(in super::super) struct Padding {
    /// As a real number.
    pub real: f32,
    /// As an integer of the input's format.
    pub integer: i16,
}

impl Factor for f32 {
    fn of_padding(padding: Padding) -> Self {
        padding.real
    }
}

impl Factor for i16 {
    fn of_padding(padding: Padding) -> Self {
        padding.integer
    }
}

impl Factor for i32 {
    fn of_padding(padding: Padding) -> Self {
        padding.integer.into()
    }
}

/// A number that products are summed in; the default is the empty sum.
pub(super) trait Sum: Copy + Default {
    /// The factors.
    type Element: Factor;

    /// The sum with a product added.
    fn plus(self, weight: Self::Element, x: Self::Element) -> Self;

    /// The value of an integer sum with so many fractional bits; a float is its value itself.
    fn to_real(self, position: i32) -> f32;

    /// Adds the products of a tile: one row of `weights` for each row of sums, one entry of it for each row of `patches`.
    fn accumulate_tile(
        sums: &mut [[Self; COLUMNS]],
        weights: &[[Self::Element; TAPS]],
        patches: &[[Self::Element; COLUMNS]],
    ) {
        for (sums, weights) in sums.iter_mut().zip(weights) {
            // In registers, not in memory.
            let mut local = *sums;
            for (&weight, patch) in weights.iter().zip(patches) {
                for (sum, &x) in local.iter_mut().zip(patch) {
                    *sum = sum.plus(weight, x);
                }
            }
            *sums = local;
        }
    }
}

impl Sum for f32 {
    type Element = f32;

    #[inline(always)]
    fn plus(self, weight: f32, x: f32) -> Self {
        self + weight * x
    }

    fn to_real(self, _position: i32) -> f32 {
        self
    }
}

impl Sum for i32 {
    type Element = i16;

    #[inline(always)]
    fn plus(self, weight: i16, x: i16) -> Self {
        self + i32::from(weight) * i32::from(x)
    }

    fn to_real(self, position: i32) -> f32 {
        libm::ldexpf(self as f32, -position)
    }

    /// Two taps at a time, with their patches side by side: processors multiply such pairs of 16-bit numbers and add the
    /// two products in one instruction, and compilers know the pattern.
    fn accumulate_tile(sums: &mut [[i32; COLUMNS]], weights: &[[i16; TAPS]], patches: &[[i16; COLUMNS]]) {
        let mut pairs = [[[0; 2]; COLUMNS]; TAPS / 2];
        let without = [0; COLUMNS];
        for (pairs, patches) in pairs.iter_mut().zip(patches.chunks(2)) {
            let (first, second) = (&patches[0], patches.get(1).unwrap_or(&without));
            for (pair, (&first, &second)) in pairs.iter_mut().zip(first.iter().zip(second)) {
                *pair = [first, second];
            }
        }
        let pairs = &pairs[..patches.len().div_ceil(2).min(TAPS / 2)];
        for (sums, weights) in sums.iter_mut().zip(weights) {
            let mut local = *sums;
            for (weights, patches) in weights.as_chunks::<2>().0.iter().zip(pairs) {
                let [first, second] = weights.map(i32::from);
                for (sum, x) in local.iter_mut().zip(patches) {
                    *sum += first * i32::from(x[0]) + second * i32::from(x[1]);
                }
            }
            *sums = local;
        }
    }
}

impl Sum for i64 {
    type Element = i32;

    #[inline(always)]
    fn plus(self, weight: i32, x: i32) -> Self {
        self + i64::from(weight) * i64::from(x)
    }

    fn to_real(self, position: i32) -> f32 {
        libm::ldexpf(self as f32, -position)
    }
}

/// Up to this many columns, rows are summed a column at a time: most of a tile would be empty.
const FEW_COLUMNS: usize = 2;

/// In a column each row has just one sum: those of so many rows are summed at a time.
const ROWS_AT_ONCE: usize = 8;

/// Adds the products of a tile to sums: one row of `weights` for each row of sums, one entry of it for each row of
/// `patches`. Only the first `columns` columns matter.
pub(super) fn accumulate<S: Sum>(
    sums: &mut [[S; COLUMNS]],
    weights: &[[S::Element; TAPS]],
    patches: &[[S::Element; COLUMNS]],
    columns: usize,
) {
    if columns > FEW_COLUMNS {
        return S::accumulate_tile(sums, weights, patches);
    }
    for column in 0..columns {
        let (many, left) = sums.as_chunks_mut::<ROWS_AT_ONCE>();
        let (weights, weights_left) = weights.split_at(weights.len().min(many.len() * ROWS_AT_ONCE));
        for (sums, weights) in many.iter_mut().zip(weights.as_chunks().0) {
            accumulate_column::<S, ROWS_AT_ONCE>(sums, weights, patches, column);
        }
        for (sums, weights) in left.as_chunks_mut().0.iter_mut().zip(weights_left.as_chunks().0) {
            accumulate_column::<S, 1>(sums, weights, patches, column);
        }
    }
}

fn accumulate_column<S: Sum, const N: usize>(
    sums: &mut [[S; COLUMNS]; N],
    weights: &[[S::Element; TAPS]; N],
    patches: &[[S::Element; COLUMNS]],
    column: usize,
) {
    let mut local = [S::default(); N];
    for (local, sums) in local.iter_mut().zip(&*sums) {
        *local = sums[column];
    }
    for (tap, patch) in (0..TAPS).zip(patches) {
        for (sum, weights) in local.iter_mut().zip(weights) {
            *sum = sum.plus(weights[tap], patch[column]);
        }
    }
    for (local, sums) in local.iter().zip(sums) {
        sums[column] = *local;
    }
}
