//! Operators that change shape or type, and those that ask for a shape.

use super::activation::one;
use super::{Operator, Result};
use crate::onnx::emitter::Value;
use crate::onnx::error::NodeError;
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::moving("RESHAPE", "Reshape", |c| {
        let x = c.input(0)?;
        let shape = if c.has(1) {
            c.input(1)?
        } else {
            // Old files have the shape among the options.
            let damaged = |error: planus::Error| NodeError::invalid(error.to_string());
            let options = c.options().ok_or_else(|| NodeError::invalid("it has no shape"))?;
            let shape: Vec<i64> =
                options.ints(field::RESHAPE_NEW_SHAPE).map_err(damaged)?.into_iter().map(i64::from).collect();
            c.emitter().integers(&shape)
        };
        Ok(vec![c.node("Reshape", &[&x, &shape], Vec::new())])
    })
    .limits("to a known shape"),
    Operator::moving("SQUEEZE", "Squeeze", |c| {
        let x = c.input(0)?;
        let damaged = |error: planus::Error| NodeError::invalid(error.to_string());
        let axes = c.options().map(|options| options.ints(field::SQUEEZE_DIMS)).transpose().map_err(damaged)?;
        let axes: Vec<i64> = axes.unwrap_or_default().into_iter().map(i64::from).collect();
        Ok(vec![match axes.is_empty() {
            true => c.node("Squeeze", &[&x], Vec::new()),
            false => c.squeezed(&x, &axes),
        }])
    }),
    Operator::moving("EXPAND_DIMS", "Unsqueeze", |c| {
        let (x, axis) = (c.input(0)?, c.axis(1)?);
        Ok(vec![c.unsqueezed(&x, &[axis])])
    }),
    Operator::moving("BROADCAST_TO", "Expand", |c| Ok(vec![c.pair("Expand")?])).limits("to a known shape"),
    Operator::new("SHAPE", "Shape", |c| one(c, "Shape")),
    Operator::new("CAST", "Cast", |c| {
        let (x, to) = (c.input(0)?, c.output_type()?);
        Ok(vec![c.emitter().cast(&x, to)])
    }),
    Operator::moving("TRANSPOSE", "Transpose", transpose).limits("in a known order"),
];

fn transpose(c: &mut Context<'_, '_, '_>) -> Result<Vec<Value>> {
    let order = c.integers(1, "the order of axes")?;
    let order: Option<Vec<usize>> = order.iter().map(|&axis| usize::try_from(axis).ok()).collect();
    let order = order.ok_or_else(|| NodeError::invalid("its order of axes has negative numbers"))?;
    let x = c.input(0)?;
    Ok(vec![c.emitter().transpose(&x, &order)])
}
