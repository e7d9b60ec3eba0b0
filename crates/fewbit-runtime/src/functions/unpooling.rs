//! Unpooling: each value is repeated along the spatial axes.

use super::layout::{Axis, Layout, copy};
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::Unpooling;

/// Computes `Unpooling`.
pub(super) fn run(arguments: &Unpooling, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    let shape = x.shape();
    let first = shape.rank().saturating_sub(arguments.kernel.len() + usize::from(arguments.channel_last));
    let repeats = |axis: usize| {
        let repeats = axis.checked_sub(first).and_then(|axis| arguments.kernel.get(axis));
        // The shape rule demands that they are above zero.
        repeats.map_or(1, |&repeats| repeats.unsigned_abs() as usize)
    };
    let strides = shape.strides();
    let axes = shape.iter().zip(&strides).enumerate().flat_map(|(axis, (&extent, &stride))| {
        [Axis { extent, stride: stride as isize }, Axis { extent: repeats(axis), stride: 0 }]
    });
    copy(&x, &Layout::new(0, axes), output, &Layout::row(0, output.len()));
}
