//! Reductions over axes.

use super::super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value, int, size};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::Function;
use fewbit_core::function::arguments::ExtremeReduction;

/// The reduction as ONNX nodes; `None` for functions that are none.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    Some(match *function {
        Function::Sum(it) => Ok(over(e, call, "ReduceSum", &it.axes, it.keep_dims)),
        Function::Mean(it) => Ok(over(e, call, "ReduceMean", &it.axes, it.keep_dims)),
        Function::Prod(it) => Ok(over(e, call, "ReduceProd", &it.axes, it.keep_dims)),
        Function::Max(it) => extreme(e, call, ["ReduceMax", "ArgMax"], &it),
        Function::Min(it) => extreme(e, call, ["ReduceMin", "ArgMin"], &it),
        _ => return None,
    })
}

fn over(e: &mut Emitter, call: &Call<'_>, operator: &str, axes: &[i32], keep_dims: bool) -> Value {
    if axes.is_empty() {
        return e.node("Identity", &[call.x()], vec![]);
    }
    let axes = e.size_list(&call.axes(axes));
    e.node(operator, &[call.x(), &axes], vec![int("keepdims", i64::from(keep_dims))])
}

/// The extreme value, or its place.
fn extreme(e: &mut Emitter, call: &Call<'_>, [value, place]: [&str; 2], it: &ExtremeReduction) -> Expressed {
    if it.only_index { self::place(e, call, place, it) } else { Ok(over(e, call, value, &it.axes, it.keep_dims)) }
}

/// The second output of a function that gives the extreme value and its place.
pub(super) fn place_of_extreme(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    match function {
        Function::Max(it) if it.with_index && !it.only_index => Some(place(e, call, "ArgMax", it)),
        Function::Min(it) if it.with_index && !it.only_index => Some(place(e, call, "ArgMin", it)),
        _ => None,
    }
}

fn place(e: &mut Emitter, call: &Call<'_>, operator: &str, it: &ExtremeReduction) -> Expressed {
    let [axis] = it.axes[..] else { return Err("the place of an extreme value among several axes".into()) };
    let attributes = vec![int("axis", size(call.axis(axis))), int("keepdims", i64::from(it.keep_dims))];
    let place = e.node(operator, &[call.x()], attributes);
    Ok(e.cast(&place, DataType::Float))
}
