//! Functions whose input holds places: rows are taken from another variable, or a one is set.
//!
//! Places are cut to integers, as in NNabla. One that does not exist gives zeros: a device has nobody to complain to.

use super::arrays::fill;
use super::layout::{Layout, copy};
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{Gather, ShapeOnly};
use fewbit_nnb::Values;

/// For each value of the first input, that row of the second.
pub(super) fn embed(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let weight = call.input(1);
    let (extent, row) = weight.shape().split_items(1);
    take(&weight, &call.input(0), &Rows { batches: 1, outer: 1, extent, row }, output);
}

/// Rows of the first input along an axis, at the places that the second holds for each batch item.
pub(super) fn gather(arguments: &Gather, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (x, indices) = (call.input(0), call.input(1));
    let Some(axis) = x.shape().axis(arguments.axis) else { return };
    let batch_dims = match usize::try_from(arguments.batch_dims) {
        Ok(dims) => dims,
        Err(_) => indices.shape().rank().saturating_sub(arguments.batch_dims.unsigned_abs() as usize),
    };
    let (batches, _) = x.shape().split_items(batch_dims);
    let (before, _) = x.shape().split_items(axis);
    let (_, row) = x.shape().split_items(axis + 1);
    let Some(outer) = before.checked_div(batches) else { return };
    take(&x, &indices, &Rows { batches, outer, extent: x.shape()[axis], row }, output);
}

/// A variable as rows along one axis.
struct Rows {
    /// How many batch items there are, each with indices of its own.
    batches: usize,
    /// How many places there are before the axis in a batch item.
    outer: usize,
    /// The extent of the axis.
    extent: usize,
    /// How many values a row has.
    row: usize,
}

fn take(values: &Values<'_>, indices: &Values<'_>, rows: &Rows, output: &mut ValuesMut<'_>) {
    let Some(count) = indices.len().checked_div(rows.batches) else { return };
    for outer in 0..rows.batches * rows.outer {
        let first = outer / rows.outer * count;
        for index in 0..count {
            let to = (outer * count + index) * rows.row;
            match place(indices.get(first + index), rows.extent) {
                Some(place) => {
                    let from = Layout::row((outer * rows.extent + place) * rows.row, rows.row);
                    copy(values, &from, output, &Layout::row(to, rows.row));
                }
                None => fill(output, to..to + rows.row, 0.0),
            }
        }
    }
}

/// The place that a value stands for, if there is one below `extent`.
fn place(value: f32, extent: usize) -> Option<usize> {
    let value = libm::truncf(value);
    if value >= 0.0 { Some(value as usize).filter(|&place| place < extent) } else { None }
}

/// Zeros with a one at the place that each row of the input names; negative numbers count from the end.
pub(super) fn one_hot(arguments: &ShapeOnly, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    fill(output, 0..output.len(), 0.0);
    let classes = &arguments.shape;
    let (rows, _) = x.shape().split_items(x.shape().rank().saturating_sub(1));
    let Some(items) = output.len().checked_div(rows) else { return };
    for row in 0..rows {
        let at = classes.iter().enumerate().try_fold(0, |at, (axis, &extent)| {
            let value = libm::truncf(x.get(row * classes.len() + axis));
            let extent = usize::try_from(extent).ok()?;
            let value = if value < 0.0 { value + extent as f32 } else { value };
            Some(at * extent + place(value, extent)?)
        });
        if let Some(at) = at {
            output.set(row * items + at, 1.0);
        }
    }
}
