//! Softmax and its logarithm.

use super::{Call, Planner, Reason};
use crate::c_value::Record;
use crate::feature::Feature;

/// Plans a softmax along an axis.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call, axis: i32, logarithm: bool) -> Result<(), Reason> {
    let shape = planner.shape(call.inputs[0]);
    let axis = shape.axis(axis).ok_or("names an axis that its input does not have")?;
    let (outer, rest) = shape.split_items(axis);
    let operand = planner.operand(call.inputs[0]);
    let constants = Record::default()
        .with("x", planner.reals(&operand))
        .with("y", planner.real_target(call.output, 0))
        .with("outer", outer)
        .with("extent", shape[axis])
        .with("inner", rest / shape[axis])
        .with("logarithm", logarithm);
    let feature = if logarithm { Feature::LogSoftmax } else { Feature::Softmax };
    planner.step("softmax", "softmax_t", constants, &[feature]);
    Ok(())
}
