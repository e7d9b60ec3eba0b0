//! Fixed-point networks: the same integers as in fewbit's *integer* semantics.
//!
//! A stored variable is the result of `QuantizeLinear`, with a scale of one, and what others read of it that of
//! `DequantizeLinear`, with a power of two as the scale. Between the two everything is real numbers, of
//! which every one that matters is exact:
//!
//! - `QuantizeLinear` takes halves to the even integer, fewbit takes them up. So it only sees whole numbers:
//!   `Floor(x * 2^position + 0.5)` comes before it, and it saturates.
//! - In single precision, sums are exact up to 2^24 steps of their unit. What the weights of a channel can add up to is
//!   known when the file is written. Where it is more, the input is divided into pieces of fewer bits, whose sums
//!   are exact, and these are added up in double precision (`sums`).
//! - A function that fewbit computes in floats is computed in floats.
//!
//! With one rounding a function, and all numbers before it exact, the order of a sum and the kernels that a runtime chooses
//! make no difference. What is left are functions like `Sigmoid`, which runtimes approximate: there a value that lies
//! within their error of the edge between two integers can become the other one.

mod bounds;
mod pooling;
mod store;
mod sums;

pub(super) use store::{stored_input, stored_parameter};

use super::call::Call;
use super::functions;
use crate::onnx::emitter::{Emitter, Value};
use fewbit_core::{Function, NumberFormat};
use store::{Precision, store};

/// The values that the outputs of a function become: the real numbers that are read of what is stored.
///
/// # Errors
/// Why ONNX cannot express it.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Result<Vec<Value>, String> {
    let formats: Vec<NumberFormat> = call.node.outputs.iter().map(|id| call.network.variable(*id).format).collect();
    if let Some(exact) = sums::express(e, call, function).or_else(|| pooling::express(e, call, function)) {
        return exact.map(|value| vec![value]);
    }
    let results = functions::express(e, call, function)?;
    let inputs = call.node.inputs.iter().map(|id| call.network.variable(*id).format);
    let same = inputs.clone().all(|format| Some(&format) == formats.first());
    if same && only_picks(function) {
        return Ok(results);
    }
    let stored = results.into_iter().zip(formats);
    Ok(stored.map(|(value, format)| store(e, &value, format, Precision::Double)).collect())
}

/// Whether every value of the output is a value of an input, or zero: then it is stored as it is in the same format.
fn only_picks(function: &Function) -> bool {
    match function {
        Function::Pad(it) => it.constant_value == 0.0,
        Function::Max(it) | Function::Min(it) => !it.with_index && !it.only_index,
        function => matches!(
            function,
            Function::MaxPooling(_)
                | Function::Unpooling(_)
                | Function::ReLU(_)
                | Function::Minimum2
                | Function::Maximum2
                | Function::Concatenate(_)
                | Function::Split(_)
                | Function::Stack(_)
                | Function::Slice(_)
                | Function::Transpose(_)
                | Function::Broadcast(_)
                | Function::BroadcastTo(_)
                | Function::Tile(_)
                | Function::Flip(_)
                | Function::Shift(_)
                | Function::Reshape(_)
                | Function::Trilu(_)
                | Function::Identity
                | Function::Dropout(_)
        ),
    }
}
