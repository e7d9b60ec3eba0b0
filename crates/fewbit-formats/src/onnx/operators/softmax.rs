//! Softmax and its relatives. Until version 13 they worked on all axes from one on, as if they were one axis.

use super::functions::axis_argument;
use super::{Operator, Result};
use crate::onnx::import::arguments::{Arguments, axis, axis_or_end};
use crate::onnx::import::context::{Context, Outputs};
use fewbit_core::Function;
use fewbit_core::function::arguments as nnabla;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Softmax", "Softmax, Reshape", |c| map(c, Function::Softmax)),
    Operator::map("LogSoftmax", "LogSoftmax, Reshape", |c| map(c, Function::LogSoftmax)),
];

fn map(c: &mut Context<'_>, function: fn(nnabla::Axis) -> Function) -> Result<Outputs> {
    let x = c.input(0)?;
    let shape = c.shape(x);
    let y = if c.opset() >= 13 {
        let axis = axis(c.attributes().int_or("axis", -1)?, shape.rank())?;
        c.apply(function(axis_argument(axis)?), &[x])?
    } else {
        let first = axis_or_end(c.attributes().int_or("axis", 1)?, shape.rank())?;
        let (rows, columns) = shape.split_items(first);
        // One axis that is not single among the last ones is that axis alone.
        let mut long = (first..shape.rank()).filter(|&axis| shape[axis] != 1);
        match (long.next(), long.next()) {
            (Some(axis), None) => c.apply(function(axis_argument(axis)?), &[x])?,
            _ => {
                let matrix = c.reshape(x, &[rows, columns])?;
                let y = c.apply(function(axis_argument(1)?), &[matrix])?;
                c.reshape(y, &shape)?
            }
        }
    };
    Ok(c.output(y))
}
