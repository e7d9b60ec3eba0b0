//! Items picked by index.

use super::functions::{add_scalar, mul_scalar};
use super::slice::{self, Range};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axis, axis_or_end};
use crate::onnx::import::constants::Constants;
use crate::onnx::import::context::{Context, Outputs, ints};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Gather", "Slice, Reshape; Gather; Embed", gather)
        .fold(fold)
        .limits("computed indices not below zero"),
    Operator::map("OneHot", "OneHot, MulScalar, AddScalar, Transpose", one_hot),
];

/// Indices with those that count from the end turned into places.
pub(super) fn places(indices: &Tensor, dim: usize) -> Result<Vec<usize>> {
    let values = indices.as_integers().ok_or_else(|| NodeError::invalid("its indices must be integers"))?;
    let extent = i64::try_from(dim).unwrap_or(i64::MAX);
    let place = |&index: &i64| {
        let place = if index < 0 { index.saturating_add(extent) } else { index };
        usize::try_from(place).ok().filter(|&place| place < dim)
    };
    let places: Option<Vec<usize>> = values.iter().map(place).collect();
    places.ok_or_else(|| NodeError::invalid(format!("it has an index outside an axis of extent {dim}")))
}

/// The places as a range, if neighbours are all at the same distance.
pub(super) fn as_range(places: &[usize]) -> Option<Range> {
    let &[start, ref rest @ ..] = places else { return None };
    let distance = |pair: &[usize]| Some(isize::try_from(pair[1]).ok()? - isize::try_from(pair[0]).ok()?);
    let step = match rest {
        [] => 1,
        _ => distance(places)?,
    };
    let even = places.windows(2).all(|pair| distance(pair) == Some(step));
    (even && step != 0).then_some(Range { start, step, count: places.len() })
}

fn gather(c: &mut Context<'_>) -> Result<Outputs> {
    let data = c.input_shape(0)?;
    let axis = axis(c.attributes().int_or("axis", 0)?, data.rank())?;
    let y = match c.known(1).cloned() {
        Some(indices) => {
            let places = places(&indices, data[axis])?;
            let x = c.input(0)?;
            pick(c, x, axis, &places, indices.shape)?
        }
        None if axis == 0 && c.known(0).is_some() => {
            let inputs = [c.input(1)?, c.input(0)?];
            c.apply(Function::Embed, &inputs)?
        }
        None => {
            let inputs = [c.input(0)?, c.input(1)?];
            c.apply(gather_along(axis)?, &inputs)?
        }
    };
    Ok(c.output(y))
}

pub(super) fn gather_along(axis: usize) -> Result<Function> {
    Ok(Function::Gather(nnabla::Gather { axis: ints(&[axis])?[0], batch_dims: 0 }))
}

/// The items at known places along an axis, which is replaced by the axes of `shape`.
pub(super) fn pick(
    c: &mut Context<'_>,
    x: VariableId,
    axis: usize,
    places: &[usize],
    shape: Shape,
) -> Result<VariableId> {
    let Some(range) = as_range(places) else {
        let values: Vec<f32> = places.iter().map(|&place| place as f32).collect();
        let indices = c.parameter("indices", shape, values);
        return c.apply(gather_along(axis)?, &[x, indices]);
    };
    let y = slice::along(c, x, axis, range)?;
    let taken = c.shape(y);
    let dims: Vec<usize> = taken[..axis].iter().chain(shape.iter()).chain(&taken[axis + 1..]).copied().collect();
    c.reshape(y, &dims)
}

fn fold(c: &Constants<'_>) -> Result<Vec<Tensor>> {
    let (data, indices) = (c.input(0)?, c.input(1)?);
    let axis = axis(c.attributes().int_or("axis", 0)?, data.shape.rank())?;
    let places = places(indices, data.shape[axis])?;
    let (before, after) = (&data.shape[..axis], &data.shape[axis + 1..]);
    let dims: Vec<usize> = before.iter().chain(indices.shape.iter()).chain(after).copied().collect();
    let shape = c.shape(&dims)?;
    let inner: usize = after.iter().product();
    let block = (places.len() * inner).max(1);
    Ok(vec![data.rearranged(shape, |item| {
        let place = places[item % block / inner.max(1)];
        (item / block * data.shape[axis] + place) * inner + item % inner.max(1)
    })])
}

fn one_hot(c: &mut Context<'_>) -> Result<Outputs> {
    let depth = c.constant(1, "the depth")?.and_then(Tensor::single);
    let depth = depth.filter(|depth| *depth >= 1.0).ok_or_else(|| NodeError::invalid("it has no depth above zero"))?;
    let values = c.constant(2, "the values")?.map(Tensor::to_floats);
    let [off, on] = values.as_deref().unwrap_or_default() else {
        return Err(NodeError::invalid("it must have a value for off and one for on"));
    };
    let (off, on) = (*off, *on);
    let x = c.input(0)?;
    let rank = c.shape(x).rank();
    let axis = axis_or_end(
        match c.attributes().int_or("axis", -1)? {
            // Counted in the output, which has an axis more.
            axis if axis < 0 => axis.saturating_add(rank as i64 + 1),
            axis => axis,
        },
        rank,
    )?;
    let dims: Vec<usize> = c.shape(x).iter().copied().chain([1]).collect();
    let column = c.reshape(x, &dims)?;
    let mut y = c.apply(Function::OneHot(nnabla::ShapeOnly { shape: ints(&[depth as usize])? }), &[column])?;
    if on - off != 1.0 {
        y = c.apply(mul_scalar(on - off), &[y])?;
    }
    if off != 0.0 {
        y = c.apply(add_scalar(off), &[y])?;
    }
    let mut order: Vec<usize> = (0..rank).collect();
    order.insert(axis, rank);
    let y = c.transpose(y, &order)?;
    Ok(c.typed_output(y, crate::onnx::element::Element::Float))
}
