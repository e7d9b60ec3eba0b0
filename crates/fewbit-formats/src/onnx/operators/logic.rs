//! Comparisons and truth values, which are zero and one.

use super::binary::{Binary, common_shape, join, map_two};
use super::functions::{equal_scalar, greater_equal_scalar, greater_scalar, less_equal_scalar, less_scalar};
use super::{Operator, Result};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::constants::Constants;
use crate::onnx::import::context::{Context, Outputs, ints};
use crate::onnx::tensor::{Tensor, broadcast_strides, offset};
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape, VariableId};
use std::cmp::Ordering;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Equal", "Equal; EqualScalar", |c| test(c, &EQUAL)).fold(|c| compare(c, Ordering::is_eq)),
    Operator::map("Greater", "Greater; GreaterScalar, LessScalar", |c| test(c, &GREATER))
        .fold(|c| compare(c, Ordering::is_gt)),
    Operator::map("GreaterOrEqual", "GreaterEqual; GreaterEqualScalar, LessEqualScalar", |c| test(c, &GREATER_EQUAL))
        .fold(|c| compare(c, Ordering::is_ge)),
    Operator::map("Less", "Less; LessScalar, GreaterScalar", |c| test(c, &LESS)).fold(|c| compare(c, Ordering::is_lt)),
    Operator::map("LessOrEqual", "LessEqual; LessEqualScalar, GreaterEqualScalar", |c| test(c, &LESS_EQUAL))
        .fold(|c| compare(c, Ordering::is_le)),
    Operator::map("And", "LogicalAnd; LogicalAndScalar", |c| test(c, &AND)).fold(|c| truths(c, |a, b| a && b)),
    Operator::map("Or", "LogicalOr; LogicalOrScalar", |c| test(c, &OR)).fold(|c| truths(c, |a, b| a || b)),
    Operator::map("Xor", "LogicalXor; LogicalXorScalar", |c| test(c, &XOR)).fold(|c| truths(c, |a, b| a != b)),
    Operator::map("Not", "LogicalNot", |c| property(c, Function::LogicalNot)).fold(|c| {
        let x = c.input(0)?;
        let values = (0..x.len()).map(|place| i64::from(x.number(place) == 0.0));
        Ok(vec![Tensor::integers(Element::Bool, c.shape(&x.shape)?, values)])
    }),
    Operator::map("IsNaN", "IsNaN", |c| property(c, Function::IsNaN)),
    Operator::map("IsInf", "IsInf", |c| {
        let both = c.attributes().flag("detect_negative", true)? && c.attributes().flag("detect_positive", true)?;
        if !both {
            return Err(NodeError::unsupported("infinities of one sign are not told apart"));
        }
        property(c, Function::IsInf)
    })
    .limits("both signs"),
    Operator::map("Where", "Where, Broadcast", choose).fold(|c| {
        let (condition, a, b) = (c.input(0)?, c.input(1)?, c.input(2)?);
        let shape = c.shape(&common_shape(condition.shape, common_shape(a.shape, b.shape)?)?)?;
        // Where the condition holds, the place is one of `a`, else one of `b` behind it.
        let both = Tensor::joined(Shape::new(&[a.len() + b.len()])?, &[(a, 0..a.len()), (b, 0..b.len())]);
        let both = both.ok_or_else(|| NodeError::invalid("its inputs are of different types"))?;
        let strides = [condition, a, b].map(|input| broadcast_strides(input.shape, shape));
        let place = |strides: &[usize], item| offset(shape, strides, item);
        Ok(vec![both.rearranged(shape, |item| match condition.number(place(&strides[0], item)) != 0.0 {
            true => place(&strides[1], item),
            false => a.len() + place(&strides[2], item),
        })])
    }),
];

const EQUAL: Binary = Binary { both: Function::Equal, right: equal_scalar, left: equal_scalar };
const GREATER: Binary = Binary { both: Function::Greater, right: greater_scalar, left: less_scalar };
const GREATER_EQUAL: Binary =
    Binary { both: Function::GreaterEqual, right: greater_equal_scalar, left: less_equal_scalar };
const LESS: Binary = Binary { both: Function::Less, right: less_scalar, left: greater_scalar };
const LESS_EQUAL: Binary = Binary { both: Function::LessEqual, right: less_equal_scalar, left: greater_equal_scalar };
const AND: Binary = Binary { both: Function::LogicalAnd, right: and_scalar, left: and_scalar };
const OR: Binary = Binary { both: Function::LogicalOr, right: or_scalar, left: or_scalar };
const XOR: Binary = Binary { both: Function::LogicalXor, right: xor_scalar, left: xor_scalar };

fn truth(value: f32) -> nnabla::LogicalScalar {
    nnabla::LogicalScalar { val: value != 0.0 }
}

fn and_scalar(value: f32) -> Function {
    Function::LogicalAndScalar(truth(value))
}

fn or_scalar(value: f32) -> Function {
    Function::LogicalOrScalar(truth(value))
}

fn xor_scalar(value: f32) -> Function {
    Function::LogicalXorScalar(truth(value))
}

/// An operator that says of two values whether something holds.
fn test(c: &mut Context<'_>, binary: &Binary) -> Result<Outputs> {
    let y = map_two(c, binary, 0, 1)?;
    Ok(c.typed_output(y, Element::Bool))
}

/// An operator that says of a value whether something holds.
fn property(c: &mut Context<'_>, function: Function) -> Result<Outputs> {
    let x = c.input(0)?;
    let y = c.apply(function, &[x])?;
    Ok(c.typed_output(y, Element::Bool))
}

/// NNabla's function demands all inputs in the shape of the output.
fn choose(c: &mut Context<'_>) -> Result<Outputs> {
    let (a, b) = (c.input_shape(1)?, c.input_shape(2)?);
    let shape = common_shape(c.input_shape(0)?, common_shape(a, b)?)?;
    let inputs = [0, 1, 2].map(|input| stretched(c, input, shape));
    let [condition, a, b] = inputs;
    let y = c.apply(Function::Where, &[condition?, a?, b?])?;
    Ok(c.typed_output(y, c.element(1)))
}

/// An input in a shape that it can be broadcast to.
fn stretched(c: &mut Context<'_>, input: usize, shape: Shape) -> Result<VariableId> {
    let id = c.input_of_rank(input, shape.rank())?;
    if c.shape(id) == shape {
        return Ok(id);
    }
    c.apply(Function::Broadcast(nnabla::ShapeOnly { shape: ints(&shape)? }), &[id])
}

fn compare(c: &Constants<'_>, holds: fn(Ordering) -> bool) -> Result<Vec<Tensor>> {
    let (a, b) = (c.input(0)?, c.input(1)?);
    let shape = c.shape(&common_shape(a.shape, b.shape)?)?;
    let order = |i: usize, j: usize| match (a.as_integers(), b.as_integers()) {
        (Some(a), Some(b)) => Some(a[i].cmp(&b[j])),
        _ => a.number(i).partial_cmp(&b.number(j)),
    };
    let values = join(shape, a.shape, b.shape, |i, j| i64::from(order(i, j).is_some_and(holds)));
    Ok(vec![Tensor::integers(Element::Bool, shape, values)])
}

fn truths(c: &Constants<'_>, holds: fn(bool, bool) -> bool) -> Result<Vec<Tensor>> {
    let (a, b) = (c.input(0)?, c.input(1)?);
    let shape = c.shape(&common_shape(a.shape, b.shape)?)?;
    let values = join(shape, a.shape, b.shape, |i, j| i64::from(holds(a.number(i) != 0.0, b.number(j) != 0.0)));
    Ok(vec![Tensor::integers(Element::Bool, shape, values)])
}
