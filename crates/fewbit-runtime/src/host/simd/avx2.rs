//! AVX2 with fused multiply-add: vectors of 8 floats in 16 registers.

use super::{Kernel, Simd, Vectors};
use core::arch::x86_64::*;

/// Proof that the processor has AVX2 and FMA.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Avx2(());

impl Avx2 {
    pub fn new() -> Option<Self> {
        let both = std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma");
        both.then_some(Self(()))
    }

    pub fn run(self, kernel: impl Kernel) {
        #[target_feature(enable = "avx2,fma")]
        fn with_features(simd: Avx2, kernel: impl Kernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the features.
        unsafe { with_features(self, kernel) }
    }
}

/// The mask of the first `count` places: eight words from this list, of which so many are set.
#[inline(always)]
pub(super) fn first(count: usize) -> __m256i {
    const WORDS: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
    // SAFETY: the offset is at most 8, so that eight words follow; a value of `Avx2` is at hand wherever this is called.
    unsafe { _mm256_loadu_si256(WORDS.as_ptr().add(8 - count.min(8)).cast()) }
}

impl Vectors for Avx2 {
    const LANES: usize = 8;

    // 6 x 2 sums, two vectors of weights and one of the input are 15 of 16 registers.
    const TILE_PIXELS: [usize; 4] = [8, 6, 4, 0];
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl Simd for Avx2 {
    type Floats = __m256;

    #[inline(always)]
    fn splat(self, value: f32) -> __m256 {
        // SAFETY: `self` is proof of the features; so it is below.
        unsafe { _mm256_set1_ps(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const f32) -> __m256 {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_ps(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const f32, count: usize) -> __m256 {
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm256_maskload_ps(from, first(count)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32, vector: __m256) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_ps(to, vector) }
    }

    #[inline(always)]
    unsafe fn store_some(self, to: *mut f32, count: usize, vector: __m256) {
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm256_maskstore_ps(to, first(count), vector) }
    }

    #[inline(always)]
    fn add(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_add_ps(a, b) }
    }

    #[inline(always)]
    fn sub(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_sub_ps(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_mul_ps(a, b) }
    }

    #[inline(always)]
    fn mul_add(self, a: __m256, b: __m256, c: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_fmadd_ps(a, b, c) }
    }

    #[inline(always)]
    fn max(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_max_ps(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_min_ps(a, b) }
    }

    #[inline(always)]
    fn where_positive(self, condition: __m256, a: __m256, b: __m256) -> __m256 {
        // SAFETY: as in `splat`.
        unsafe { _mm256_blendv_ps(b, a, _mm256_cmp_ps::<_CMP_GT_OQ>(condition, _mm256_setzero_ps())) }
    }
}
