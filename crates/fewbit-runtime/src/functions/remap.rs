//! Functions that take each value from a place that is found axis by axis: padding, shifting, nearest neighbours.

use super::RUN;
use super::arrays::fill;
use super::layout::{Axis, Layout, copy};
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{BorderMode, Pad, PadMode, Shift};
use fewbit_core::shape::MAX_RANK;

/// Adds items before and after the last axes.
pub(super) fn pad(arguments: &Pad, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let first = shape.rank().saturating_sub(arguments.pad_width.len() / 2);
    // How many items stand before an axis.
    let before = |axis: usize| {
        let width = axis.checked_sub(first).and_then(|pair| arguments.pad_width.get(2 * pair));
        width.map_or(0, |&width| usize::try_from(width).unwrap_or(0))
    };
    match arguments.mode {
        PadMode::Constant => {
            fill(output, 0..output.len(), arguments.constant_value);
            let strides = output.shape().strides();
            let start = (0..shape.rank()).map(|axis| before(axis) * strides[axis]).sum();
            let inside = shape.iter().zip(&strides).map(|(&extent, &stride)| Axis { extent, stride: stride as isize });
            let x = call.input(0);
            copy(&x, &Layout::row(0, x.len()), output, &Layout::new(start, inside));
        }
        PadMode::Reflect => remap(call, output, &|axis, place| mirror(place.abs_diff(before(axis)), shape[axis])),
        PadMode::Repeat => remap(call, output, &|axis, place| place.saturating_sub(before(axis))),
    }
}

/// The place within an axis that is mirrored at its ends again and again, without repeating them.
fn mirror(place: usize, extent: usize) -> usize {
    let last = extent.saturating_sub(1);
    match place.checked_div(last) {
        Some(turns) if turns % 2 == 1 => last - place % last,
        Some(_) => place % last,
        None => 0,
    }
}

/// Moves the values along the last axes.
pub(super) fn shift(arguments: &Shift, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let first = shape.rank().saturating_sub(arguments.shifts.len());
    remap(call, output, &|axis, place| {
        let by = axis.checked_sub(first).and_then(|entry| arguments.shifts.get(entry)).map_or(0, |&by| i64::from(by));
        let (place, extent) = (place as i64 - by, shape[axis] as i64);
        let place = match arguments.border_mode {
            BorderMode::Nearest => place.max(0),
            // The mirror repeats the items at the ends.
            BorderMode::Reflect => match ((place + 2 * extent).abs()) % (2 * extent) {
                place if place < extent => place,
                place => 2 * extent - 1 - place,
            },
        };
        usize::try_from(place).unwrap_or(0)
    });
}

/// Takes each value of the output from the place in the first input that `place` gives for each axis and place along it.
/// A place beyond the end of an axis stands for its last.
pub(super) fn remap(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, place: &dyn Fn(usize, usize) -> usize) {
    let (x, shape) = (call.input(0), output.shape());
    let strides = x.shape().strides();
    let offset = |axis: usize, at: usize| place(axis, at).min(x.shape()[axis].saturating_sub(1)) * strides[axis];
    let Some(last) = shape.rank().checked_sub(1) else { return output.set(0, x.get(0)) };

    let mut at = [0; MAX_RANK];
    let row_start = |at: &[usize]| at.iter().take(last).enumerate().map(|(axis, &at)| offset(axis, at)).sum::<usize>();
    let mut row = row_start(&at);
    let mut places = [0; RUN];
    let mut run = [0.0; RUN];
    for start in (0..output.len()).step_by(RUN) {
        let count = RUN.min(output.len() - start);
        for slot in &mut places[..count] {
            *slot = row + offset(last, at[last]);
            at[last] += 1;
            if at[last] == shape[last] {
                at[last] = 0;
                step(&mut at[..last], &shape);
                row = row_start(&at);
            }
        }
        x.gather(&places[..count], &mut run[..count]);
        output.write(start, &run[..count]);
    }
}

/// Steps to the next place in row-major order.
fn step(at: &mut [usize], extents: &[usize]) {
    for (at, extent) in at.iter_mut().zip(extents).rev() {
        *at += 1;
        if *at < *extent {
            return;
        }
        *at = 0;
    }
}
