//! Slices, and items by index.

use super::{Operator, Result};
use crate::onnx::emitter::Value;
use crate::onnx::error::NodeError;
use crate::tflite::context::{Context, axis};
use crate::tflite::schema::options as field;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::moving("SLICE", "Slice", |c| {
        let (starts, lengths) = (c.integers(1, "the start")?, c.integers(2, "the size")?);
        // A length of -1 reaches to the end.
        let end = |(&start, &length): (&i64, &i64)| if length < 0 { i64::MAX } else { start.saturating_add(length) };
        let ends: Vec<i64> = starts.iter().zip(&lengths).map(end).collect();
        let x = c.input(0)?;
        let (starts, ends) = (c.emitter().integers(&starts), c.emitter().integers(&ends));
        Ok(vec![c.node("Slice", &[&x, &starts, &ends], Vec::new())])
    })
    .limits("between known places"),
    Operator::moving("STRIDED_SLICE", "Slice, Squeeze", strided_slice)
        .limits("between known places; no ellipsis, no new axes"),
    Operator::moving("GATHER", "Gather", |c| {
        if c.int_option(field::GATHER_BATCH_DIMS)? != 0 {
            return Err(NodeError::unsupported("batch axes are not supported"));
        }
        let (x, indices) = (c.input(0)?, c.input(1)?);
        let along = c.int_option(field::GATHER_AXIS)?;
        Ok(vec![c.node("Gather", &[&x, &indices], axis(along))])
    })
    .limits("no batch axes"),
];

/// Bit `n` of a mask is about axis `n`.
fn strided_slice(c: &mut Context<'_, '_, '_>) -> Result<Vec<Value>> {
    for (mask, what) in
        [(field::STRIDED_SLICE_ELLIPSIS_MASK, "an ellipsis"), (field::STRIDED_SLICE_NEW_AXIS_MASK, "a new axis")]
    {
        if c.int_option(mask)? != 0 {
            return Err(NodeError::unsupported(format!("{what} is not supported")));
        }
    }
    let (mut starts, mut ends) = (c.integers(1, "the start")?, c.integers(2, "the end")?);
    let mut steps = c.integers(3, "the step")?;
    if starts.len() != ends.len() || starts.len() != steps.len() || starts.len() > 32 {
        return Err(NodeError::invalid("its starts, ends and steps are of different lengths"));
    }
    let (begin, end) = (c.int_option(field::STRIDED_SLICE_BEGIN_MASK)?, c.int_option(field::STRIDED_SLICE_END_MASK)?);
    let shrink = c.int_option(field::STRIDED_SLICE_SHRINK_AXIS_MASK)?;
    let is_offset = c.flag(field::STRIDED_SLICE_OFFSET)?;
    let mut gone = Vec::new();
    for axis in 0..starts.len() {
        let is_in = |mask: i64| mask >> axis & 1 == 1;
        if is_in(shrink) {
            // One place, and no axis any more.
            steps[axis] = 1;
            ends[axis] = if starts[axis] == -1 { i64::MAX } else { starts[axis].saturating_add(1) };
            gone.push(i64::try_from(axis).unwrap_or(i64::MAX));
            continue;
        }
        if is_offset {
            ends[axis] = starts[axis].saturating_add(ends[axis]);
        }
        let forward = steps[axis] > 0;
        if is_in(begin) {
            starts[axis] = if forward { 0 } else { i64::MAX };
        }
        if is_in(end) {
            ends[axis] = if forward { i64::MAX } else { i64::MIN };
        }
    }
    let axes: Vec<i64> = (0..).take(starts.len()).collect();
    let x = c.input(0)?;
    let lists = [starts, ends, axes, steps].map(|list| c.emitter().integers(&list));
    let y = c.node("Slice", &[&x, &lists[0], &lists[1], &lists[2], &lists[3]], Vec::new());
    Ok(vec![if gone.is_empty() { y } else { c.squeezed(&y, &gone) }])
}
