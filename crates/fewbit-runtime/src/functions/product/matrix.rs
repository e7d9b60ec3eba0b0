//! [`Matrix`]: an operand of a product that lies in memory as a matrix, whatever its strides.

use super::{COLUMNS, PatchTile, ROWS, TAPS, WeightTile};
use core::ops::Range;
use fewbit_nnb::{Element, Values};

/// Values at `start + lane * lane_step + offset of the tap`, where a lane is a row of weights or a column of patches.
///
/// The taps of a lane are blocks of `block` taps at a distance of `tap_step`; blocks begin `block_step` apart.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Matrix<'v> {
    values: Values<'v>,
    lane_step: usize,
    block: usize,
    block_step: usize,
    tap_step: usize,
}

impl<'v> Matrix<'v> {
    /// A matrix whose taps all lie `tap_step` apart.
    pub fn new(values: Values<'v>, lane_step: usize, tap_step: usize) -> Self {
        Self { values, lane_step, block: usize::MAX, block_step: 0, tap_step }
    }

    /// A matrix whose taps come in blocks.
    pub fn with_blocks(values: Values<'v>, lane_step: usize, block: usize, block_step: usize, tap_step: usize) -> Self {
        if block_step == block.saturating_mul(tap_step) {
            // One block follows the other.
            return Self::new(values, lane_step, tap_step);
        }
        Self { values, lane_step, block: block.max(1), block_step, tap_step }
    }

    /// The values.
    pub fn values(&self) -> Values<'v> {
        self.values
    }

    /// The same places in other values.
    pub fn with_values(&self, values: Values<'v>) -> Self {
        Self { values, ..*self }
    }

    /// How many values a lane has, if they are neighbours and lanes follow one another.
    pub fn row_items(&self) -> Option<usize> {
        (self.block == usize::MAX && self.tap_step == 1).then_some(self.lane_step)
    }

    /// Whether the values of neighbouring lanes are neighbours and those of neighbouring taps are not.
    fn lanes_are_neighbours(&self) -> bool {
        self.lane_step == 1 && self.tap_step != 1
    }

    /// Reads rows of weights.
    pub fn fill_rows<E: Element>(
        &self,
        start: usize,
        rows: Range<usize>,
        taps: Range<usize>,
        tile: &mut WeightTile<E>,
    ) {
        if self.lanes_are_neighbours() {
            let mut run = [E::default(); ROWS];
            for (place, tap) in taps.enumerate() {
                let run = &mut run[..rows.len()];
                self.values.read_strided(start + rows.start + self.offset(tap), 1, run);
                for (row, value) in tile.iter_mut().zip(run) {
                    row[place] = *value;
                }
            }
        } else {
            for (row, lane) in tile.iter_mut().zip(rows) {
                self.read_taps(start + lane * self.lane_step, taps.clone(), row);
            }
        }
    }

    /// Reads columns of patches.
    pub fn fill_columns<E: Element>(
        &self,
        start: usize,
        columns: Range<usize>,
        taps: Range<usize>,
        tile: &mut PatchTile<E>,
    ) {
        if self.lanes_are_neighbours() {
            for (row, tap) in tile.iter_mut().zip(taps) {
                let row = &mut row[..columns.len().min(COLUMNS)];
                self.values.read_strided(start + columns.start + self.offset(tap), 1, row);
            }
        } else {
            let mut run = [E::default(); TAPS];
            for (place, lane) in columns.enumerate() {
                self.read_taps(start + lane * self.lane_step, taps.clone(), &mut run);
                for (row, value) in tile.iter_mut().zip(&run[..taps.len()]) {
                    row[place] = *value;
                }
            }
        }
    }

    /// Reads taps of the lane that begins at `start` into the beginning of `out`.
    fn read_taps<E: Element>(&self, start: usize, taps: Range<usize>, out: &mut [E]) {
        let mut tap = taps.start;
        let mut out = &mut out[..taps.len()];
        while tap < taps.end {
            let (run, rest) = out.split_at_mut((self.block - tap % self.block).min(taps.end - tap));
            // A stride within a variable fits, since its items do.
            self.values.read_strided(start + self.offset(tap), self.tap_step as isize, run);
            tap += run.len();
            out = rest;
        }
    }

    fn offset(&self, tap: usize) -> usize {
        tap / self.block * self.block_step + tap % self.block * self.tap_step
    }
}
