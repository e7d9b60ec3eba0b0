//! AVX2 for integers, and AVX-VNNI, which adds to it the instructions that multiply four bytes or two words in each place.
//!
//! AVX2 has an instruction for bytes too, but it saturates sums of two products. So bytes are widened to words here.

use super::{IntegerKernel, IntegerSimd};
use crate::host::simd::Vectors;
use core::arch::x86_64::*;

/// Proof that the processor has AVX2, and AVX-VNNI if it is said.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Avx2Integers<const VNNI: bool>(());

impl<const VNNI: bool> Avx2Integers<VNNI> {
    pub fn new() -> Option<Self> {
        let vnni = !VNNI || std::arch::is_x86_feature_detected!("avxvnni");
        (vnni && std::arch::is_x86_feature_detected!("avx2")).then_some(Self(()))
    }

    pub fn run(self, kernel: impl IntegerKernel) {
        #[target_feature(enable = "avx2")]
        fn with_avx2<const VNNI: bool>(simd: Avx2Integers<VNNI>, kernel: impl IntegerKernel) {
            kernel.run(simd);
        }
        #[target_feature(enable = "avx2,avxvnni")]
        fn with_vnni<const VNNI: bool>(simd: Avx2Integers<VNNI>, kernel: impl IntegerKernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the features.
        unsafe { if VNNI { with_vnni(self, kernel) } else { with_avx2(self, kernel) } }
    }
}

impl<const VNNI: bool> Vectors for Avx2Integers<VNNI> {
    const LANES: usize = 8;

    // 6 x 2 sums, two vectors of weights and one of the input are 15 of 16 registers. Where bytes are widened there are
    // four vectors of weights and two of the input.
    const TILE_PIXELS: [usize; 4] = if VNNI { [8, 6, 0, 0] } else { [8, 4, 0, 0] };
}

/// The words of even and of odd bytes.
#[inline(always)]
fn words_of_bytes<const SIGNED: bool>(bytes: __m256i) -> [__m256i; 2] {
    // SAFETY: a value of `Avx2Integers` is at hand wherever this is called.
    unsafe {
        match SIGNED {
            true => [_mm256_srai_epi16::<8>(_mm256_slli_epi16::<8>(bytes)), _mm256_srai_epi16::<8>(bytes)],
            false => [_mm256_and_si256(bytes, _mm256_set1_epi16(0xff)), _mm256_srli_epi16::<8>(bytes)],
        }
    }
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl<const VNNI: bool> IntegerSimd for Avx2Integers<VNNI> {
    type Integers = __m256i;
    type Words = __m256i;

    #[inline(always)]
    fn splat(self, value: i32) -> __m256i {
        // SAFETY: `self` is proof of the features; so it is below.
        unsafe { _mm256_set1_epi32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const i32, count: usize) -> __m256i {
        // SAFETY: as the caller promises; places outside the mask are not touched.
        unsafe { _mm256_maskload_epi32(from, crate::host::simd::avx2::first(count)) }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_cvtepu8_epi32(_mm_loadl_epi64(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_words(self, from: *const u8) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_cvtepi16_epi32(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: __m256i) {
        // SAFETY: as the caller promises, and as in `splat`.
        unsafe {
            // The low byte of each integer, in the first four bytes of both halves.
            let places = _mm256_setr_epi8(
                0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1,
                -1, -1, -1, -1, -1,
            );
            let bytes = _mm256_shuffle_epi8(vector, places);
            let both = _mm_unpacklo_epi32(_mm256_castsi256_si128(bytes), _mm256_extracti128_si256::<1>(bytes));
            _mm_storel_epi64(to.cast(), both);
        }
    }

    #[inline(always)]
    unsafe fn store_words(self, to: *mut u8, vector: __m256i) {
        // SAFETY: as the caller promises, and as in `splat`. The values are in the range of words, so that packing does
        // not saturate them.
        unsafe {
            let (low, high) = (_mm256_castsi256_si128(vector), _mm256_extracti128_si256::<1>(vector));
            _mm_storeu_si128(to.cast(), _mm_packs_epi32(low, high));
        }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32, vector: __m256i) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(to.cast(), vector) }
    }

    #[inline(always)]
    fn add_products_of_bytes(self, sum: __m256i, x: __m256i, w: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe {
            if VNNI {
                return _mm256_dpbusd_avx_epi32(sum, x, w);
            }
            let [x_even, x_odd] = words_of_bytes::<false>(x);
            let [w_even, w_odd] = words_of_bytes::<true>(w);
            let products = _mm256_add_epi32(_mm256_madd_epi16(x_even, w_even), _mm256_madd_epi16(x_odd, w_odd));
            _mm256_add_epi32(sum, products)
        }
    }

    #[inline(always)]
    fn add_products_of_words(self, sum: __m256i, x: __m256i, w: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe {
            match VNNI {
                true => _mm256_dpwssd_avx_epi32(sum, x, w),
                false => _mm256_add_epi32(sum, _mm256_madd_epi16(x, w)),
            }
        }
    }

    #[inline(always)]
    fn add(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_add_epi32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_mullo_epi32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_max_epi32(a, b) }
    }

    #[inline(always)]
    fn min(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_min_epi32(a, b) }
    }

    #[inline(always)]
    fn shift_left(self, a: __m256i, by: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_sllv_epi32(a, by) }
    }

    #[inline(always)]
    fn shift_right(self, a: __m256i, by: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_srav_epi32(a, by) }
    }

    #[inline(always)]
    fn join(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_packs_epi32(a, b) }
    }

    #[inline(always)]
    fn part(self, words: __m256i) -> [__m256i; 2] {
        // SAFETY: as in `splat`.
        unsafe {
            let signs = _mm256_srai_epi16::<15>(words);
            [_mm256_unpacklo_epi16(words, signs), _mm256_unpackhi_epi16(words, signs)]
        }
    }

    #[inline(always)]
    fn splat_words(self, value: i16) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_set1_epi16(value) }
    }

    #[inline(always)]
    unsafe fn load_pair_of_bytes(self, from: *const u8) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_cvtepu8_epi16(_mm_loadu_si128(from.cast())) }
    }

    #[inline(always)]
    unsafe fn load_quad_of_bytes(self, from: *const u8) -> [__m256i; 2] {
        // SAFETY: as the caller promises.
        unsafe {
            let (bytes, zero) = (_mm256_loadu_si256(from.cast()), _mm256_setzero_si256());
            [_mm256_unpacklo_epi8(bytes, zero), _mm256_unpackhi_epi8(bytes, zero)]
        }
    }

    #[inline(always)]
    unsafe fn load_pair(self, from: *const u8) -> __m256i {
        // SAFETY: as the caller promises.
        unsafe { _mm256_loadu_si256(from.cast()) }
    }

    #[inline(always)]
    unsafe fn store_pair(self, to: *mut u8, words: __m256i) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(to.cast(), words) }
    }

    #[inline(always)]
    unsafe fn store_pair_as_bytes(self, to: *mut u8, words: __m256i) {
        // SAFETY: as the caller promises.
        unsafe {
            let (low, high) = (_mm256_castsi256_si128(words), _mm256_extracti128_si256::<1>(words));
            _mm_storeu_si128(to.cast(), _mm_packus_epi16(low, high));
        }
    }

    #[inline(always)]
    unsafe fn store_quad_as_bytes(self, to: *mut u8, a: __m256i, b: __m256i) {
        // SAFETY: as the caller promises.
        unsafe { _mm256_storeu_si256(to.cast(), _mm256_packus_epi16(a, b)) }
    }

    #[inline(always)]
    fn add_words(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_add_epi16(a, b) }
    }

    #[inline(always)]
    fn max_words(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_max_epi16(a, b) }
    }

    #[inline(always)]
    fn min_words(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_min_epi16(a, b) }
    }

    #[inline(always)]
    fn shift_words_left(self, a: __m256i, by: i32) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_sll_epi16(a, _mm_cvtsi32_si128(by)) }
    }

    #[inline(always)]
    fn shift_words_right(self, a: __m256i, by: i32) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_sra_epi16(a, _mm_cvtsi32_si128(by)) }
    }

    #[inline(always)]
    fn max_bytes(self, a: __m256i, b: __m256i) -> __m256i {
        // SAFETY: as in `splat`.
        unsafe { _mm256_max_epu8(a, b) }
    }
}
