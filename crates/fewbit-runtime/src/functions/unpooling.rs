//! Unpooling: each value is repeated along the spatial axes.

use super::RUN;
use crate::call::Call;
use crate::requantize::{Requantizer, position};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::Unpooling;
use fewbit_core::shape::MAX_RANK;
use fewbit_nnb::Element;

/// Computes `Unpooling`.
pub(super) fn run(arguments: &Unpooling, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let requantizer = match (call.semantics(), position(call.input_format(0))) {
        (Semantics::Integer, Some(from)) => Requantizer::new(from, output.format()),
        _ => None,
    };
    match requantizer {
        Some(requantizer) => repeat::<i32>(arguments, call, output, |values, start, output| {
            values.iter_mut().for_each(|value| *value = requantizer.apply((*value).into()));
            output.write_integers(start, values);
        }),
        None => repeat::<f32>(arguments, call, output, |values, start, output| output.write(start, values)),
    }
}

/// Repeats values and hands them to `store`, a run at a time with the place of its first.
fn repeat<E: Element>(
    arguments: &Unpooling,
    call: &Call<'_, '_>,
    output: &mut ValuesMut<'_>,
    store: impl Fn(&mut [E], usize, &mut ValuesMut<'_>),
) {
    let (x, x_shape, y_shape) = (call.input(0), call.input_shape(0), output.shape());
    let (Some(&extent), Some(last)) = (y_shape.last(), x_shape.rank().checked_sub(1)) else {
        // A single value without axes, and so without a kernel.
        let mut value = [E::default()];
        x.read_strided(0, 1, &mut value);
        return store(&mut value, 0, output);
    };
    let mut factors = [1; MAX_RANK];
    let first = x_shape.rank() - arguments.kernel.len() - usize::from(arguments.channel_last);
    for (factor, &repeats) in factors[first..].iter_mut().zip(&arguments.kernel) {
        // The shape rule demands that they are above zero.
        *factor = usize::try_from(repeats).unwrap_or(1).max(1);
    }
    let (mut values, mut run) = ([E::default(); RUN], [E::default(); RUN]);
    for row in 0..output.len() / extent.max(1) {
        let mut rest = row;
        let mut x_row = 0;
        let mut step = x_shape[last];
        for axis in (0..last).rev() {
            x_row += rest % y_shape[axis] / factors[axis] * step;
            rest /= y_shape[axis];
            step *= x_shape[axis];
        }
        for start in (0..extent).step_by(RUN) {
            let (first, factor) = (start / factors[last], factors[last]);
            let run = &mut run[..RUN.min(extent - start)];
            x.read_strided(x_row + first, 1, &mut values[..(start + run.len()).div_ceil(factor) - first]);
            for (place, out) in run.iter_mut().enumerate() {
                *out = values[(start + place) / factor - first];
            }
            store(run, row * extent + start, output);
        }
    }
}
