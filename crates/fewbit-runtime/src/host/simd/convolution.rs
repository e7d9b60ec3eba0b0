//! Sums of products of a window of the input with packed weights, for a plane of pixels: convolutions, affine functions
//! and matrix products are all of this form.
//!
//! A tile of `P` pixels by `V` vectors of output channels is summed in registers: for each value of the window, `V`
//! vectors of weights are read and multiplied with that value of each pixel. The weights are packed in the order in which
//! they are read. Nothing is copied beforehand: the window of a pixel is a list of runs of consecutive floats, which
//! begin at the same distances from every pixel (feature maps have their padding stored around them).
//!
//! The tile sizes are those of the instruction set ([`Simd::TILE_PIXELS`]). That blocking for registers alone is enough
//! (no blocking of the sum for caches) is due to the small windows of networks for small devices; the analysis is that of
//! Goto and van de Geijn, "Anatomy of high-performance matrix multiplication", 2008.

use super::pixels::Pixels;
use super::{Activation, Kernel, Simd, load_up_to, store_up_to};
use crate::host::packing::PackedWeights;
use std::vec::Vec;

/// The floats that a pixel sums over, as distances from where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Window {
    runs: Vec<usize>,
    run_length: usize,
    reach: usize,
}

impl Window {
    /// Runs of `run_length` consecutive floats, which begin at these distances.
    pub fn new(runs: Vec<usize>, run_length: usize) -> Self {
        let reach = runs.iter().max().map_or(0, |last| last.saturating_add(run_length));
        Self { runs, run_length, reach }
    }

    /// Whether the floats follow one another from where the pixel begins.
    pub(super) fn is_one_run(&self) -> bool {
        self.runs[..] == [0]
    }

    /// How many floats there are.
    pub fn len(&self) -> usize {
        self.runs.len() * self.run_length
    }
}

/// What is added to the sums, pixel by pixel.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) enum Residual<'a> {
    /// Nothing.
    None,
    /// What the output holds.
    Output,
    /// Pixels of another map.
    Map(&'a [f32], Pixels),
}

impl Residual<'_> {
    /// The same with other pixels.
    pub fn map(self, other: impl FnOnce(Pixels) -> Pixels) -> Self {
        match self {
            Self::Map(values, pixels) => Self::Map(values, other(pixels)),
            same => same,
        }
    }
}

/// A plane to be computed.
pub(in crate::host) struct Plane<'a> {
    /// Rows of the plane.
    pub rows: usize,
    /// Pixels in a row.
    pub columns: usize,
    /// The input.
    pub input: &'a [f32],
    /// Where the window of each pixel begins.
    pub input_pixels: Pixels,
    /// What is summed over.
    pub window: &'a Window,
    /// By what it is multiplied.
    pub weights: &'a PackedWeights,
    /// What is added.
    pub residual: Residual<'a>,
    /// What is applied last.
    pub activation: Activation,
    /// The output.
    pub output: &'a mut [f32],
    /// Where its pixels lie.
    pub output_pixels: Pixels,
}

impl Plane<'_> {
    /// Whether all that the kernel touches is there.
    fn is_sound(&self, lanes: usize) -> bool {
        let Self { rows, columns, weights, .. } = *self;
        weights.lanes() == lanes
            && weights.window_len() == self.window.len()
            && self.input_pixels.fit(rows, columns, self.window.reach, self.input.len())
            && self.output_pixels.fit(rows, columns, weights.outputs(), self.output.len())
            && match self.residual {
                Residual::None | Residual::Output => true,
                Residual::Map(values, pixels) => pixels.fit(rows, columns, weights.outputs(), values.len()),
            }
    }

    /// Whether to take each panel of weights over the whole plane, or each tile of pixels through all panels: what is
    /// read again and again should be the smaller part.
    fn panel_by_panel(&self, tiles: usize) -> bool {
        /// Floats that stay in the first-level cache beside what passes through.
        const NEAR: usize = 6 * 1024;
        let weights = self.weights.len();
        let input = self.rows * self.columns * self.window.run_length;
        weights > NEAR && weights.saturating_mul(tiles) > input.saturating_mul(self.weights.panels().len())
    }
}

impl Kernel for Plane<'_> {
    #[inline(always)]
    fn run<S: Simd>(mut self, simd: S) {
        assert!(self.is_sound(S::LANES), "the planner keeps planes within their maps");
        let pixels = self.rows * self.columns;
        let most = (self.weights.panels()).map(|panel| S::TILE_PIXELS[panel.vectors - 1]).min().unwrap_or(1);
        let tiles = pixels.div_ceil(most);
        if tiles == 0 {
            return;
        }
        // Tiles differ by at most one pixel, so that none is too small to keep the processor busy.
        let (even, longer) = (pixels / tiles, pixels % tiles);
        let panels = self.weights.panels().len();
        let panel_by_panel = self.panel_by_panel(tiles);
        let (outer, inner) = if panel_by_panel { (panels, tiles) } else { (tiles, panels) };
        for outer in 0..outer {
            for inner in 0..inner {
                let (panel, tile) = if panel_by_panel { (outer, inner) } else { (inner, outer) };
                let first = tile * even + tile.min(longer);
                let size = even + usize::from(tile < longer);
                let at = TileAt { panel, row: first / self.columns, column: first % self.columns };
                // SAFETY: the plane is sound, and the tile lies within it.
                unsafe { self.tile_of(simd, at, size) };
            }
        }
    }
}

/// Which tile.
#[derive(Clone, Copy)]
struct TileAt {
    panel: usize,
    /// Its first pixel; the others follow in the row and in the next ones.
    row: usize,
    column: usize,
}

impl TileAt {
    /// Where the pixels of the tile begin.
    #[inline(always)]
    fn places<const P: usize>(self, pixels: Pixels, columns: usize) -> [usize; P] {
        let (mut row, mut column) = (self.row, self.column);
        core::array::from_fn(|_| {
            let place = pixels.at(row, column);
            column += 1;
            if column == columns {
                (row, column) = (row + 1, 0);
            }
            place
        })
    }
}

impl Plane<'_> {
    /// Computes a tile of `size` pixels.
    ///
    /// # Safety
    /// The plane must be sound, and the tile lie within it.
    #[inline(always)]
    unsafe fn tile_of<S: Simd>(&mut self, simd: S, at: TileAt, size: usize) {
        let vectors = self.weights.panel(at.panel).vectors;
        macro_rules! tiles {
            ($(($pixels:literal, $vectors:literal))*) => {
                match (size, vectors) {
                    // Sizes that the instruction set has no registers for are never asked for; not to compile them
                    // saves code.
                    // SAFETY: as the caller promises; `size` and `vectors` are those of the tile.
                    $(($pixels, $vectors) if $pixels <= S::TILE_PIXELS[$vectors - 1] => unsafe {
                        self.tile::<S, $pixels, $vectors>(simd, at)
                    },)*
                    _ => {}
                }
            };
        }
        tiles!(
            (1, 1) (2, 1) (3, 1) (4, 1) (5, 1) (6, 1) (7, 1) (8, 1)
            (1, 2) (2, 2) (3, 2) (4, 2) (5, 2) (6, 2) (7, 2) (8, 2)
            (1, 3) (2, 3) (3, 3) (4, 3) (5, 3) (6, 3) (7, 3) (8, 3)
        );
    }

    /// Computes a tile of `P` pixels by `V` vectors.
    ///
    /// # Safety
    /// The plane must be sound, the tile lie within it, and its panel have `V` vectors.
    #[inline(always)]
    unsafe fn tile<S: Simd, const P: usize, const V: usize>(&mut self, simd: S, at: TileAt) {
        let panel = self.weights.panel(at.panel);
        let bias = panel.bias.as_ptr();
        let zero = simd.splat(0.0);
        let mut sums = [[zero; V]; P];
        for v in 0..V {
            // SAFETY: a panel has a bias for each lane of its vectors.
            let bias = unsafe { simd.load(bias.add(v * S::LANES)) };
            for sums in &mut sums {
                sums[v] = bias;
            }
        }

        let places = at.places::<P>(self.input_pixels, self.columns);
        let mut pixels = [self.input.as_ptr(); P];
        for p in 0..P {
            // SAFETY: the pixel is one of the plane, so that it begins within the input.
            pixels[p] = unsafe { pixels[p].add(places[p]) };
        }
        let mut weights = panel.weights.as_ptr();
        for &run in &self.window.runs {
            for place in run..run + self.window.run_length {
                // SAFETY: a panel has `V` vectors for each place of the window, and every pixel of a sound plane can be
                // read as far as the window reaches.
                unsafe {
                    let mut row = [zero; V];
                    for v in 0..V {
                        row[v] = simd.load(weights.add(v * S::LANES));
                    }
                    for p in 0..P {
                        let value = simd.splat(*pixels[p].add(place));
                        for v in 0..V {
                            sums[p][v] = simd.mul_add(value, row[v], sums[p][v]);
                        }
                    }
                    weights = weights.add(V * S::LANES);
                }
            }
        }

        // What follows is made of small loops over all sums, each without a branch inside: so the sums stay in registers.
        let whole = panel.outputs == V * S::LANES;
        let more = match self.residual {
            Residual::None => None,
            Residual::Output => Some((self.output.as_ptr(), self.output_pixels)),
            Residual::Map(values, pixels) => Some((values.as_ptr(), pixels)),
        };
        if let Some((values, pixels)) = more {
            let places = at.places::<P>(pixels, self.columns);
            for p in 0..P {
                for v in 0..V {
                    let channel = v * S::LANES;
                    // SAFETY: a pixel of a sound plane has a value to add for each output channel; the last vector may
                    // have fewer channels than lanes.
                    let more = unsafe {
                        let from = values.add(places[p] + panel.first_output + channel);
                        if whole { simd.load(from) } else { load_up_to(simd, from, panel.outputs - channel) }
                    };
                    sums[p][v] = simd.add(sums[p][v], more);
                }
            }
        }
        self.activation.apply_to_all(simd, &mut sums);
        let places = at.places::<P>(self.output_pixels, self.columns);
        let output = self.output.as_mut_ptr();
        for p in 0..P {
            for v in 0..V {
                let channel = v * S::LANES;
                // SAFETY: a pixel of a sound plane has room for each output channel; the last vector may have fewer
                // channels than lanes.
                unsafe {
                    let to = output.add(places[p] + panel.first_output + channel);
                    if whole {
                        simd.store(to, sums[p][v]);
                    } else {
                        store_up_to(simd, to, panel.outputs - channel, sums[p][v]);
                    }
                }
            }
        }
    }
}
