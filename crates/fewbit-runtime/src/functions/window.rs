//! Where the taps of a kernel fall: the geometry of convolutions, deconvolutions and pooling, for any number of axes.
//!
//! Nothing here reads a value. An [`Axis`] tells which item of the input lies under a tap for an output, and for a run
//! of neighbouring outputs along the last axis which of them have an item there ([`Run`]), so that kernels read whole
//! runs. A [`Window`] is all axes together.

use crate::rows::InputRows;
use core::ops::Range;
use fewbit_core::InlineList;
use fewbit_core::shape::MAX_RANK;
use fewbit_core::shape_rule::SpatialAxis;

/// What stands beyond the border of the input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Border {
    /// Nothing of the input: a constant, zero for most functions.
    #[default]
    Constant,
    /// The mirror image, without repeating the border.
    Reflect,
    /// The item at the border.
    Repeat,
}

/// One axis over which a window moves.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Axis {
    extents: SpatialAxis,
    /// Items between neighbours of the input along this axis.
    step: usize,
    /// Whether input items are spread over the output (deconvolution) instead of the kernel over the input.
    spread: bool,
    border: Border,
    /// Which part of the axis is computed.
    part: AxisPart,
}

/// A part of an axis: the rows of a step of functions that are computed row by row, or all of it.
#[derive(Clone, Copy, Debug, Default)]
struct AxisPart {
    /// The first output of the part.
    first: usize,
    /// How many input items are in memory, each in the place of the one so many before; 0 for all.
    ring: usize,
    /// The only input item to look at.
    only: Option<usize>,
}

/// The outputs of a run that have an input item under a tap, and which items these are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The first of them, counted from the beginning of the run.
    pub lane: usize,
    /// Distance between them.
    pub lane_step: usize,
    /// Where the first one's item is along the axis.
    pub index: usize,
    /// Distance between the items.
    pub index_step: usize,
    /// How many there are.
    pub count: usize,
}

impl Axis {
    /// An axis of a convolution or of pooling.
    pub fn new(extents: SpatialAxis, border: Border) -> Self {
        Self { extents, step: 1, spread: false, border, part: AxisPart::default() }
    }

    /// An axis of a deconvolution.
    pub fn spread(extents: SpatialAxis) -> Self {
        Self { extents, step: 1, spread: true, border: Border::Constant, part: AxisPart::default() }
    }

    /// An axis along which each output item has just the input item of the same place.
    pub fn identity(extent: usize) -> Self {
        let one = SpatialAxis { kernel: 1, stride: 1, dilation: 1, ..SpatialAxis::default() };
        Self::new(SpatialAxis { input: extent, output: extent, ..one }, Border::Constant)
    }

    /// Only some rows of the outermost axis.
    fn rows(self, rows: InputRows) -> Self {
        let InputRows { output: first, input: only, ring } = rows;
        let part = AxisPart { first, ring: ring.unwrap_or(0), only };
        Self { extents: SpatialAxis { output: 1, ..self.extents }, part, ..self }
    }

    fn is_identity(&self) -> bool {
        let SpatialAxis { input, output, kernel, stride, pad, .. } = self.extents;
        kernel == 1 && stride == 1 && pad == 0 && input == output
    }

    /// Whether there are no parts of it: only such axes have runs.
    fn is_whole(&self) -> bool {
        let AxisPart { first, ring, only } = self.part;
        first == 0 && ring == 0 && only.is_none()
    }

    /// Number of taps.
    pub fn kernel(&self) -> usize {
        self.extents.kernel
    }

    /// Number of outputs.
    pub fn output(&self) -> usize {
        self.extents.output
    }

    /// Items between neighbours of the input along this axis.
    pub fn step(&self) -> usize {
        self.step
    }

    /// The input item under tap `tap` for output `output`; `None` where there is none.
    ///
    /// The checks of the shape rules bound every coordinate by the padded extent, which fits a `usize`.
    pub fn locate(&self, output: usize, tap: usize) -> Option<usize> {
        let index = self.index(output + self.part.first, tap)?;
        // All items are there where the ring has none.
        Some(index.checked_rem(self.part.ring).unwrap_or(index))
    }

    /// The number of the input item under a tap, whether it is in memory or not.
    fn index(&self, output: usize, tap: usize) -> Option<usize> {
        let SpatialAxis { input, stride, dilation, pad, .. } = self.extents;
        if self.spread {
            let spread = (output + pad).checked_sub(tap * dilation)?;
            return (spread.is_multiple_of(stride) && spread / stride < input).then(|| spread / stride);
        }
        let padded = output * stride + tap * dilation;
        // Below zero this wraps to a number that is beyond every extent.
        let index = padded.wrapping_sub(pad);
        if index < input {
            return Some(index);
        }
        let last = input.checked_sub(1)?;
        match self.border {
            Border::Constant => None,
            Border::Repeat => Some(if padded < pad { 0 } else { last }),
            Border::Reflect if last == 0 => Some(0),
            Border::Reflect => {
                let distance = padded.abs_diff(pad);
                let rest = distance % last;
                Some(if (distance / last).is_multiple_of(2) { rest } else { last - rest })
            }
        }
    }

    /// The outputs among the `len` from `output` on that have an item of the input under tap `tap`, borders aside.
    pub fn run(&self, output: usize, len: usize, tap: usize) -> Run {
        let SpatialAxis { input, stride, dilation, pad, .. } = self.extents;
        if self.spread {
            let (place, tap) = (output + pad, tap * dilation);
            let (lane, index) = match place.checked_sub(tap) {
                Some(beyond) => ((stride - beyond % stride) % stride, beyond.div_ceil(stride)),
                None => (tap - place, 0),
            };
            let count = len.saturating_sub(lane).div_ceil(stride).min(input.saturating_sub(index));
            return Run { lane, lane_step: stride, index, index_step: 1, count };
        }
        let (padded, end) = (output * stride + tap * dilation, pad + input);
        let lane = if padded >= pad { 0 } else { (pad - padded).div_ceil(stride) };
        let all_before_end = padded + len.saturating_sub(1) * stride < end;
        let lane_end = if all_before_end { len } else { end.saturating_sub(padded).div_ceil(stride) };
        let count = lane_end.min(len).saturating_sub(lane);
        Run { lane, lane_step: 1, index: (padded + lane * stride).wrapping_sub(pad), index_step: stride, count }
    }

    /// The taps that have an item of the input for at least one of the `len` outputs from `output` on, borders aside;
    /// for axes without dilation that are not spread.
    pub fn taps(&self, output: usize, len: usize) -> Range<usize> {
        let SpatialAxis { input, kernel, stride, pad, .. } = self.extents;
        let output = output + self.part.first;
        let (first, last) = (output * stride, (output + len.saturating_sub(1)) * stride);
        pad.saturating_sub(last).min(kernel)..(pad + input).saturating_sub(first).min(kernel)
    }

    /// Those of the [taps](Axis::taps) of one output that are to be looked at.
    pub fn selected_taps(&self, output: usize) -> Range<usize> {
        let taps = self.taps(output, 1);
        let Some(only) = self.part.only else { return taps };
        let tap = (only + self.extents.pad).saturating_sub((output + self.part.first) * self.extents.stride);
        if taps.contains(&tap) { tap..tap + 1 } else { 0..0 }
    }

    /// The input item nearest to where a tap lies for output `output`; for axes without dilation that are not spread.
    pub fn locate_tap(&self, output: usize, tap: usize) -> usize {
        let SpatialAxis { input, stride, pad, .. } = self.extents;
        (output * stride + tap).saturating_sub(pad).min(input.saturating_sub(1))
    }

    /// How many of the taps of one output lie within the padded input.
    pub fn padded_taps(&self, output: usize) -> usize {
        let SpatialAxis { input, kernel, stride, pad, .. } = self.extents;
        // Within a `usize`, since the shape rule added up as much.
        (input + 2 * pad).saturating_sub((output + self.part.first) * stride).min(kernel)
    }
}

/// All axes over which a window moves, outermost first; at least one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    axes: InlineList<Axis, MAX_RANK>,
    /// Places of the input between neighbours along an axis before the window.
    outer_step: usize,
}

/// A place in the window or the output: one coordinate an axis.
pub(super) type Place = [usize; MAX_RANK];

/// Neighbouring outputs along the last axis.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    /// The first of them, counted from the beginning of the outputs that were asked for.
    pub lane: usize,
    /// How many there are.
    pub len: usize,
    /// The place of the first.
    pub place: Place,
}

impl Window {
    /// A window over these axes, of which there may be at most as many as a shape has. `inner` items of the input lie
    /// between neighbours along the last axis: the channels, where they come last, else 1. With `rows`, only a part of the
    /// first axis is computed, and its input may be a ring, whose rows lie as far apart as they have items, `outer` times
    /// those under the window.
    pub fn new(axes: impl IntoIterator<Item = Axis>, inner: usize, rows: Option<(InputRows, usize)>) -> Self {
        let mut list = InlineList::<Axis, MAX_RANK>::new();
        for axis in axes {
            match list.as_mut_slice().last_mut() {
                None if rows.is_some() => {
                    let rows = rows.map(|(rows, _)| rows);
                    list.push(rows.map_or(axis, |rows| axis.rows(rows))).unwrap_or_default();
                }
                // Axes along which nothing happens are one axis with longer runs: all of a 1x1 convolution.
                Some(outer) if outer.is_identity() && outer.is_whole() && axis.is_identity() => {
                    *outer = Axis::identity(outer.extents.input * axis.extents.input);
                }
                // Shapes have at most as many axes as the list has places.
                _ => list.push(axis).unwrap_or_default(),
            }
        }
        // The last axis is read in runs, for which it has to be whole.
        if list.last().is_none_or(|axis| !axis.is_whole()) {
            list.push(Axis::identity(1)).unwrap_or_default();
        }
        let mut step = inner;
        for axis in list.as_mut_slice().iter_mut().rev() {
            axis.step = step;
            step *= axis.extents.input;
        }
        let mut outer_step = step / inner.max(1);
        if let (Some(first), Some((InputRows { ring: Some(_), .. }, outer))) = (list.as_mut_slice().first_mut(), rows) {
            outer_step = first.step / inner.max(1);
            first.step *= outer;
        }
        Self { axes: list, outer_step }
    }

    /// The axes before the last, and the last.
    pub fn split_last(&self) -> (&[Axis], Axis) {
        match self.axes.split_last() {
            Some((last, outer)) => (outer, *last),
            None => (&[], Axis::identity(1)),
        }
    }

    /// How many places of the input lie between neighbours along an axis before the window: those that the window moves
    /// over, and only those in a row where rows come before such axes.
    pub fn outer_step(&self) -> usize {
        self.outer_step
    }

    /// How many outputs there are.
    pub fn outputs(&self) -> usize {
        self.axes.iter().map(Axis::output).product()
    }

    /// How many taps the window has.
    pub fn taps(&self) -> usize {
        self.axes.iter().map(Axis::kernel).product()
    }

    /// The place of the `index`-th item of an array with these extents.
    fn place(&self, mut index: usize, extent: impl Fn(&Axis) -> usize) -> Place {
        let mut place = Place::default();
        for (coordinate, axis) in place.iter_mut().zip(&self.axes).rev() {
            let extent = extent(axis).max(1);
            *coordinate = index % extent;
            index /= extent;
        }
        place
    }

    /// The place of the output at `index`.
    pub fn output_place(&self, index: usize) -> Place {
        self.place(index, Axis::output)
    }

    /// The place of the tap at `index`.
    pub fn tap_place(&self, index: usize) -> Place {
        self.place(index, Axis::kernel)
    }

    /// Moves to the next tap; false when it was the last and `tap` is the first again.
    pub fn next_tap(&self, tap: &mut Place) -> bool {
        for (coordinate, axis) in tap.iter_mut().zip(&self.axes).rev() {
            *coordinate += 1;
            if *coordinate < axis.kernel() {
                return true;
            }
            *coordinate = 0;
        }
        false
    }

    /// The item, along all axes but the last, under the tap `tap` for the output at `place`.
    pub fn outer_item(&self, place: &Place, tap: &Place) -> Option<usize> {
        let (outer, _) = self.split_last();
        let mut item = 0;
        for ((axis, &output), &tap) in outer.iter().zip(place).zip(tap) {
            item += axis.locate(output, tap)? * axis.step;
        }
        Some(item)
    }

    /// Cuts consecutive outputs into pieces along the last axis; at most `N` outputs.
    pub fn cut<const N: usize>(&self, outputs: Range<usize>, pieces: &mut InlineList<Piece, N>) {
        pieces.clear();
        let (outer, last) = self.split_last();
        let mut lane = 0;
        while lane < outputs.len() {
            let place = self.output_place(outputs.start + lane);
            let rest = last.output().saturating_sub(place[outer.len()]);
            let len = rest.clamp(1, outputs.len() - lane);
            if pieces.push(Piece { lane, len, place }).is_err() {
                break;
            }
            lane += len;
        }
    }
}
