//! Vectors of 32-bit integers, and the kernels over maps of 8-bit and 16-bit integers.
//!
//! As in the module above: a type that implements [`IntegerSimd`] is proof of its instructions, and a kernel is written
//! once over it. Sums are computed modulo `2^32`; that none of them leaves the 32 bits in the end is what the planner makes
//! sure of (`host::integer`), from the weights themselves. So all instruction sets give the same bits, whatever the order
//! in which they add.

#[cfg(target_arch = "x86_64")]
pub(super) mod avx2;
#[cfg(target_arch = "x86_64")]
pub(super) mod avx512;
mod convolution;
mod depthwise;
pub(in crate::host) mod elementwise;
mod finish;
#[cfg(target_arch = "aarch64")]
pub(super) mod neon;
mod pooling;
pub(super) mod portable;

use super::Vectors;
use crate::host::storage::Storage;
pub(in crate::host) use finish::{Finish, Rounding};
pub(in crate::host) use pooling::PoolingFinish;

/// The vectors of 32-bit integers of an instruction set. Sums and products wrap.
///
/// Methods that take a pointer read or write consecutive items from it on; it needs no alignment. Shifts are from 0 to 31.
///
/// # Safety
/// A value of the type must be proof that the processor has the instructions.
pub(in crate::host) unsafe trait IntegerSimd: Vectors {
    /// A vector of integers.
    type Integers: Copy;

    /// A vector of twice as many integers of 16 bits, with a sign.
    type Words: Copy;

    /// A vector with this value in all places.
    fn splat(self, value: i32) -> Self::Integers;

    /// Reads a vector.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` integers.
    unsafe fn load(self, from: *const i32) -> Self::Integers;

    /// Reads the first `count` integers of a vector, at most `LANES`; the others are zero.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` integers.
    unsafe fn load_some(self, from: *const i32, count: usize) -> Self::Integers;

    /// Reads `LANES` bytes without a sign.
    ///
    /// # Safety
    /// `from` must be valid for reading as many.
    unsafe fn load_bytes(self, from: *const u8) -> Self::Integers;

    /// Reads `LANES` words of two bytes with a sign.
    ///
    /// # Safety
    /// `from` must be valid for reading as many.
    unsafe fn load_words(self, from: *const u8) -> Self::Integers;

    /// Writes the low byte of each integer.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` bytes.
    unsafe fn store_bytes(self, to: *mut u8, vector: Self::Integers);

    /// Writes the low two bytes of each integer.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` words of two bytes.
    unsafe fn store_words(self, to: *mut u8, vector: Self::Integers);

    /// Writes a vector.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` integers.
    unsafe fn store(self, to: *mut i32, vector: Self::Integers);

    /// In each place, `sum` and the products of the four bytes of `x`, without a sign, with those of `w`, with one.
    fn add_products_of_bytes(self, sum: Self::Integers, x: Self::Integers, w: Self::Integers) -> Self::Integers;

    /// In each place, `sum` and the products of the two words of `x` with those of `w`, all with a sign.
    fn add_products_of_words(self, sum: Self::Integers, x: Self::Integers, w: Self::Integers) -> Self::Integers;

    /// `a + b`.
    fn add(self, a: Self::Integers, b: Self::Integers) -> Self::Integers;

    /// `a * b`.
    fn mul(self, a: Self::Integers, b: Self::Integers) -> Self::Integers;

    /// The greater.
    fn max(self, a: Self::Integers, b: Self::Integers) -> Self::Integers;

    /// The lesser.
    fn min(self, a: Self::Integers, b: Self::Integers) -> Self::Integers;

    /// Each place of `a` shifted left by the same of `by`.
    fn shift_left(self, a: Self::Integers, by: Self::Integers) -> Self::Integers;

    /// Each place of `a` shifted right by the same of `by`, with its sign.
    fn shift_right(self, a: Self::Integers, by: Self::Integers) -> Self::Integers;

    /// Two vectors joined, four integers of each in turn, and saturated.
    fn join(self, a: Self::Integers, b: Self::Integers) -> Self::Words;

    /// The two vectors that [`IntegerSimd::join`] joins to this one.
    fn part(self, words: Self::Words) -> [Self::Integers; 2];

    /// A vector with this value in all places.
    fn splat_words(self, value: i16) -> Self::Words;

    /// Reads `2 * LANES` bytes without a sign.
    ///
    /// # Safety
    /// `from` must be valid for reading as many.
    unsafe fn load_pair_of_bytes(self, from: *const u8) -> Self::Words;

    /// Reads `4 * LANES` bytes without a sign: what [`IntegerSimd::store_quad_as_bytes`] stores.
    ///
    /// # Safety
    /// `from` must be valid for reading as many.
    unsafe fn load_quad_of_bytes(self, from: *const u8) -> [Self::Words; 2];

    /// Reads `2 * LANES` words.
    ///
    /// # Safety
    /// `from` must be valid for reading as many.
    unsafe fn load_pair(self, from: *const u8) -> Self::Words;

    /// Writes a vector of words.
    ///
    /// # Safety
    /// `to` must be valid for writing `2 * LANES` words.
    unsafe fn store_pair(self, to: *mut u8, words: Self::Words);

    /// Writes words as bytes without a sign, saturated.
    ///
    /// # Safety
    /// `to` must be valid for writing `2 * LANES` bytes.
    unsafe fn store_pair_as_bytes(self, to: *mut u8, words: Self::Words);

    /// Writes two vectors of words as bytes without a sign, saturated: eight of each in turn.
    ///
    /// # Safety
    /// `to` must be valid for writing `4 * LANES` bytes.
    unsafe fn store_quad_as_bytes(self, to: *mut u8, a: Self::Words, b: Self::Words);

    /// `a + b`.
    fn add_words(self, a: Self::Words, b: Self::Words) -> Self::Words;

    /// The greater.
    fn max_words(self, a: Self::Words, b: Self::Words) -> Self::Words;

    /// The lesser.
    fn min_words(self, a: Self::Words, b: Self::Words) -> Self::Words;

    /// All places shifted left, by less than 16.
    fn shift_words_left(self, a: Self::Words, by: i32) -> Self::Words;

    /// All places shifted right with their signs, by less than 16.
    fn shift_words_right(self, a: Self::Words, by: i32) -> Self::Words;

    /// The greater of each of the four bytes without a sign.
    fn max_bytes(self, a: Self::Integers, b: Self::Integers) -> Self::Integers;
}

/// The most lanes of any instruction set.
pub(in crate::host) const MOST_LANES: usize = 16;

/// Work on integers that can be done with any instruction set. As for [`Kernel`](super::Kernel), all of it must be
/// `#[inline(always)]`.
pub(in crate::host) trait IntegerKernel {
    /// Does the work.
    fn run<S: IntegerSimd>(self, simd: S);
}

/// Reads a vector, or its first `count` integers.
///
/// # Safety
/// `from` must be valid for reading `min(count, LANES)` integers.
#[inline(always)]
unsafe fn load_up_to<S: IntegerSimd>(simd: S, from: *const i32, count: usize) -> S::Integers {
    // SAFETY: the caller gives at least as many as are read.
    unsafe { if count >= S::LANES { simd.load(from) } else { simd.load_some(from, count) } }
}

/// Reads values as they are stored, a vector or its first `count`; the others are zero.
///
/// # Safety
/// `from` must be valid for reading `min(count, LANES)` values.
#[inline(always)]
unsafe fn load_stored<S: IntegerSimd>(simd: S, storage: Storage, from: *const u8, count: usize) -> S::Integers {
    let mut few = [0; 2 * MOST_LANES];
    let from = if count >= S::LANES {
        from
    } else {
        // SAFETY: the caller gives as many; there is room for those of fewer than `LANES` values.
        unsafe { core::ptr::copy_nonoverlapping(from, few.as_mut_ptr(), count * storage.width()) };
        few.as_ptr()
    };
    // SAFETY: there are `LANES` values, which the caller gave or `few` holds.
    unsafe {
        match storage {
            Storage::Byte | Storage::Float => simd.load_bytes(from),
            Storage::Word => simd.load_words(from),
        }
    }
}

/// Reads values as they are stored, `V` vectors joined to half as many or the first `count` values; the others are zero.
///
/// # Safety
/// `from` must be valid for reading `min(count, V * LANES)` values; `V` must be two or four.
#[inline(always)]
unsafe fn load_joined<S: IntegerSimd, const V: usize>(
    simd: S,
    storage: Storage,
    from: *const u8,
    count: usize,
) -> [S::Words; V] {
    let mut few = [0; 8 * MOST_LANES];
    let from = if count >= V * S::LANES {
        from
    } else {
        // SAFETY: the caller gives as many; there is room for those of fewer than `V` vectors.
        unsafe { core::ptr::copy_nonoverlapping(from, few.as_mut_ptr(), count * storage.width()) };
        few.as_ptr()
    };
    let mut joined = [simd.splat_words(0); V];
    // SAFETY: there are as many values, which the caller gave or `few` holds.
    unsafe {
        match (storage, V) {
            (Storage::Word, _) => {
                for (pair, words) in joined.iter_mut().enumerate().take(V / 2) {
                    *words = simd.load_pair(from.add(pair * 4 * S::LANES));
                }
            }
            (Storage::Byte | Storage::Float, 4) => [joined[0], joined[1]] = simd.load_quad_of_bytes(from),
            (Storage::Byte | Storage::Float, _) => joined[0] = simd.load_pair_of_bytes(from),
        }
    }
    joined
}

/// Stores the values of `V` vectors, which are joined to half as many, or the first `count` of them. Words are saturated to
/// bytes.
///
/// # Safety
/// `to` must be valid for writing `min(count, V * LANES)` values; `V` must be two or four.
#[inline(always)]
unsafe fn store_joined<S: IntegerSimd, const V: usize>(
    simd: S,
    storage: Storage,
    to: *mut u8,
    count: usize,
    words: [S::Words; V],
) {
    let mut few = [0; 8 * MOST_LANES];
    let whole = count >= V * S::LANES;
    let place = if whole { to } else { few.as_mut_ptr() };
    // SAFETY: the caller gives room for all values or for `count`; `few` has room for as many.
    unsafe {
        match storage {
            Storage::Word => {
                for (pair, words) in words.into_iter().enumerate().take(V / 2) {
                    simd.store_pair(place.add(pair * 4 * S::LANES), words);
                }
            }
            Storage::Byte | Storage::Float => match V {
                4 => simd.store_quad_as_bytes(place, words[0], words[1]),
                _ => simd.store_pair_as_bytes(place, words[0]),
            },
        }
        if !whole {
            core::ptr::copy_nonoverlapping(few.as_ptr(), to, count * storage.width());
        }
    }
}

/// Stores values, a vector or its first `count`. They are in the range of the storage, with its offset.
///
/// # Safety
/// `to` must be valid for writing `min(count, LANES)` values.
#[inline(always)]
unsafe fn store<S: IntegerSimd>(simd: S, storage: Storage, to: *mut u8, count: usize, vector: S::Integers) {
    let mut few = [0; 2 * MOST_LANES];
    let whole = count >= S::LANES;
    let place = if whole { to } else { few.as_mut_ptr() };
    // SAFETY: the caller gives room for `LANES` values, or for `count`; `few` has room for as many.
    unsafe {
        match storage {
            Storage::Byte | Storage::Float => simd.store_bytes(place, vector),
            Storage::Word => simd.store_words(place, vector),
        }
        if !whole {
            core::ptr::copy_nonoverlapping(few.as_ptr(), to, count * storage.width());
        }
    }
}
