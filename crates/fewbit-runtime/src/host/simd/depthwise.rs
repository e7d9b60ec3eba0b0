//! Convolutions whose channels do not mix: each output channel sums over the window of its own input channel.
//!
//! Vectors run over channels; a tile holds one vector for several pixels, so that each vector of weights is read once
//! for all of them.

use super::pixels::Pixels;
use super::{Kernel, Simd, load_up_to, store_up_to};
use crate::host::arithmetic::{Arithmetic, Floats};
use crate::host::storage::Storage;

/// A plane to be computed.
pub(in crate::host) struct DepthwisePlane<'a, A: Arithmetic> {
    /// Rows of the plane.
    pub rows: usize,
    /// Pixels in a row.
    pub columns: usize,
    /// Channels of input and output.
    pub channels: usize,
    /// The input.
    pub input: &'a [A::Item],
    /// Where the window of each pixel begins.
    pub input_pixels: Pixels,
    /// What an input value is in memory.
    pub input_storage: Storage,
    /// The distances of the window's pixels from where it begins.
    pub taps: &'a [usize],
    /// `channels` weights for each tap.
    pub weights: &'a [A::Weight],
    /// `channels` biases.
    pub bias: &'a [A::Weight],
    /// What becomes of the sums.
    pub finish: &'a A::Finish,
    /// The output.
    pub output: &'a mut [A::Item],
    /// Where its pixels lie.
    pub output_pixels: Pixels,
}

/// Pixels in a tile: as many sums as hide the latency of their multiply-adds.
pub(super) const TILE: usize = 8;

impl<A: Arithmetic> DepthwisePlane<'_, A> {
    /// Whether all that the kernel touches is there.
    pub(super) fn is_sound(&self) -> bool {
        let Self { rows, columns, channels, .. } = *self;
        let reach = self.taps.iter().max().map_or(0, |last| last.saturating_add(channels * self.input_storage.width()));
        self.taps.len().checked_mul(channels) == Some(self.weights.len())
            && self.bias.len() == channels
            && A::is_complete(self.finish, channels)
            && self.input_pixels.fit(rows, columns, reach, self.input.len())
            && self.output_pixels.fit(rows, columns, channels * A::output_width(self.finish), self.output.len())
    }
}

impl DepthwisePlane<'_, Floats> {
    /// Computes `P` pixels of a row from `column` on.
    ///
    /// # Safety
    /// The plane must be sound, and the pixels lie within it.
    #[inline(always)]
    unsafe fn tile<S: Simd, const P: usize>(&mut self, simd: S, row: usize, column: usize) {
        for channel in (0..self.channels).step_by(S::LANES) {
            let count = self.channels - channel;
            // SAFETY: every tap of every pixel of a sound plane has as many floats as there are channels, and so have
            // its weights, the biases and the pixels of the output.
            unsafe {
                let mut sums = [load_up_to(simd, self.bias.as_ptr().add(channel), count); P];
                let input = self.input.as_ptr().add(channel);
                let mut pixels = [input; P];
                for p in 0..P {
                    pixels[p] = input.add(self.input_pixels.at(row, column + p));
                }
                let mut weights = self.weights.as_ptr().add(channel);
                for &tap in self.taps {
                    let weight = load_up_to(simd, weights, count);
                    for p in 0..P {
                        sums[p] = simd.mul_add(load_up_to(simd, pixels[p].add(tap), count), weight, sums[p]);
                    }
                    weights = weights.wrapping_add(self.channels);
                }
                for (p, sum) in sums.into_iter().enumerate() {
                    let to = self.output.as_mut_ptr().add(self.output_pixels.at(row, column + p) + channel);
                    store_up_to(simd, to, count, self.finish.apply(simd, sum));
                }
            }
        }
    }
}

impl Kernel for DepthwisePlane<'_, Floats> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert!(self.is_sound(), "the planner keeps planes within their maps");
        for row in 0..self.rows {
            let mut column = 0;
            while column + TILE <= self.columns {
                // SAFETY: the plane is sound, and `TILE` pixels follow.
                unsafe { self.tile::<S, TILE>(simd, row, column) };
                column += TILE;
            }
            for column in column..self.columns {
                // SAFETY: the plane is sound, and the pixel is one of the row.
                unsafe { self.tile::<S, 1>(simd, row, column) };
            }
        }
    }
}
