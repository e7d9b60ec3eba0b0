//! [`Pooling`]: maxima and averages over windows of a feature map.

use super::{MapId, MapStep, Task};
use crate::host::arithmetic::Arithmetic;
use crate::host::layout::{MapLayout, SPATIAL};
use crate::host::simd::Machine;
use crate::host::simd::pixels::Pixels;
use crate::host::simd::pooling::{PooledRow, Reduce, Span};
use core::ops::Range;
use fewbit_core::Function;
use fewbit_core::shape_rule::PoolingGeometry;
use std::vec::Vec;

/// A pooling function on its own.
#[derive(Debug)]
pub(in crate::host) struct Pooling<A: Arithmetic> {
    pub input: MapId,
    pub output: MapId,
    pub windows: Windows<A>,
}

/// The windows of a pooling function, and where the rows that they cover begin in its input.
#[derive(Debug)]
pub(in crate::host) struct Windows<A: Arithmetic> {
    reduce: Reduce,
    finish: A::PoolingFinish,
    /// What each place of the output covers along each spatial axis.
    spans: [Vec<Span>; SPATIAL],
    /// For each row of the output, plane by plane, the beginnings of the rows that it covers.
    rows: Vec<Vec<usize>>,
}

impl<A: Arithmetic> Windows<A> {
    /// The windows of `function` over a map of these extents, whose rows begin where `row` says for a depth and a
    /// height. Without a geometry a window covers an image.
    pub fn new(
        function: &Function,
        geometry: Option<&PoolingGeometry>,
        extents: [usize; SPATIAL],
        finish: A::PoolingFinish,
        row: impl Fn(usize, usize) -> usize,
    ) -> Self {
        let reduce = if matches!(function, Function::MaxPooling(_)) { Reduce::Max } else { Reduce::Sum };
        let spans: [Vec<Span>; SPATIAL] = core::array::from_fn(|axis| spans(function, geometry, axis, extents[axis]));
        let covered = |span: &Span| span.start..span.start + span.len;
        let row = &row;
        let rows = (spans[0].iter())
            .flat_map(|planes| spans[1].iter().map(move |rows| (planes, rows)))
            .map(|(planes, rows)| covered(planes).flat_map(|z| covered(rows).map(move |y| row(z, y))).collect())
            .collect();
        Self { reduce, finish, spans, rows }
    }

    /// The first and the last row of the input, of its first plane, that a row of the output covers.
    pub fn covered(&self, row: usize) -> Range<usize> {
        let span = self.spans[1][row];
        span.start..span.start + span.len
    }

    /// The most rows that a window covers.
    pub fn tallest(&self) -> usize {
        self.spans[1].iter().map(|span| span.len).max().unwrap_or(0)
    }

    /// Computes a row of the output, of maps that lie so.
    pub fn pool(
        &self,
        machine: Machine,
        at: [usize; 2],
        [from, to]: [&MapLayout; 2],
        input: &[A::Item],
        output: (&mut [A::Item], Pixels),
    ) {
        let [depth, row] = at;
        let row = PooledRow {
            reduce: self.reduce,
            channels: from.channels,
            storage: [from.storage, to.storage],
            input,
            rows: &self.rows[depth * self.spans[1].len() + row],
            pixel_step: from.pixel_len(),
            spans: &self.spans[2],
            count: self.spans[0][depth].count * self.spans[1][row].count,
            finish: &self.finish,
            output: output.0,
            output_pixels: output.1,
        };
        A::pool(machine, row);
    }
}

/// What each place of the output covers along a spatial axis.
fn spans(function: &Function, geometry: Option<&PoolingGeometry>, axis: usize, extent: usize) -> Vec<Span> {
    let (is_average, with_pad) = match function {
        Function::AveragePooling(arguments) => (true, arguments.including_pad),
        Function::GlobalAveragePooling => (true, false),
        _ => (false, false),
    };
    let span = |start, len, count| Span { start, len, count: if is_average { count } else { 1 } };
    let Some(geometry) = geometry else { return [span(0, extent, extent)].into() };
    // A geometry has the last axes; along the others a window is one pixel.
    let Some(axis) = (axis + geometry.axes.len()).checked_sub(SPATIAL) else {
        return (0..extent).map(|start| span(start, 1, 1)).collect();
    };
    let axis = geometry.axes[axis];
    let window = |place: usize| {
        // Places count from where the padding begins.
        let begin = place * axis.stride;
        let end = (begin + axis.kernel).min(axis.input + 2 * axis.pad);
        let (first, last) = (begin.max(axis.pad), end.min(axis.input + axis.pad));
        let len = last.saturating_sub(first);
        span(first - axis.pad, len, if with_pad { end - begin } else { len })
    };
    (0..axis.output).map(window).collect()
}

impl<A: Arithmetic> MapStep<A::Item> for Pooling<A> {
    fn reads(&self) -> Vec<MapId> {
        [self.input].into()
    }

    fn output(&self) -> MapId {
        self.output
    }

    fn run(&self, task: Task<'_, A::Item>, output: &mut [A::Item], _scratch: &mut [A::Item]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        layout.clear_frame(output, task.image);
        let [depth, height, _] = layout.extents;
        let from = &task.items(self.input)[input.image_start(task.image)..][..input.image_step()];
        for z in 0..depth {
            for y in 0..height {
                let pixels = layout.plane(task.image, z).row(y);
                self.windows.pool(task.machine, [z, y], [&input, &layout], from, (&mut *output, pixels));
            }
        }
    }
}
