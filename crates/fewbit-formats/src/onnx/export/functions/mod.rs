//! NNabla's functions as ONNX nodes on real numbers, a module a family.

mod activation;
mod arrays;
mod elementwise;
pub(super) mod image;
mod layers;
mod normalization;
pub(super) mod pooling;
pub(super) mod product;
mod quantization;
mod reduction;

pub(super) use layers::after_sums;

use super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value, int, size};
use fewbit_core::Function;

/// A family's way to express its functions; `None` for those of other families.
type Family = fn(&mut Emitter, &Call<'_>, &Function) -> Option<Expressed>;

const FAMILIES: &[Family] = &[
    layers::express,
    pooling::express,
    activation::express,
    normalization::express,
    elementwise::express,
    reduction::express,
    arrays::express,
    quantization::express,
];

/// The value that the first output of a function becomes.
///
/// # Errors
/// Why ONNX cannot express it.
pub(super) fn express_first(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Expressed {
    let expressed = FAMILIES.iter().find_map(|family| family(e, call, function));
    expressed.unwrap_or_else(|| Err("no operators for it".into()))
}

/// The values that the outputs of a function become.
///
/// # Errors
/// Why ONNX cannot express it.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Result<Vec<Value>, String> {
    if let Function::Split(it) = function {
        return Ok(split(e, call, call.axis(it.axis)));
    }
    let first = express_first(e, call, function)?;
    let second = reduction::place_of_extreme(e, call, function).transpose()?;
    Ok([first].into_iter().chain(second).collect())
}

/// A value for each item along an axis, which goes away.
fn split(e: &mut Emitter, call: &Call<'_>, axis: usize) -> Vec<Value> {
    let part = |e: &mut Emitter, item: usize| {
        // A single index takes the axis away.
        let index =
            e.constant(crate::onnx::message::tensor_proto::DataType::Int64, &[], size(item).to_le_bytes().to_vec());
        e.node("Gather", &[call.x(), &index], vec![int("axis", size(axis))])
    };
    (0..call.node.outputs.len()).map(|item| part(e, item)).collect()
}
