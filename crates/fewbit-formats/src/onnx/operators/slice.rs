//! Slices: every so manieth item along each axis.

use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes};
use crate::onnx::import::context::Context;
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, IntList, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Slice", "Slice", |c| {
        let ranges = ranges(c, c.input_shape(0)?)?;
        let x = c.input(0)?;
        let y = apply(c, x, &ranges)?;
        Ok(c.output(y))
    })
    .fold(|c| Ok(vec![taken(c.input(0)?, &ranges(c, c.input(0)?.shape)?)]))
    .limits("between known places"),
    Operator::map("Trilu", "Trilu", |c| {
        let k = match c.integers(1, "the diagonal")? {
            Some(&[k]) => i32::try_from(k).map_err(|_| NodeError::invalid(format!("its diagonal is {k}")))?,
            _ => 0,
        };
        let upper = c.attributes().flag("upper", true)?;
        let x = c.input(0)?;
        let y = c.apply(Function::Trilu(nnabla::Trilu { k, upper }), &[x])?;
        Ok(c.output(y))
    }),
];

/// Places along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    /// The first; within the axis unless there are none.
    pub(super) start: usize,
    /// The distance between neighbours; not zero.
    pub(super) step: isize,
    /// How many.
    pub(super) count: usize,
}

impl Range {
    fn whole(dim: usize) -> Self {
        Self { start: 0, step: 1, count: dim }
    }

    /// The place of an item, which must be below the count.
    fn place(&self, item: usize) -> usize {
        // Steps stay within the axis.
        self.start.wrapping_add_signed(self.step.wrapping_mul(item as isize))
    }
}

/// The ranges that a `Slice` names along each axis of `x`. Until version 10 they were attributes.
fn ranges(arguments: &impl Arguments, x: Shape) -> Result<Vec<Range>> {
    let missing = |what: &str| NodeError::invalid(format!("it has no {what}"));
    let starts = arguments.list("starts", 1, 10)?.ok_or_else(|| missing("starts"))?;
    let ends = arguments.list("ends", 2, 10)?.ok_or_else(|| missing("ends"))?;
    let which = match arguments.list("axes", 3, 10)? {
        Some(list) => axes(list, x.rank())?,
        None => (0..starts.len().min(x.rank())).collect(),
    };
    let steps = if arguments.opset() < 10 { None } else { arguments.integers(4, "steps")? };
    let fits = |list: &[i64]| list.len() == which.len();
    if !fits(starts) || !fits(ends) || !steps.is_none_or(fits) {
        return Err(NodeError::invalid("its starts, ends, axes and steps are of different lengths"));
    }
    let mut ranges: Vec<Range> = x.iter().map(|&dim| Range::whole(dim)).collect();
    for (entry, &axis) in which.iter().enumerate() {
        let step = steps.map_or(1, |steps| steps[entry]);
        ranges[axis] = range(x[axis], starts[entry], ends[entry], step)
            .ok_or_else(|| NodeError::invalid(format!("its step along axis {axis} is {step}")))?;
    }
    Ok(ranges)
}

/// Python's rule for `[start:end:step]`; `None` for a step of zero or one larger than any axis.
fn range(dim: usize, start: i64, end: i64, step: i64) -> Option<Range> {
    let extent = i64::try_from(dim).ok()?;
    if step == 0 {
        return None;
    }
    let step = step.clamp(-extent.max(1), extent.max(1));
    let (low, high) = if step > 0 { (0, extent) } else { (-1, extent - 1) };
    let place = |end: i64| (if end < 0 { end.saturating_add(extent) } else { end }).clamp(low, high);
    let (start, end) = (place(start), place(end));
    let distance = if step > 0 { end - start } else { start - end };
    let count = if distance <= 0 { 0 } else { (distance - 1) / step.abs() + 1 };
    Some(Range {
        start: usize::try_from(start).unwrap_or(0),
        step: isize::try_from(step).ok()?,
        count: usize::try_from(count).ok()?,
    })
}

/// All of every axis but one.
pub(super) fn whole_but(x: Shape, axis: usize, range: Range) -> Vec<Range> {
    x.iter().enumerate().map(|(place, &dim)| if place == axis { range } else { Range::whole(dim) }).collect()
}

/// The items of a variable in ranges of its axes.
pub(super) fn apply(c: &mut Context<'_>, x: VariableId, ranges: &[Range]) -> Result<VariableId> {
    let shape = c.shape(x);
    if shape.iter().zip(ranges).all(|(&dim, range)| *range == Range::whole(dim)) {
        return Ok(x);
    }
    let number = |value: i64| {
        i32::try_from(value).map_err(|_| NodeError::unsupported("it has places that need more than 32 bits"))
    };
    let (mut start, mut stop, mut step) = (IntList::new(), IntList::new(), IntList::new());
    for (&dim, range) in shape.iter().zip(ranges) {
        let (first, stride) = (range.start as i64, range.step as i64);
        let end = match range.count {
            0 => first,
            count => first + (count as i64 - 1) * stride + stride.signum(),
        };
        start.push(number(first)?)?;
        // Before the first item: a number that is still negative when it is counted from the end.
        stop.push(number(if end < 0 { -(dim as i64) - 1 } else { end })?)?;
        step.push(number(stride)?)?;
    }
    c.apply(Function::Slice(nnabla::Slice { start, stop, step }), &[x])
}

/// The items of a variable in a range of one axis.
pub(super) fn along(c: &mut Context<'_>, x: VariableId, axis: usize, range: Range) -> Result<VariableId> {
    let ranges = whole_but(c.shape(x), axis, range);
    apply(c, x, &ranges)
}

/// As many of the first items along each axis as `dims` says.
pub(super) fn first_items(c: &mut Context<'_>, x: VariableId, dims: &[usize]) -> Result<VariableId> {
    let ranges: Vec<Range> = dims.iter().map(|&dim| Range::whole(dim)).collect();
    apply(c, x, &ranges)
}

/// The items of a known tensor in ranges of its axes.
pub(super) fn taken(x: &Tensor, ranges: &[Range]) -> Tensor {
    let dims: Vec<usize> = ranges.iter().map(|range| range.count).collect();
    // Never larger than the tensor that it is taken from.
    let shape = Shape::new(&dims).unwrap_or_default();
    let strides = x.shape.strides();
    x.rearranged(shape, |mut item| {
        let mut source = 0;
        for (axis, range) in ranges.iter().enumerate().rev() {
            source += range.place(item % range.count) * strides[axis];
            item /= range.count;
        }
        source
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_follow_python() {
        let places = |dim, start, end, step| {
            let range = range(dim, start, end, step).expect("a step that is not zero");
            (0..range.count).map(|item| range.place(item)).collect::<Vec<_>>()
        };
        assert_eq!(places(5, 1, 4, 1), [1, 2, 3]);
        assert_eq!(places(5, -2, i64::MAX, 1), [3, 4]);
        assert_eq!(places(5, 0, 5, 2), [0, 2, 4]);
        assert_eq!(places(5, -1, i64::MIN, -2), [4, 2, 0]);
        assert_eq!(places(5, 100, 2, -1), [4, 3]);
        assert_eq!(places(5, 3, 3, 1), [0; 0]);
        assert_eq!(places(0, 0, 5, 1), [0; 0]);
        assert_eq!(places(3, 0, 3, i64::MAX), [0]);
        assert_eq!(range(5, 0, 5, 0), None);
    }
}
