//! Functions that sum over axes, and normalisations, which take statistics over axes.

use super::{Result, Shapes, axis_of, axis_set, bad_argument, bad_input};
use crate::function::arguments::{GroupNormalization, InstanceNormalization, LayerNormalization, TensorNormalization};
use crate::list::{InlineList, IntList};
use crate::shape::{MAX_RANK, Shape};
use core::ops::Range;

pub(super) fn reduce(inputs: &dyn Shapes, axes: &IntList, keep_dims: bool) -> Result<Shape> {
    let x = inputs.shape(0);
    let reduced = axis_set(&x, axes, "axes")?;
    let mut dims = InlineList::<usize, MAX_RANK>::new();
    for (axis, &dim) in x.iter().enumerate() {
        if !reduced[axis] {
            dims.push(dim).map_err(|_| bad_argument("axes", "leaves too many axes"))?;
        } else if keep_dims {
            dims.push(1).map_err(|_| bad_argument("axes", "leaves too many axes"))?;
        }
    }
    Ok(Shape::new(&dims)?)
}

/// A normalisation whose parameters, the inputs in `parameters`, have one value for each item of the axes.
pub(super) fn normalization(inputs: &dyn Shapes, axes: &IntList, parameters: Range<usize>) -> Result<Shape> {
    let x = inputs.shape(0);
    let kept = axis_set(&x, axes, "axes")?;
    let statistics: usize = x.iter().enumerate().filter(|(axis, _)| kept[*axis]).map(|(_, &dim)| dim).product();
    for index in parameters {
        if inputs.shape(index).items() != statistics {
            return Err(bad_input(inputs, index, "but must have one value for each item of the axes"));
        }
    }
    Ok(x)
}

pub(super) fn fused_normalization(inputs: &dyn Shapes, axes: &IntList) -> Result<Shape> {
    let x = normalization(inputs, axes, 1..5)?;
    if inputs.count() > 5 && inputs.shape(5) != x {
        return Err(bad_input(inputs, 5, "but must have the shape of input 0"));
    }
    Ok(x)
}

pub(super) fn group_normalization(inputs: &dyn Shapes, arguments: &GroupNormalization) -> Result<Shape> {
    let x = inputs.shape(0);
    let channels = x[axis_of(&x, arguments.channel_axis, "channel_axis")?];
    axis_set(&x, &arguments.batch_axis, "batch_axis")?;
    let groups = usize::try_from(arguments.num_groups).unwrap_or(0);
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(bad_argument("num_groups", "must divide the number of channels"));
    }
    for index in 1..inputs.count() {
        if inputs.shape(index).items() != channels {
            return Err(bad_input(inputs, index, "but must have one value for each channel"));
        }
    }
    Ok(x)
}

pub(super) fn instance_normalization(inputs: &dyn Shapes, arguments: &InstanceNormalization) -> Result<Shape> {
    let x = inputs.shape(0);
    let channels = x[axis_of(&x, arguments.channel_axis, "channel_axis")?];
    let batch = axis_set(&x, &arguments.batch_axis, "batch_axis")?;
    let batch: usize = x.iter().enumerate().filter(|(axis, _)| batch[*axis]).map(|(_, &dim)| dim).product();
    for index in 1..inputs.count() {
        let found = inputs.shape(index).items();
        if found != channels && found != channels * batch {
            return Err(bad_input(
                inputs,
                index,
                "but must have one value for each channel, or for each one of the batch",
            ));
        }
    }
    Ok(x)
}

pub(super) fn layer_normalization(inputs: &dyn Shapes, arguments: &LayerNormalization) -> Result<Shape> {
    let x = inputs.shape(0);
    let batch = axis_set(&x, &arguments.batch_axis, "batch_axis")?;
    let items: usize = x.iter().enumerate().filter(|(axis, _)| !batch[*axis]).map(|(_, &dim)| dim).product();
    per_item(inputs, items)
}

pub(super) fn tensor_normalization(inputs: &dyn Shapes, arguments: &TensorNormalization) -> Result<Shape> {
    let x = inputs.shape(0);
    let kept = axis_set(&x, &arguments.axes, "axes")?;
    let items: usize = x.iter().enumerate().filter(|(axis, _)| kept[*axis]).map(|(_, &dim)| dim).product();
    per_item(inputs, items)
}

/// Parameters with one value for each of `items`, or one in all.
fn per_item(inputs: &dyn Shapes, items: usize) -> Result<Shape> {
    for index in 1..inputs.count() {
        let found = inputs.shape(index).items();
        if found != items && found != 1 {
            return Err(bad_input(inputs, index, "but must have one value for each normalised item"));
        }
    }
    Ok(inputs.shape(0))
}

pub(super) fn mean_subtraction(inputs: &dyn Shapes, base_axis: i32) -> Result<Shape> {
    let x = inputs.shape(0);
    let base = axis_of(&x, base_axis, "base_axis")?;
    if inputs.shape(1).items() != x.split_items(base).1 {
        return Err(bad_input(inputs, 1, "but must have one value for each item from base_axis on"));
    }
    if inputs.count() > 2 && inputs.shape(2).items() != 1 {
        return Err(bad_input(inputs, 2, "but must be a single value"));
    }
    Ok(x)
}
