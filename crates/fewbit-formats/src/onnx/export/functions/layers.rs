//! Functions that multiply by weights, in floats.

use super::super::call::{Call, Expressed};
use super::activation::nonlinearity;
use super::normalization::deviation;
use super::product::Product;
use crate::onnx::emitter::{Emitter, Value, float};
use fewbit_core::Function;

/// The layer as ONNX nodes; `None` for functions that multiply by no weights.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let product = Product::new(function, call)?;
    let padding = product.fused.map_or(0.0, |fused| fused.constant_value);
    let x = product.prepared_input(e, call, padding);
    let weights = product.prepared_weights(e, call);
    // Without a scale between, the bias is the operator's own.
    let bias = product.bias.filter(|_| product.alpha.is_none()).map(|bias| vector(e, call, &product, bias));
    let sums = product.multiplied(e, &x, &weights, bias.as_deref());
    Some(after_sums(e, call, &product, sums, bias.is_some()))
}

/// The bias in the one shape that operators take it in.
fn vector(e: &mut Emitter, call: &Call<'_>, product: &Product, bias: usize) -> Value {
    if call.shape(bias).rank() == 1 {
        return call.input(bias).to_owned();
    }
    e.reshape(call.input(bias), &[product.channels()])
}

/// What follows the sums, in floats.
pub(in super::super) fn after_sums(
    e: &mut Emitter,
    call: &Call<'_>,
    product: &Product,
    sums: Value,
    bias_done: bool,
) -> Expressed {
    let mut y = sums;
    if let Some(alpha) = product.alpha {
        let alpha = product.channel_values(e, call.input(alpha));
        y = e.node("Mul", &[&y, &alpha], vec![]);
    }
    if let Some(bias) = product.bias.filter(|_| !bias_done) {
        let bias = product.channel_values(e, call.input(bias));
        y = e.node("Add", &[&y, &bias], vec![]);
    }
    if let (Some(first), Some(fused)) = (product.normalization, &product.fused) {
        if fused.batch_stat {
            return Err("statistics of the batch belong to training".into());
        }
        y = normalised(e, call, product, y, first, fused.eps);
    }
    if let Some(residual) = product.residual {
        let residual = product.residual_form(e, call.input(residual), call.output_shape());
        y = e.node("Add", &[&y, &residual], vec![]);
    }
    let arguments = product.fused.map(|fused| fused.nonlinearity_args).unwrap_or_default();
    let y = nonlinearity(e, y, product.nonlinearity, &arguments);
    Ok(product.finished(e, &y, call.output_shape()))
}

/// The normalisation of a fused convolution; `first` is the place of its first parameter.
fn normalised(e: &mut Emitter, call: &Call<'_>, product: &Product, y: Value, first: usize, eps: f32) -> Value {
    let [beta, gamma, mean, variance] = [0, 1, 2, 3].map(|place| call.input(first + place));
    if call.literal {
        let [beta, gamma, mean, variance] = [beta, gamma, mean, variance].map(|it| product.channel_values(e, it));
        let deviation = deviation(e, &variance, eps);
        let y = e.node("Sub", &[&y, &mean], vec![]);
        let y = e.node("Mul", &[&y, &gamma], vec![]);
        let y = e.node("Div", &[&y, &deviation], vec![]);
        return e.node("Add", &[&y, &beta], vec![]);
    }
    let [beta, gamma, mean, variance] =
        [beta, gamma, mean, variance].map(|value| e.reshape(value, &[product.channels()]));
    let inputs = [&y, &gamma, &beta, &mean, &variance].map(String::as_str);
    e.node("BatchNormalization", &inputs, vec![float("epsilon", eps)])
}
