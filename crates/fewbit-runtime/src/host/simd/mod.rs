//! Vector instructions: what a kernel may use, an implementation a file for each instruction set, and the kernels.
//!
//! This is the only part of the crate with `unsafe` code. Two rules keep it small:
//!
//! - A value of a type that implements [`Simd`] exists only where its instructions exist, so that its methods can use
//!   them without a further check. [`Machine`] holds such a value, and is how one is had.
//! - A kernel is written once, over [`Simd`], and is compiled for each instruction set. It takes slices and checks once
//!   a call that every place it will touch lies within them; only then does it work with pointers.
//!
//! And one keeps it fast: an instruction set is switched on for a function, and what is inlined into it. So all of a kernel
//! is `#[inline(always)]`, and closures, which cannot be, do not touch vectors.
#![allow(unsafe_code)]
// Tiles are walked by their pixels and vectors, which number several arrays and pointers at once.
#![allow(clippy::needless_range_loop)]

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
pub(super) mod convolution;
pub(super) mod depthwise;
pub(super) mod elementwise;
pub(super) mod integer;
mod machine;
#[cfg(target_arch = "aarch64")]
mod neon;
pub(super) mod pixels;
pub(super) mod pooling;
mod portable;
pub(super) mod winograd;

pub(super) use elementwise::Combine;
pub use machine::InstructionSet;
pub(super) use machine::{Kernel, Machine};

/// How large the vectors of an instruction set are, and the tiles that are summed in its registers.
pub(super) trait Vectors: Copy {
    /// Numbers in a vector.
    const LANES: usize;

    /// Pixels in a tile of one, two, three and four vectors of output channels (see [`convolution`]): as many as leave
    /// registers for the weights and for a value of the input. Zero for numbers of vectors that no panel has.
    const TILE_PIXELS: [usize; 4];
}

/// The vectors of floats of an instruction set.
///
/// Methods that take a pointer read or write consecutive floats from it on; it needs no alignment.
///
/// # Safety
/// A value of the type must be proof that the processor has the instructions.
pub(super) unsafe trait Simd: Vectors {
    /// A vector of floats.
    type Floats: Copy;

    /// A vector with this value in all places.
    fn splat(self, value: f32) -> Self::Floats;

    /// Reads a vector.
    ///
    /// # Safety
    /// `from` must be valid for reading `LANES` floats.
    unsafe fn load(self, from: *const f32) -> Self::Floats;

    /// Reads the first `count` floats of a vector, at most `LANES`; the others are zero.
    ///
    /// # Safety
    /// `from` must be valid for reading `count` floats.
    unsafe fn load_some(self, from: *const f32, count: usize) -> Self::Floats;

    /// Writes a vector.
    ///
    /// # Safety
    /// `to` must be valid for writing `LANES` floats.
    unsafe fn store(self, to: *mut f32, vector: Self::Floats);

    /// Writes the first `count` floats of a vector, at most `LANES`.
    ///
    /// # Safety
    /// `to` must be valid for writing `count` floats.
    unsafe fn store_some(self, to: *mut f32, count: usize, vector: Self::Floats);

    /// `a + b`.
    fn add(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// `a - b`.
    fn sub(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// `a * b`.
    fn mul(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// `a * b + c`, rounded once where the machine can.
    fn mul_add(self, a: Self::Floats, b: Self::Floats, c: Self::Floats) -> Self::Floats;

    /// The greater of `a` and `b`; `b` where one is not a number.
    fn max(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// The lesser of `a` and `b`; `b` where one is not a number.
    fn min(self, a: Self::Floats, b: Self::Floats) -> Self::Floats;

    /// `a` where `condition` is above zero, else `b`.
    fn where_positive(self, condition: Self::Floats, a: Self::Floats, b: Self::Floats) -> Self::Floats;
}

/// What is applied to a value before it is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Activation {
    /// Nothing.
    Identity,
    /// `min(max(x, low), high)`.
    Clamp {
        /// The least value.
        low: f32,
        /// The greatest value.
        high: f32,
    },
    /// `x` above zero, `slope * x` below.
    Leaky {
        /// The slope below zero.
        slope: f32,
    },
}

impl Activation {
    /// `max(x, 0)`.
    pub const RELU: Self = Self::Clamp { low: 0.0, high: f32::INFINITY };

    #[inline(always)]
    fn apply<S: Simd>(self, simd: S, x: S::Floats) -> S::Floats {
        match self {
            Self::Identity => x,
            Self::Clamp { low, high } => simd.min(simd.max(x, simd.splat(low)), simd.splat(high)),
            Self::Leaky { slope } => simd.where_positive(x, x, simd.mul(x, simd.splat(slope))),
        }
    }
}

impl Activation {
    /// Applies it to every vector of a tile.
    #[inline(always)]
    fn apply_to_all<S: Simd, const P: usize, const V: usize>(self, simd: S, tile: &mut [[S::Floats; V]; P]) {
        match self {
            Self::Identity => {}
            Self::Clamp { low, high } if high == f32::INFINITY => {
                let low = simd.splat(low);
                for row in tile {
                    for value in row {
                        *value = simd.max(*value, low);
                    }
                }
            }
            Self::Clamp { low, high } => {
                let (low, high) = (simd.splat(low), simd.splat(high));
                for row in tile {
                    for value in row {
                        *value = simd.min(simd.max(*value, low), high);
                    }
                }
            }
            Self::Leaky { slope } => {
                let slope = simd.splat(slope);
                for row in tile {
                    for value in row {
                        *value = simd.where_positive(*value, *value, simd.mul(*value, slope));
                    }
                }
            }
        }
    }
}

/// `load`, or `load_some` for a vector that is not `WHOLE`.
///
/// # Safety
/// `from` must be valid for reading `LANES` floats, or `count` of one that is not whole.
#[inline(always)]
unsafe fn load_part<S: Simd, const WHOLE: bool>(simd: S, from: *const f32, count: usize) -> S::Floats {
    // SAFETY: as the caller promises.
    unsafe { if WHOLE { simd.load(from) } else { simd.load_some(from, count) } }
}

/// `store`, or `store_some` for a vector that is not `WHOLE`.
///
/// # Safety
/// `to` must be valid for writing `LANES` floats, or `count` of one that is not whole.
#[inline(always)]
unsafe fn store_part<S: Simd, const WHOLE: bool>(simd: S, to: *mut f32, count: usize, vector: S::Floats) {
    // SAFETY: as the caller promises.
    unsafe { if WHOLE { simd.store(to, vector) } else { simd.store_some(to, count, vector) } }
}

/// `load` or `load_some`, whichever `count` asks for.
///
/// # Safety
/// `from` must be valid for reading `min(count, LANES)` floats.
#[inline(always)]
unsafe fn load_up_to<S: Simd>(simd: S, from: *const f32, count: usize) -> S::Floats {
    // SAFETY: the caller gives at least as many as are read.
    unsafe { if count >= S::LANES { simd.load(from) } else { simd.load_some(from, count) } }
}

/// `store` or `store_some`, whichever `count` asks for.
///
/// # Safety
/// `to` must be valid for writing `min(count, LANES)` floats.
#[inline(always)]
unsafe fn store_up_to<S: Simd>(simd: S, to: *mut f32, count: usize, vector: S::Floats) {
    // SAFETY: the caller gives at least as many as are written.
    unsafe { if count >= S::LANES { simd.store(to, vector) } else { simd.store_some(to, count, vector) } }
}
