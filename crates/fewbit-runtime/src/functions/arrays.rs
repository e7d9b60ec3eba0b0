//! Functions that move values: each is a copy from one layout to another.

use super::RUN;
use super::elementwise::Operand;
use super::groups::names;
use super::layout::{Axis, Layout, broadcast_strides, copy};
use super::rescale::clip;
use super::unary::truth;
use crate::call::Call;
use crate::values::ValuesMut;
use core::ops::Range;
use fewbit_core::Shape;
use fewbit_core::function::arguments::{Axes, Axis as AxisArgument, Constant, Slice, Trilu};

/// Gives a range of the output one value.
pub(super) fn fill(output: &mut ValuesMut<'_>, range: Range<usize>, value: f32) {
    let run = [value; RUN];
    for start in range.clone().step_by(RUN) {
        output.write(start, &run[..RUN.min(range.end - start)]);
    }
}

/// One value everywhere.
pub(super) fn constant(arguments: &Constant, output: &mut ValuesMut<'_>) {
    fill(output, 0..output.len(), arguments.val);
}

/// The input as it is.
pub(super) fn same(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    match output.is_over(&x) {
        // It is there.
        true if x.format() == output.format() => {}
        true => clip(call, output, f32::NEG_INFINITY..=f32::INFINITY, |x| x),
        false => match call.row() {
            Some((row, axis)) => same_row(row, axis, call, output),
            None => copy_from(&Layout::row(0, output.len()), call, output),
        },
    }
}

/// A row of the input as it is, where input or output may be there as a whole.
fn same_row(row: usize, axis: usize, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let layout = |shape: Shape| {
        let (outer, inner) = shape.split_items(axis);
        let rows = shape.get(axis).copied().unwrap_or(1);
        let items = inner.checked_div(rows).unwrap_or(0);
        // The only row there is, or one of many.
        Layout::rows(if rows > 1 { row * items } else { 0 }, outer, inner, items)
    };
    let input = call.input(0);
    let to = layout(output.shape());
    copy(&input, &layout(input.shape()), output, &to);
}

/// Copies the first input, seen through a layout, to the output.
fn copy_from(layout: &Layout, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    copy(&call.input(0), layout, output, &Layout::row(0, output.len()));
}

/// Puts the inputs one behind the other along an axis of the output, which is a new one for `Stack`.
pub(super) fn join_along(arguments: &AxisArgument, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let Some(axis) = output.shape().axis(arguments.axis) else { return };
    let (outer, stride) = output.shape().split_items(axis);
    let mut start = 0;
    for index in 0..call.input_count() {
        let input = call.input(index);
        let Some(items) = input.len().checked_div(outer) else { return };
        copy(&input, &Layout::row(0, input.len()), output, &Layout::rows(start, outer, stride, items));
        start += items;
    }
}

/// One item of an axis for each output.
pub(super) fn split(arguments: &AxisArgument, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let Some(axis) = shape.axis(arguments.axis) else { return };
    let (outer, stride) = shape.split_items(axis);
    let Some(items) = stride.checked_div(shape[axis]) else { return };
    copy_from(&Layout::rows(call.output_index() * items, outer, stride, items), call, output);
}

/// Every so many items along each axis, forwards or backwards.
pub(super) fn slice(arguments: &Slice, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let strides = shape.strides();
    let Ok(taken) = arguments.resolve(shape) else { return };
    let start = taken.iter().zip(&strides).map(|(axis, stride)| axis.start * stride).sum();
    let axes = taken.iter().zip(&strides);
    let axes = axes.map(|(axis, &stride)| Axis { extent: axis.count, stride: axis.step * stride as isize });
    copy_from(&Layout::new(start, axes), call, output);
}

/// The axes in another order.
pub(super) fn transpose(arguments: &Axes, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let strides = shape.strides();
    let axes = arguments.axes.iter().filter_map(|&axis| shape.axis(axis));
    let axes = axes.map(|axis| Axis { extent: shape[axis], stride: strides[axis] as isize });
    copy_from(&Layout::new(0, axes), call, output);
}

/// Some axes backwards.
pub(super) fn flip(arguments: &Axes, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let flipped = |axis: &usize| names(shape, &arguments.axes, *axis);
    let strides = shape.strides();
    let last = |axis: usize| shape[axis].saturating_sub(1) * strides[axis];
    let start = (0..shape.rank()).filter(flipped).map(last).sum();
    let axes = (0..shape.rank()).map(|axis| {
        let stride = strides[axis] as isize;
        Axis { extent: shape[axis], stride: if flipped(&axis) { -stride } else { stride } }
    });
    copy_from(&Layout::new(start, axes), call, output);
}

/// Stretched to the shape of the output, axes matched from the last.
pub(super) fn broadcast(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    copy_from(&Layout::broadcast(call.input_shape(0), output.shape()), call, output);
}

/// The second input, stretched to the shape of the first, whose axes it has from an axis on.
pub(super) fn broadcast_to(arguments: &AxisArgument, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let y = call.input(1);
    let rank = y.shape().rank();
    let first = usize::try_from(arguments.axis).unwrap_or(output.shape().rank().saturating_sub(rank));
    let layout = Operand::over(y, output.shape(), |axis| (first..first + rank).contains(&axis)).layout;
    copy(&y, &layout, output, &Layout::row(0, output.len()));
}

/// Repeated along each axis.
pub(super) fn tile(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (x, y) = (call.input_shape(0), output.shape());
    let added = y.rank().saturating_sub(x.rank());
    let extents = (0..y.rank()).map(|axis| axis.checked_sub(added).map_or(1, |axis| x[axis]));
    let axes = y.iter().zip(extents).zip(broadcast_strides(x, y)).flat_map(|((&tiled, extent), stride)| {
        [Axis { extent: tiled.checked_div(extent).unwrap_or(0), stride: 0 }, Axis { extent, stride }]
    });
    copy_from(&Layout::new(0, axes), call, output);
}

/// Matrices that are zero but for their diagonals, which are the input.
pub(super) fn matrix_diag(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    fill(output, 0..output.len(), 0.0);
    copy(&x, &Layout::row(0, x.len()), output, &diagonals(x.shape()));
}

/// The diagonals of matrices.
pub(super) fn matrix_diag_part(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    copy_from(&diagonals(output.shape()), call, output);
}

/// Where the diagonals lie in matrices; `shape` is that of the diagonals.
fn diagonals(shape: Shape) -> Layout {
    let extent = shape.last().copied().unwrap_or(1);
    let matrices = shape.items().checked_div(extent).unwrap_or(0);
    let side = extent as isize;
    Layout::new(0, [Axis { extent: matrices, stride: side * side }, Axis { extent, stride: side + 1 }])
}

/// The upper or the lower triangle of matrices. As in NNabla, the other values are multiplied by zero.
pub(super) fn trilu(arguments: &Trilu, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    let [.., rows, columns] = x.shape()[..] else { return };
    let mut run = [0.0; RUN];
    for row in 0..x.len().checked_div(columns).unwrap_or(0) {
        // The column on the diagonal `k` in this row.
        let diagonal = (row % rows) as i64 + i64::from(arguments.k);
        for start in (0..columns).step_by(RUN) {
            let run = &mut run[..RUN.min(columns - start)];
            x.read(row * columns + start, run);
            for (value, column) in run.iter_mut().zip(start as i64..) {
                let kept = if arguments.upper { column >= diagonal } else { column <= diagonal };
                *value *= truth(kept);
            }
            output.write(row * columns + start, run);
        }
    }
}
