//! [`Finish`]: what becomes of a sum before it is stored, all within 32 bits.
//!
//! It is `requantize` rearranged, so that little is left to do for each value: halves that are added for rounding, biases,
//! and the offset of stored bytes are added up beforehand. Of a sum that is shifted left and later right only the
//! difference is left.

use super::{IntegerSimd, load_up_to};
use crate::host::storage::Storage;
use std::vec::Vec;

/// What follows a sum of products.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Finish {
    /// What input values are in memory.
    pub input: Storage,
    /// What values that are added are in memory.
    pub residual: Storage,
    /// What output values are in memory.
    pub output: Storage,
    /// For each output channel a factor of the sum, and what is added then. Without them the sum began with what is
    /// added.
    pub scaled: Option<[Vec<i32>; 2]>,
    /// For each output channel how far the residual is shifted left that is added before the sum is rounded.
    pub residual_left: Option<Vec<i32>>,
    /// For each output channel how far the sum is shifted right.
    pub right: Vec<i32>,
    /// The least and the greatest value then.
    pub range: [i32; 2],
    /// What follows.
    pub roundings: Vec<Rounding>,
}

/// A value is shifted left, something is added, and it is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct Rounding {
    /// How far the value is shifted left.
    pub left: i32,
    /// How far the residual is shifted left, if it is added here.
    pub residual_left: Option<i32>,
    /// What else is added.
    pub offset: i32,
    /// How far all is shifted right.
    pub right: i32,
    /// The least and the greatest value then.
    pub range: [i32; 2],
    /// Whether 16 bits hold all of it.
    pub fits_words: bool,
}

impl Finish {
    /// Whether there is what so many output channels need.
    pub fn is_complete(&self, outputs: usize) -> bool {
        let each = |values: &Vec<i32>| values.len() >= outputs;
        each(&self.right)
            && self.residual_left.as_ref().is_none_or(each)
            && self.scaled.as_ref().is_none_or(|scaled| scaled.iter().all(each))
    }

    /// The same with the values of each channel where its lane is.
    pub fn arranged(self, arrange: impl Fn(&[i32]) -> Vec<i32>) -> Self {
        Self {
            scaled: self.scaled.map(|scaled| scaled.map(|values| arrange(&values))),
            residual_left: self.residual_left.map(|values| arrange(&values)),
            right: arrange(&self.right),
            ..self
        }
    }

    /// Whether 16 bits hold all that follows the first rounding.
    pub(super) fn fits_words(&self) -> bool {
        self.roundings.iter().all(|rounding| rounding.fits_words)
    }

    /// Brings the sums of a tile to the position of the output: of `V` vectors of channels from `channel` on, `count` of
    /// which there are. `residual` holds what is added, as it is stored. The range is left to what follows.
    ///
    /// # Safety
    /// The finish must be complete for `channel + count` channels.
    #[inline(always)]
    pub(super) unsafe fn shift<S: IntegerSimd, const P: usize, const V: usize>(
        &self,
        simd: S,
        sums: &mut [[S::Integers; V]; P],
        residual: &[[S::Integers; V]; P],
        at: (usize, usize),
    ) {
        // Small loops over all sums, each without a branch inside: so the sums stay in registers.
        if let Some([factor, offset]) = &self.scaled {
            // SAFETY: as the caller promises.
            let (factor, offset) = unsafe { (channels::<S, V>(simd, factor, at), channels::<S, V>(simd, offset, at)) };
            for p in 0..P {
                for v in 0..V {
                    sums[p][v] = simd.add(simd.mul(sums[p][v], factor[v]), offset[v]);
                }
            }
        }
        if let Some(left) = &self.residual_left {
            // SAFETY: as the caller promises.
            let left = unsafe { channels::<S, V>(simd, left, at) };
            for p in 0..P {
                for v in 0..V {
                    sums[p][v] = simd.add(sums[p][v], simd.shift_left(residual[p][v], left[v]));
                }
            }
        }
        // SAFETY: as the caller promises.
        let right = unsafe { channels::<S, V>(simd, &self.right, at) };
        for p in 0..P {
            for v in 0..V {
                sums[p][v] = simd.shift_right(sums[p][v], right[v]);
            }
        }
    }

    /// What follows [`Finish::shift`].
    #[inline(always)]
    pub(super) fn round<S: IntegerSimd, const P: usize, const V: usize>(
        &self,
        simd: S,
        values: &mut [[S::Integers; V]; P],
        residual: &[[S::Integers; V]; P],
    ) {
        let [low, high] = self.range.map(|end| simd.splat(end));
        for row in &mut *values {
            for value in row {
                *value = simd.min(simd.max(*value, low), high);
            }
        }
        for rounding in &self.roundings {
            rounding.apply(simd, values, residual);
        }
    }

    /// The same in words, which must be wide enough: of `V` vectors that were joined to half as many, which come first.
    /// Values may leave the range where it is all that the output can store.
    #[inline(always)]
    pub(super) fn round_words<S: IntegerSimd, const P: usize, const V: usize>(
        &self,
        simd: S,
        words: &mut [[S::Words; V]; P],
        residual: &[[S::Words; V]; P],
    ) {
        let whole = self.output.range();
        limit_words(simd, words, self.range, whole, self.roundings.is_empty());
        for (index, rounding) in self.roundings.iter().enumerate() {
            if rounding.left > 0 {
                for row in &mut *words {
                    for words in row.iter_mut().take(V / 2) {
                        *words = simd.shift_words_left(*words, rounding.left);
                    }
                }
            }
            if let Some(left) = rounding.residual_left {
                for p in 0..P {
                    for v in 0..V / 2 {
                        words[p][v] = simd.add_words(words[p][v], simd.shift_words_left(residual[p][v], left));
                    }
                }
            }
            let offset = simd.splat_words(rounding.offset as i16);
            for row in &mut *words {
                for words in row.iter_mut().take(V / 2) {
                    *words = simd.shift_words_right(simd.add_words(*words, offset), rounding.right);
                }
            }
            limit_words(simd, words, rounding.range, whole, index + 1 == self.roundings.len());
        }
    }
}

/// Brings words into a range; nothing to do the last time if it is the whole range of the storage, to which they are
/// saturated when they are stored.
#[inline(always)]
fn limit_words<S: IntegerSimd, const P: usize, const V: usize>(
    simd: S,
    words: &mut [[S::Words; V]; P],
    range: [i32; 2],
    whole: [i32; 2],
    is_last: bool,
) {
    if is_last && range == whole {
        return;
    }
    // Values fit words, and so do the ends that matter.
    let [low, high] = range.map(|end| simd.splat_words(end.clamp(i16::MIN.into(), i16::MAX.into()) as i16));
    for row in words {
        for words in row.iter_mut().take(V / 2) {
            *words = simd.min_words(simd.max_words(*words, low), high);
        }
    }
}

/// The values of `V` vectors of channels, from a channel on and as many as there are.
///
/// # Safety
/// `values` must have as many.
#[inline(always)]
unsafe fn channels<S: IntegerSimd, const V: usize>(
    simd: S,
    values: &[i32],
    (channel, count): (usize, usize),
) -> [S::Integers; V] {
    let mut vectors = [simd.splat(0); V];
    for v in 0..V {
        let first = v * S::LANES;
        // SAFETY: as the caller promises.
        vectors[v] = unsafe { load_up_to(simd, values.as_ptr().add(channel + first), count - first) };
    }
    vectors
}

impl Rounding {
    /// Where bytes that are stored stay as they are but for a least value: that.
    pub(super) fn least_byte(&self) -> Option<u8> {
        let [low, high] = self.range;
        let stays = self.left == 0 && self.right == 0 && self.offset == 0 && self.residual_left.is_none();
        (stays && high == 255).then(|| u8::try_from(low).ok())?
    }

    /// Rounds the values of a tile. `residual` holds what is added, as it is stored.
    #[inline(always)]
    pub(super) fn apply<S: IntegerSimd, const P: usize, const V: usize>(
        &self,
        simd: S,
        values: &mut [[S::Integers; V]; P],
        residual: &[[S::Integers; V]; P],
    ) {
        let offset = simd.splat(self.offset);
        if self.left > 0 {
            let left = simd.splat(self.left);
            for row in &mut *values {
                for value in row {
                    *value = simd.shift_left(*value, left);
                }
            }
        }
        if let Some(left) = self.residual_left {
            let left = simd.splat(left);
            for p in 0..P {
                for v in 0..V {
                    values[p][v] = simd.add(values[p][v], simd.shift_left(residual[p][v], left));
                }
            }
        }
        let right = simd.splat(self.right);
        let [low, high] = self.range.map(|end| simd.splat(end));
        for row in values {
            for value in row {
                *value = simd.shift_right(simd.add(*value, offset), right);
                *value = simd.min(simd.max(*value, low), high);
            }
        }
    }
}
