//! Convolutions whose channels do not mix, for maps of bytes and of words.

use super::{IntegerKernel, IntegerSimd, load_stored, load_up_to, store};
use crate::host::arithmetic::Integers;
use crate::host::simd::depthwise::{DepthwisePlane, TILE};

impl DepthwisePlane<'_, Integers> {
    /// Computes `P` pixels of a row from `column` on.
    ///
    /// # Safety
    /// The plane must be sound, and the pixels lie within it.
    #[inline(always)]
    unsafe fn tile<S: IntegerSimd, const P: usize>(&mut self, simd: S, row: usize, column: usize) {
        let (input_storage, finish) = (self.input_storage, self.finish);
        for channel in (0..self.channels).step_by(S::LANES) {
            let count = self.channels - channel;
            // SAFETY: every tap of every pixel of a sound plane has a value for each channel, and so have its weights, the
            // biases, the finish and the pixels of the output.
            unsafe {
                let mut sums = [[load_up_to(simd, self.bias.as_ptr().add(channel), count)]; P];
                let input = self.input.as_ptr().add(channel * input_storage.width());
                let mut pixels = [input; P];
                for p in 0..P {
                    pixels[p] = input.add(self.input_pixels.at(row, column + p));
                }
                let mut weights = self.weights.as_ptr().add(channel);
                for &tap in self.taps {
                    let weight = load_up_to(simd, weights, count);
                    for p in 0..P {
                        // The high words of weights are zero, so that only the products of the low words are added.
                        let x = load_stored(simd, input_storage, pixels[p].add(tap), count);
                        sums[p][0] = simd.add_products_of_words(sums[p][0], x, weight);
                    }
                    weights = weights.wrapping_add(self.channels);
                }
                let added = [[simd.splat(0)]; P];
                finish.shift(simd, &mut sums, &added, (channel, count));
                finish.round(simd, &mut sums, &added);
                for (p, [sum]) in sums.into_iter().enumerate() {
                    let place = self.output_pixels.at(row, column + p) + channel * finish.output.width();
                    store(simd, finish.output, self.output.as_mut_ptr().add(place), count, sum);
                }
            }
        }
    }
}

impl IntegerKernel for DepthwisePlane<'_, Integers> {
    #[inline(always)]
    fn run<S: IntegerSimd>(mut self, simd: S) {
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
