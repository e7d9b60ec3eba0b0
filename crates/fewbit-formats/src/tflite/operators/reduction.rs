//! Reductions over axes.

use super::{Operator, Result};
use crate::onnx::emitter::{Value, int};
use crate::tflite::context::Context;
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("MEAN", "ReduceMean; GlobalAveragePool over rows and columns", |c| {
        let axes = c.integers(1, "the axes")?;
        if c.rank(0)? != 4 || !matches!(axes[..], [1, 2] | [2, 1]) {
            return reduce(c, "ReduceMean");
        }
        let image = c.image(0)?;
        let y = c.node("GlobalAveragePool", &[&image], Vec::new());
        let y = c.channels_last(&y);
        Ok(vec![if c.flag(field::REDUCER_KEEP_DIMS)? { y } else { c.squeezed(&y, &[1, 2]) }])
    }),
    Operator::new("SUM", "ReduceSum", |c| reduce(c, "ReduceSum")),
    Operator::moving("REDUCE_MAX", "ReduceMax", |c| reduce(c, "ReduceMax")),
    Operator::moving("REDUCE_MIN", "ReduceMin", |c| reduce(c, "ReduceMin")),
    Operator::new("REDUCE_PROD", "ReduceProd", |c| reduce(c, "ReduceProd")),
    Operator::new("ARG_MAX", "ArgMax", |c| place_of(c, "ArgMax")).limits("of equal values the first"),
    Operator::new("ARG_MIN", "ArgMin", |c| place_of(c, "ArgMin")).limits("of equal values the first"),
];

fn reduce(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let axes = c.integers(1, "the axes")?;
    let (x, keep) = (c.input(0)?, c.flag(field::REDUCER_KEEP_DIMS)?);
    if axes.is_empty() {
        // In ONNX, no axes are all axes.
        return Ok(vec![c.node("Identity", &[&x], Vec::new())]);
    }
    let axes = c.emitter().integers(&axes);
    Ok(vec![c.node(operator, &[&x, &axes], vec![int("keepdims", keep.into())])])
}

fn place_of(c: &mut Context<'_, '_, '_>, operator: &str) -> Result<Vec<Value>> {
    let (x, axis) = (c.input(0)?, c.axis(1)?);
    Ok(vec![c.node(operator, &[&x], vec![int("axis", axis), int("keepdims", 0)])])
}
