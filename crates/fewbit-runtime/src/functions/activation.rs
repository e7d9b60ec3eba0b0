//! Activations that look at more than one value, or give more than one.

use super::elementwise::{Operand, join, join_to};
use super::groups::Groups;
use super::layout::Layout;
use super::unary::{elu, relu};
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{Axis, CELU, PReLU};

/// Exponentials along an axis, divided by their sum.
pub(super) fn softmax(arguments: &Axis, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    each_softmax(arguments.axis, call, output, &|run, greatest, sum| {
        for value in run {
            *value = libm::expf(*value - greatest) / sum;
        }
    });
}

/// The logarithm of the softmax.
pub(super) fn log_softmax(arguments: &Axis, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    each_softmax(arguments.axis, call, output, &|run, greatest, sum| {
        let log_sum = libm::logf(sum);
        for value in run {
            *value = *value - greatest - log_sum;
        }
    });
}

/// Changes the values along an axis, given the greatest of them and the sum of their exponentials relative to it.
fn each_softmax(axis: i32, call: &Call<'_, '_>, output: &mut ValuesMut<'_>, change: &dyn Fn(&mut [f32], f32, f32)) {
    let input = call.input(0);
    let shape = input.shape();
    let groups = Groups::new(&shape, |kept| shape.axis(axis) != Some(kept));
    for group in 0..groups.count {
        // What is not a number spoils the sum, as it should.
        let greatest = groups.fold(&input, group, f32::NEG_INFINITY, |greatest, _, run| {
            run.iter().fold(greatest, |greatest, &value| greatest.max(value))
        });
        let sum = groups.fold(&input, group, 0.0, |sum, _, run| {
            run.iter().fold(sum, |sum, &value| sum + libm::expf(value - greatest))
        });
        groups.map(&input, output, group, |_, _, run| change(run, greatest, sum));
    }
}

/// The positive and the negative half, joined along an axis.
pub(super) fn crelu(arguments: &Axis, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    both_halves(arguments.axis, call, output, relu);
}

/// [`elu`] of the values and of the negated values, joined along an axis.
pub(super) fn celu(arguments: &CELU, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    both_halves(arguments.axis, call, output, |x| elu(x, arguments.alpha));
}

fn both_halves(axis: i32, call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32) -> f32) {
    let input = call.input(0);
    let Some(axis) = input.shape().axis(axis) else { return };
    let (outer, inner) = input.shape().split_items(axis);
    for (half, sign) in [1.0, -1.0].into_iter().enumerate() {
        let to = Layout::rows(half * inner, outer, 2 * inner, inner);
        join_to([Operand::whole(input)], output, &to, |[x]| function(sign * x));
    }
}

/// `x` from zero on, `slope * x` below, with one slope for all or one for each item of an axis.
pub(super) fn prelu(arguments: &PReLU, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (x, slopes) = (call.input(0), call.input(1));
    let axis = x.shape().axis(arguments.base_axis);
    let slopes = Operand::over(slopes, x.shape(), |has| axis == Some(has));
    join([Operand::whole(x), slopes], output, |[x, slope]| if x >= 0.0 { x } else { x * slope });
}
