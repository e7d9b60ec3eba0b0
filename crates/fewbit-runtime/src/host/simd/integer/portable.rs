//! Plain Rust for every machine, and for other instruction sets to be compared with.

use super::IntegerSimd;
use crate::host::simd::Vectors;
use crate::host::simd::portable::Portable;

type Integers = [i32; Portable::LANES];
type Words = [i16; 2 * Portable::LANES];

#[inline(always)]
fn each(a: Integers, b: Integers, function: impl Fn(i32, i32) -> i32) -> Integers {
    core::array::from_fn(|place| function(a[place], b[place]))
}

#[inline(always)]
fn each_word(a: Words, b: Words, function: impl Fn(i16, i16) -> i16) -> Words {
    core::array::from_fn(|place| function(a[place], b[place]))
}

// SAFETY: it uses no instruction beyond those of every processor.
unsafe impl IntegerSimd for Portable {
    type Integers = Integers;
    type Words = Words;

    #[inline(always)]
    fn splat(self, value: i32) -> Integers {
        [value; Self::LANES]
    }

    #[inline(always)]
    unsafe fn load(self, from: *const i32) -> Integers {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<Integers>().read_unaligned() }
    }

    #[inline(always)]
    unsafe fn load_some(self, from: *const i32, count: usize) -> Integers {
        // SAFETY: as the caller promises: only the first `count` are read.
        core::array::from_fn(|place| if place < count { unsafe { from.add(place).read() } } else { 0 })
    }

    #[inline(always)]
    unsafe fn load_bytes(self, from: *const u8) -> Integers {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<[u8; Self::LANES]>().read_unaligned() }.map(i32::from)
    }

    #[inline(always)]
    unsafe fn load_words(self, from: *const u8) -> Integers {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<[[u8; 2]; Self::LANES]>().read_unaligned() }.map(|word| i16::from_le_bytes(word).into())
    }

    #[inline(always)]
    unsafe fn store_bytes(self, to: *mut u8, vector: Integers) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[u8; Self::LANES]>().write_unaligned(vector.map(|value| value as u8)) }
    }

    #[inline(always)]
    unsafe fn store_words(self, to: *mut u8, vector: Integers) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[[u8; 2]; Self::LANES]>().write_unaligned(vector.map(|value| (value as i16).to_le_bytes())) }
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut i32, vector: Integers) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<Integers>().write_unaligned(vector) }
    }

    #[inline(always)]
    fn add_products_of_bytes(self, sum: Integers, x: Integers, w: Integers) -> Integers {
        core::array::from_fn(|place| {
            let (x, w) = (x[place].to_le_bytes(), w[place].to_le_bytes());
            let product = |byte: usize| i32::from(x[byte]) * i32::from(w[byte] as i8);
            sum[place].wrapping_add(product(0) + product(1) + product(2) + product(3))
        })
    }

    #[inline(always)]
    fn add_products_of_words(self, sum: Integers, x: Integers, w: Integers) -> Integers {
        core::array::from_fn(|place| {
            let high = (x[place] >> 16).wrapping_mul(w[place] >> 16);
            let low = i32::from(x[place] as i16) * i32::from(w[place] as i16);
            sum[place].wrapping_add(high).wrapping_add(low)
        })
    }

    #[inline(always)]
    fn add(self, a: Integers, b: Integers) -> Integers {
        each(a, b, i32::wrapping_add)
    }

    #[inline(always)]
    fn mul(self, a: Integers, b: Integers) -> Integers {
        each(a, b, i32::wrapping_mul)
    }

    #[inline(always)]
    fn max(self, a: Integers, b: Integers) -> Integers {
        each(a, b, Ord::max)
    }

    #[inline(always)]
    fn min(self, a: Integers, b: Integers) -> Integers {
        each(a, b, Ord::min)
    }

    #[inline(always)]
    fn shift_left(self, a: Integers, by: Integers) -> Integers {
        each(a, by, |a, by| a.wrapping_shl(by as u32))
    }

    #[inline(always)]
    fn shift_right(self, a: Integers, by: Integers) -> Integers {
        each(a, by, |a, by| a.wrapping_shr(by as u32))
    }

    #[inline(always)]
    fn join(self, a: Integers, b: Integers) -> Words {
        let value = |place: usize| if place < Self::LANES { a[place] } else { b[place - Self::LANES] };
        core::array::from_fn(|place| value(place).clamp(i16::MIN.into(), i16::MAX.into()) as i16)
    }

    #[inline(always)]
    fn part(self, words: Words) -> [Integers; 2] {
        let half = |first: usize| core::array::from_fn(|place| words[first + place].into());
        [half(0), half(Self::LANES)]
    }

    #[inline(always)]
    fn splat_words(self, value: i16) -> Words {
        [value; 2 * Self::LANES]
    }

    #[inline(always)]
    unsafe fn load_pair_of_bytes(self, from: *const u8) -> Words {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<[u8; 2 * Self::LANES]>().read_unaligned() }.map(i16::from)
    }

    #[inline(always)]
    unsafe fn load_quad_of_bytes(self, from: *const u8) -> [Words; 2] {
        // SAFETY: as the caller promises.
        unsafe { [self.load_pair_of_bytes(from), self.load_pair_of_bytes(from.add(2 * Self::LANES))] }
    }

    #[inline(always)]
    unsafe fn load_pair(self, from: *const u8) -> Words {
        // SAFETY: as the caller promises.
        unsafe { from.cast::<[[u8; 2]; 2 * Self::LANES]>().read_unaligned() }.map(i16::from_le_bytes)
    }

    #[inline(always)]
    unsafe fn store_pair(self, to: *mut u8, words: Words) {
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[[u8; 2]; 2 * Self::LANES]>().write_unaligned(words.map(i16::to_le_bytes)) }
    }

    #[inline(always)]
    unsafe fn store_pair_as_bytes(self, to: *mut u8, words: Words) {
        let bytes = words.map(|word| word.clamp(0, 255) as u8);
        // SAFETY: as the caller promises.
        unsafe { to.cast::<[u8; 2 * Self::LANES]>().write_unaligned(bytes) }
    }

    #[inline(always)]
    unsafe fn store_quad_as_bytes(self, to: *mut u8, a: Words, b: Words) {
        // SAFETY: as the caller promises.
        unsafe {
            self.store_pair_as_bytes(to, a);
            self.store_pair_as_bytes(to.add(2 * Self::LANES), b);
        }
    }

    #[inline(always)]
    fn add_words(self, a: Words, b: Words) -> Words {
        each_word(a, b, i16::wrapping_add)
    }

    #[inline(always)]
    fn max_words(self, a: Words, b: Words) -> Words {
        each_word(a, b, Ord::max)
    }

    #[inline(always)]
    fn min_words(self, a: Words, b: Words) -> Words {
        each_word(a, b, Ord::min)
    }

    #[inline(always)]
    fn shift_words_left(self, a: Words, by: i32) -> Words {
        a.map(|value| value.wrapping_shl(by as u32))
    }

    #[inline(always)]
    fn shift_words_right(self, a: Words, by: i32) -> Words {
        a.map(|value| value.wrapping_shr(by as u32))
    }

    #[inline(always)]
    fn max_bytes(self, a: Integers, b: Integers) -> Integers {
        each(a, b, |a, b| {
            let (a, b) = (a.to_le_bytes(), b.to_le_bytes());
            i32::from_le_bytes(core::array::from_fn(|byte| a[byte].max(b[byte])))
        })
    }
}
