//! Padding.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, word};
use crate::onnx::error::NodeError;
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::moving("PAD", "Pad", |c| pad(c, "constant", None)).limits("by known widths"),
    Operator::moving("PADV2", "Pad", |c| {
        let value = c.input(2)?;
        pad(c, "constant", Some(value))
    })
    .limits("by known widths"),
    Operator::moving("MIRROR_PAD", "Pad", |c| {
        match c.option(field::MIRROR_PAD_MODE, 0i8)? {
            0 => pad(c, "reflect", None),
            // Mirrored with the border itself: one item is the border repeated.
            _ if c.integers(1, "the widths")?.iter().all(|width| (0..2).contains(width)) => pad(c, "edge", None),
            _ => Err(NodeError::unsupported("mode SYMMETRIC is supported for widths of one alone")),
        }
    })
    .limits("by known widths, SYMMETRIC by one"),
];

/// Pads each axis by a width in front and one behind.
fn pad(c: &mut Context<'_, '_, '_>, mode: &str, value: Option<Value>) -> Result<Vec<Value>> {
    let widths = c.integers(1, "the widths")?;
    let x = c.input(0)?;
    let side = |place: usize| widths.iter().skip(place).step_by(2).copied();
    let both: Vec<i64> = side(0).chain(side(1)).collect();
    let both = c.emitter().integers(&both);
    let inputs: Vec<&str> = [x.as_str(), &both].into_iter().chain(value.as_deref()).collect();
    Ok(vec![c.node("Pad", &inputs, vec![word("mode", mode)])])
}
