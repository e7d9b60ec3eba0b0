//! NEON, which every 64-bit Arm processor has: vectors of 4 floats in 32 registers.

use super::{Kernel, Simd, Vectors};
use core::arch::aarch64::*;

/// Proof that the processor has NEON.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Neon(());

impl Neon {
    pub fn new() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }

    pub fn run(self, kernel: impl Kernel) {
        #[target_feature(enable = "neon")]
        fn with_features(simd: Neon, kernel: impl Kernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the feature.
        unsafe { with_features(self, kernel) }
    }
}

impl Vectors for Neon {
    const LANES: usize = 4;

    // 8 x 3 sums, three vectors of weights and one of the input are 28 of 32 registers.
    const TILE_PIXELS: [usize; 4] = [8, 8, 8, 0];
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl Simd for Neon {
    type Floats = float32x4_t;

    #[inline(always)]
    fn splat(self, value: f32) -> float32x4_t {
        // SAFETY: `self` is proof of the feature; so it is below.
        unsafe { vdupq_n_f32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> float32x4_t {
        // SAFETY: as the caller promises.
        unsafe { vld1q_f32(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> float32x4_t {
        let mut values = [0.0; Self::LANES];
        for (place, value) in values.iter_mut().enumerate().take(count) {
            // SAFETY: as the caller promises: only the first `count` are read.
            *value = unsafe { from.add(place).read() };
        }
        // SAFETY: `values` has as many floats as a vector.
        unsafe { vld1q_f32(values.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: float32x4_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1q_f32(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, vector: float32x4_t) {
        let mut values = [0.0; Self::LANES];
        // SAFETY: `values` has as many floats as a vector.
        unsafe { vst1q_f32(values.as_mut_ptr(), vector) };
        for (place, value) in values.into_iter().enumerate().take(count) {
            // SAFETY: as the caller promises: only the first `count` are written.
            unsafe { to.add(place).write(value) }
        }
    }

    #[inline(always)]
    fn add(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vaddq_f32(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vsubq_f32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vmulq_f32(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: float32x4_t, b: float32x4_t, c: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vfmaq_f32(c, a, b) }
    }

    #[inline(always)]
    fn max(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // The instruction for it would give "not a number" where one is not.
        // SAFETY: as in `splat`.
        unsafe { vbslq_f32(vcgtq_f32(a, b), a, b) }
    }

    #[inline(always)]
    fn min(self, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vbslq_f32(vcltq_f32(a, b), a, b) }
    }

    #[inline(always)]
    fn where_positive(self, condition: float32x4_t, a: float32x4_t, b: float32x4_t) -> float32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vbslq_f32(vcgtzq_f32(condition), a, b) }
    }
}
