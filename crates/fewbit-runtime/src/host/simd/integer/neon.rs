//! NEON for integers, and its dot product, which multiplies four bytes in each place and adds the products.

use super::{IntegerKernel, IntegerSimd};
use crate::host::simd::Vectors;
use core::arch::aarch64::*;

/// Proof that the processor has NEON, and the dot product if it is said.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct NeonIntegers<const DOT: bool>(());

impl<const DOT: bool> NeonIntegers<DOT> {
    pub fn new() -> Option<Self> {
        let dot = !DOT || std::arch::is_aarch64_feature_detected!("dotprod");
        (dot && std::arch::is_aarch64_feature_detected!("neon")).then_some(Self(()))
    }

    pub fn run(self, kernel: impl IntegerKernel) {
        #[target_feature(enable = "neon")]
        fn with_neon<const DOT: bool>(simd: NeonIntegers<DOT>, kernel: impl IntegerKernel) {
            kernel.run(simd);
        }
        #[target_feature(enable = "neon,dotprod")]
        fn with_dot<const DOT: bool>(simd: NeonIntegers<DOT>, kernel: impl IntegerKernel) {
            kernel.run(simd);
        }
        // SAFETY: `self` is proof of the features.
        unsafe { if DOT { with_dot(self, kernel) } else { with_neon(self, kernel) } }
    }
}

impl<const DOT: bool> Vectors for NeonIntegers<DOT> {
    const LANES: usize = 4;

    // 5 x 4 sums, four vectors of weights and one of the input are 25 of 32 registers; without the dot product bytes are
    // widened to some more.
    const TILE_PIXELS: [usize; 4] = if DOT { [8, 8, 0, 5] } else { [8, 6, 0, 0] };
}

/// In each place, `sum` and the products of the four bytes of `a` with those of `b`, all with a sign. The standard library
/// has no stable name for this instruction.
///
/// # Safety
/// The processor must have the dot product.
#[inline(always)]
unsafe fn add_dot_products(sum: int32x4_t, a: int8x16_t, b: int8x16_t) -> int32x4_t {
    let mut sum = sum;
    // SAFETY: as the caller promises; the instruction touches nothing but its registers.
    unsafe {
        core::arch::asm!(
            ".arch_extension dotprod",
            "sdot {sum:v}.4s, {a:v}.16b, {b:v}.16b",
            sum = inout(vreg) sum,
            a = in(vreg) a,
            b = in(vreg) b,
            options(pure, nomem, nostack, preserves_flags),
        );
    }
    sum
}

// SAFETY: values are made by `new` alone, which asks the processor.
unsafe impl<const DOT: bool> IntegerSimd for NeonIntegers<DOT> {
    type Integers = int32x4_t;
    type Words = int16x8_t;

    #[inline(always)]
    fn splat(self, value: i32) -> int32x4_t {
        // SAFETY: `self` is proof of the features; so it is below.
        unsafe { vdupq_n_s32(value) }
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> int32x4_t {
        // SAFETY: as the caller promises.
        unsafe { vld1q_s32(from) }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const i32, count: usize) -> int32x4_t {
        let mut some = [0; 4];
        // SAFETY: as the caller promises: only the first `count` are read, and there are at most four.
        unsafe {
            core::ptr::copy_nonoverlapping(from, some.as_mut_ptr(), count.min(4));
            vld1q_s32(some.as_ptr())
        }
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> int32x4_t {
        // SAFETY: as the caller promises.
        unsafe {
            let bytes = vreinterpret_u8_u32(vdup_n_u32(from.cast::<u32>().read_unaligned()));
            vreinterpretq_s32_u32(vmovl_u16(vget_low_u16(vmovl_u8(bytes))))
        }
    }

    #[inline(always)]
    unsafe fn load_words(self, from: *const u8) -> int32x4_t {
        // SAFETY: as the caller promises.
        unsafe { vmovl_s16(vreinterpret_s16_u8(vld1_u8(from))) }
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: int32x4_t) {
        // SAFETY: as the caller promises.
        unsafe {
            let words = vmovn_s32(vector);
            let bytes = vmovn_u16(vcombine_u16(vreinterpret_u16_s16(words), vreinterpret_u16_s16(words)));
            to.cast::<u32>().write_unaligned(vget_lane_u32::<0>(vreinterpret_u32_u8(bytes)));
        }
    }

    #[inline(always)]
    unsafe fn store_words(self, to: *mut u8, vector: int32x4_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1_u8(to, vreinterpret_u8_s16(vmovn_s32(vector))) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32, vector: int32x4_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1q_s32(to, vector) }
    }

    #[inline(always)]
    fn add_products_of_bytes(self, sum: int32x4_t, x: int32x4_t, w: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe {
            let (x, w) = (vreinterpretq_u8_s32(x), vreinterpretq_s8_s32(w));
            if DOT {
                // The instruction takes bytes with a sign: 128 is taken from those of `x`, and its products are added.
                let offset = vdupq_n_u8(128);
                let signed = vreinterpretq_s8_u8(veorq_u8(x, offset));
                let minus_offsets = add_dot_products(vdupq_n_s32(0), vreinterpretq_s8_u8(offset), w);
                return vsubq_s32(add_dot_products(sum, signed, w), minus_offsets);
            }
            let (x_low, x_high) = (vmovl_u8(vget_low_u8(x)), vmovl_high_u8(x));
            let (w_low, w_high) = (vmovl_s8(vget_low_s8(w)), vmovl_high_s8(w));
            let (x_low, x_high) = (vreinterpretq_s16_u16(x_low), vreinterpretq_s16_u16(x_high));
            let low = vpaddq_s32(vmull_s16(vget_low_s16(x_low), vget_low_s16(w_low)), vmull_high_s16(x_low, w_low));
            let high =
                vpaddq_s32(vmull_s16(vget_low_s16(x_high), vget_low_s16(w_high)), vmull_high_s16(x_high, w_high));
            vaddq_s32(sum, vpaddq_s32(low, high))
        }
    }

    #[inline(always)]
    fn add_products_of_words(self, sum: int32x4_t, x: int32x4_t, w: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe {
            let (x, w) = (vreinterpretq_s16_s32(x), vreinterpretq_s16_s32(w));
            let low = vmull_s16(vget_low_s16(x), vget_low_s16(w));
            vaddq_s32(sum, vpaddq_s32(low, vmull_high_s16(x, w)))
        }
    }

    #[inline(always)]
    fn add(self, a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vaddq_s32(a, b) }
    }

    #[inline(always)]
    fn mul(self, a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vmulq_s32(a, b) }
    }

    #[inline(always)]
    fn max(self, a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vmaxq_s32(a, b) }
    }

    #[inline(always)]
    fn min(self, a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vminq_s32(a, b) }
    }

    #[inline(always)]
    fn shift_left(self, a: int32x4_t, by: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vshlq_s32(a, by) }
    }

    #[inline(always)]
    fn shift_right(self, a: int32x4_t, by: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`. The instruction shifts right where the number is negative.
        unsafe { vshlq_s32(a, vnegq_s32(by)) }
    }

    #[inline(always)]
    fn join(self, a: int32x4_t, b: int32x4_t) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vcombine_s16(vqmovn_s32(a), vqmovn_s32(b)) }
    }

    #[inline(always)]
    fn part(self, words: int16x8_t) -> [int32x4_t; 2] {
        // SAFETY: as in `splat`.
        unsafe { [vmovl_s16(vget_low_s16(words)), vmovl_high_s16(words)] }
    }

    #[inline(always)]
    fn splat_words(self, value: i16) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vdupq_n_s16(value) }
    }

    #[inline(always)]
    unsafe fn load_pair_of_bytes(self, from: *const u8) -> int16x8_t {
        // SAFETY: as the caller promises.
        unsafe { vreinterpretq_s16_u16(vmovl_u8(vld1_u8(from))) }
    }

    #[inline(always)]
    unsafe fn load_quad_of_bytes(self, from: *const u8) -> [int16x8_t; 2] {
        // SAFETY: as the caller promises.
        unsafe { [self.load_pair_of_bytes(from), self.load_pair_of_bytes(from.add(8))] }
    }

    #[inline(always)]
    unsafe fn load_pair(self, from: *const u8) -> int16x8_t {
        // SAFETY: as the caller promises.
        unsafe { vreinterpretq_s16_u8(vld1q_u8(from)) }
    }

    #[inline(always)]
    unsafe fn store_pair(self, to: *mut u8, words: int16x8_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1q_u8(to, vreinterpretq_u8_s16(words)) }
    }

    #[inline(always)]
    unsafe fn store_pair_as_bytes(self, to: *mut u8, words: int16x8_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1_u8(to, vqmovun_s16(words)) }
    }

    #[inline(always)]
    unsafe fn store_quad_as_bytes(self, to: *mut u8, a: int16x8_t, b: int16x8_t) {
        // SAFETY: as the caller promises.
        unsafe { vst1q_u8(to, vcombine_u8(vqmovun_s16(a), vqmovun_s16(b))) }
    }

    #[inline(always)]
    fn add_words(self, a: int16x8_t, b: int16x8_t) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vaddq_s16(a, b) }
    }

    #[inline(always)]
    fn max_words(self, a: int16x8_t, b: int16x8_t) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vmaxq_s16(a, b) }
    }

    #[inline(always)]
    fn min_words(self, a: int16x8_t, b: int16x8_t) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vminq_s16(a, b) }
    }

    #[inline(always)]
    fn shift_words_left(self, a: int16x8_t, by: i32) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vshlq_s16(a, vdupq_n_s16(by as i16)) }
    }

    #[inline(always)]
    fn shift_words_right(self, a: int16x8_t, by: i32) -> int16x8_t {
        // SAFETY: as in `splat`.
        unsafe { vshlq_s16(a, vdupq_n_s16(-(by as i16))) }
    }

    #[inline(always)]
    fn max_bytes(self, a: int32x4_t, b: int32x4_t) -> int32x4_t {
        // SAFETY: as in `splat`.
        unsafe { vreinterpretq_s32_u8(vmaxq_u8(vreinterpretq_u8_s32(a), vreinterpretq_u8_s32(b))) }
    }
}
