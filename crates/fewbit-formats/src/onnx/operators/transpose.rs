//! Other orders of axes.

use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes};
use crate::onnx::import::context::{Context, Outputs};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Transpose", "Transpose", |c| {
        let order = order(c, c.input_shape(0)?.rank())?;
        let x = c.input(0)?;
        let y = c.transpose(x, &order)?;
        Ok(c.output(y))
    })
    .fold(|c| {
        let x = c.input(0)?;
        Ok(vec![x.transposed(&order(c, x.shape.rank())?)])
    }),
    Operator::map("DepthToSpace", "Reshape, Transpose", |c| {
        let (size, [n, channels, rows, columns]) = blocks(c)?;
        let squares = size.checked_mul(size).filter(|&squares| channels.is_multiple_of(squares));
        let depth = channels / squares.ok_or_else(|| NodeError::invalid("its blocks do not divide its channels"))?;
        let (split, order) = match c.attributes().word("mode", &["DCR", "CRD"])? {
            "CRD" => ([n, depth, size, size, rows, columns], [0, 1, 4, 2, 5, 3]),
            _ => ([n, size, size, depth, rows, columns], [0, 3, 4, 1, 5, 2]),
        };
        moved(c, &split, &order, &[n, depth, rows * size, columns * size])
    }),
    Operator::map("SpaceToDepth", "Reshape, Transpose", |c| {
        let (size, [n, channels, rows, columns]) = blocks(c)?;
        if !rows.is_multiple_of(size) || !columns.is_multiple_of(size) {
            return Err(NodeError::invalid("its blocks do not divide its rows and columns"));
        }
        let (rows, columns) = (rows / size, columns / size);
        let split = [n, channels, rows, size, columns, size];
        let order = match c.attributes().word("mode", &["DCR", "CRD"])? {
            "CRD" => [0, 1, 3, 5, 2, 4],
            _ => [0, 3, 5, 1, 2, 4],
        };
        moved(c, &split, &order, &[n, channels * size * size, rows, columns])
    }),
];

/// The order that the axes get; without one they are reversed.
fn order(arguments: &impl Arguments, rank: usize) -> Result<Vec<usize>> {
    let Some(list) = arguments.attributes().ints("perm")? else { return Ok((0..rank).rev().collect()) };
    let order = axes(list, rank)?;
    if order.len() != rank {
        return Err(NodeError::invalid(format!("attribute 'perm' must name all {rank} axes")));
    }
    Ok(order)
}

/// The size of the blocks, and the extents of an input with four axes.
fn blocks(c: &Context<'_>) -> Result<(usize, [usize; 4])> {
    let shape = c.input_shape(0)?;
    let size = c.attributes().int_or("blocksize", 0)?;
    // The square of a larger one exceeds every shape.
    let size = usize::try_from(size).ok().filter(|size| (1..1 << 16).contains(size));
    let size = size.ok_or_else(|| NodeError::invalid("attribute 'blocksize' must be above zero, and below 65536"))?;
    let dims = shape.dims().try_into().map_err(|_| NodeError::invalid(format!("its input has the shape {shape}")))?;
    Ok((size, dims))
}

fn moved(c: &mut Context<'_>, split: &[usize], order: &[usize], joined: &[usize]) -> Result<Outputs> {
    let x = c.input(0)?;
    let x = c.reshape(x, split)?;
    let x = c.transpose(x, order)?;
    let y = c.reshape(x, joined)?;
    Ok(c.output(y))
}
