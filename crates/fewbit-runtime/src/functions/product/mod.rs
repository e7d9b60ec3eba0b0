//! Sums of products: what convolutions, deconvolutions, affine functions and matrix products have in common.
//!
//! All of them compute `y[row][column] = sum over taps of weights[row][tap] * patches[tap][column]`, then add a bias and
//! the like, round and store. What differs is where weights and patches come from: [`Matrix`] and [`Patches`] say so.
//! Here they are read tile by tile into small arrays on the stack, never as a whole, so that the working memory does not
//! depend on the network:
//!
//! | module | what it does |
//! |---|---|
//! | [`operands`] | the inputs of a function by their meaning |
//! | [`arithmetic`] | which numbers sums are computed in |
//! | [`matrix`] | an operand that lies in memory as a matrix, whatever its strides |
//! | [`power`] | weights that are rounded to powers of two as they are read |
//! | [`patches`] | the input values under the taps of a window |
//! | [`sum`] | the innermost loop |
//! | [`epilogue`] | what follows the sum: alpha, bias, normalisation, residual, nonlinearity, rounding, store |
//! | [`statistics`] | normalisation by the statistics of the batch itself |
//! | `taken_apart` | what an integer product is made of, for the kernels of hosts |
//!
//! # The order of float sums
//! Sums of floats depend on their order, and generated C must give the same bits. Each sum starts at zero and adds its
//! products in the order in which the weights of a row lie in the file: channels of the group, then taps of the kernel;
//! with channels last the other way round. Taps that lie in the padding count as products with the padding's value.

pub(super) mod arithmetic;
mod epilogue;
pub(super) mod matrix;
pub(super) mod operands;
pub(super) mod patches;
pub(super) mod power;
mod statistics;
pub(super) mod sum;
#[cfg(feature = "host")]
pub(crate) mod taken_apart;

use crate::values::ValuesMut;
use arithmetic::{Arithmetic, IntegerSums};
use core::ops::Range;
use epilogue::{Channels, Epilogue, IntegerEpilogue, RealEpilogue};
use fewbit_core::NumberFormat;
use matrix::Matrix;
use operands::{Powers, Terms};
use patches::WindowPatches;
use power::PowerWeights;
use statistics::{Average, BatchStatistics};
use sum::{Factor, Sum, accumulate};

/// The size of a tile: so many rows and columns are summed at a time, so many taps read at a time. A tile of sums and one of
/// each operand lie on the stack: 5 KB in floats and 32-bit sums, 8 KB in 64-bit sums. Patches are gathered anew for each
/// tile of rows and weights for each tile of columns; with 32 rows neither costs much beside the 512 products a tap.
pub(super) const ROWS: usize = 32;
pub(super) const COLUMNS: usize = 16;
pub(super) const TAPS: usize = 16;

/// A tile of weights.
type WeightTile<E> = [[E; TAPS]; ROWS];

/// A tile of patches.
type PatchTile<E> = [[E; COLUMNS]; TAPS];

/// The tiles of one step.
struct Tiles<S: Sum> {
    sums: [[S; COLUMNS]; ROWS],
    weights: WeightTile<S::Element>,
    patches: PatchTile<S::Element>,
}

impl<S: Sum> Default for Tiles<S> {
    fn default() -> Self {
        Self {
            sums: [[S::default(); COLUMNS]; ROWS],
            weights: [[S::Element::default(); TAPS]; ROWS],
            patches: [[S::Element::default(); COLUMNS]; TAPS],
        }
    }
}

/// Where the right operand comes from.
#[expect(clippy::large_enum_variant, reason = "one of them exists at a time, on the stack of the function that runs")]
pub(super) enum Patches<'v> {
    /// The values under a window that moves over the input.
    Window(WindowPatches<'v>),
    /// A matrix, whose lanes are the columns.
    Matrix(Matrix<'v>),
}

/// Where the left operand comes from.
pub(super) enum Weights<'v> {
    /// The weights as they are; lanes are the rows.
    Plain(Matrix<'v>),
    /// Weights of which some are rounded to powers of two.
    Powers(PowerWeights<'v>),
}

/// Where outputs lie: one of the two steps is 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputSteps {
    /// Distance between rows.
    pub row: usize,
    /// Distance between columns.
    pub column: usize,
}

/// A product of matrices, computed for one or more [`Part`]s of its inputs.
pub(super) struct Product<'v> {
    pub rows: usize,
    pub columns: usize,
    pub taps: usize,
    pub weights: Weights<'v>,
    pub patches: Patches<'v>,
    pub steps: OutputSteps,
    pub arithmetic: Arithmetic<'v>,
    pub terms: Terms<'v>,
}

/// One product: a group of one item of the batch. Each field is where the operand of the part begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part {
    /// The first weight.
    pub weights: usize,
    /// The first input value.
    pub x: usize,
    /// The channel of the first row.
    pub channel: usize,
    /// The first output value.
    pub output: usize,
}

impl Product<'_> {
    /// Whether the outputs of so many channels are exact, if they are to be integers of a format.
    pub fn is_exact(&self, channels: usize, output: NumberFormat) -> bool {
        let sums = self.arithmetic.integer();
        let epilogue = sums.and_then(|sums| IntegerEpilogue::new(&self.terms, sums, output));
        epilogue.is_none_or(|epilogue| epilogue.is_exact(channels))
    }

    /// Whether it is computed without floats, if its outputs are to be of this format.
    pub fn is_integer(&self, output: NumberFormat) -> bool {
        let sums = self.arithmetic.integer();
        sums.is_some_and(|sums| IntegerEpilogue::new(&self.terms, sums, output).is_some())
    }

    /// Computes all parts in the arithmetic that the formats allow.
    pub fn run(self, parts: impl Iterator<Item = Part> + Clone, output: &mut ValuesMut<'_>) {
        match self.arithmetic {
            Arithmetic::Real => self.run_real::<f32>(parts, output),
            Arithmetic::Narrow(sums) => self.run_integer::<i32>(&sums, parts, output),
            Arithmetic::Wide(sums) => self.run_integer::<i64>(&sums, parts, output),
        }
    }

    /// Integer sums, and an integer epilogue where there is one.
    fn run_integer<S: Sum>(
        mut self,
        sums: &IntegerSums<'_>,
        mut parts: impl Iterator<Item = Part> + Clone,
        output: &mut ValuesMut<'_>,
    ) where
        for<'t, 'v> IntegerEpilogue<'t, 'v>: Epilogue<S>,
    {
        let terms = self.terms;
        match IntegerEpilogue::new(&terms, sums, output.format()) {
            Some(mut epilogue) => self.sum::<S>(0..self.rows, &mut epilogue, &mut parts, output),
            None => self.run_real::<S>(parts, output),
        }
    }

    /// Sums of any kind, and an epilogue in floats.
    fn run_real<S: Sum>(mut self, mut parts: impl Iterator<Item = Part> + Clone, output: &mut ValuesMut<'_>) {
        let (terms, sums) = (self.terms, self.arithmetic.integer().copied());
        if terms.normalization.is_none_or(|normalization| !normalization.of_batch) {
            let mut epilogue = RealEpilogue { terms: &terms, sums, batch: None };
            return self.sum::<S>(0..self.rows, &mut epilogue, &mut parts, output);
        }
        // The parts of one item of the batch have all channels, and so do those of each other item.
        let mut next_channel = 0;
        for first in parts.clone() {
            if first.channel < next_channel {
                break;
            }
            next_channel = first.channel + self.rows;
            let parts = parts.clone().filter(|part| part.channel == first.channel);
            let count = parts.clone().count() * self.columns;
            for row in (0..self.rows).step_by(ROWS) {
                let rows = row..self.rows.min(row + ROWS);
                let mut average = |mean, output: &mut ValuesMut<'_>| {
                    let mut average = Average::new(first.channel + row, mean, sums);
                    self.sum::<S>(rows.clone(), &mut average, &mut parts.clone(), output);
                    average.finish(count)
                };
                let mean = average(None, output);
                let variance = average(Some(mean), output);
                let batch = Some(BatchStatistics { mean, variance });
                let mut epilogue = RealEpilogue { terms: &terms, sums, batch };
                self.sum::<S>(rows, &mut epilogue, &mut parts.clone(), output);
            }
        }
    }

    /// Sums some rows of all parts.
    fn sum<S: Sum>(
        &mut self,
        rows: Range<usize>,
        epilogue: &mut dyn Epilogue<S>,
        parts: &mut dyn Iterator<Item = Part>,
        output: &mut ValuesMut<'_>,
    ) {
        let mut tiles = Tiles::<S>::default();
        for part in parts {
            for column in (0..self.columns).step_by(COLUMNS) {
                let columns = column..self.columns.min(column + COLUMNS);
                self.patches.select(part.x, columns.clone());
                for row in rows.clone().step_by(ROWS) {
                    let rows = row..rows.end.min(row + ROWS);
                    self.sum_tile(&part, rows.clone(), &columns, &mut tiles);
                    self.store(&tiles.sums, &part, rows, &columns, epilogue, output);
                }
            }
        }
    }

    /// The sums of some rows and of the columns that were selected.
    fn sum_tile<S: Sum>(&self, part: &Part, rows: Range<usize>, columns: &Range<usize>, tiles: &mut Tiles<S>) {
        let Tiles { sums, weights, patches } = tiles;
        let sums = &mut sums[..rows.len()];
        sums.fill([S::default(); COLUMNS]);
        for tap in (0..self.taps).step_by(TAPS) {
            let taps = tap..self.taps.min(tap + TAPS);
            self.weights.fill(part.weights, rows.clone(), taps.clone(), weights);
            self.patches.fill(part.x, taps.clone(), columns.clone(), patches);
            accumulate(sums, &weights[..rows.len()], &patches[..taps.len()], columns.len());
        }
    }

    fn store<S: Sum>(
        &self,
        sums: &[[S; COLUMNS]; ROWS],
        part: &Part,
        rows: Range<usize>,
        columns: &Range<usize>,
        epilogue: &mut dyn Epilogue<S>,
        output: &mut ValuesMut<'_>,
    ) {
        let index = |row, column| part.output + row * self.steps.row + column * self.steps.column;
        if self.steps.column == 1 {
            for (row, sums) in rows.zip(sums) {
                let channels = Channels::All(part.channel + row);
                epilogue.store(&sums[..columns.len()], channels, index(row, columns.start), output);
            }
        } else {
            let mut run = [S::default(); ROWS];
            for (place, column) in columns.clone().enumerate() {
                for (value, sums) in run.iter_mut().zip(sums) {
                    *value = sums[place];
                }
                let channels = Channels::From(part.channel + rows.start);
                epilogue.store(&run[..rows.len()], channels, index(rows.start, column), output);
            }
        }
    }
}

impl<'v> Weights<'v> {
    /// The weights of a matrix, rounded if there is a rule for it.
    pub fn new(matrix: Matrix<'v>, powers: Option<Powers<'v>>) -> Self {
        match powers {
            None => Self::Plain(matrix),
            Some(powers) => Self::Powers(PowerWeights::new(matrix, powers)),
        }
    }

    fn fill<E: Factor>(&self, start: usize, rows: Range<usize>, taps: Range<usize>, tile: &mut WeightTile<E>) {
        match self {
            Self::Plain(matrix) => matrix.fill_rows(start, rows, taps, tile),
            Self::Powers(weights) => weights.fill_rows(start, rows, taps, tile),
        }
    }
}

impl Patches<'_> {
    /// Prepares to read some columns.
    fn select(&mut self, start: usize, columns: Range<usize>) {
        if let Self::Window(patches) = self {
            patches.select(start, columns);
        }
    }

    /// Reads the columns that were selected last.
    fn fill<E: Factor>(&self, start: usize, taps: Range<usize>, columns: Range<usize>, tile: &mut PatchTile<E>) {
        match self {
            Self::Window(patches) => patches.fill(taps, tile),
            Self::Matrix(matrix) => matrix.fill_columns(start, columns, taps, tile),
        }
    }
}
