//! Arithmetic, on one tensor or several.

use super::activation::one;
use super::{Operator, Result};
use crate::onnx::emitter::Value;
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("ADD", "Add", |c| activated_pair(c, "Add")),
    Operator::new("SUB", "Sub", |c| activated_pair(c, "Sub")),
    Operator::new("MUL", "Mul", |c| activated_pair(c, "Mul")),
    Operator::new("DIV", "Div", |c| activated_pair(c, "Div")),
    Operator::new("POW", "Pow", |c| Ok(vec![c.pair("Pow")?])),
    Operator::moving("MAXIMUM", "Max", |c| Ok(vec![c.pair("Max")?])),
    Operator::moving("MINIMUM", "Min", |c| Ok(vec![c.pair("Min")?])),
    Operator::new("SQUARED_DIFFERENCE", "Sub, Mul", |c| {
        let difference = c.pair("Sub")?;
        Ok(vec![c.node("Mul", &[&difference, &difference], Vec::new())])
    }),
    Operator::new("ADD_N", "Sum", |c| {
        let inputs = c.inputs()?;
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        Ok(vec![c.node("Sum", &inputs, Vec::new())])
    }),
    Operator::new("ABS", "Abs", |c| one(c, "Abs")),
    Operator::new("NEG", "Neg", |c| one(c, "Neg")),
    Operator::new("SIGN", "Sign", |c| one(c, "Sign")),
    Operator::new("EXP", "Exp", |c| one(c, "Exp")),
    Operator::new("LOG", "Log", |c| one(c, "Log")),
    Operator::new("SQRT", "Sqrt", |c| one(c, "Sqrt")),
    Operator::new("RSQRT", "Sqrt, Reciprocal", |c| {
        let x = c.input(0)?;
        let root = c.node("Sqrt", &[&x], Vec::new());
        Ok(vec![c.node("Reciprocal", &[&root], Vec::new())])
    }),
    Operator::new("SQUARE", "Mul", |c| {
        let x = c.input(0)?;
        Ok(vec![c.node("Mul", &[&x, &x], Vec::new())])
    }),
    Operator::new("SIN", "Sin", |c| one(c, "Sin")),
    Operator::new("COS", "Cos", |c| one(c, "Cos")),
    Operator::new("FLOOR", "Floor", |c| one(c, "Floor")),
    Operator::new("CEIL", "Ceil", |c| one(c, "Ceil")),
    Operator::new("ROUND", "Round", |c| one(c, "Round")),
];

fn activated_pair(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let y = c.pair(operator)?;
    Ok(vec![c.activated(y, field::ACTIVATION)?])
}
