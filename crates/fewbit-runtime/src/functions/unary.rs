//! Functions that change each value by itself.

use super::RUN;
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::Function;

/// Applies a function to every value of the first input.
pub(super) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    match function {
        Function::ReLU(_) => map(call, output, |x| x.max(0.0)),
        _ => map(call, output, |x| x),
    }
}

fn map(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32) -> f32) {
    let input = call.input(0);
    let mut run = [0.0; RUN];
    for start in (0..output.len()).step_by(RUN) {
        let run = &mut run[..RUN.min(output.len() - start)];
        input.read(start, run);
        for value in &mut *run {
            *value = function(*value);
        }
        output.write(start, run);
    }
}
