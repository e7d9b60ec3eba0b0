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

use super::convolution::{Residual, Tiles, Window, with_tile};
use super::pixels::Pixels;
use super::{Activation, Kernel, Simd, load_part, store_part};
use crate::host::packing::{PackedWeights, Panel};

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
    pub weights: &'a [PackedWeights<f32>],
    /// The bias of each output channel.
    pub bias: &'a [f32],
    /// What is added.
    pub residual: Residual<'a, f32>,
    /// What is applied last.
    pub activation: Activation,
    /// The output.
    pub output: &'a mut [f32],
    /// Where its pixels lie.
    pub output_pixels: Pixels,
    /// [`scratch_len`] floats of memory to work in.
    pub scratch: &'a mut [f32],
}

/// Floats of memory that a plane of so many channels needs, for vectors of so many lanes.
pub(in crate::host) fn scratch_len(inputs: usize, outputs: usize, lanes: usize) -> usize {
    PLACES * (place_step(inputs, lanes) + place_step(outputs, lanes))
}

/// Floats from a place of a strip to the next. For each place, and each vector of channels, the vectors of the tiles follow
/// one another: so the tiles of a product are at distances that the compiler knows.
const fn place_step(channels: usize, lanes: usize) -> usize {
    STRIP * channels.next_multiple_of(lanes) + GAP
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

/// Four pixels, one below the other, transformed.
///
/// # Safety
/// Each of the pixels must be valid for reading `LANES` channels, or `left` if they are not `WHOLE`.
#[inline(always)]
unsafe fn transform_column<S: Simd, const WHOLE: bool>(
    simd: S,
    from: *const f32,
    row_step: usize,
    left: usize,
) -> [S::Floats; 4] {
    // SAFETY: as the caller promises.
    unsafe {
        let a = load_part::<S, WHOLE>(simd, from, left);
        let b = load_part::<S, WHOLE>(simd, from.add(row_step), left);
        let c = load_part::<S, WHOLE>(simd, from.add(2 * row_step), left);
        let d = load_part::<S, WHOLE>(simd, from.add(3 * row_step), left);
        transform_input(simd, [a, b, c, d])
    }
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
        let weights = |weights: &PackedWeights<f32>| {
            weights.lanes() == lanes && weights.outputs() == outputs && weights.window_len() == inputs
        };
        let even = |extent: usize| extent.next_multiple_of(2) + 2;
        self.weights.len() == PLACES
            && self.weights.iter().all(weights)
            && self.window.is_one_run()
            && self.input_pixels.fit(even(rows), even(columns), inputs, self.input.len())
            && self.output_pixels.fit(rows, columns, outputs, self.output.len())
            && self.scratch.len() >= scratch_len(inputs, outputs, lanes)
            && match self.residual {
                Residual::None | Residual::Output => true,
                Residual::Map(values, pixels) => pixels.fit(rows, columns, outputs, values.len()),
            }
    }

    /// Transforms `LANES` channels, or fewer if they are not `WHOLE`, of the input of a strip's tiles.
    ///
    /// # Safety
    /// The plane must be sound, and the tiles and channels lie within it.
    #[inline(always)]
    unsafe fn transform<S: Simd, const WHOLE: bool>(&mut self, simd: S, strip: Strip, channel: usize) {
        // What the loop needs is brought here: behind `self` the compiler would fetch it anew after each store.
        let (input, pixels) = (self.input.as_ptr(), self.input_pixels);
        let left = self.inputs() - channel;
        let step = place_step(self.inputs(), S::LANES);
        let mut to = self.scratch[channel * STRIP..].as_mut_ptr();
        let mut columns = [[simd.splat(0.0); 4]; 4];
        for (tile, row, column) in strip.tiles() {
            // SAFETY: the 4 x 4 pixels from where a tile's window begins are those of the input.
            unsafe {
                let from = input.add(pixels.at(row, column) + channel);
                let at = |x: usize| from.add(x * pixels.pixel_step);
                // Tiles overlap by two pixels: two columns of the tile before are at hand.
                if tile == 0 || column == 0 {
                    columns[0] = transform_column::<S, WHOLE>(simd, at(0), pixels.row_step, left);
                    columns[1] = transform_column::<S, WHOLE>(simd, at(1), pixels.row_step, left);
                } else {
                    (columns[0], columns[1]) = (columns[2], columns[3]);
                }
                columns[2] = transform_column::<S, WHOLE>(simd, at(2), pixels.row_step, left);
                columns[3] = transform_column::<S, WHOLE>(simd, at(3), pixels.row_step, left);
            }
            for y in 0..4 {
                let row = [columns[0][y], columns[1][y], columns[2][y], columns[3][y]];
                let row = transform_input(simd, row);
                for x in 0..4 {
                    // SAFETY: the memory has room for the vectors of each place and tile.
                    unsafe { simd.store(to.add((4 * y + x) * step), row[x]) };
                }
            }
            to = to.wrapping_add(S::LANES);
        }
    }

    /// Multiplies the transformed tiles by the weights.
    ///
    /// # Safety
    /// The plane must be sound.
    #[inline(always)]
    unsafe fn multiply<S: Simd>(&mut self, simd: S, strip: Strip) {
        let (inputs, outputs) = (self.inputs(), self.outputs());
        let tiles = Tiles::new::<S, f32>(strip.count, &self.weights[0]);
        let (from_step, to_step) = (place_step(inputs, S::LANES), place_step(outputs, S::LANES));
        let (transformed, sums) = self.scratch.split_at_mut(PLACES * from_step);
        for (place, weights) in self.weights.iter().enumerate() {
            for panel in weights.panels() {
                for tile in 0..tiles.count {
                    let (first, size) = tiles.at(tile);
                    // SAFETY: the memory has room for the vectors of each place and tile.
                    unsafe {
                        let from = transformed.as_ptr().add(place * from_step + first * S::LANES);
                        let to = place * to_step + panel.first_output * STRIP + first * S::LANES;
                        let to = sums.as_mut_ptr().add(to);
                        with_tile!(S, size, panel.vectors, (P, V) => product::<S, P, V>(simd, from, inputs, panel, to));
                    }
                }
            }
        }
    }

    /// Transforms the sums of `LANES` channels, or fewer if they are not `WHOLE`, of a strip's tiles back, and stores the
    /// output.
    ///
    /// # Safety
    /// The plane must be sound, and the tiles and channels lie within it.
    #[inline(always)]
    unsafe fn finish<S: Simd, const WHOLE: bool>(&mut self, simd: S, strip: Strip, channel: usize) {
        // As in `transform`.
        let (rows, columns, activation) = (self.rows, self.columns, self.activation);
        let (output, output_pixels) = (self.output.as_mut_ptr(), self.output_pixels);
        let left = self.outputs() - channel;
        let step = place_step(self.outputs(), S::LANES);
        let residual = match self.residual {
            Residual::None => None,
            Residual::Output => Some((output.cast_const(), output_pixels)),
            Residual::Map(values, pixels) => Some((values.as_ptr(), pixels)),
        };
        let mut sums =
            self.scratch[PLACES * place_step(self.inputs(), S::LANES)..].as_ptr().wrapping_add(channel * STRIP);
        // SAFETY: there is a bias for each output channel.
        let bias = unsafe { load_part::<S, WHOLE>(simd, self.bias.as_ptr().add(channel), left) };
        for (_, row, column) in strip.tiles() {
            let mut halves = [[bias; 2]; 4];
            for x in 0..4 {
                let mut column = [bias; 4];
                for y in 0..4 {
                    // SAFETY: the memory has room for the vectors of each place and tile.
                    column[y] = unsafe { simd.load(sums.add((4 * y + x) * step)) };
                }
                halves[x] = transform_output(simd, column);
            }
            sums = sums.wrapping_add(S::LANES);
            let mut pixels = [[bias; 2]; 2];
            for y in 0..2 {
                let row = transform_output(simd, [halves[0][y], halves[1][y], halves[2][y], halves[3][y]]);
                pixels[y] = [simd.add(row[0], bias), simd.add(row[1], bias)];
            }
            let is_there = |y: usize, x: usize| row + y < rows && column + x < columns;
            if let Some((values, places)) = residual {
                for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    if is_there(y, x) {
                        // SAFETY: each pixel of a sound plane has a value to add for each output channel.
                        let more = unsafe {
                            let from = values.add(places.at(row + y, column + x) + channel);
                            load_part::<S, WHOLE>(simd, from, left)
                        };
                        pixels[y][x] = simd.add(pixels[y][x], more);
                    }
                }
            }
            activation.apply_to_all(simd, &mut pixels);
            for (y, x) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                if is_there(y, x) {
                    let place = output_pixels.at(row + y, column + x) + channel;
                    // SAFETY: each pixel of a sound plane has room for each output channel.
                    unsafe { store_part::<S, WHOLE>(simd, output.add(place), left, pixels[y][x]) };
                }
            }
        }
    }
}

/// Multiplies `P` tiles of a strip by the weights of a panel.
///
/// # Safety
/// `from` must be valid for reading the vectors of all `inputs`, `to` for writing those of the panel, `P` tiles of each.
#[inline(always)]
unsafe fn product<S: Simd, const P: usize, const V: usize>(
    simd: S,
    mut from: *const f32,
    inputs: usize,
    panel: Panel<'_, f32>,
    to: *mut f32,
) {
    let zero = simd.splat(0.0);
    let mut sums = [[zero; V]; P];
    let mut weights = panel.weights.as_ptr();
    for channel in (0..inputs).step_by(S::LANES) {
        for lane in 0..S::LANES.min(inputs - channel) {
            // SAFETY: as the caller promises; a panel has `V` vectors of weights for each input channel.
            unsafe {
                let mut row = [zero; V];
                for v in 0..V {
                    row[v] = simd.load(weights.add(v * S::LANES));
                }
                for p in 0..P {
                    let value = simd.splat(*from.add(p * S::LANES + lane));
                    for v in 0..V {
                        sums[p][v] = simd.mul_add(value, row[v], sums[p][v]);
                    }
                }
                weights = weights.add(V * S::LANES);
            }
        }
        from = from.wrapping_add(STRIP * S::LANES);
    }
    for p in 0..P {
        for v in 0..V {
            // SAFETY: as the caller promises.
            unsafe { simd.store(to.add(v * STRIP * S::LANES + p * S::LANES), sums[p][v]) };
        }
    }
}

/// Tiles that are worked on together.
#[derive(Clone, Copy)]
struct Strip {
    /// The output row and column of the first.
    row: usize,
    column: usize,
    /// How many there are.
    count: usize,
    /// Columns of the output.
    columns: usize,
}

impl Strip {
    /// The tiles: their number in the strip, and the row and the column of the output where they begin.
    #[inline(always)]
    fn tiles(self) -> impl Iterator<Item = (usize, usize, usize)> {
        let (mut row, mut column) = (self.row, self.column);
        (0..self.count).map(move |tile| {
            let at = (tile, row, column);
            column += 2;
            if column >= self.columns {
                (row, column) = (row + 2, 0);
            }
            at
        })
    }
}

impl Kernel for WinogradPlane<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert!(self.is_sound(S::LANES), "the planner keeps planes within their maps");
        let across = self.columns.div_ceil(2);
        let tiles = self.rows.div_ceil(2) * across;
        let (inputs, outputs) = (self.inputs(), self.outputs());
        for first in (0..tiles).step_by(STRIP) {
            let (row, column) = (2 * (first / across), 2 * (first % across));
            let strip = Strip { row, column, count: STRIP.min(tiles - first), columns: self.columns };
            // SAFETY: the plane is sound, the tiles are some of its, and so are the channels.
            unsafe {
                for channel in (0..inputs).step_by(S::LANES) {
                    if inputs - channel >= S::LANES {
                        self.transform::<S, true>(simd, strip, channel);
                    } else {
                        self.transform::<S, false>(simd, strip, channel);
                    }
                }
                self.multiply(simd, strip);
                for channel in (0..outputs).step_by(S::LANES) {
                    if outputs - channel >= S::LANES {
                        self.finish::<S, true>(simd, strip, channel);
                    } else {
                        self.finish::<S, false>(simd, strip, channel);
                    }
                }
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
                let expected: f32 = (0..9).map(|tap| input[y + tap / 3][x + tap % 3] * taps[tap] as f32).sum();
                assert_eq!(row[x][0], expected, "row {y}, column {x}");
            }
        }
    }
}
