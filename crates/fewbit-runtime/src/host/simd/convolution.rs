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
use super::{Kernel, Simd, Vectors, load_up_to, store_up_to};
use crate::host::arithmetic::{Arithmetic, Floats};
use crate::host::packing::{PackedWeights, Panel};
use std::vec::Vec;

/// The items that a pixel sums over, as distances from where it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Window {
    pub(super) runs: Vec<usize>,
    pub(super) run_length: usize,
    reach: usize,
}

impl Window {
    /// Runs of `run_length` consecutive items, which begin at these distances.
    pub fn new(runs: Vec<usize>, run_length: usize) -> Self {
        let reach = runs.iter().max().map_or(0, |last| last.saturating_add(run_length));
        Self { runs, run_length, reach }
    }

    /// Whether the items follow one another from where the pixel begins.
    pub(super) fn is_one_run(&self) -> bool {
        self.runs[..] == [0]
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.runs.len() * self.run_length
    }
}

/// What is added to the sums, pixel by pixel.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) enum Residual<'a, T> {
    /// Nothing.
    None,
    /// What the output holds.
    Output,
    /// Pixels of another map.
    Map(&'a [T], Pixels),
}

impl<T> Residual<'_, T> {
    /// The same with other pixels.
    pub fn map(self, other: impl FnOnce(Pixels) -> Pixels) -> Self {
        match self {
            Self::Map(values, pixels) => Self::Map(values, other(pixels)),
            same => same,
        }
    }
}

/// A plane to be computed.
pub(in crate::host) struct Plane<'a, A: Arithmetic> {
    /// Rows of the plane.
    pub rows: usize,
    /// Pixels in a row.
    pub columns: usize,
    /// The input.
    pub input: &'a [A::Item],
    /// Where the window of each pixel begins.
    pub input_pixels: Pixels,
    /// What is summed over.
    pub window: &'a Window,
    /// By what it is multiplied.
    pub weights: &'a PackedWeights<A::Weight>,
    /// What is added.
    pub residual: Residual<'a, A::Item>,
    /// What becomes of the sums.
    pub finish: &'a A::Finish,
    /// The output.
    pub output: &'a mut [A::Item],
    /// Where its pixels lie.
    pub output_pixels: Pixels,
}

impl<'a, A: Arithmetic> Plane<'a, A> {
    /// Whether all that the kernel touches is there.
    fn is_sound(&self, lanes: usize) -> bool {
        let Self { rows, columns, weights, .. } = *self;
        weights.lanes() == lanes
            && self.window.run_length.is_multiple_of(A::PLACE)
            && weights.window_len() == self.window.len() / A::PLACE
            && A::is_complete(self.finish, weights.packed_outputs())
            && self.input_pixels.fit(rows, columns, self.window.reach, self.input.len())
            && self.output_pixels.fit(
                rows,
                columns,
                weights.outputs() * A::output_width(self.finish),
                self.output.len(),
            )
            && match self.residual {
                Residual::None | Residual::Output => true,
                Residual::Map(values, pixels) => {
                    pixels.fit(rows, columns, weights.outputs() * A::residual_width(self.finish), values.len())
                }
            }
    }

    /// Whether to take each panel of weights over the whole plane, or each tile of pixels through all panels: what is
    /// read again and again should be the smaller part.
    fn panel_by_panel(&self, tiles: usize) -> bool {
        /// Bytes that stay in the first-level cache beside what passes through.
        const NEAR: usize = 24 * 1024;
        let weights = self.weights.len() * size_of::<A::Weight>();
        let input = self.rows * self.columns * self.window.run_length * size_of::<A::Item>();
        weights > NEAR && weights.saturating_mul(tiles) > input.saturating_mul(self.weights.panels().len())
    }
}

/// How the pixels of a plane are split into tiles: these differ by at most one pixel, so that none is too small to keep
/// the processor busy.
#[derive(Clone, Copy)]
pub(super) struct Tiles {
    /// How many there are.
    pub count: usize,
    even: usize,
    longer: usize,
}

impl Tiles {
    /// The tiles of so many pixels, for weights in these panels.
    #[inline(always)]
    pub fn new<S: Vectors, W: Copy + Default>(pixels: usize, weights: &PackedWeights<W>) -> Self {
        let count = pixels.div_ceil(S::TILE_PIXELS[weights.most_vectors().max(1) - 1]).max(1);
        Self { count, even: pixels / count, longer: pixels % count }
    }

    /// The first pixel of a tile, and how many there are in it.
    #[inline(always)]
    pub fn at(self, tile: usize) -> (usize, usize) {
        (tile * self.even + tile.min(self.longer), self.even + usize::from(tile < self.longer))
    }
}

/// Evaluates an expression for a tile of `size` pixels and `vectors` vectors, which must be a tile of the instruction set:
/// with these numbers as constants of the given names.
macro_rules! with_tile {
    ($simd:ty, $size:expr, $vectors:expr, ($p:ident, $v:ident) => $call:expr) => {
        with_tile!(@match $simd, $size, $vectors, $p, $v, $call,
            (1, 1) (2, 1) (3, 1) (4, 1) (5, 1) (6, 1) (7, 1) (8, 1)
            (1, 2) (2, 2) (3, 2) (4, 2) (5, 2) (6, 2) (7, 2) (8, 2)
            (1, 3) (2, 3) (3, 3) (4, 3) (5, 3) (6, 3) (7, 3) (8, 3)
            (1, 4) (2, 4) (3, 4) (4, 4) (5, 4) (6, 4))
    };
    (@match $simd:ty, $size:expr, $vectors:expr, $p:ident, $v:ident, $call:expr, $(($pixels:literal, $panel:literal))*) => {
        match ($size, $vectors) {
            // Sizes that the instruction set has no registers for are never asked for; not to compile them saves code.
            $(($pixels, $panel) if $pixels <= <$simd>::TILE_PIXELS[$panel - 1] => {
                const $p: usize = $pixels;
                const $v: usize = $panel;
                $call
            })*
            _ => {}
        }
    };
}
pub(super) use with_tile;

/// The sums of a tile, which begin with the bias.
///
/// # Safety
/// Each pixel must be valid for reading as far as the window reaches; the panel must have `V` vectors of weights for each
/// place of the window.
#[inline(always)]
pub(super) unsafe fn sum<S: Simd, const P: usize, const V: usize>(
    simd: S,
    pixels: [*const f32; P],
    window: &Window,
    panel: Panel<'_, f32>,
) -> [[S::Floats; V]; P] {
    // A multiply-add waits for the one before it on the same sum. Small tiles have too few sums for that time: they take
    // several for each, over different places.
    // SAFETY: as the caller promises.
    unsafe {
        match P * V {
            0..=2 => sum_in_parts::<S, P, V, 4>(simd, pixels, window, panel),
            3..=4 => sum_in_parts::<S, P, V, 2>(simd, pixels, window, panel),
            _ => sum_in_parts::<S, P, V, 1>(simd, pixels, window, panel),
        }
    }
}

/// The same, each sum in `PARTS` over different places.
///
/// # Safety
/// As for [`sum`].
#[inline(always)]
unsafe fn sum_in_parts<S: Simd, const P: usize, const V: usize, const PARTS: usize>(
    simd: S,
    pixels: [*const f32; P],
    window: &Window,
    panel: Panel<'_, f32>,
) -> [[S::Floats; V]; P] {
    let zero = simd.splat(0.0);
    let mut sums = [[[zero; V]; P]; PARTS];
    for v in 0..V {
        // SAFETY: a panel has a bias for each lane of its vectors.
        let bias = unsafe { simd.load(panel.bias.as_ptr().add(v * S::LANES)) };
        for sums in &mut sums[0] {
            sums[v] = bias;
        }
    }
    let mut weights = panel.weights.as_ptr();
    for &run in &window.runs {
        let end = run + window.run_length;
        let mut place = run;
        while place + PARTS <= end {
            for part in 0..PARTS {
                // SAFETY: as the caller promises.
                unsafe { add_place(simd, &mut sums[part], pixels, place + part, weights) };
                weights = weights.wrapping_add(V * S::LANES);
            }
            place += PARTS;
        }
        for place in place..end {
            // SAFETY: as the caller promises.
            unsafe { add_place(simd, &mut sums[0], pixels, place, weights) };
            weights = weights.wrapping_add(V * S::LANES);
        }
    }
    for part in 1..PARTS {
        for p in 0..P {
            for v in 0..V {
                sums[0][p][v] = simd.add(sums[0][p][v], sums[part][p][v]);
            }
        }
    }
    sums[0]
}

/// Adds the products of one place of the window.
///
/// # Safety
/// Each pixel must be valid for reading at the place, `weights` for reading `V` vectors.
#[inline(always)]
unsafe fn add_place<S: Simd, const P: usize, const V: usize>(
    simd: S,
    sums: &mut [[S::Floats; V]; P],
    pixels: [*const f32; P],
    place: usize,
    weights: *const f32,
) {
    let mut row = [simd.splat(0.0); V];
    for v in 0..V {
        // SAFETY: as the caller promises.
        row[v] = unsafe { simd.load(weights.add(v * S::LANES)) };
    }
    for p in 0..P {
        // SAFETY: as the caller promises.
        let value = simd.splat(unsafe { *pixels[p].add(place) });
        for v in 0..V {
            sums[p][v] = simd.mul_add(value, row[v], sums[p][v]);
        }
    }
}

/// A plane that an instruction set computes tile by tile.
pub(super) trait Tiled<S, W> {
    /// Computes a tile of `P` pixels by `V` vectors.
    ///
    /// # Safety
    /// The plane must be sound, the tile lie within it, and its panel have `V` vectors.
    unsafe fn tile<const P: usize, const V: usize>(&mut self, simd: S, at: TileAt<'_, W>);
}

impl<A: Arithmetic> Plane<'_, A> {
    /// Computes all tiles.
    #[inline(always)]
    pub(super) fn run_tiles<S: Vectors>(mut self, simd: S)
    where
        Self: Tiled<S, A::Weight>,
    {
        assert!(self.is_sound(S::LANES), "the planner keeps planes within their maps");
        let pixels = self.rows * self.columns;
        if pixels == 0 {
            return;
        }
        let weights = self.weights;
        let tiles = Tiles::new::<S, A::Weight>(pixels, weights);
        let panels = weights.panels().len();
        let panel_by_panel = self.panel_by_panel(tiles.count);
        let (outer, inner) = if panel_by_panel { (panels, tiles.count) } else { (tiles.count, panels) };
        for outer in 0..outer {
            for inner in 0..inner {
                let (panel, tile) = if panel_by_panel { (outer, inner) } else { (inner, outer) };
                let (first, size) = tiles.at(tile);
                let at =
                    TileAt { panel: weights.panel(panel), row: first / self.columns, column: first % self.columns };
                // SAFETY: the plane is sound, and the tile lies within it.
                unsafe { with_tile!(S, size, at.panel.vectors, (P, V) => self.tile::<P, V>(simd, at)) };
            }
        }
    }
}

impl Kernel for Plane<'_, Floats> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        self.run_tiles(simd);
    }
}

/// Which tile.
#[derive(Clone, Copy)]
pub(super) struct TileAt<'a, W> {
    pub panel: Panel<'a, W>,
    /// Its first pixel; the others follow in the row and in the next ones.
    row: usize,
    column: usize,
}

impl<W: Copy> TileAt<'_, W> {
    /// Where the pixels of the tile begin.
    #[inline(always)]
    pub fn places<const P: usize>(self, pixels: Pixels, columns: usize) -> [usize; P] {
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

impl<S: Simd> Tiled<S, f32> for Plane<'_, Floats> {
    #[inline(always)]
    unsafe fn tile<const P: usize, const V: usize>(&mut self, simd: S, at: TileAt<'_, f32>) {
        let panel = at.panel;
        let places = at.places::<P>(self.input_pixels, self.columns);
        let mut pixels = [self.input.as_ptr(); P];
        for p in 0..P {
            // SAFETY: the pixel is one of the plane, so that it begins within the input.
            pixels[p] = unsafe { pixels[p].add(places[p]) };
        }
        // SAFETY: every pixel of a sound plane can be read as far as the window reaches.
        let mut sums = unsafe { sum::<S, P, V>(simd, pixels, self.window, panel) };

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
        self.finish.apply_to_all(simd, &mut sums);
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
