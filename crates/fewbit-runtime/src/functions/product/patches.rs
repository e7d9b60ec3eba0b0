//! [`WindowPatches`]: the input values under the taps of a window, for some columns at a time.

use super::sum::{Factor, Padding};
use super::{COLUMNS, PatchTile, TAPS};
use crate::functions::window::{Axis, Piece, Place, Window};
use core::ops::Range;
use fewbit_core::InlineList;
use fewbit_nnb::Values;

/// Where the channels of an input lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum ChannelOrder {
    /// Before the spatial axes, this many items apart.
    First {
        /// Items of a channel.
        step: usize,
    },
    /// After them: the channels of a place are neighbours.
    Last,
}

/// The input of a convolution, seen as a matrix with a row for each tap of the kernel in each channel of a group, and a
/// column for each output place. Taps are in the order of the weights.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct WindowPatches<'v> {
    x: Values<'v>,
    window: Window,
    /// Channels of a group.
    channels: usize,
    order: ChannelOrder,
    padding: Padding,
    /// The first value of the group.
    start: usize,
    /// The columns that were selected.
    pieces: InlineList<Piece, COLUMNS>,
}

/// A row of the matrix: a tap in a channel.
struct Row {
    channel: usize,
    tap: Place,
}

impl<'v> WindowPatches<'v> {
    /// The patches of `channels` channels of `x` under a window.
    pub fn new(x: Values<'v>, window: Window, channels: usize, order: ChannelOrder, padding: Padding) -> Self {
        Self { x, window, channels, order, padding, start: 0, pieces: InlineList::new() }
    }

    /// Prepares to read some columns of the group whose first value is at `start`.
    pub fn select(&mut self, start: usize, columns: Range<usize>) {
        self.start = start;
        self.window.cut(columns, &mut self.pieces);
    }

    /// Reads rows of the columns that were selected.
    pub fn fill<E: Factor>(&self, rows: Range<usize>, tile: &mut PatchTile<E>) {
        match self.order {
            ChannelOrder::First { step } => self.fill_rows(step, rows, tile),
            ChannelOrder::Last => self.fill_columns(rows, tile),
        }
    }

    /// Channels first: neighbouring columns are neighbours in the input, so a row is read in runs.
    fn fill_rows<E: Factor>(&self, channel_step: usize, rows: Range<usize>, tile: &mut PatchTile<E>) {
        let (outer, last) = self.window.split_last();
        let taps = self.window.taps().max(1);
        let mut row = Row { channel: rows.start / taps, tap: self.window.tap_place(rows.start % taps) };
        for out in tile.iter_mut().take(rows.len()) {
            let channel_start = self.start + row.channel * channel_step;
            for piece in &self.pieces {
                let out = &mut out[piece.lane..piece.lane + piece.len];
                match self.window.outer_item(&piece.place, &row.tap) {
                    Some(item) => {
                        let (output, tap) = (piece.place[outer.len()], row.tap[outer.len()]);
                        self.read_run(channel_start + item, &last, output, tap, out);
                    }
                    None => out.fill(E::of_padding(self.padding)),
                }
            }
            if !self.window.next_tap(&mut row.tap) {
                row.channel += 1;
            }
        }
    }

    /// The values under a tap along the last axis, for the outputs from `output` on; at most as many as a tile has columns.
    fn read_run<E: Factor>(&self, start: usize, axis: &Axis, output: usize, tap: usize, out: &mut [E]) {
        let run = axis.run(output, out.len(), tap);
        if run.lane_step > 1 {
            // Between the values that a deconvolution spreads there is nothing.
            out.fill(E::of_padding(self.padding));
            let mut values = [E::default(); COLUMNS];
            let values = &mut values[..run.count.min(COLUMNS)];
            self.read(start + run.index * axis.step(), run.index_step * axis.step(), values);
            for (out, value) in out.iter_mut().skip(run.lane).step_by(run.lane_step).zip(values) {
                *out = *value;
            }
            return;
        }
        let (before, rest) = out.split_at_mut(run.lane.min(out.len()));
        let (inside, after) = rest.split_at_mut(run.count);
        self.read(start + run.index * axis.step(), run.index_step * axis.step(), inside);
        let first_after = run.lane + inside.len();
        let lanes = (0..before.len()).chain(first_after..first_after + after.len());
        for (lane, out) in lanes.zip(before.iter_mut().chain(after)) {
            *out = match axis.locate(output + lane, tap) {
                Some(index) => self.read_one(start + index * axis.step()),
                None => E::of_padding(self.padding),
            };
        }
    }

    fn read<E: Factor>(&self, start: usize, stride: usize, out: &mut [E]) {
        // A stride within a variable fits, since its items do.
        self.x.read_strided(start, stride as isize, out);
    }

    fn read_one<E: Factor>(&self, index: usize) -> E {
        let mut value = [E::default()];
        self.read(index, 1, &mut value);
        value[0]
    }

    /// Channels last: the channels of a place are neighbours in the input, so a column is read in runs.
    fn fill_columns<E: Factor>(&self, rows: Range<usize>, tile: &mut PatchTile<E>) {
        let channels = self.channels.max(1);
        let (outer, last) = self.window.split_last();
        let mut row = rows.start;
        let mut tap = self.window.tap_place(row / channels);
        let mut run = [E::default(); TAPS];
        while row < rows.end {
            let channel = row % channels;
            let run = &mut run[..(channels - channel).min(rows.end - row)];
            let out = &mut tile[row - rows.start..][..run.len()];
            for piece in &self.pieces {
                let item = self.window.outer_item(&piece.place, &tap);
                for lane in 0..piece.len {
                    let index = last.locate(piece.place[outer.len()] + lane, tap[outer.len()]);
                    match item.zip(index) {
                        Some((item, index)) => {
                            let start = self.start + item + index * last.step() + channel;
                            self.read(start, 1, run);
                        }
                        None => run.fill(E::of_padding(self.padding)),
                    }
                    for (out, value) in out.iter_mut().zip(&*run) {
                        out[piece.lane + lane] = *value;
                    }
                }
            }
            row += run.len();
            self.window.next_tap(&mut tap);
        }
    }
}
