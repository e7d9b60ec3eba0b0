//! Activations.

use super::super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value, float, int, size};
use fewbit_core::Function;
use fewbit_core::function::arguments::Nonlinearity;

/// `2 sqrt(2 / pi)`, of the approximation of `GELU`.
const GELU_SLOPE: f32 = 1.595_769;

/// The activation as ONNX nodes; `None` for functions that are none.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let x = call.x();
    Some(Ok(match *function {
        Function::ReLU(_) => e.node("Relu", &[x], vec![]),
        Function::LeakyReLU(it) => e.node("LeakyRelu", &[x], vec![float("alpha", it.alpha)]),
        Function::ELU(it) => e.node("Elu", &[x], vec![float("alpha", it.alpha)]),
        Function::SELU(it) => e.node("Selu", &[x], vec![float("alpha", it.alpha), float("gamma", it.scale)]),
        Function::CReLU(it) => {
            let negative = e.node("Neg", &[x], vec![]);
            let halves = [e.node("Relu", &[x], vec![]), e.node("Relu", &[&negative], vec![])];
            e.node("Concat", &[&halves[0], &halves[1]], vec![int("axis", size(call.axis(it.axis)))])
        }
        Function::CELU(it) => {
            let negative = e.node("Neg", &[x], vec![]);
            let mut half = |x: &str| e.node("Elu", &[x], vec![float("alpha", it.alpha)]);
            let halves = [half(x), half(&negative)];
            e.node("Concat", &[&halves[0], &halves[1]], vec![int("axis", size(call.axis(it.axis)))])
        }
        Function::PReLU(it) => {
            let mut dims = vec![1; call.shape(0).rank()];
            if call.shape(1).items() != 1 {
                dims[call.axis(it.base_axis)] = call.shape(1).items();
            }
            let slope = e.reshape(call.input(1), &dims);
            e.node("PRelu", &[x, &slope], vec![])
        }
        Function::SoftPlus(it) if it.beta == 1.0 => e.node("Softplus", &[x], vec![]),
        Function::SoftPlus(it) => {
            let x = e.with_number("Mul", x, it.beta);
            let y = e.node("Softplus", &[&x], vec![]);
            e.with_number("Div", &y, it.beta)
        }
        Function::Softmax(it) => e.node("Softmax", &[x], vec![int("axis", size(call.axis(it.axis)))]),
        Function::LogSoftmax(it) => e.node("LogSoftmax", &[x], vec![int("axis", size(call.axis(it.axis)))]),
        Function::Sigmoid => e.node("Sigmoid", &[x], vec![]),
        Function::Swish => {
            let gate = e.node("Sigmoid", &[x], vec![]);
            e.node("Mul", &[x, &gate], vec![])
        }
        Function::Tanh => e.node("Tanh", &[x], vec![]),
        Function::GELU => {
            let square = e.node("Mul", &[x, x], vec![]);
            let cubic = e.with_number("Mul", &square, 0.044_715);
            let bent = e.with_number("Add", &cubic, 1.0);
            let inner = e.node("Mul", &[x, &bent], vec![]);
            let scaled = e.with_number("Mul", &inner, GELU_SLOPE);
            let gate = e.node("Sigmoid", &[&scaled], vec![]);
            e.node("Mul", &[x, &gate], vec![])
        }
        Function::Mish => {
            let soft = e.node("Softplus", &[x], vec![]);
            let gate = e.node("Tanh", &[&soft], vec![]);
            e.node("Mul", &[x, &gate], vec![])
        }
        Function::ReLU6 => clip(e, x, 0.0, 6.0),
        Function::HardSigmoid => e.node("HardSigmoid", &[x], vec![float("alpha", 0.2), float("beta", 0.5)]),
        Function::HardTanh => clip(e, x, -1.0, 1.0),
        Function::LogSigmoid => {
            let negative = e.node("Neg", &[x], vec![]);
            let soft = e.node("Softplus", &[&negative], vec![]);
            e.node("Neg", &[&soft], vec![])
        }
        Function::SoftSign => e.node("Softsign", &[x], vec![]),
        Function::TanhShrink => {
            let bent = e.node("Tanh", &[x], vec![]);
            e.node("Sub", &[x, &bent], vec![])
        }
        Function::Sinc => {
            let sine = e.node("Sin", &[x], vec![]);
            let quotient = e.node("Div", &[&sine, x], vec![]);
            let zero = e.with_number("Equal", x, 0.0);
            let one = e.number(1.0);
            e.node("Where", &[&zero, &one, &quotient], vec![])
        }
        Function::BinarySigmoid => {
            let above = e.with_number("Greater", x, 0.0);
            let (one, zero) = (e.number(1.0), e.number(0.0));
            e.node("Where", &[&above, &one, &zero], vec![])
        }
        Function::BinaryTanh => {
            let above = e.with_number("Greater", x, 0.0);
            let (one, minus_one) = (e.number(1.0), e.number(-1.0));
            e.node("Where", &[&above, &one, &minus_one], vec![])
        }
        _ => return None,
    }))
}

/// A value brought between two ends.
pub(super) fn clip(e: &mut Emitter, x: &str, low: f32, high: f32) -> Value {
    let (low, high) = (e.number(low), e.number(high));
    e.node("Clip", &[x, &low, &high], vec![])
}

/// What a fused convolution applies to its sum.
pub(super) fn nonlinearity(e: &mut Emitter, x: Value, kind: Nonlinearity, arguments: &[f32]) -> Value {
    let alpha = || vec![float("alpha", arguments.first().copied().unwrap_or(0.0))];
    match kind {
        Nonlinearity::Identity => x,
        Nonlinearity::ReLU => e.node("Relu", &[&x], vec![]),
        Nonlinearity::Sigmoid => e.node("Sigmoid", &[&x], vec![]),
        Nonlinearity::Tanh => e.node("Tanh", &[&x], vec![]),
        Nonlinearity::LeakyReLU => e.node("LeakyRelu", &[&x], alpha()),
        Nonlinearity::ELU => e.node("Elu", &[&x], alpha()),
        Nonlinearity::ReLU6 => clip(e, &x, 0.0, 6.0),
    }
}
