//! Tensors joined, divided and repeated.

use super::functions::concatenate;
use super::slice::{self, Range};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axis};
use crate::onnx::import::context::{Outputs, Value, ints};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Concat", "Concatenate", |c| {
        let axis = axis(c.attributes().int_or("axis", 1)?, c.input_shape(0)?.rank())?;
        let inputs = c.inputs()?;
        let y = match inputs[..] {
            [x] => x,
            _ => c.apply(concatenate(axis)?, &inputs)?,
        };
        Ok(c.output(y))
    })
    .fold(|c| {
        let parts = c.inputs();
        let first = c.input(0)?.shape;
        let axis = axis(c.attributes().int_or("axis", 1)?, first.rank())?;
        let shapes: Vec<Shape> = parts.iter().map(|part| part.shape).collect();
        let shape = c.shape(&concatenate(axis)?.output_shape(&&shapes[..])?)?;
        let outer = first.split_items(axis).0;
        let block = |part: &Tensor, place: usize| {
            let size = part.shape.split_items(axis).1;
            place * size..(place + 1) * size
        };
        let blocks: Vec<_> =
            (0..outer).flat_map(|place| parts.iter().map(move |&part| (part, block(part, place)))).collect();
        let joined = Tensor::joined(shape, &blocks);
        Ok(vec![joined.ok_or_else(|| NodeError::invalid("its inputs are of different types"))?])
    }),
    Operator::map("Split", "Slice", |c| {
        let (axis, ranges) = parts(c, c.input_shape(0)?)?;
        let x = c.input(0)?;
        let mut outputs = Outputs::new();
        for range in ranges {
            let id = slice::along(c, x, axis, range)?;
            outputs.push(Value::Computed { id, element: c.element(0) });
        }
        Ok(outputs)
    })
    .fold(|c| {
        let x = c.input(0)?;
        let (axis, ranges) = parts(c, x.shape)?;
        Ok(ranges.into_iter().map(|range| slice::taken(x, &slice::whole_but(x.shape, axis, range))).collect())
    }),
    Operator::map("Tile", "Tile", |c| {
        let reps = repeats(c, c.input_shape(0)?)?;
        let x = c.input(0)?;
        let once = reps.iter().all(|&count| count == 1);
        let y = if once { x } else { c.apply(Function::Tile(nnabla::Tile { reps: ints(&reps)? }), &[x])? };
        Ok(c.output(y))
    })
    .fold(|c| {
        let x = c.input(0)?;
        let reps = repeats(c, x.shape)?;
        let dims: Vec<usize> = x.shape.iter().zip(&reps).map(|(&dim, &count)| dim.saturating_mul(count)).collect();
        let shape = c.shape(&dims)?;
        let strides = x.shape.strides();
        Ok(vec![x.rearranged(shape, |mut item| {
            // The place along each axis, counted anew in each repetition.
            let mut source = 0;
            for axis in (0..shape.rank()).rev() {
                source += item % shape[axis] % x.shape[axis] * strides[axis];
                item /= shape[axis];
            }
            source
        })])
    }),
];

/// The axis that is divided, and the range of each output.
fn parts(arguments: &impl Arguments, x: Shape) -> Result<(usize, Vec<Range>)> {
    let axis = axis(arguments.attributes().int_or("axis", 0)?, x.rank())?;
    let count = arguments.node().outputs.len();
    let sizes: Vec<usize> = match arguments.list("split", 1, 13)? {
        Some(list) => {
            let sizes: Option<Vec<usize>> = list.iter().map(|&size| usize::try_from(size).ok()).collect();
            sizes.ok_or_else(|| NodeError::invalid("it has a part with a negative extent"))?
        }
        None => {
            // The last part may be smaller.
            let size = x[axis].div_ceil(count.max(1));
            (0..count).map(|part| size.min(x[axis].saturating_sub(part * size))).collect()
        }
    };
    if sizes.len() != count || sizes.iter().try_fold(0usize, |sum, &size| sum.checked_add(size)) != Some(x[axis]) {
        return Err(NodeError::invalid(format!("its parts do not make up axis {axis} of its input of shape {x}")));
    }
    let starts = sizes.iter().scan(0, |start, &size| {
        *start += size;
        Some(*start - size)
    });
    Ok((axis, starts.zip(&sizes).map(|(start, &count)| Range { start, step: 1, count }).collect()))
}

fn repeats(arguments: &impl Arguments, x: Shape) -> Result<Vec<usize>> {
    let list = arguments.integers(1, "the number of repetitions")?.unwrap_or(&[]);
    let reps: Option<Vec<usize>> = list.iter().map(|&count| usize::try_from(count).ok()).collect();
    reps.filter(|reps| reps.len() == x.rank())
        .ok_or_else(|| NodeError::invalid("it must have one number of repetitions, not negative, for each axis"))
}
