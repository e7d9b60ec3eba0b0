//! Constants, and what is computed of constants alone.

use super::{Operator, Result};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::external::ExternalFiles;
use crate::onnx::graph::MAX_SPARSE;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::constants::Constants;
use crate::onnx::message::attribute_proto::AttributeType;
use crate::onnx::stored;
use crate::onnx::tensor::Tensor;
use fewbit_core::Shape;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::constant("Constant", constant),
    Operator::constant("ConstantOfShape", constant_of_shape),
    Operator::constant("Range", range),
];

fn constant(c: &Constants<'_>) -> Result<Vec<Tensor>> {
    let attributes = c.attributes();
    let unreadable = |error: crate::onnx::OnnxError| NodeError::invalid(error.to_string());
    let list = |len: usize| Ok::<_, NodeError>(Shape::new(&[len])?);
    let tensor = if let Some(value) = attributes.get("value", AttributeType::Tensor)?.and_then(|value| value.t.as_ref())
    {
        stored::tensor(value, &ExternalFiles::default()).map_err(unreadable)?
    } else if let Some(value) =
        attributes.get("sparse_value", AttributeType::SparseTensor)?.and_then(|value| value.sparse_tensor.as_ref())
    {
        stored::sparse(value, &ExternalFiles::default(), MAX_SPARSE).map_err(unreadable)?
    } else if let Some(value) = attributes.float("value_float")? {
        Tensor::floats(Shape::default(), [value])
    } else if let Some(values) = attributes.floats("value_floats")? {
        Tensor::floats(list(values.len())?, values)
    } else if let Some(value) = attributes.int("value_int")? {
        Tensor::integers(Element::INDEX, Shape::default(), [value])
    } else if let Some(values) = attributes.ints("value_ints")? {
        Tensor::integers(Element::INDEX, list(values.len())?, values.iter().copied())
    } else {
        return Err(NodeError::unsupported("it has no value that is a number"));
    };
    Ok(vec![tensor])
}

fn constant_of_shape(c: &Constants<'_>) -> Result<Vec<Tensor>> {
    let dims = c.integers(0, "the shape")?.ok_or_else(|| NodeError::invalid("it has no shape"))?;
    let dims = Shape::from_signed(dims.iter().copied())?;
    let shape = c.shape(&dims)?;
    let value = match c.attributes().get("value", AttributeType::Tensor)?.and_then(|value| value.t.as_ref()) {
        Some(value) => {
            let error = |error: crate::onnx::OnnxError| NodeError::invalid(error.to_string());
            stored::tensor(value, &ExternalFiles::default()).map_err(error)?
        }
        None => Tensor::floats(Shape::default(), [0.0]),
    };
    if value.len() != 1 {
        return Err(NodeError::invalid("its value must be a single number"));
    }
    Ok(vec![value.rearranged(shape, |_| 0)])
}

/// Numbers from a start to a limit, which is left out, in equal steps.
fn range(c: &Constants<'_>) -> Result<Vec<Tensor>> {
    let inputs = [c.input(0)?, c.input(1)?, c.input(2)?];
    if inputs.iter().any(|input| input.len() != 1) {
        return Err(NodeError::invalid("its inputs must be single numbers"));
    }
    let [start, limit, step] = inputs.map(|input| input.number(0));
    let count = ((limit - start) / step).ceil();
    if !count.is_finite() {
        return Err(NodeError::invalid(format!("it goes from {start} to {limit} in steps of {step}")));
    }
    // A float that is too large becomes the largest number of items, which is refused.
    let shape = c.shape(&[count.max(0.0) as usize])?;
    let value = |place: usize| start + place as f64 * step;
    Ok(vec![match inputs[0].element {
        Element::Float => {
            Tensor::floats(shape, (0..shape.items()).map(|place| value(place) as f32).collect::<Vec<_>>())
        }
        element => Tensor::integers(element, shape, (0..shape.items()).map(|place| value(place) as i64)),
    }])
}
