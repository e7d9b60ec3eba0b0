//! Softmax, and vectors brought to the length one.

use super::Operator;
use crate::onnx::emitter::int;
use crate::tflite::context::axis;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("SOFTMAX", "Softmax, Mul", |c| {
        let (x, beta) = (c.input(0)?, c.option(field::SOFTMAX_BETA, 0f32)?);
        let x = if beta == 1.0 { x } else { c.emitter().with_number("Mul", &x, beta) };
        Ok(vec![c.node("Softmax", &[&x], axis(-1))])
    }),
    Operator::new("LOG_SOFTMAX", "LogSoftmax", |c| {
        let x = c.input(0)?;
        Ok(vec![c.node("LogSoftmax", &[&x], axis(-1))])
    }),
    Operator::new("L2_NORMALIZATION", "LpNormalization", |c| {
        let x = c.input(0)?;
        let y = c.node("LpNormalization", &[&x], vec![int("axis", -1), int("p", 2)]);
        Ok(vec![c.activated(y, field::ACTIVATION)?])
    }),
];
