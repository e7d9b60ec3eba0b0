//! Matrix products. Where one factor is constant they are affine functions, with the other constants folded in.

use super::functions::{ADD, mul_scalar};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::context::{Context, Outputs};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Gemm", "Affine; BatchMatmul where the second factor is computed", gemm),
    Operator::map(
        "MatMul",
        "Affine; BatchMatmul where the second factor is computed or has more than two axes",
        matmul,
    ),
];

/// A matrix product by constant weights of shape (in, out), over the last axis of `x`.
pub(super) fn affine(
    c: &mut Context<'_>,
    x: VariableId,
    weight: VariableId,
    bias: Option<VariableId>,
) -> Result<VariableId> {
    let base_axis = i32::try_from(c.shape(x).rank().saturating_sub(1)).unwrap_or(i32::MAX);
    let inputs: Vec<VariableId> = [x, weight].into_iter().chain(bias).collect();
    c.apply(Function::Affine(nnabla::Affine { base_axis }), &inputs)
}

/// The product of the last two axes of two variables.
pub(super) fn batch_matmul(
    c: &mut Context<'_>,
    a: VariableId,
    b: VariableId,
    transpose_a: bool,
    transpose_b: bool,
) -> Result<VariableId> {
    c.apply(Function::BatchMatmul(nnabla::BatchMatmul { transpose_a, transpose_b }), &[a, b])
}

/// `alpha * A * B + beta * C`, with `A` and `B` perhaps transposed.
fn gemm(c: &mut Context<'_>) -> Result<Outputs> {
    let (alpha, beta) = (c.attributes().float_or("alpha", 1.0)?, c.attributes().float_or("beta", 1.0)?);
    let (transpose_a, transpose_b) = (c.attributes().flag("transA", false)?, c.attributes().flag("transB", false)?);
    for input in 0..2 {
        let shape = c.input_shape(input)?;
        if shape.rank() != 2 {
            return Err(NodeError::invalid(format!("input {input} has the shape {shape}, but must be a matrix")));
        }
    }
    let (y, bias_done) = match c.known(1).cloned() {
        Some(weight) => {
            let x = c.input(0)?;
            let x = if transpose_a { c.transpose(x, &[1, 0])? } else { x };
            let weight = if transpose_b { weight.transposed(&[1, 0]) } else { weight };
            let outputs = weight.shape[1];
            let weight = c.affine_weight_of(1, weight.shape, scaled(&weight, alpha));
            let bias = match c.known(2).and_then(|bias| channel_bias(bias, outputs, beta)) {
                Some(bias) => Some(c.parameter_of(2, bias.shape, bias.to_floats())),
                None => None,
            };
            (affine(c, x, weight, bias)?, bias.is_some())
        }
        None => {
            let (a, b) = (c.input(0)?, c.input(1)?);
            let y = batch_matmul(c, a, b, transpose_a, transpose_b)?;
            (if alpha == 1.0 { y } else { c.apply(mul_scalar(alpha), &[y])? }, false)
        }
    };
    if !c.has(2) || bias_done || beta == 0.0 {
        return Ok(c.output(y));
    }
    let added = match c.known(2).cloned() {
        Some(constant) => {
            let rank = c.shape(y).rank();
            let mut dims = vec![1; rank.saturating_sub(constant.shape.rank())];
            dims.extend_from_slice(&constant.shape);
            c.parameter_of(2, Shape::new(&dims)?, scaled(&constant, beta))
        }
        None => {
            let added = c.input(2)?;
            if beta == 1.0 { added } else { c.apply(mul_scalar(beta), &[added])? }
        }
    };
    let product = c.shape(y);
    let y = c.apply(ADD, &[y, added])?;
    if c.shape(y) != product {
        return Err(NodeError::invalid(format!("input 2 cannot be broadcast to the product of shape {product}")));
    }
    Ok(c.output(y))
}

fn scaled(tensor: &Tensor, factor: f32) -> std::sync::Arc<[f32]> {
    let values = tensor.to_floats();
    if factor == 1.0 { values } else { values.iter().map(|value| value * factor).collect() }
}

/// A summand as the bias of `outputs` outputs; `None` if it differs from row to row.
fn channel_bias(summand: &Tensor, outputs: usize, factor: f32) -> Option<Tensor> {
    let rows = summand.shape.iter().rev().skip(1).product::<usize>();
    let columns = summand.shape.last().copied().unwrap_or(1);
    if rows != 1 || (columns != outputs && columns != 1) {
        return None;
    }
    let values = scaled(summand, factor);
    let shape = Shape::new(&[outputs]).ok()?;
    Some(Tensor::floats(shape, (0..outputs).map(|output| values[output % columns]).collect::<Vec<_>>()))
}

fn matmul(c: &mut Context<'_>) -> Result<Outputs> {
    let (a, b) = (c.input_shape(0)?, c.input_shape(1)?);
    if a.rank() == 0 || b.rank() == 0 {
        return Err(NodeError::invalid("its inputs must have at least one axis"));
    }
    if let Some(weight) = c.known(1).cloned()
        && b.rank() <= 2
    {
        let rows = b[0];
        let columns = b.get(1).copied().unwrap_or(1);
        let x = c.input(0)?;
        let weight = c.affine_weight_of(1, Shape::new(&[rows, columns])?, weight.to_floats());
        let y = affine(c, x, weight, None)?;
        let y = if b.rank() == 1 { without_axis(c, y, c.shape(y).rank() - 1)? } else { y };
        return Ok(c.output(y));
    }
    // A vector is a matrix with one row on the left, with one column on the right, and the result loses that axis.
    let left = if a.rank() == 1 { c.input_with_shape(0, &[1, a[0]])? } else { c.input(0)? };
    let right = if b.rank() == 1 { c.input_with_shape(1, &[b[0], 1])? } else { c.input(1)? };
    let mut y = batch_matmul(c, left, right, false, false)?;
    if b.rank() == 1 {
        y = without_axis(c, y, c.shape(y).rank() - 1)?;
    }
    if a.rank() == 1 {
        let row = c.shape(y).rank() - if b.rank() == 1 { 1 } else { 2 };
        y = without_axis(c, y, row)?;
    }
    Ok(c.output(y))
}

/// The variable without an axis of extent 1.
fn without_axis(c: &mut Context<'_>, id: VariableId, axis: usize) -> Result<VariableId> {
    let mut dims = c.shape(id).to_vec();
    dims.remove(axis);
    c.reshape(id, &dims)
}
