//! Arithmetic on several tensors, item by item, with broadcasting.

use super::functions::{
    ADD, DIV, MUL, POW, SUB, add_scalar, at_least, at_most, mul_scalar, pow_scalar, scalar_minus, scalar_over,
    scalar_to_the,
};
use super::{Operator, Result, unary};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::constants::Constants;
use crate::onnx::import::context::{Context, Outputs};
use crate::onnx::tensor::{Tensor, broadcast_strides, offset};
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Add", "Add2; AddScalar", |c| map(c, &SUM)).fold(|c| fold(c, |a, b| a + b, i64::checked_add)),
    Operator::map("Sub", "Sub2; AddScalar, RSubScalar", |c| map(c, &DIFFERENCE))
        .fold(|c| fold(c, |a, b| a - b, i64::checked_sub)),
    Operator::map("Mul", "Mul2; MulScalar", |c| map(c, &PRODUCT)).fold(|c| fold(c, |a, b| a * b, i64::checked_mul)),
    Operator::map("Div", "Div2; MulScalar, RDivScalar", divide).fold(|c| fold(c, |a, b| a / b, i64::checked_div)),
    Operator::map("Pow", "Pow2; PowScalar, RPowScalar", |c| map(c, &POWER)).fold(|c| fold(c, f64::powf, power)),
    Operator::map("Min", "Minimum2, MinimumScalar", |c| map_all(c, &SMALLEST))
        .fold(|c| fold_all(c, f64::min, |a, b| Some(a.min(b)))),
    Operator::map("Max", "Maximum2, MaximumScalar", |c| map_all(c, &LARGEST))
        .fold(|c| fold_all(c, f64::max, |a, b| Some(a.max(b)))),
    Operator::map("Sum", "Add2, AddN", sum).fold(|c| fold_all(c, |a, b| a + b, i64::checked_add)),
    Operator::map("Mean", "Add2, AddN, MulScalar", |c| {
        let count = c.input_count();
        let sum = sum_of(c)?;
        let y = if count == 1 { sum } else { c.apply(mul_scalar(1.0 / count as f32), &[sum])? };
        Ok(c.output(y))
    }),
    Operator::constant("Mod", |c| match c.attributes().flag("fmod", false)? {
        true => fold(c, |a, b| a % b, i64::checked_rem),
        // The result has the sign of the divisor.
        false => fold(c, |a, b| a - b * (a / b).floor(), |a, b| a.checked_rem(b)?.checked_add(b)?.checked_rem(b)),
    }),
];

/// A function of two variables, and its forms where one of them is a number.
pub(super) struct Binary {
    pub(super) both: Function,
    /// The function of the first variable, where the second is a number.
    pub(super) right: fn(f32) -> Function,
    /// The function of the second variable, where the first is a number.
    pub(super) left: fn(f32) -> Function,
}

const SUM: Binary = Binary { both: ADD, right: add_scalar, left: add_scalar };
const DIFFERENCE: Binary = Binary { both: SUB, right: |value| add_scalar(-value), left: scalar_minus };
const PRODUCT: Binary = Binary { both: MUL, right: mul_scalar, left: mul_scalar };
const QUOTIENT: Binary = Binary { both: DIV, right: |value| mul_scalar(1.0 / value), left: scalar_over };
const POWER: Binary = Binary { both: POW, right: pow_scalar, left: scalar_to_the };
const SMALLEST: Binary = Binary { both: Function::Minimum2, right: at_most, left: at_most };
const LARGEST: Binary = Binary { both: Function::Maximum2, right: at_least, left: at_least };

pub(super) fn map(c: &mut Context<'_>, binary: &Binary) -> Result<Outputs> {
    let y = map_two(c, binary, 0, 1)?;
    Ok(c.output(y))
}

/// The function of two inputs; one that is a single known number becomes an argument of the function.
pub(super) fn map_two(c: &mut Context<'_>, binary: &Binary, first: usize, second: usize) -> Result<VariableId> {
    let (a, b) = (c.input_shape(first)?, c.input_shape(second)?);
    let number = |c: &Context<'_>, input: usize| c.single(input).filter(|value| value.is_finite());
    if let Some(value) = number(c, second)
        && b.rank() <= a.rank()
    {
        let x = c.input(first)?;
        return c.apply((binary.right)(value), &[x]);
    }
    if let Some(value) = number(c, first)
        && a.rank() <= b.rank()
    {
        let x = c.input(second)?;
        return c.apply((binary.left)(value), &[x]);
    }
    let rank = a.rank().max(b.rank());
    let inputs = [c.input_of_rank(first, rank)?, c.input_of_rank(second, rank)?];
    c.apply(binary.both, &inputs)
}

fn divide(c: &mut Context<'_>) -> Result<Outputs> {
    // A number close to zero has no reciprocal that a float could hold.
    let reciprocal = c.single(1).is_none_or(|value| (1.0 / value).is_normal());
    let y = if reciprocal {
        map_two(c, &QUOTIENT, 0, 1)?
    } else {
        let inputs = [c.input(0)?, c.input_of_rank(1, c.input_shape(0)?.rank())?];
        c.apply(DIV, &inputs)?
    };
    // Integers are divided without a remainder.
    let y = if c.element(0).is_float() { y } else { unary::truncate(c, y)? };
    Ok(c.output(y))
}

/// The function of any number of inputs, two by two.
fn map_all(c: &mut Context<'_>, binary: &Binary) -> Result<Outputs> {
    let y = match c.input_count() {
        0 => return Err(NodeError::invalid("it has no inputs")),
        1 => c.input(0)?,
        count => {
            let mut y = map_two(c, binary, 0, 1)?;
            for input in 2..count {
                let number = c.single(input).filter(|value| value.is_finite());
                let (shape, other) = (c.shape(y), c.input_shape(input)?);
                y = match number {
                    Some(value) if other.rank() <= shape.rank() => c.apply((binary.right)(value), &[y])?,
                    _ => {
                        let other = c.input_of_rank(input, shape.rank())?;
                        c.apply(binary.both, &[y, other])?
                    }
                };
            }
            y
        }
    };
    Ok(c.output(y))
}

fn sum(c: &mut Context<'_>) -> Result<Outputs> {
    let y = sum_of(c)?;
    Ok(c.output(y))
}

fn sum_of(c: &mut Context<'_>) -> Result<VariableId> {
    match c.input_count() {
        0 => Err(NodeError::invalid("it has no inputs")),
        1 => c.input(0),
        2 => map_two(c, &SUM, 0, 1),
        _ => {
            let inputs = c.inputs()?;
            c.apply(Function::AddN, &inputs)
        }
    }
}

/// The common shape of two: axes are matched from the last, and extent 1 stretches.
pub(super) fn common_shape(a: Shape, b: Shape) -> Result<Shape> {
    // The rule is that of every function of two variables.
    Ok(ADD.output_shape(&&[a, b][..])?)
}

/// Joins the items of two tensors by a function of their places.
pub(super) fn join<T>(shape: Shape, a: Shape, b: Shape, item: impl Fn(usize, usize) -> T) -> impl Iterator<Item = T> {
    let (a, b) = (broadcast_strides(a, shape), broadcast_strides(b, shape));
    (0..shape.items()).map(move |place| item(offset(shape, &a, place), offset(shape, &b, place)))
}

fn fold(c: &Constants<'_>, floats: fn(f64, f64) -> f64, integers: fn(i64, i64) -> Option<i64>) -> Result<Vec<Tensor>> {
    Ok(vec![fold_two(c, c.input(0)?, c.input(1)?, floats, integers)?])
}

fn fold_all(
    c: &Constants<'_>,
    floats: fn(f64, f64) -> f64,
    integers: fn(i64, i64) -> Option<i64>,
) -> Result<Vec<Tensor>> {
    let mut result = c.input(0)?.clone();
    for other in &c.inputs()[1..] {
        result = fold_two(c, &result, other, floats, integers)?;
    }
    Ok(vec![result])
}

fn fold_two(
    c: &Constants<'_>,
    a: &Tensor,
    b: &Tensor,
    floats: fn(f64, f64) -> f64,
    integers: fn(i64, i64) -> Option<i64>,
) -> Result<Tensor> {
    let shape = c.shape(&common_shape(a.shape, b.shape)?)?;
    match (a.as_integers(), b.as_integers()) {
        (Some(x), Some(y)) => {
            let values: Option<Vec<i64>> = join(shape, a.shape, b.shape, |i, j| integers(x[i], y[j])).collect();
            let values = values.ok_or_else(|| NodeError::invalid("its integers cannot be joined so: they overflow"))?;
            Ok(Tensor::integers(a.element, shape, values))
        }
        // The exponent of a power may be of another kind than the base.
        _ => {
            let values = join(shape, a.shape, b.shape, |i, j| floats(a.number(i), b.number(j)));
            Ok(match a.element {
                Element::Float => Tensor::floats(shape, values.map(|value| value as f32).collect::<Vec<_>>()),
                element => Tensor::integers(element, shape, values.map(|value| value as i64)),
            })
        }
    }
}

fn power(base: i64, exponent: i64) -> Option<i64> {
    base.checked_pow(u32::try_from(exponent).ok()?)
}
