//! AVX-512: vectors of 16 floats in 32 registers, and masks for the ends of rows.

use super::{Kernel, Simd, Vectors};
use core::arch::x86_64::*;

/// Proof that the processor has AVX-512F.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Avx512(());

impl Avx512 {
    pub fn new() -> Option<Self> {
        std::arch::is_x86_feature_detected!("avx512f").then_some(Self(()))
    }

    pub fn run(self, kernel: impl Kernel) {
        #[target_feature(enable = "avx512f")]
        fn with_features(simd: Avx512, kernel: impl Kernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the feature.
        unsafe { with_features(self, kernel) }
    }
}

/// The mask of the first `count` places.
#[inline(always)]
fn first(count: usize) -> __mmask16 {
    ((1u32 << count.min(16)) - 1) as __mmask16
}

impl Vectors for Avx512 {
    const LANES: usize = 16;

    // 8 x 3 sums, three vectors of weights and one of the input are 28 of 32 registers. More pixels would not help: 8 x 2
    // sums already hide the latency of two multiply-adds a cycle, and need 10 loads for 16 of them, where 16 are free.
    const TILE_PIXELS: [usize; 4] = [8, 8, 8, 0];
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl Simd for Avx512 {
    type Floats = __m512;

    #[inline(always)]
    fn splat(self, value: f32) -> __m512 {
        // SAFETY: `self` is proof of the feature; so it is below.
        unsafe { _mm512_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m512 {
        // SAFETY: as the caller promises.
        unsafe { _mm512_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> __m512 {
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm512_maskz_loadu_ps(first(count), from) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: __m512) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, vector: __m512) {
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm512_mask_storeu_ps(to, first(count), vector) }
    }

    #[inline(always)]
    fn add(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_mul_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_min_ps(a, b) }
    }

    #[inline(always)]
    fn where_positive(self, condition: __m512, a: __m512, b: __m512) -> __m512 {
        // SAFETY: as in `splat`.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_GT_OQ>(condition, _mm512_setzero_ps()), b, a) }
    }
}
