//! Sums of products of stored integers, exact whatever their size.

use super::super::call::{Call, Expressed};
use super::super::functions::{self, product::Product};
use super::bounds::{Addend, exact_bits, fits_single, magnitude, position};
use super::store::{Channels, Precision, store, stored_integers};
use crate::onnx::emitter::{Emitter, Value};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::{Function, NumberFormat, Rounding, VariableId};

/// The function as ONNX nodes that compute exact sums; `None` for functions that sum no products, or products of floats.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    if let Function::BatchMatmul(_) = function {
        return matrices(e, call, function);
    }
    let x_format = call.variable(0).format;
    let product = Product::new(function, call).filter(|_| position(x_format).is_some())?;
    position(call.variable(product.weights).format)?;
    Some(Layer { call, product }.express(e))
}

/// A product of two variables. In double precision it is exact: there are less than 2^31 products of less than 2^31.
fn matrices(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let format = |index: usize| call.variable(index).format;
    position(format(0)).and(position(format(1)))?;
    let wide = Call { inputs: call.inputs.iter().map(|input| e.cast(input, DataType::Double)).collect(), ..*call };
    let y = functions::express_first(e, &wide, function);
    Some(y.map(|y| store(e, &y, call.output_format(), Precision::IsDouble)))
}

/// A layer whose input and weights are integers.
struct Layer<'c, 'n> {
    call: &'c Call<'n>,
    product: Product,
}

impl Layer<'_, '_> {
    fn express(&self, e: &mut Emitter) -> Expressed {
        let (call, product) = (self.call, &self.product);
        let padding = product.fused.map_or(0.0, |fused| {
            let format = call.variable(0).format;
            // The constant in the padding is stored like the values around it.
            format.quantize(fused.constant_value, Rounding::HalfUp) as f32 * format.step()
        });
        let x = product.prepared_input(e, call, padding);
        let weights = product.prepared_weights(e, call);
        let sizes = product.weight_sums(call, &self.weight_integers());
        let largest = self.sums(&sizes).ok_or("its weights are floats")?;
        let addends = self.addends(&largest).filter(|_| self.keeps_exact() && call.output_format().is_fixed());
        let Some(addends) = addends else {
            let sums = match largest.iter().all(|&sum| fits_single(&[sum], None)) {
                true => product.multiplied(e, &x, &weights, None),
                false => {
                    let sums = self.wide_sums(e, &x, &weights, &sizes)?;
                    e.cast(&sums, DataType::Float)
                }
            };
            let y = functions::after_sums(e, call, product, sums, false)?;
            return Ok(store(e, &y, call.output_format(), Precision::Double));
        };
        let to = position(call.output_format());
        if addends.iter().all(|addends| fits_single(addends, to)) {
            // The bias of the operator is one of the addends.
            let bias = product.bias.filter(|_| product.alpha.is_none());
            let bias = bias.map(|bias| e.reshape(call.input(bias), &[product.channels()]));
            let sums = product.multiplied(e, &x, &weights, bias.as_deref());
            let y = functions::after_sums(e, call, product, sums, bias.is_some())?;
            return Ok(store(e, &y, call.output_format(), Precision::ExactSingle));
        }
        let sums = self.wide_sums(e, &x, &weights, &sizes)?;
        let y = self.wide_terms(e, sums);
        let y = product.finished(e, &y, call.output_shape());
        Ok(store(e, &y, call.output_format(), Precision::IsDouble))
    }

    /// The variable that is the weights.
    fn weights(&self) -> VariableId {
        self.call.node.inputs[self.product.weights]
    }

    /// The integers of the weights; as large as they can be, if they are computed.
    fn weight_integers(&self) -> Vec<i32> {
        let variable = self.call.network.variable(self.weights());
        match variable.is_buffer() {
            false => stored_integers(self.call.network, self.weights()),
            true => vec![magnitude(variable.format) as i32; variable.shape.items()],
        }
    }

    /// What the sums of each channel are at most, where the magnitudes of its weights add up to `sizes`.
    fn sums(&self, sizes: &[f64]) -> Option<Vec<Addend>> {
        let x = self.call.variable(0).format;
        let channels = Channels::new(self.call.network, self.weights());
        let sum = |(channel, size): (usize, &f64)| {
            let weight = position(channels.of_output(channel, sizes.len()))?;
            Some(Addend { largest: size * magnitude(x), position: weight + position(x)? })
        };
        sizes.iter().enumerate().map(sum).collect()
    }

    /// All that is added up in each channel.
    fn addends(&self, sums: &[Addend]) -> Option<Vec<Vec<Addend>>> {
        let (call, product) = (self.call, &self.product);
        let term = |index: usize| Addend::of_variable(call.network, call.node.inputs[index], sums.len());
        let mut addends: Vec<Vec<Addend>> = sums.iter().map(|&sum| vec![sum]).collect();
        if let Some(alpha) = product.alpha {
            addends.iter_mut().zip(term(alpha)?).for_each(|(addends, alpha)| addends[0] = addends[0].times(alpha));
        }
        for other in [product.bias, product.residual].into_iter().flatten() {
            addends.iter_mut().zip(term(other)?).for_each(|(addends, other)| addends.push(other));
        }
        Some(addends)
    }

    /// Whether what follows the sums keeps exact numbers exact.
    fn keeps_exact(&self) -> bool {
        let smooth =
            !matches!(self.product.nonlinearity, Nonlinearity::Identity | Nonlinearity::ReLU | Nonlinearity::ReLU6);
        !smooth && self.product.normalization.is_none()
    }

    /// The sums in double precision.
    fn wide_sums(&self, e: &mut Emitter, x: &str, weights: &str, sizes: &[f64]) -> Result<Value, String> {
        if self.product.is_matrix() {
            // ONNX Runtime multiplies matrices in double precision, but has no such convolution.
            let (x, weights) = (e.cast(x, DataType::Double), e.cast(weights, DataType::Double));
            return Ok(e.node("MatMul", &[&x, &weights], vec![]));
        }
        let format = self.call.variable(0).format;
        let parts = self.weight_parts(e, weights, sizes)?;
        let mut sum: Option<Value> = None;
        for (part, size) in &parts {
            let bits = exact_bits(*size);
            if bits < 1 {
                return Err("sums of its weights alone are more than single precision can hold".into());
            }
            for piece in pieces(e, x, format, bits) {
                let product = self.product.multiplied(e, &piece, part, None);
                let product = e.cast(&product, DataType::Double);
                sum = Some(match sum {
                    Some(sum) => e.node("Add", &[&sum, &product], vec![]),
                    None => product,
                });
            }
        }
        sum.ok_or_else(|| "it has no weights".into())
    }

    /// The weights, in two parts of fewer bits each where they have 16 and add up to much; with what the magnitudes of each
    /// channel add up to at most.
    fn weight_parts(&self, e: &mut Emitter, weights: &str, sizes: &[f64]) -> Result<Vec<(Value, f64)>, String> {
        let largest = |sizes: &[f64]| sizes.iter().copied().fold(0.0, f64::max);
        let variable = self.call.network.variable(self.weights());
        let format = Channels::new(self.call.network, self.weights()).single().filter(|format| format.bits() == 16);
        let whole = largest(sizes);
        let Some(format) = format.filter(|_| exact_bits(whole) < 8 && !variable.is_buffer()) else {
            return Ok(vec![(weights.into(), whole)]);
        };
        let integers = stored_integers(self.call.network, self.weights());
        let low: Vec<i32> = integers.iter().map(|integer| integer & 255).collect();
        let high: Vec<i32> = integers.iter().map(|integer| integer >> 8).collect();
        let mut parts = Vec::new();
        for (part, factor) in [(low, 1.0), (high, 256.0)] {
            let real: Vec<f32> = part.iter().map(|&integer| integer as f32 * factor * format.step()).collect();
            let constant = e.floats(&variable.shape, &real);
            let mut inputs = self.call.inputs.clone();
            inputs[self.product.weights] = constant;
            let prepared = self.product.prepared_weights(e, &Call { inputs, ..*self.call });
            parts.push((prepared, largest(&self.product.weight_sums(self.call, &part))));
        }
        Ok(parts)
    }

    /// What follows the sums, in double precision.
    fn wide_terms(&self, e: &mut Emitter, sums: Value) -> Value {
        let (call, product) = (self.call, &self.product);
        let mut y = sums;
        for (operator, term) in [("Mul", product.alpha), ("Add", product.bias)] {
            if let Some(term) = term {
                let term = product.channel_values(e, call.input(term));
                let term = e.cast(&term, DataType::Double);
                y = e.node(operator, &[&y, &term], vec![]);
            }
        }
        if let Some(residual) = product.residual {
            let residual = product.residual_form(e, call.input(residual), call.output_shape());
            let residual = e.cast(&residual, DataType::Double);
            y = e.node("Add", &[&y, &residual], vec![]);
        }
        let mut number = |number: f64| e.constant(DataType::Double, &[], number.to_le_bytes().to_vec());
        let (zero, six) = (number(0.0), number(6.0));
        match product.nonlinearity {
            Nonlinearity::ReLU => e.node("Max", &[&y, &zero], vec![]),
            Nonlinearity::ReLU6 => e.node("Clip", &[&y, &zero, &six], vec![]),
            _ => y,
        }
    }
}

/// A stored variable as a sum of values of at most so many bits: the lowest bits, those above them, and so on. All are
/// multiples of the variable's step times a power of two.
pub(super) fn pieces(e: &mut Emitter, x: &str, format: NumberFormat, bits: i32) -> Vec<Value> {
    let mut pieces = Vec::new();
    let mut rest = x.to_owned();
    let (whole, mut taken) = (format.bits() as i32, bits);
    // A piece without a sign is as large as one with a sign and a bit more.
    while taken < whole - 1 {
        let unit = format.step() * (taken as f32).exp2();
        let scaled = e.with_number("Div", &rest, unit);
        let floor = e.node("Floor", &[&scaled], vec![]);
        let above = e.with_number("Mul", &floor, unit);
        pieces.push(e.node("Sub", &[&rest, &above], vec![]));
        rest = above;
        taken += bits;
    }
    pieces.push(rest);
    pieces
}
