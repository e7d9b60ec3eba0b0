//! Maxima and sums over windows of pixels, channel by channel.

use super::pixels::Pixels;
use super::{Kernel, Simd, load_up_to, store_up_to};
use crate::host::arithmetic::{Arithmetic, Floats};
use crate::host::storage::Storage;

/// What is made of the pixels of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Reduce {
    /// The greatest value.
    Max,
    /// The sum, divided by how many places count in each direction.
    Sum,
}

/// The part of a row that a window covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct Span {
    /// The first pixel.
    pub start: usize,
    /// How many follow.
    pub len: usize,
    /// How many of them count in an average; 1 if it is none.
    pub count: usize,
}

/// A row of windows.
pub(in crate::host) struct PooledRow<'a, A: Arithmetic> {
    /// What is made of a window.
    pub reduce: Reduce,
    /// Channels of a pixel.
    pub channels: usize,
    /// What a value is in memory, in the input and in the output.
    pub storage: [Storage; 2],
    /// The input.
    pub input: &'a [A::Item],
    /// Where the rows begin that the windows cover.
    pub rows: &'a [usize],
    /// From an input pixel to the next.
    pub pixel_step: usize,
    /// What each window covers of these rows.
    pub spans: &'a [Span],
    /// How many planes and rows count in an average.
    pub count: usize,
    /// What becomes of a pooled value.
    pub finish: &'a A::PoolingFinish,
    /// The output.
    pub output: &'a mut [A::Item],
    /// Where its pixels lie: one row.
    pub output_pixels: Pixels,
}

impl<A: Arithmetic> PooledRow<'_, A> {
    /// Whether all that the kernel touches is there.
    pub(super) fn is_sound(&self) -> bool {
        let last_row = self.rows.iter().copied().max().unwrap_or(0);
        self.output_pixels.fit(1, self.spans.len(), self.channels * self.storage[1].width(), self.output.len())
            && self.spans.iter().all(|span| {
                let Some(last) = span.start.checked_add(span.len).and_then(|end| end.checked_sub(1)) else {
                    return false;
                };
                Pixels { first: last_row, row_step: 0, pixel_step: self.pixel_step }.fit(
                    1,
                    last.saturating_add(1),
                    self.channels * self.storage[0].width(),
                    self.input.len(),
                )
            })
    }
}

impl PooledRow<'_, Floats> {
    /// Computes `V` vectors of a pixel, from `channel` on; the last may have fewer than all lanes.
    ///
    /// # Safety
    /// The row must be sound, and have these channels.
    #[inline(always)]
    unsafe fn pixel<S: Simd, const V: usize>(&mut self, simd: S, column: usize, span: Span, channel: usize) {
        let count = |v: usize| self.channels - channel - v * S::LANES;
        let start = simd.splat(if self.reduce == Reduce::Max { f32::NEG_INFINITY } else { 0.0 });
        let mut results = [[start; V]];
        for &row in self.rows {
            let first = row + span.start * self.pixel_step + channel;
            for pixel in 0..span.len {
                for v in 0..V {
                    // SAFETY: each pixel of a sound row's windows has as many floats as there are channels.
                    let value = unsafe {
                        let from = self.input.as_ptr().add(first + pixel * self.pixel_step + v * S::LANES);
                        load_up_to(simd, from, count(v))
                    };
                    results[0][v] = match self.reduce {
                        Reduce::Max => simd.max(value, results[0][v]),
                        Reduce::Sum => simd.add(results[0][v], value),
                    };
                }
            }
        }
        if self.reduce == Reduce::Sum {
            let factor = simd.splat(1.0 / (self.count * span.count) as f32);
            for result in &mut results[0] {
                *result = simd.mul(*result, factor);
            }
        }
        self.finish.apply_to_all(simd, &mut results);
        let place = self.output_pixels.at(0, column) + channel;
        for v in 0..V {
            // SAFETY: each pixel of a sound output has as many floats as there are channels.
            unsafe { store_up_to(simd, self.output.as_mut_ptr().add(place + v * S::LANES), count(v), results[0][v]) };
        }
    }
}

impl Kernel for PooledRow<'_, Floats> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        /// Vectors at a time: enough to pay for the loops over small windows.
        const VECTORS: usize = 4;
        assert!(self.is_sound(), "the planner keeps windows within their maps");
        for (column, &span) in self.spans.iter().enumerate() {
            let mut channel = 0;
            while channel + VECTORS * S::LANES <= self.channels {
                // SAFETY: the row is sound, and so many channels follow.
                unsafe { self.pixel::<S, VECTORS>(simd, column, span, channel) };
                channel += VECTORS * S::LANES;
            }
            while channel < self.channels {
                // SAFETY: the row is sound, and one channel at least follows.
                unsafe { self.pixel::<S, 1>(simd, column, span, channel) };
                channel += S::LANES;
            }
        }
    }
}
