//! Tensors joined, divided and repeated.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, int, size};
use crate::onnx::error::NodeError;
use crate::tflite::context::{Context, axis};
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::moving("CONCATENATION", "Concat", |c| {
        let (inputs, along) = (c.inputs()?, c.int_option(field::CONCATENATION_AXIS)?);
        let y = concat(c, &inputs, along);
        Ok(vec![c.activated(y, field::CONCATENATION_ACTIVATION)?])
    }),
    Operator::moving("PACK", "Unsqueeze, Concat", |c| {
        let along = c.int_option(field::PACK_AXIS)?;
        let inputs = c.inputs()?;
        let inputs: Vec<Value> = inputs.iter().map(|input| c.unsqueezed(input, &[along])).collect();
        Ok(vec![concat(c, &inputs, along)])
    }),
    Operator::moving("UNPACK", "Split, Squeeze", |c| {
        let along = c.int_option(field::UNPACK_AXIS)?;
        let x = c.input(0)?;
        let parts = split(c, &[&x], along)?;
        Ok(parts.iter().map(|part| c.squeezed(part, &[along])).collect())
    }),
    Operator::moving("SPLIT", "Split", |c| {
        let (along, x) = (c.axis(0)?, c.input(1)?);
        split(c, &[&x], along)
    }),
    Operator::moving("SPLIT_V", "Split", |c| {
        let (x, sizes, along) = (c.input(0)?, c.input(1)?, c.axis(2)?);
        split(c, &[&x, &sizes], along)
    }),
    Operator::moving("TILE", "Tile", |c| Ok(vec![c.pair("Tile")?])),
];

fn concat(c: &mut Context<'_, '_, '_>, inputs: &[Value], along: i64) -> Value {
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    c.node("Concat", &inputs, axis(along))
}

/// As many parts as the operator has outputs.
fn split(c: &mut Context<'_, '_, '_>, inputs: &[&str], along: i64) -> Result<Vec<Value>> {
    let count = c.output_count();
    if count == 0 {
        return Err(NodeError::invalid("it has no outputs"));
    }
    let mut attributes = axis(along);
    if inputs.len() == 1 {
        attributes.push(int("num_outputs", size(count)));
    }
    Ok(c.emitter().node_with_outputs("Split", inputs, attributes, count))
}
