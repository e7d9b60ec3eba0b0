//! Reductions over axes.

use super::functions::{ADD, MUL, SQRT, SUB, extreme_over, over};
use super::{Operator, Result};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes, axis};
use crate::onnx::import::constants::Constants;
use crate::onnx::import::context::{Context, Outputs, ints};
use crate::onnx::tensor::{Tensor, broadcast_strides, offset};
use fewbit_core::Function;
use fewbit_core::function::arguments as nnabla;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("ReduceSum", "Sum", |c| reduce(c, Kind::Sum)).fold(|c| fold(c, 0.0, |sum, x| sum + x)),
    Operator::map("ReduceMean", "Mean; GlobalAveragePooling over rows and columns", |c| reduce(c, Kind::Mean)),
    Operator::map("ReduceMax", "Max", |c| reduce(c, Kind::Max)).fold(|c| fold(c, f64::NEG_INFINITY, f64::max)),
    Operator::map("ReduceMin", "Min", |c| reduce(c, Kind::Min)).fold(|c| fold(c, f64::INFINITY, f64::min)),
    Operator::map("ReduceProd", "Prod", |c| reduce(c, Kind::Prod)).fold(|c| fold(c, 1.0, |product, x| product * x)),
    Operator::map("ReduceL1", "Abs, Sum", |c| reduce(c, Kind::L1)),
    Operator::map("ReduceL2", "Mul2, Sum, PowScalar", |c| reduce(c, Kind::L2)),
    Operator::map("ReduceSumSquare", "Mul2, Sum", |c| reduce(c, Kind::SumSquare)),
    Operator::map("ReduceLogSum", "Sum, Log", |c| reduce(c, Kind::LogSum)),
    Operator::map("ReduceLogSumExp", "Max, Sub2, Exp, Sum, Log, Add2", |c| reduce(c, Kind::LogSumExp)),
    Operator::map("ArgMax", "Max", |c| place_of(c, Function::Max)).limits("of equal values the first"),
    Operator::map("ArgMin", "Min", |c| place_of(c, Function::Min)).limits("of equal values the first"),
];

/// What a reduction makes of many values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Sum,
    Mean,
    Max,
    Min,
    Prod,
    L1,
    L2,
    SumSquare,
    LogSum,
    LogSumExp,
}

/// The axes that a reduction names; `None` if it changes nothing.
fn reduced_axes(arguments: &impl Arguments, rank: usize, input_since: i64) -> Result<Option<Vec<usize>>> {
    let list = arguments.list("axes", 1, input_since)?.unwrap_or(&[]);
    if !list.is_empty() {
        return axes(list, rank).map(Some);
    }
    let nothing = arguments.attributes().flag("noop_with_empty_axes", false)?;
    Ok(if nothing { None } else { Some((0..rank).collect()) })
}

/// Since when the axes are an input.
fn axes_input_since(operator: &str) -> i64 {
    if operator == "ReduceSum" { 13 } else { 18 }
}

fn reduce(c: &mut Context<'_>, kind: Kind) -> Result<Outputs> {
    let rank = c.input_shape(0)?.rank();
    let axes = reduced_axes(c, rank, axes_input_since(&c.node().operator))?;
    let keep_dims = c.attributes().flag("keepdims", true)?;
    // Without axes, what is done to each value is still done.
    map(c, kind, &axes.unwrap_or_default(), keep_dims)
}

/// A reduction of the first input over axes; over none, it only does what it does to each value.
pub(super) fn map(c: &mut Context<'_>, kind: Kind, axes: &[usize], keep_dims: bool) -> Result<Outputs> {
    let x = c.input(0)?;
    let shape = c.shape(x);
    let none = axes.is_empty();
    let sum = |keep_dims| Ok::<_, NodeError>(Function::Sum(over(axes, keep_dims)?));
    // Devices have NNabla's function for images in integers; whatever the rank of its input, it gives four axes.
    let is_global_pooling = shape.rank() == 4 && *axes == [2, 3];
    let y = match kind {
        Kind::Sum | Kind::Mean | Kind::Max | Kind::Min | Kind::Prod if none => x,
        Kind::Sum => c.apply(sum(keep_dims)?, &[x])?,
        Kind::Mean if is_global_pooling => {
            let y = c.apply(Function::GlobalAveragePooling, &[x])?;
            if keep_dims { y } else { c.reshape(y, &shape[..2])? }
        }
        Kind::Mean => c.apply(Function::Mean(over(axes, keep_dims)?), &[x])?,
        Kind::Max => c.apply(Function::Max(extreme_over(axes, keep_dims)?), &[x])?,
        Kind::Min => c.apply(Function::Min(extreme_over(axes, keep_dims)?), &[x])?,
        Kind::Prod => c.apply(Function::Prod(over(axes, keep_dims)?), &[x])?,
        Kind::L1 if none => c.apply(Function::Abs, &[x])?,
        Kind::L1 => c.apply_all(x, &[Function::Abs, sum(keep_dims)?])?,
        Kind::L2 if none => c.apply(Function::Abs, &[x])?,
        Kind::L2 | Kind::SumSquare => {
            let squares = c.apply(MUL, &[x, x])?;
            let sum = if none { squares } else { c.apply(sum(keep_dims)?, &[squares])? };
            if kind == Kind::L2 { c.apply(SQRT, &[sum])? } else { sum }
        }
        Kind::LogSum if none => c.apply(Function::Log, &[x])?,
        Kind::LogSum => c.apply_all(x, &[sum(keep_dims)?, Function::Log])?,
        Kind::LogSumExp if none => x,
        Kind::LogSumExp => {
            // Less the largest value, no exponential is too large for a float.
            let largest = c.apply(Function::Max(extreme_over(axes, true)?), &[x])?;
            let below = c.apply(SUB, &[x, largest])?;
            let log = c.apply_all(below, &[Function::Exp, sum(true)?, Function::Log])?;
            let y = c.apply(ADD, &[log, largest])?;
            let kept = |axis: &usize| keep_dims || !axes.contains(axis);
            let dims: Vec<usize> = (0..shape.rank()).filter(kept).map(|axis| c.shape(y)[axis]).collect();
            c.reshape(y, &dims)?
        }
    };
    Ok(c.output(y))
}

/// The place of the extreme value along one axis.
fn place_of(c: &mut Context<'_>, function: fn(nnabla::ExtremeReduction) -> Function) -> Result<Outputs> {
    if c.attributes().flag("select_last_index", false)? {
        return Err(NodeError::unsupported("attribute 'select_last_index' is not supported"));
    }
    let x = c.input(0)?;
    let axis = axis(c.attributes().int_or("axis", 0)?, c.shape(x).rank())?;
    let keep_dims = c.attributes().flag("keepdims", true)?;
    let arguments = nnabla::ExtremeReduction { axes: ints(&[axis])?, keep_dims, with_index: false, only_index: true };
    let y = c.apply(function(arguments), &[x])?;
    Ok(c.typed_output(y, Element::INDEX))
}

/// In double precision, which holds the integers that shapes are computed with.
fn fold(c: &Constants<'_>, start: f64, step: fn(f64, f64) -> f64) -> Result<Vec<Tensor>> {
    let x = c.input(0)?;
    let rank = x.shape.rank();
    let Some(axes) = reduced_axes(c, rank, axes_input_since(&c.node().operator))? else { return Ok(vec![x.clone()]) };
    let keep_dims = c.attributes().flag("keepdims", true)?;
    let kept: Vec<usize> = (0..rank).map(|axis| if axes.contains(&axis) { 1 } else { x.shape[axis] }).collect();
    let wide = c.shape(&kept)?;
    let strides = broadcast_strides(wide, x.shape);
    let mut results = vec![start; wide.items()];
    for item in 0..x.len() {
        let result = &mut results[offset(x.shape, &strides, item)];
        *result = step(*result, x.number(item));
    }
    let dims: Vec<usize> = (0..rank).filter(|axis| keep_dims || !axes.contains(axis)).map(|axis| kept[axis]).collect();
    let shape = c.shape(&dims)?;
    Ok(vec![match x.element {
        Element::Float => Tensor::floats(shape, results.iter().map(|&value| value as f32).collect::<Vec<_>>()),
        element => Tensor::integers(element, shape, results.iter().map(|&value| value as i64)),
    }])
}
