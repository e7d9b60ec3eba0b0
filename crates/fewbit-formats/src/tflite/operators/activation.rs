//! Activations.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, word};
use crate::tflite::context::{Context, alpha};
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("RELU", "Relu", |c| one(c, "Relu")),
    Operator::new("RELU6", "Clip", |c| clip(c, 0.0, 6.0)),
    Operator::new("RELU_N1_TO_1", "Clip", |c| clip(c, -1.0, 1.0)),
    Operator::new("RELU_0_TO_1", "Clip", |c| clip(c, 0.0, 1.0)),
    Operator::new("LEAKY_RELU", "LeakyRelu", |c| {
        let (x, slope) = (c.input(0)?, c.option(field::LEAKY_RELU_ALPHA, 0f32)?);
        Ok(vec![c.node("LeakyRelu", &[&x], alpha(slope))])
    }),
    Operator::new("PRELU", "PRelu", |c| Ok(vec![c.pair("PRelu")?])),
    Operator::new("ELU", "Elu", |c| one(c, "Elu")),
    Operator::new("HARD_SWISH", "HardSwish", |c| one(c, "HardSwish")),
    Operator::new("GELU", "Gelu", |c| {
        let x = c.input(0)?;
        let approximate = if c.flag(field::GELU_APPROXIMATE)? { "tanh" } else { "none" };
        Ok(vec![c.node("Gelu", &[&x], vec![word("approximate", approximate)])])
    }),
    Operator::new("LOGISTIC", "Sigmoid", |c| one(c, "Sigmoid")),
    Operator::new("TANH", "Tanh", |c| one(c, "Tanh")),
];

/// An operator of one value that ONNX has too.
pub(super) fn one(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let x = c.input(0)?;
    Ok(vec![c.node(operator, &[&x], Vec::new())])
}

fn clip(c: &mut Context<'_, '_, '_>, low: f32, high: f32) -> Result<Vec<Value>> {
    let x = c.input(0)?;
    Ok(vec![c.clipped(&x, low, high)])
}
