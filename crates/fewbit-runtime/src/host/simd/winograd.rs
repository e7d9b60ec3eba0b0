//! Convolutions of 3 x 3 taps by fewer multiplications: Lavin and Gray, "Fast algorithms for convolutional neural
//! networks", 2016, section 4.1, F(2 x 2, 3 x 3).
//!
//! The output is computed in tiles of 2 x 2 pixels. The 4 x 4 pixels that a tile depends on are transformed by additions;
//! each of the 16 transformed pixels is multiplied by weights of its own, which were transformed beforehand; and the 16
//! sums are transformed back by additions: 16 multiplications a tile and pair of channels, where taps one by one take
//! 36. The transforms only add and halve, so that the result is about as exact as that of the plain sum. (The variant
//! with 4 x 4 tiles would take a quarter instead of four ninths of the multiplications, but its factors lose digits.)
//!
//! Tiles are worked on in strips: all tiles of a strip are transformed, then comes a matrix product for each of the 16
//! places, then the way back. A strip is short enough for the caches, and long enough to use each weight several times.

use super::convolution::{Plane, Residual, Window};
use super::pixels::Pixels;
use super::{Activation, Kernel, Simd, load_up_to, store_up_to};
use crate::host::packing::PackedWeights;

/// Places of a transformed tile.
pub(in crate::host) const PLACES: usize = 16;

/// Tiles in a strip.
const STRIP: usize = 16;

/// Floats between the places of a strip, so that they do not compete for the same lines of the cache.
const GAP: usize = 16;

/// A plane to be computed.
pub(in crate::host) struct WinogradPlane<'a> {
    /// Rows of the output.
    pub rows: usize,
    /// Pixels in a row of the output.
    pub columns: usize,
    /// The input.
    pub input: &'a [f32],
    /// Where the window of each output pixel begins. For the last tile of an odd row or column, a further one must exist.
    pub input_pixels: Pixels,
    /// The channels of the input, one run.
    pub window: &'a Window,
    /// The transformed weights of each place, without biases.
    pub weights: &'a [PackedWeights],
    /// The bias of each output channel.
    pub bias: &'a [f32],
    /// What is added.
    pub residual: Residual<'a>,
    /// What is applied last.
    pub activation: Activation,
    /// The output.
    pub output: &'a mut [f32],
    /// Where its pixels lie.
    pub output_pixels: Pixels,
    /// [`scratch_len`] floats of memory to work in.
    pub scratch: &'a mut [f32],
}

/// Floats of memory that a plane of so many channels needs.
pub(in crate::host) fn scratch_len(inputs: usize, outputs: usize) -> usize {
    PLACES * (place_step(inputs) + place_step(outputs))
}

/// Floats from a place of a strip to the next.
fn place_step(channels: usize) -> usize {
    STRIP * channels + GAP
}

/// The transform of 3 x 3 weights, given row by row: `G g G'` in the paper's terms.
pub(in crate::host) fn transform_weights(taps: [f64; 9]) -> [f64; PLACES] {
    let transform = |[a, b, c]: [f64; 3]| [a, (a + b + c) / 2.0, (a - b + c) / 2.0, c];
    let rows: [[f64; 4]; 3] = core::array::from_fn(|row| transform(core::array::from_fn(|tap| taps[3 * row + tap])));
    let columns: [[f64; 4]; 4] = core::array::from_fn(|column| transform(rows.map(|row| row[column])));
    core::array::from_fn(|place| columns[place % 4][place / 4])
}

/// A 4-vector of the input transformed: `B' d`.
#[inline(always)]
fn transform_input<S: Simd>(simd: S, [a, b, c, d]: [S::Floats; 4]) -> [S::Floats; 4] {
    [simd.sub(a, c), simd.add(b, c), simd.sub(c, b), simd.sub(b, d)]
}

/// A 4-vector of sums transformed back: `A' m`.
#[inline(always)]
fn transform_output<S: Simd>(simd: S, [a, b, c, d]: [S::Floats; 4]) -> [S::Floats; 2] {
    [simd.add(simd.add(a, b), c), simd.sub(simd.sub(b, c), d)]
}

impl WinogradPlane<'_> {
    fn inputs(&self) -> usize {
        self.window.len()
    }

    fn outputs(&self) -> usize {
        self.bias.len()
    }

    /// Whether all that the kernel touches is there.
    fn is_sound(&self, lanes: usize) -> bool {
        let Self { rows, columns, .. } = *self;
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let weights = |weights: &PackedWeights| {
            weights.lanes() == lanes && weights.outputs() == outputs && weights.window_len() == inputs
        };
        let even = |extent: usize| extent.next_multiple_of(2) + 2;
        self.weights.len() == PLACES
            && self.weights.iter().all(weights)
            && self.window.is_one_run()
            && self.input_pixels.fit(even(rows), even(columns), inputs, self.input.len())
            && self.output_pixels.fit(rows, columns, outputs, self.output.len())
            && self.scratch.len() >= scratch_len(inputs, outputs)
            && match self.residual {
                Residual::None | Residual::Output => true,
                Residual::Map(values, pixels) => pixels.fit(rows, columns, outputs, values.len()),
            }
    }

    /// Transforms the input of the tiles from `first` on, `count` of them.
    ///
    /// # Safety
    /// The plane must be sound, and the tiles lie within it.
    #[inline(always)]
    unsafe fn transform<S: Simd>(&mut self, simd: S, first: usize, count: usize) {
        let (inputs, across) = (self.inputs(), self.columns.div_ceil(2));
        let zero = simd.splat(0.0);
        for channel in (0..inputs).step_by(S::LANES) {
            let left = inputs - channel;
            let mut columns = [[zero; 4]; 4];
            for tile in 0..count {
                let (row, column) = ((first + tile) / across, (first + tile) % across);
                let from = self.input_pixels.at(2 * row, 2 * column) + channel;
                // Tiles overlap by two pixels: two columns of the tile before are at hand.
                (columns[0], columns[1]) = (columns[2], columns[3]);
                let known = if tile == 0 || column == 0 { 0 } else { 2 };
                for x in known..4 {
                    let mut pixels = [zero; 4];
                    for y in 0..4 {
                        let at = from + y * self.input_pixels.row_step + x * self.input_pixels.pixel_step;
                        // SAFETY: the 4 x 4 pixels from where a tile's window begins are those of the input.
                        pixels[y] = unsafe { load_up_to(simd, self.input.as_ptr().add(at), left) };
                    }
                    columns[x] = transform_input(simd, pixels);
                }
                for y in 0..4 {
                    let row = [columns[0][y], columns[1][y], columns[2][y], columns[3][y]];
                    let row = transform_input(simd, row);
                    for x in 0..4 {
                        let place = (4 * y + x) * place_step(inputs) + tile * inputs + channel;
                        // SAFETY: the memory has room for the input channels of each place and tile.
                        unsafe { store_up_to(simd, self.scratch.as_mut_ptr().add(place), left, row[x]) };
                    }
                }
            }
        }
    }

    /// Multiplies the transformed tiles by the weights.
    #[inline(always)]
    fn multiply<S: Simd>(&mut self, simd: S, count: usize) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let (transformed, sums) = self.scratch.split_at_mut(PLACES * place_step(inputs));
        for (place, weights) in self.weights.iter().enumerate() {
            let pixels = |step: usize, channels: usize| Pixels { first: place * step, row_step: 0, pixel_step: channels };
            let product = Plane {
                rows: 1,
                columns: count,
                input: transformed,
                input_pixels: pixels(place_step(inputs), inputs),
                window: self.window,
                weights,
                residual: Residual::None,
                activation: Activation::Identity,
                output: &mut *sums,
                output_pixels: pixels(place_step(outputs), outputs),
            };
            product.run(simd);
        }
    }

    /// Transforms the sums of the tiles from `first` on back, `count` of them, and stores the output.
    ///
    /// # Safety
    /// The plane must be sound, and the tiles lie within it.
    #[inline(always)]
    unsafe fn finish<S: Simd>(&mut self, simd: S, first: usize, count: usize) {
        let (outputs, across) = (self.outputs(), self.columns.div_ceil(2));
        let sums = self.scratch[PLACES * place_step(self.inputs())..].as_ptr();
        for channel in (0..outputs).step_by(S::LANES) {
            let left = outputs - channel;
            // SAFETY: there is a bias for each output channel.
            let bias = unsafe { load_up_to(simd, self.bias.as_ptr().add(channel), left) };
            for tile in 0..count {
                let (row, column) = (2 * ((first + tile) / across), 2 * ((first + tile) % across));
                let mut columns = [[bias; 2]; 4];
                for x in 0..4 {
                    let mut column = [bias; 4];
                    for y in 0..4 {
                        let place = (4 * y + x) * place_step(outputs) + tile * outputs + channel;
                        // SAFETY: the memory has room for the output channels of each place and tile.
                        column[y] = unsafe { load_up_to(simd, sums.add(place), left) };
                    }
                    columns[x] = transform_output(simd, column);
                }
                for y in 0..(self.rows - row).min(2) {
                    let row_of = [columns[0][y], columns[1][y], columns[2][y], columns[3][y]];
                    let mut pixels = [transform_output(simd, row_of)];
                    pixels[0] = [simd.add(pixels[0][0], bias), simd.add(pixels[0][1], bias)];
                    for x in 0..(self.columns - column).min(2) {
                        let more = match self.residual {
                            Residual::None => continue,
                            Residual::Output => (self.output.as_ptr(), self.output_pixels),
                            Residual::Map(values, pixels) => (values.as_ptr(), pixels),
                        };
                        // SAFETY: each pixel of a sound plane has a value to add for each output channel.
                        let more = unsafe {
                            load_up_to(simd, more.0.add(more.1.at(row + y, column + x) + channel), left)
                        };
                        pixels[0][x] = simd.add(pixels[0][x], more);
                    }
                    self.activation.apply_to_all(simd, &mut pixels);
                    for x in 0..(self.columns - column).min(2) {
                        let place = self.output_pixels.at(row + y, column + x) + channel;
                        // SAFETY: each pixel of a sound plane has room for each output channel.
                        unsafe { store_up_to(simd, self.output.as_mut_ptr().add(place), left, pixels[0][x]) };
                    }
                }
            }
        }
    }
}

impl Kernel for WinogradPlane<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert!(self.is_sound(S::LANES), "the planner keeps planes within their maps");
        let tiles = self.rows.div_ceil(2) * self.columns.div_ceil(2);
        for first in (0..tiles).step_by(STRIP) {
            let count = STRIP.min(tiles - first);
            // SAFETY: the plane is sound, and the tiles are some of its.
            unsafe {
                self.transform(simd, first, count);
                self.multiply(simd, count);
                self.finish(simd, first, count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One tile of one channel, by the transforms of whole numbers.
    #[test]
    fn the_transforms_make_a_convolution() {
        let simd = super::super::portable::Portable;
        let taps: [f64; 9] = core::array::from_fn(|tap| (tap * tap % 7) as f64 - 2.0);
        let input: [[f32; 4]; 4] = core::array::from_fn(|y| core::array::from_fn(|x| ((3 * y + 5 * x) % 11) as f32));
        let splat = |value: f32| simd.splat(value);
        let columns: [[_; 4]; 4] =
            core::array::from_fn(|x| transform_input(simd, core::array::from_fn(|y| splat(input[y][x]))));
        let weights = transform_weights(taps);
        let sums: [[_; 4]; 4] = core::array::from_fn(|y| {
            let row = transform_input(simd, columns.map(|column| column[y]));
            core::array::from_fn(|x| simd.mul(row[x], splat(weights[4 * y + x] as f32)))
        });
        let columns: [[_; 2]; 4] =
            core::array::from_fn(|x| transform_output(simd, core::array::from_fn(|y| sums[y][x])));
        for y in 0..2 {
            let row = transform_output(simd, columns.map(|column| column[y]));
            for x in 0..2 {
                let expected: f32 =
                    (0..9).map(|tap| input[y + tap / 3][x + tap % 3] * taps[tap] as f32).sum();
                assert_eq!(row[x][0], expected, "row {y}, column {x}");
            }
        }
    }
}
