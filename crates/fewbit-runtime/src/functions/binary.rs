//! Functions that join several inputs value by value, with broadcasting.

use super::RUN;
use super::elementwise::{Operand, join};
use super::layout::Layout;
use super::unary::truth;
use crate::call::Call;
use crate::values::ValuesMut;

/// Joins the first two inputs, each stretched to the shape of the output.
pub(super) fn map2(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32, f32) -> f32) {
    let operand = |index| Operand::broadcast(call.input(index), output.shape());
    join([operand(0), operand(1)], output, |[a, b]| function(a, b));
}

/// [`map2`] for a function that is true or false.
pub(super) fn test2(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32, f32) -> bool) {
    map2(call, output, |a, b| truth(function(a, b)));
}

/// [`test2`] for a function of truth values: everything but zero is true.
pub(super) fn logic(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(bool, bool) -> bool) {
    test2(call, output, |a, b| function(a != 0.0, b != 0.0));
}

/// Joins all inputs, each stretched to the shape of the output, from the first to the last.
pub(super) fn fold(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: &dyn Fn(f32, f32) -> f32) {
    let shape = output.shape();
    let operand = |index| Operand::broadcast(call.input(index), shape);
    let mut total = [0.0; RUN];
    for place in (0..output.len()).step_by(RUN) {
        let total = &mut total[..RUN.min(output.len() - place)];
        operand(0).read_beside(output, place, total);
        for index in 1..call.input_count() {
            operand(index).change_beside(output, place, total, function);
        }
        output.write(place, total);
    }
}

/// Takes each value from the second or the third input, as the first is true or false there. The axes of the first
/// are the first axes of the others.
pub(super) fn choose(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let condition = call.input(0);
    let Some(repeats) = output.len().checked_div(condition.len()) else { return };
    let layout = Layout::repeated(condition.len(), repeats);
    let operands =
        [Operand { values: condition, layout }, Operand::whole(call.input(1)), Operand::whole(call.input(2))];
    join(operands, output, |[condition, yes, no]| if condition != 0.0 { yes } else { no });
}
