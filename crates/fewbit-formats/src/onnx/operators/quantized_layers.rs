//! Layers that take and give integers.
//!
//! Each is the layer of real numbers between functions that turn integers into real numbers and back. Weights and biases
//! are real numbers when the file has been read.

use super::convolution::convolution;
use super::functions::{ADD, MUL, concatenate, over};
use super::quantization::{Layout, dequantize, dequantized, quantize};
use super::{Operator, Result, matrix, pooling};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axis};
use crate::onnx::import::context::{Context, Outputs};
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape, VariableId};
use std::sync::Arc;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("QLinearConv", "DequantizeLinear, Convolution, QuantizeLinear", qlinear_conv)
        .limits("with constant weights"),
    Operator::map("QLinearMatMul", "DequantizeLinear, Affine or BatchMatmul, QuantizeLinear", |c| {
        let y = product(c, [0, 1, 2], [3, 4, 5], None)?;
        quantized(c, y, 6)
    }),
    Operator::map("ConvInteger", "AddScalar, Convolution", |c| {
        let x = real(c, [0, usize::MAX, 2])?;
        let weight = weights(c, [1, usize::MAX, 3], 0)?;
        let weight = c.parameter_of(1, weight.shape, weight.to_floats());
        let y = convolution(c, x, weight, None)?;
        Ok(c.typed_output(y, INT32))
    })
    .limits("with constant weights"),
    Operator::map("MatMulInteger", "AddScalar, Affine or BatchMatmul", |c| {
        let y = product(c, [0, usize::MAX, 2], [1, usize::MAX, 3], None)?;
        Ok(c.typed_output(y, INT32))
    }),
    Operator::map("com.microsoft.QLinearAdd", "DequantizeLinear, Add2, QuantizeLinear", |c| elementwise(c, ADD)),
    Operator::map("com.microsoft.QLinearMul", "DequantizeLinear, Mul2, QuantizeLinear", |c| elementwise(c, MUL)),
    Operator::map("com.microsoft.QLinearSigmoid", "DequantizeLinear, Sigmoid, QuantizeLinear", |c| {
        activation(c, Function::Sigmoid)
    }),
    Operator::map("com.microsoft.QLinearLeakyRelu", "DequantizeLinear, LeakyReLU, QuantizeLinear", |c| {
        let alpha = c.attributes().float_or("alpha", 0.01)?;
        activation(c, Function::LeakyReLU(nnabla::LeakyReLU { alpha, inplace: false }))
    }),
    Operator::map("com.microsoft.QLinearAveragePool", "DequantizeLinear, AveragePooling, QuantizeLinear", |c| {
        channels_first(c)?;
        let x = real(c, [0, 1, 2])?;
        let y = pooling::mean_of_windows(c, x)?;
        quantized(c, y, 3)
    })
    .limits("channels first"),
    Operator::map(
        "com.microsoft.QLinearGlobalAveragePool",
        "DequantizeLinear, GlobalAveragePooling, QuantizeLinear",
        |c| {
            channels_first(c)?;
            let x = real(c, [0, 1, 2])?;
            let shape = c.shape(x);
            let mean = match shape.rank() {
                4 => Function::GlobalAveragePooling,
                rank => Function::Mean(over(&(2..rank).collect::<Vec<_>>(), true)?),
            };
            let y = c.apply(mean, &[x])?;
            quantized(c, y, 3)
        },
    )
    .limits("channels first"),
    Operator::map("com.microsoft.QLinearConcat", "DequantizeLinear, Concatenate, QuantizeLinear", |c| {
        let count = c.input_count().saturating_sub(2) / 3;
        let parts: Vec<VariableId> =
            (0..count).map(|part| real(c, [2 + 3 * part, 3 + 3 * part, 4 + 3 * part])).collect::<Result<_>>()?;
        let first = parts.first().ok_or_else(|| NodeError::invalid("it has no inputs"))?;
        let axis = axis(c.attributes().int_or("axis", 1)?, c.shape(*first).rank())?;
        let y = c.apply(concatenate(axis)?, &parts)?;
        quantized(c, y, 0)
    }),
    Operator::map("com.microsoft.QGemm", "DequantizeLinear, Affine, QuantizeLinear", qgemm)
        .limits("with constant weights"),
];

const INT32: Element = Element::Integer { bits: 32, signed: true };

/// An input of integers with its scale and zero point, by their places; a place beyond the inputs means that there is none.
type Quantized = [usize; 3];

/// Integers that are inputs of a node as real numbers.
fn real(c: &mut Context<'_>, [x, scale, zero]: Quantized) -> Result<VariableId> {
    let id = c.input(x)?;
    if c.has(scale) {
        return dequantize(c, id, [scale, zero], &Layout::along(0));
    }
    match c.constant(zero, "the zero point")?.map(|zero| zero.single()) {
        None | Some(Some(0.0)) => Ok(id),
        Some(Some(value)) => c.apply(super::functions::add_scalar(-value), &[id]),
        Some(None) => Err(NodeError::unsupported("a zero point for each row is not supported")),
    }
}

/// Known integers that are inputs of a node as real numbers.
fn weights(c: &Context<'_>, [x, scale, zero]: Quantized, axis: usize) -> Result<Tensor> {
    let x = c.constant(x, "the weights")?.ok_or_else(|| NodeError::invalid("it has no weights"))?;
    let one = Tensor::floats(Shape::default(), [1.0]);
    let scale = c.constant(scale, "the scale")?.unwrap_or(&one);
    dequantized(x, scale, c.constant(zero, "the zero point")?, &Layout::along(axis))
}

/// The integers that a node gives; the scale and the zero point are its inputs from `scale` on.
fn quantized(c: &mut Context<'_>, y: VariableId, scale: usize) -> Result<Outputs> {
    let element = if c.has(scale + 1) { c.element(scale + 1) } else { Element::UINT8 };
    let y = quantize(c, y, element, [scale, scale + 1], &Layout::along(1))?;
    Ok(c.typed_output(y, element))
}

/// The bias of a layer, whose scale is the product of those of its inputs.
fn bias(c: &mut Context<'_>, input: usize, scales: [usize; 2], factor: f32) -> Result<Option<VariableId>> {
    if !c.has(input) {
        return Ok(None);
    }
    let known = |input: usize| {
        let tensor = c.constant(input, "the bias and the scales")?;
        tensor.ok_or_else(|| NodeError::invalid(format!("input {input} is missing")))
    };
    let (bias, a, b) = (known(input)?, known(scales[0])?, known(scales[1])?);
    let entry = |tensor: &Tensor, place: usize| match tensor.len() {
        1 => Ok(tensor.number(0)),
        len if len == bias.len() => Ok(tensor.number(place)),
        _ => Err(NodeError::invalid("its scales do not fit its bias")),
    };
    let value = |place: usize| Ok((bias.number(place) * entry(a, place)? * entry(b, place)?) as f32 * factor);
    let values: Vec<f32> = (0..bias.len()).map(value).collect::<Result<_>>()?;
    let shape = Shape::new(&[values.len()])?;
    Ok(Some(c.parameter_of(input, shape, values)))
}

fn qlinear_conv(c: &mut Context<'_>) -> Result<Outputs> {
    let x = real(c, [0, 1, 2])?;
    let weight = weights(c, [3, 4, 5], 0)?;
    let weight = c.parameter_of(3, weight.shape, weight.to_floats());
    let bias = bias(c, 8, [1, 4], 1.0)?;
    let y = convolution(c, x, weight, bias)?;
    quantized(c, y, 6)
}

/// A matrix product of integers as one of real numbers; the second factor may have a scale for each column.
fn product(c: &mut Context<'_>, a: Quantized, b: Quantized, bias: Option<VariableId>) -> Result<VariableId> {
    let x = real(c, a)?;
    let shape = c.input_shape(b[0])?;
    if c.known(b[0]).is_some() && shape.rank() == 2 {
        let weight = weights(c, b, 1)?;
        let weight = c.affine_weight_of(b[0], weight.shape, weight.to_floats());
        return matrix::affine(c, x, weight, bias);
    }
    let right = real(c, b)?;
    matrix::batch_matmul(c, x, right, false, false)
}

fn qgemm(c: &mut Context<'_>) -> Result<Outputs> {
    if c.attributes().flag("transA", false)? {
        return Err(NodeError::unsupported("a transposed first factor is not supported"));
    }
    let alpha = c.attributes().float_or("alpha", 1.0)?;
    let transposed = c.attributes().flag("transB", false)?;
    let x = real(c, [0, 1, 2])?;
    let weight = weights(c, [3, 4, 5], usize::from(!transposed))?;
    let weight = if transposed { weight.transposed(&[1, 0]) } else { weight };
    let values: Arc<[f32]> = weight.to_floats().iter().map(|value| value * alpha).collect();
    let weight = c.affine_weight_of(3, weight.shape, values);
    let bias = bias(c, 6, [1, 4], alpha)?;
    let y = matrix::affine(c, x, weight, bias)?;
    match c.has(7) {
        true => quantized(c, y, 7),
        // Without a scale for the result, it stays a real number.
        false => Ok(c.typed_output(y, Element::Float)),
    }
}

fn elementwise(c: &mut Context<'_>, function: Function) -> Result<Outputs> {
    let inputs = [real(c, [0, 1, 2])?, real(c, [3, 4, 5])?];
    let y = c.apply(function, &inputs)?;
    quantized(c, y, 6)
}

fn activation(c: &mut Context<'_>, function: Function) -> Result<Outputs> {
    let x = real(c, [0, 1, 2])?;
    let y = c.apply(function, &[x])?;
    quantized(c, y, 3)
}

fn channels_first(c: &Context<'_>) -> Result<()> {
    match c.attributes().flag("channels_last", false)? {
        false => Ok(()),
        true => Err(NodeError::unsupported("channels in the last axis are not supported")),
    }
}
