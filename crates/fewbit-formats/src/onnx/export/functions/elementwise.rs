//! Functions that work item by item: arithmetic, comparisons, truth values.

use super::super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::Function;

/// The function as ONNX nodes; `None` for functions that work otherwise.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    if let Some(operator) = plain_operator(function) {
        let inputs: Vec<&str> = call.inputs.iter().map(String::as_str).collect();
        return Some(Ok(e.node(operator, &inputs, vec![])));
    }
    if let Some((operator, number)) = operator_with_number(function) {
        return Some(Ok(e.with_number(operator, call.x(), number)));
    }
    if let Some((operator, number)) = operator_of_number(function) {
        let number = e.number(number);
        return Some(Ok(e.node(operator, &[&number, call.x()], vec![])));
    }
    logic(e, call, function).or_else(|| others(e, call, function)).map(Ok)
}

/// The operator that is the function.
fn plain_operator(function: &Function) -> Option<&'static str> {
    Some(match function {
        Function::Add2(_) | Function::BcAdd2(_) => "Add",
        Function::Sub2(_) => "Sub",
        Function::Mul2(_) => "Mul",
        Function::Div2(_) => "Div",
        Function::Pow2(_) => "Pow",
        Function::Minimum2 => "Min",
        Function::Maximum2 => "Max",
        Function::AddN => "Sum",
        Function::Abs => "Abs",
        Function::Exp => "Exp",
        Function::Log => "Log",
        Function::Identity | Function::Dropout(_) => "Identity",
        Function::Ceil => "Ceil",
        Function::Floor => "Floor",
        Function::Sin => "Sin",
        Function::Cos => "Cos",
        Function::Tan => "Tan",
        Function::Sinh => "Sinh",
        Function::Cosh => "Cosh",
        Function::ASin => "Asin",
        Function::ACos => "Acos",
        Function::ATan => "Atan",
        Function::ASinh => "Asinh",
        Function::ACosh => "Acosh",
        Function::ATanh => "Atanh",
        Function::Erf => "Erf",
        _ => return None,
    })
}

/// The operator that is the function, and the number on its right.
fn operator_with_number(function: &Function) -> Option<(&'static str, f32)> {
    Some(match function {
        Function::AddScalar(it) => ("Add", it.val),
        Function::MulScalar(it) => ("Mul", it.val),
        Function::PowScalar(it) => ("Pow", it.val),
        Function::MinimumScalar(it) => ("Min", it.val),
        Function::MaximumScalar(it) => ("Max", it.val),
        _ => return None,
    })
}

/// The operator that is the function, and the number on its left.
fn operator_of_number(function: &Function) -> Option<(&'static str, f32)> {
    Some(match function {
        Function::RSubScalar(it) => ("Sub", it.val),
        Function::RDivScalar(it) => ("Div", it.val),
        Function::RPowScalar(it) => ("Pow", it.val),
        _ => return None,
    })
}

/// Functions whose values are zero and one.
fn logic(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Value> {
    let x = call.x();
    let truth = match *function {
        Function::Equal => e.node("Equal", &[x, call.input(1)], vec![]),
        Function::NotEqual => {
            let equal = e.node("Equal", &[x, call.input(1)], vec![]);
            e.node("Not", &[&equal], vec![])
        }
        Function::Greater => e.node("Greater", &[x, call.input(1)], vec![]),
        Function::GreaterEqual => e.node("GreaterOrEqual", &[x, call.input(1)], vec![]),
        Function::Less => e.node("Less", &[x, call.input(1)], vec![]),
        Function::LessEqual => e.node("LessOrEqual", &[x, call.input(1)], vec![]),
        Function::EqualScalar(it) => e.with_number("Equal", x, it.val),
        Function::NotEqualScalar(it) => {
            let equal = e.with_number("Equal", x, it.val);
            e.node("Not", &[&equal], vec![])
        }
        Function::GreaterScalar(it) => e.with_number("Greater", x, it.val),
        Function::GreaterEqualScalar(it) => e.with_number("GreaterOrEqual", x, it.val),
        Function::LessScalar(it) => e.with_number("Less", x, it.val),
        Function::LessEqualScalar(it) => e.with_number("LessOrEqual", x, it.val),
        Function::LogicalAnd | Function::LogicalOr | Function::LogicalXor => {
            let both = [e.cast(x, DataType::Bool), e.cast(call.input(1), DataType::Bool)];
            let operator = match function {
                Function::LogicalAnd => "And",
                Function::LogicalOr => "Or",
                _ => "Xor",
            };
            e.node(operator, &[&both[0], &both[1]], vec![])
        }
        Function::LogicalAndScalar(it) => with_truth(e, "And", x, it.val),
        Function::LogicalOrScalar(it) => with_truth(e, "Or", x, it.val),
        Function::LogicalXorScalar(it) => with_truth(e, "Xor", x, it.val),
        Function::LogicalNot => {
            let truth = e.cast(x, DataType::Bool);
            e.node("Not", &[&truth], vec![])
        }
        Function::IsNaN => e.node("IsNaN", &[x], vec![]),
        Function::IsInf => e.node("IsInf", &[x], vec![]),
        _ => return None,
    };
    Some(e.cast(&truth, DataType::Float))
}

fn with_truth(e: &mut Emitter, operator: &str, x: &str, value: bool) -> Value {
    let x = e.cast(x, DataType::Bool);
    let value = e.constant(DataType::Bool, &[], vec![u8::from(value)]);
    e.node(operator, &[&x, &value], vec![])
}

/// Functions that take several nodes.
fn others(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Value> {
    let x = call.x();
    Some(match *function {
        Function::MulN => {
            let mut product = x.to_owned();
            for input in &call.inputs[1..] {
                product = e.node("Mul", &[&product, input], vec![]);
            }
            product
        }
        Function::Sign(it) if it.alpha == 0.0 => e.node("Sign", &[x], vec![]),
        Function::Sign(it) => {
            // What is neither above nor below zero is zero, or no number.
            let (above, below) = (e.with_number("Greater", x, 0.0), e.with_number("Less", x, 0.0));
            let (one, minus_one, alpha) = (e.number(1.0), e.number(-1.0), e.number(it.alpha));
            let others = e.node("Where", &[&below, &minus_one, &alpha], vec![]);
            e.node("Where", &[&above, &one, &others], vec![])
        }
        Function::ResetNaN(it) => replaced(e, x, "IsNaN", it.val),
        Function::ResetInf(it) => replaced(e, x, "IsInf", it.val),
        Function::Round => round_half_away(e, x),
        Function::Where => {
            // The axes of the condition are the first axes of the others.
            let mut dims = call.shape(0).to_vec();
            dims.resize(call.shape(1).rank(), 1);
            let condition = e.cast(x, DataType::Bool);
            let condition = if dims == call.shape(0).dims() { condition } else { e.reshape(&condition, &dims) };
            e.node("Where", &[&condition, call.input(1), call.input(2)], vec![])
        }
        _ => return None,
    })
}

fn replaced(e: &mut Emitter, x: &str, test: &str, value: f32) -> Value {
    let bad = e.node(test, &[x], vec![]);
    let value = e.number(value);
    e.node("Where", &[&bad, &value, x], vec![])
}

/// Rounds to the nearest integer, halves away from zero; ONNX's `Round` takes them to the even one.
pub(super) fn round_half_away(e: &mut Emitter, x: &str) -> Value {
    // A half is added in double precision: in single precision it would move the greatest number below a half.
    let wide = e.cast(x, DataType::Double);
    let size = e.node("Abs", &[&wide], vec![]);
    let half = e.constant(DataType::Double, &[], 0.5f64.to_le_bytes().to_vec());
    let moved = e.node("Add", &[&size, &half], vec![]);
    let whole = e.node("Floor", &[&moved], vec![]);
    let size = e.cast(&whole, DataType::Float);
    let sign = e.node("Sign", &[x], vec![]);
    e.node("Mul", &[&size, &sign], vec![])
}
