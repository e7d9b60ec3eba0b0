//! Fixed-point values at another position, within bounds: integers all the way.
//!
//! It is what activations that only clip, and functions that only move values, come to in *integer* semantics. A device
//! without a floating-point unit computes them without its emulation.

use super::RUN;
use super::unary::map;
use crate::call::Call;
use crate::requantize::{Requantizer, position, stored};
use crate::values::ValuesMut;
use core::ops::RangeInclusive;
use fewbit_core::{NumberFormat, Rounding};
use fewbit_nnb::Values;

/// How stored integers of an input become those of an output; `None` if one of them is a float, if channels have positions of
/// their own, or if the output is not rounded half up.
pub(super) fn requantizer(input: &Values<'_>, output: &ValuesMut<'_>) -> Option<Requantizer> {
    let integers = output.rounding() == Rounding::HalfUp && input.channel_positions().is_empty();
    integers.then(|| Requantizer::new(position(input.format())?, output.format())).flatten()
}

/// Limits each value of the first input to `bounds`, as `function` does for floats.
///
/// Rounding keeps the order of numbers, so that rounded values can be limited to rounded bounds.
pub(super) fn clip(
    call: &Call<'_, '_>,
    output: &mut ValuesMut<'_>,
    bounds: RangeInclusive<f32>,
    function: impl Fn(f32) -> f32,
) {
    let input = call.input(0);
    let Some(requantizer) = requantizer(&input, output).and_then(|it| limited(it, bounds, output.format())) else {
        return map(call, output, function);
    };
    let mut run = [0; RUN];
    for place in (0..output.len()).step_by(RUN) {
        let run = &mut run[..RUN.min(output.len() - place)];
        output.beside(&input).read_integers(place, run);
        for value in &mut *run {
            *value = requantizer.apply_narrow(*value);
        }
        output.write_integers(place, run);
    }
}

/// The requantizer with bounds that are real numbers; `None` if one of them is no number.
fn limited(requantizer: Requantizer, bounds: RangeInclusive<f32>, format: NumberFormat) -> Option<Requantizer> {
    Some(requantizer.at_least(stored(*bounds.start(), format)?).at_most(stored(*bounds.end(), format)?))
}
