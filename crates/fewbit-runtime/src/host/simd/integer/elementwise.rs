//! Sums and products of variables, value by value, for maps of bytes and of words.

use super::{IntegerKernel, IntegerSimd, Rounding, load_stored, store};
use crate::host::simd::pixels::Pixels;
use crate::host::storage::Storage;

/// A variable of a sum or a product.
#[derive(Clone, Copy)]
pub(in crate::host) struct Operand<'a> {
    /// Its map, and where its pixels lie.
    pub map: (&'a [u8], Pixels),
    /// What its values are in memory.
    pub storage: Storage,
    /// By what they are multiplied.
    pub factor: i32,
}

/// A plane to be computed: the sum or the product of some variables, rounded.
pub(in crate::host) struct IntegerElementwisePlane<'a> {
    /// Rows of the plane.
    pub rows: usize,
    /// Pixels in a row.
    pub columns: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// What is joined.
    pub operands: &'a [Operand<'a>],
    /// Whether it is the product.
    pub is_product: bool,
    /// How the result is rounded, one after the other.
    pub roundings: &'a [Rounding],
    /// The output, and where its pixels lie.
    pub output: (&'a mut [u8], Pixels),
    /// What output values are in memory.
    pub storage: Storage,
}

impl IntegerElementwisePlane<'_> {
    /// Whether all that the kernel touches is there.
    fn is_sound(&self) -> bool {
        let fit = |pixels: Pixels, storage: Storage, len| {
            pixels.fit(self.rows, self.columns, self.channels * storage.width(), len)
        };
        self.operands.iter().all(|operand| fit(operand.map.1, operand.storage, operand.map.0.len()))
            && fit(self.output.1, self.storage, self.output.0.len())
    }
}

impl IntegerKernel for IntegerElementwisePlane<'_> {
    #[inline(always)]
    fn run<S: IntegerSimd>(self, simd: S) {
        assert!(self.is_sound(), "the planner keeps planes within their maps");
        for row in 0..self.rows {
            for column in 0..self.columns {
                for channel in (0..self.channels).step_by(S::LANES) {
                    let count = self.channels - channel;
                    let mut result = simd.splat(i32::from(self.is_product));
                    for operand in self.operands {
                        let (items, pixels) = operand.map;
                        let place = pixels.at(row, column) + channel * operand.storage.width();
                        // SAFETY: every pixel of a sound plane has a value for each channel, in all variables.
                        let stored = unsafe { load_stored(simd, operand.storage, items.as_ptr().add(place), count) };
                        let value = simd.add(stored, simd.splat(-operand.storage.offset()));
                        let value = simd.mul(value, simd.splat(operand.factor));
                        result = if self.is_product { simd.mul(result, value) } else { simd.add(result, value) };
                    }
                    let mut results = [[result]];
                    for rounding in self.roundings {
                        rounding.apply(simd, &mut results, &[[result]]);
                    }
                    let place = self.output.1.at(row, column) + channel * self.storage.width();
                    // SAFETY: as above.
                    unsafe { store(simd, self.storage, self.output.0.as_mut_ptr().add(place), count, results[0][0]) };
                }
            }
        }
    }
}
