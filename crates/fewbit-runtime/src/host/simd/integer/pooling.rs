//! Maxima, sums and averages over windows of pixels, for maps of bytes and of words.

use super::{IntegerKernel, IntegerSimd, MOST_LANES, Rounding, load_stored, store};
use crate::host::arithmetic::Integers;
use crate::host::simd::pooling::{PooledRow, Reduce, Span};
use crate::host::storage::Storage;
use crate::requantize::Requantizer;

/// What becomes of a pooled value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum PoolingFinish {
    /// Maxima, as they are stored, are rounded.
    Max(Rounding),
    /// Sums are divided by how many values count, and rounded.
    Divide(Requantizer),
    /// Sums are rounded.
    Round(Requantizer),
}

impl PooledRow<'_, Integers> {
    /// Computes the maxima of a pixel for `4 * LANES` channels of bytes from `channel` on, which stay as they are but for a
    /// least value.
    ///
    /// # Safety
    /// The row must be sound, have these channels, and consist of bytes.
    #[inline(always)]
    unsafe fn bytes<S: IntegerSimd>(&mut self, simd: S, column: usize, span: Span, channel: usize, least: u8) {
        let mut result = simd.splat(i32::from_ne_bytes([least; 4]));
        for &row in self.rows {
            let first = row + span.start * self.pixel_step + channel;
            for pixel in 0..span.len {
                // SAFETY: each pixel of a sound row's windows has a value for each channel.
                let value = unsafe { simd.load(self.input.as_ptr().add(first + pixel * self.pixel_step).cast()) };
                result = simd.max_bytes(result, value);
            }
        }
        let place = self.output_pixels.at(0, column) + channel;
        // SAFETY: each pixel of a sound output has room for a value of each channel.
        unsafe { simd.store(self.output.as_mut_ptr().add(place).cast(), result) };
    }

    /// Computes a vector of a pixel, from `channel` on.
    ///
    /// # Safety
    /// The row must be sound, and have this channel.
    #[inline(always)]
    unsafe fn pixel<S: IntegerSimd>(&mut self, simd: S, column: usize, span: Span, channel: usize) {
        let [from, to] = self.storage;
        let count = self.channels - channel;
        let mut result = simd.splat(if self.reduce == Reduce::Max { i32::MIN } else { 0 });
        for &row in self.rows {
            let first = row + span.start * self.pixel_step + channel * from.width();
            for pixel in 0..span.len {
                // SAFETY: each pixel of a sound row's windows has a value for each channel.
                let value =
                    unsafe { load_stored(simd, from, self.input.as_ptr().add(first + pixel * self.pixel_step), count) };
                result = match self.reduce {
                    Reduce::Max => simd.max(value, result),
                    Reduce::Sum => simd.add(value, result),
                };
            }
        }
        let mut results = [[result]];
        match self.finish {
            PoolingFinish::Max(rounding) => rounding.apply(simd, &mut results, &[[result]]),
            PoolingFinish::Divide(_) | PoolingFinish::Round(_) => {
                let mut sums = [0; MOST_LANES];
                // SAFETY: there is room for as many integers as lanes at most.
                unsafe { simd.store(sums.as_mut_ptr(), result) };
                // A window has less than 2^31 values, as the planner makes sure.
                let stored_offset = from.offset() * (self.rows.len() * span.len) as i32;
                for sum in &mut sums {
                    let sum_of_values = i64::from(*sum - stored_offset);
                    let rounded = match self.finish {
                        PoolingFinish::Divide(requantizer) => {
                            requantizer.divide(sum_of_values, (self.count * span.count) as u64)
                        }
                        PoolingFinish::Round(requantizer) => requantizer.apply(sum_of_values),
                        PoolingFinish::Max(_) => 0,
                    };
                    *sum = rounded + to.offset();
                }
                // SAFETY: `sums` has as many integers as there are lanes at most.
                results = [[unsafe { simd.load(sums.as_ptr()) }]];
            }
        }
        let place = self.output_pixels.at(0, column) + channel * to.width();
        // SAFETY: each pixel of a sound output has room for a value of each channel.
        unsafe { store(simd, to, self.output.as_mut_ptr().add(place), count, results[0][0]) };
    }
}

impl IntegerKernel for PooledRow<'_, Integers> {
    #[inline(always)]
    fn run<S: IntegerSimd>(mut self, simd: S) {
        assert!(self.is_sound(), "the planner keeps windows within their maps");
        let least = match self.finish {
            PoolingFinish::Max(rounding) if self.storage == [Storage::Byte; 2] => rounding.least_byte(),
            _ => None,
        };
        for (column, &span) in self.spans.iter().enumerate() {
            let mut channel = 0;
            while let Some(least) = least.filter(|_| channel + 4 * S::LANES <= self.channels) {
                // SAFETY: the row is sound, consists of bytes, and so many channels follow.
                unsafe { self.bytes(simd, column, span, channel, least) };
                channel += 4 * S::LANES;
            }
            for channel in (channel..self.channels).step_by(S::LANES) {
                // SAFETY: the row is sound, and one channel at least follows.
                unsafe { self.pixel(simd, column, span, channel) };
            }
        }
    }
}
