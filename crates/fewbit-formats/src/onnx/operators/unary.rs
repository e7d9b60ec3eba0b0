//! Arithmetic on one tensor, item by item.

use super::functions::{MUL, SQRT, SUB, equal_scalar, mul_scalar, scalar_over};
use super::{Operator, Result};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::constants::Constants;
use crate::onnx::import::context::{Context, Outputs};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Abs", "Abs", |c| apply(c, Function::Abs)).fold(|c| fold(c, f64::abs, i64::saturating_abs)),
    Operator::map("Neg", "MulScalar", |c| apply(c, mul_scalar(-1.0))).fold(|c| fold(c, |x| -x, i64::wrapping_neg)),
    Operator::map("Sign", "Sign", |c| apply(c, Function::Sign(nnabla::Alpha { alpha: 0.0 })))
        .fold(|c| fold(c, |x| if x == 0.0 { 0.0 } else { x.signum() }, i64::signum)),
    Operator::map("Sqrt", "PowScalar", |c| apply(c, SQRT)).fold(|c| fold_floats(c, f64::sqrt)),
    Operator::map("Reciprocal", "RDivScalar", |c| apply(c, scalar_over(1.0))).fold(|c| fold_floats(c, f64::recip)),
    Operator::map("Exp", "Exp", |c| apply(c, Function::Exp)).fold(|c| fold_floats(c, f64::exp)),
    Operator::map("Log", "Log", |c| apply(c, Function::Log)).fold(|c| fold_floats(c, f64::ln)),
    Operator::map("Floor", "Floor", |c| apply(c, Function::Floor)).fold(|c| fold_floats(c, f64::floor)),
    Operator::map("Ceil", "Ceil", |c| apply(c, Function::Ceil)).fold(|c| fold_floats(c, f64::ceil)),
    Operator::map("Round", "Round, Floor, Sub2, EqualScalar, MulScalar, Where", |c| {
        let x = c.input(0)?;
        let y = round_half_even(c, x)?;
        Ok(c.output(y))
    })
    .fold(|c| fold_floats(c, f64::round_ties_even)),
    Operator::map("Sin", "Sin", |c| apply(c, Function::Sin)).fold(|c| fold_floats(c, f64::sin)),
    Operator::map("Cos", "Cos", |c| apply(c, Function::Cos)).fold(|c| fold_floats(c, f64::cos)),
    Operator::map("Tan", "Tan", |c| apply(c, Function::Tan)),
    Operator::map("Asin", "ASin", |c| apply(c, Function::ASin)),
    Operator::map("Acos", "ACos", |c| apply(c, Function::ACos)),
    Operator::map("Atan", "ATan", |c| apply(c, Function::ATan)),
    Operator::map("Sinh", "Sinh", |c| apply(c, Function::Sinh)),
    Operator::map("Cosh", "Cosh", |c| apply(c, Function::Cosh)),
    Operator::map("Tanh", "Tanh", |c| apply(c, Function::Tanh)),
    Operator::map("Asinh", "ASinh", |c| apply(c, Function::ASinh)),
    Operator::map("Acosh", "ACosh", |c| apply(c, Function::ACosh)),
    Operator::map("Atanh", "ATanh", |c| apply(c, Function::ATanh)),
    Operator::map("Erf", "Erf", |c| apply(c, Function::Erf)),
];

fn apply(c: &mut Context<'_>, function: Function) -> Result<Outputs> {
    let x = c.input(0)?;
    let y = c.apply(function, &[x])?;
    Ok(c.output(y))
}

fn fold(c: &Constants<'_>, floats: fn(f64) -> f64, integers: fn(i64) -> i64) -> Result<Vec<Tensor>> {
    let x = c.input(0)?;
    let shape = c.shape(&x.shape)?;
    Ok(vec![match x.as_integers() {
        Some(values) => Tensor::integers(x.element, shape, values.iter().map(|&value| integers(value))),
        None => {
            let values = x.to_floats();
            Tensor::floats(shape, values.iter().map(|&value| floats(f64::from(value)) as f32).collect::<Vec<_>>())
        }
    }])
}

fn fold_floats(c: &Constants<'_>, function: fn(f64) -> f64) -> Result<Vec<Tensor>> {
    if c.input(0)?.element != Element::Float {
        return Err(NodeError::invalid("its input must be real numbers"));
    }
    fold(c, function, |value| value)
}

/// Rounds to the nearest integer, halves to the even one. NNabla's `Round` takes halves away from zero: for these, twice
/// the rounded half of the number is even and as near.
pub(super) fn round_half_even(c: &mut Context<'_>, x: VariableId) -> Result<VariableId> {
    let below = c.apply(Function::Floor, &[x])?;
    let fraction = c.apply(SUB, &[x, below])?;
    let halfway = c.apply(equal_scalar(0.5), &[fraction])?;
    let even = c.apply_all(x, &[mul_scalar(0.5), Function::Round, mul_scalar(2.0)])?;
    let nearest = c.apply(Function::Round, &[x])?;
    c.apply(Function::Where, &[halfway, even, nearest])
}

/// The part of a number before the point.
pub(super) fn truncate(c: &mut Context<'_>, x: VariableId) -> Result<VariableId> {
    let size = c.apply_all(x, &[Function::Abs, Function::Floor])?;
    let sign = c.apply(Function::Sign(nnabla::Alpha { alpha: 0.0 }), &[x])?;
    c.apply(MUL, &[size, sign])
}
