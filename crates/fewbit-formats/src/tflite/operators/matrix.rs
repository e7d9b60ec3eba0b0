//! Matrix products.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, int, size};
use crate::onnx::error::NodeError;
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("FULLY_CONNECTED", "Gemm, Reshape; MatMul, Add", fully_connected)
        .limits("weights in TensorFlow Lite's default order"),
    Operator::new("BATCH_MATMUL", "MatMul, Transpose", |c| {
        let a = factor(c, 0, field::BATCH_MATMUL_ADJ_X)?;
        let b = factor(c, 1, field::BATCH_MATMUL_ADJ_Y)?;
        Ok(vec![c.node("MatMul", &[&a, &b], Vec::new())])
    }),
];

/// The weights have a row for each output.
fn fully_connected(c: &mut Context<'_, '_, '_>) -> Result<Vec<Value>> {
    if c.option(field::FULLY_CONNECTED_WEIGHTS_FORMAT, 0i8)? != 0 {
        return Err(NodeError::unsupported("its weights are in an order of another processor"));
    }
    let (dims, weights) = (c.dims(0)?, c.dims(1)?);
    let &[_, inputs] = &weights[..] else {
        return Err(NodeError::invalid("its weights must be a matrix"));
    };
    let keeps_axes = c.flag(field::FULLY_CONNECTED_KEEP_NUM_DIMS)? && dims.len() != 2;
    let x = c.input(0)?;
    let y = if keeps_axes {
        let weights = c.turned(1, &[1, 0])?;
        let y = c.node("MatMul", &[&x, &weights], Vec::new());
        match c.has(2) {
            true => {
                let bias = c.input(2)?;
                c.node("Add", &[&y, &bias], Vec::new())
            }
            false => y,
        }
    } else {
        let is_matrix = dims.len() == 2 && dims[1] == inputs;
        let x = match is_matrix {
            true => x,
            false => {
                let shape = c.emitter().integers(&[-1, size(inputs)]);
                c.node("Reshape", &[&x, &shape], Vec::new())
            }
        };
        let mut factors = vec![x, c.input(1)?];
        if c.has(2) {
            factors.push(c.input(2)?);
        }
        let factors: Vec<&str> = factors.iter().map(String::as_str).collect();
        c.node("Gemm", &factors, vec![int("transB", 1)])
    };
    Ok(vec![c.activated(y, field::FULLY_CONNECTED_ACTIVATION)?])
}

/// A factor, its last two axes changing places if an option says so.
fn factor(c: &mut Context<'_, '_, '_>, input: usize, transposed: usize) -> Result<Value> {
    let rank = c.rank(input)?;
    if !c.flag(transposed)? {
        return c.input(input);
    }
    let mut order: Vec<usize> = (0..rank).collect();
    let Some(outer) = rank.checked_sub(2) else {
        return Err(NodeError::invalid(format!("input {input} must have two axes or more")));
    };
    order.swap(outer, outer + 1);
    c.turned(input, &order)
}
