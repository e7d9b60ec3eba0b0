//! Functions that round values to those of a coarser number format.

use super::super::call::{Call, Expressed};
use super::activation::clip;
use super::elementwise::round_half_away;
use crate::onnx::emitter::{Emitter, Value};
use fewbit_core::Function;
use fewbit_core::function::arguments::{QuantizeLinear, RoundMode};

/// NNabla's number of the type of unsigned bytes.
const UNSIGNED_BYTE: i32 = 2;

/// The function as ONNX nodes; `None` for functions that round nothing.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    Some(Ok(match *function {
        Function::FixedPointQuantize(it) => {
            let steps = ((it.n - i32::from(it.sign)) as f32).exp2() - 1.0;
            let y = e.with_number("Div", call.x(), it.delta);
            let y = round_half_away(e, &y);
            let y = e.with_number("Mul", &y, it.delta);
            let high = steps * it.delta;
            clip(e, &y, if it.sign { -high } else { 0.0 }, high)
        }
        Function::QuantizeLinear(it) => quantize(e, call, &it),
        Function::DequantizeLinear => {
            let centred = e.node("Sub", &[call.x(), call.input(2)], vec![]);
            e.node("Mul", &[&centred, call.input(1)], vec![])
        }
        _ => return None,
    }))
}

/// As real numbers: ONNX's own operator rounds halves to even, and its integers are of another type than the variables of a
/// network.
fn quantize(e: &mut Emitter, call: &Call<'_>, it: &QuantizeLinear) -> Value {
    let lowest = f32::from(u8::from(it.narrow_range));
    let (low, high) = if it.dtype == UNSIGNED_BYTE { (lowest, 255.0) } else { (lowest - 128.0, 127.0) };
    let mut round = |x: &str| match it.round_mode {
        RoundMode::HalfAwayFromZero => round_half_away(e, x),
        RoundMode::HalfToEven => e.node("Round", &[x], vec![]),
    };
    let zero = round(call.input(2));
    let zero = clip(e, &zero, low, high);
    let scaled = e.node("Div", &[call.x(), call.input(1)], vec![]);
    let rounded = match it.round_mode {
        RoundMode::HalfAwayFromZero => round_half_away(e, &scaled),
        RoundMode::HalfToEven => e.node("Round", &[&scaled], vec![]),
    };
    let moved = e.node("Add", &[&rounded, &zero], vec![]);
    clip(e, &moved, low, high)
}
