//! AVX-512 with VNNI, whose instructions multiply four bytes or two words in each place and add the products.

use super::{IntegerKernel, IntegerSimd};
use crate::host::simd::Vectors;
use core::arch::x86_64::*;

/// Proof that the processor has AVX-512F, BW and VNNI.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Avx512Vnni(());

impl Avx512Vnni {
    pub fn new() -> Option<Self> {
        let all = std::arch::is_x86_feature_detected!("avx512f")
            && std::arch::is_x86_feature_detected!("avx512bw")
            && std::arch::is_x86_feature_detected!("avx512vnni");
        all.then_some(Self(()))
    }

    pub fn run(self, kernel: impl IntegerKernel) {
        #[target_feature(enable = "avx512f,avx512bw,avx512vnni")]
        fn with_features(simd: Avx512Vnni, kernel: impl IntegerKernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the features.
        unsafe { with_features(self, kernel) }
    }
}

impl Vectors for Avx512Vnni {
    const LANES: usize = 16;

    // 6 x 4 sums, four vectors of weights and one of the input are 29 of 32 registers.
    const TILE_PIXELS: [usize; 4] = [8, 8, 0, 6];
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl IntegerSimd for Avx512Vnni {
    type Integers = __m512i;
    type Words = __m512i;

    #[inline(always)]
    fn splat(self, value: i32) -> __m512i {
        // SAFETY: `self` is proof of the features; so it is below.
        unsafe { _mm512_set1_epi32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> __m512i {
        // SAFETY: as the caller promises.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const i32, count: usize) -> __m512i {
        let first = ((1u32 << count.min(16)) - 1) as __mmask16;
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm512_maskz_loadu_epi32(first, from) }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> __m512i {
        // SAFETY: as the caller promises.
        unsafe { _mm512_cvtepu8_epi32(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_words(self, from: *const u8) -> __m512i {
        // SAFETY: as the caller promises.
        unsafe { _mm512_cvtepi16_epi32(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: __m512i) {
        // SAFETY: as the caller promises.
        unsafe { _mm_storeu_si128(to.cast(), _mm512_cvtepi32_epi8(vector)) }
    }

    #[inline(always)]
    unsafe fn store_words(self, to: *mut u8, vector: __m512i) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(to.cast(), _mm512_cvtepi32_epi16(vector)) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32, vector: __m512i) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_si512(to.cast(), vector) }
    }

    #[inline(always)]
    fn add_products_of_bytes(self, sum: __m512i, x: __m512i, w: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_dpbusd_epi32(sum, x, w) }
    }

    #[inline(always)]
    fn add_products_of_words(self, sum: __m512i, x: __m512i, w: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_dpwssd_epi32(sum, x, w) }
    }

    #[inline(always)]
    fn add(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_add_epi32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_mullo_epi32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_max_epi32(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_min_epi32(a, b) }
    }

    #[inline(always)]
    fn shift_left(self, a: __m512i, by: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_sllv_epi32(a, by) }
    }

    #[inline(always)]
    fn shift_right(self, a: __m512i, by: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_srav_epi32(a, by) }
    }

    #[inline(always)]
    fn join(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_packs_epi32(a, b) }
    }

    #[inline(always)]
    fn part(self, words: __m512i) -> [__m512i; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let signs = _mm512_srai_epi16::<15>(words);
            [_mm512_unpacklo_epi16(words, signs), _mm512_unpackhi_epi16(words, signs)]
        }
    }

    #[inline(always)]
    fn splat_words(self, value: i16) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_set1_epi16(value) }
    }

    #[inline(always)]
    unsafe fn load_pair_of_bytes(self, from: *const u8) -> __m512i {
        // SAFETY: as the caller promises.
        unsafe { _mm512_cvtepu8_epi16(_mm256_loadu_si256(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_quad_of_bytes(self, from: *const u8) -> [__m512i; 2] {
        // SAFETY: as the caller promises.
        unsafe {
            let (bytes, zero) = (_mm512_loadu_si512(from.cast()), _mm512_setzero_si512());
            [_mm512_unpacklo_epi8(bytes, zero), _mm512_unpackhi_epi8(bytes, zero)]
        }
    }

    #[inline(always)]
    unsafe fn load_pair(self, from: *const u8) -> __m512i {
        // SAFETY: as the caller promises.
        unsafe { _mm512_loadu_si512(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_pair(self, to: *mut u8, words: __m512i) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_si512(to.cast(), words) }
    }

    #[inline(always)]
    unsafe fn store_pair_as_bytes(self, to: *mut u8, words: __m512i) {
        // SAFETY: as the caller promises.
        unsafe {
            // The instruction takes words without a sign.
            let words = _mm512_max_epi16(words, _mm512_setzero_si512());
            _mm256_storeu_si256(to.cast(), _mm512_cvtusepi16_epi8(words));
        }
    }

    #[inline(always)]
    unsafe fn store_quad_as_bytes(self, to: *mut u8, a: __m512i, b: __m512i) {
        // SAFETY: as the caller promises.
        unsafe { _mm512_storeu_si512(to.cast(), _mm512_packus_epi16(a, b)) }
    }

    #[inline(always)]
    fn add_words(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_add_epi16(a, b) }
    }

    #[inline(always)]
    fn max_words(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_max_epi16(a, b) }
    }

    #[inline(always)]
    fn min_words(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_min_epi16(a, b) }
    }

    #[inline(always)]
    fn shift_words_left(self, a: __m512i, by: i32) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_sll_epi16(a, _mm_cvtsi32_si128(by)) }
    }

    #[inline(always)]
    fn shift_words_right(self, a: __m512i, by: i32) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_sra_epi16(a, _mm_cvtsi32_si128(by)) }
    }

    #[inline(always)]
    fn max_bytes(self, a: __m512i, b: __m512i) -> __m512i {
        // SAFETY: as in `splat`.
        unsafe { _mm512_max_epu8(a, b) }
    }
}
