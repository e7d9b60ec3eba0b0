//! Plain Rust for every machine, and for other instruction sets to be compared with.

use super::{Simd, Vectors};

/// Needs no proof.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Portable;

type Floats = [f32; Portable::LANES];

#[inline(always)]
fn each(a: Floats, b: Floats, function: impl Fn(f32, f32) -> f32) -> Floats {
    core::array::from_fn(|place| function(a[place], b[place]))
}

impl Vectors for Portable {
    // What the narrowest vectors of today hold, so that the compiler can use them.
    const LANES: usize = 4;

    const TILE_PIXELS: [usize; 4] = [8, 4, 2, 0];
}

// SAFETY: it uses no instruction beyond those of every processor.
unsafe impl Simd for Portable {
    type Floats = Floats;

    #[inline(always)]
    fn splat(self, value: f32) -> Floats {
        [value; Self::LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> Floats {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<Floats>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> Floats {
        // SAFETY: as the caller promises: only the first `count` are read.
        core::array::from_fn(|place| if place < count { unsafe { from.add(place).read() } } else { 0.0 })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: Floats) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<Floats>().write_unaligned(vector) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, vector: Floats) {
        for (place, value) in vector.into_iter().enumerate().take(count) {
            // SAFETY: as the caller promises: only the first `count` are written.
            unsafe { to.add(place).write(value) }
        }
    }

    #[inline(always)]
    fn add(self, a: Floats, b: Floats) -> Floats {
        each(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: Floats, b: Floats) -> Floats {
        each(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: Floats, b: Floats) -> Floats {
        each(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn mul_add(self, a: Floats, b: Floats, c: Floats) -> Floats {
        // Without an instruction for it, rounding once would be a call of a slow library function.
        self.add(self.mul(a, b), c)
    }

    #[inline(always)]
    fn max(self, a: Floats, b: Floats) -> Floats {
        each(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn min(self, a: Floats, b: Floats) -> Floats {
        each(a, b, |a, b| if a < b { a } else { b })
    }

    #[inline(always)]
    fn where_positive(self, condition: Floats, a: Floats, b: Floats) -> Floats {
        core::array::from_fn(|place| if condition[place] > 0.0 { a[place] } else { b[place] })
    }
}
