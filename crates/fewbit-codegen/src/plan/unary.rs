//! Functions of one value: limits as integers, 8-bit inputs by tables, the others by their formulas in floats.

use super::combine::{self, Ending, Join, Term};
use super::table::table;
use super::{Call, Planner, Reason};
use crate::arrays::Numbers;
use crate::c_value::Record;
use crate::feature::Feature;
use crate::nest::Nest;
use fewbit_core::{Function, NumberFormat};

/// Plans a function of one value; false if it is none.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<bool, Reason> {
    let [input] = call.inputs[..] else { return Ok(false) };
    if plan_halves(planner, call, input)? {
        return Ok(true);
    }
    if !is_unary(&call.function) {
        return Ok(false);
    }
    let (from, to) = (planner.format(input), planner.format(call.output));
    let ending = formula(&call.function);
    let limits = ending.is_some_and(|ending| matches!(ending.feature, Some(Feature::Relu | Feature::Clamp)));
    let is_byte = matches!(from, NumberFormat::Fixed8 { .. });
    if is_byte && !(limits && to.is_fixed()) {
        let table = table(call.function, from, to).ok_or("is not computed by the runtime for single values")?;
        look_up(planner, call, input, table);
        return Ok(true);
    }
    let ending = ending.ok_or_else(|| {
        format!(
            "has a formula in generated code only for inputs of FIXED8, where it is a table, but its input is {from}: give the input FIXED8, or run the file with the runtime"
        )
    })?;
    let operand = planner.operand(input);
    let nest = Nest::row(planner.shape(call.output).items(), 2);
    combine::emit(planner, &nest, &[Term { operand, join: Join::Add, nest_index: 1 }], call.output, 0, ending)?;
    Ok(true)
}

fn look_up(planner: &mut Planner<'_, '_>, call: &Call, input: usize, table: Vec<u8>) {
    let operand = planner.operand(input);
    let constants = Record::default()
        .with("x", operand.data)
        .with("y", planner.output(call.output, 0))
        .with("size", planner.format(call.output).bytes(1))
        .with("items", planner.shape(call.output).items())
        .with("table", planner.arrays.name("table", Numbers::Bytes(table)));
    planner.step("look_up", "lookup_t", constants, &[Feature::LookUp]);
}

/// `CReLU` and `CELU`: a function of the values and of the negated values, joined along an axis.
fn plan_halves(planner: &mut Planner<'_, '_>, call: &Call, input: usize) -> Result<bool, Reason> {
    let ending = |name, feature, a| Ending { name, feature: Some(feature), a, b: 0.0 };
    let (axis, halves) = match &call.function {
        Function::CReLU(arguments) => {
            (arguments.axis, [Ending::RELU, ending("FUNCTION_NEGATED_RELU", Feature::NegatedRelu, 0.0)])
        }
        Function::CELU(arguments) => (
            arguments.axis,
            [
                ending("FUNCTION_ELU", Feature::Elu, arguments.alpha),
                ending("FUNCTION_NEGATED_ELU", Feature::NegatedElu, arguments.alpha),
            ],
        ),
        _ => return Ok(false),
    };
    let shape = planner.shape(input);
    let axis = shape.axis(axis).ok_or("names an axis that its input does not have")?;
    let (outer, inner) = shape.split_items(axis);
    for (half, ending) in halves.into_iter().enumerate() {
        let operand = planner.operand(input);
        let nest = Nest::new(&[outer, inner], &[vec![2 * inner as isize, 1], vec![inner as isize, 1]]);
        let terms = [Term { operand, join: Join::Add, nest_index: 1 }];
        combine::emit(planner, &nest, &terms, call.output, half * inner, ending)?;
    }
    Ok(true)
}

/// Whether a function maps each value of its only input by itself.
fn is_unary(function: &Function) -> bool {
    formula(function).is_some()
        || matches!(
            function,
            Function::Sinc
                | Function::PowScalar(_)
                | Function::RPowScalar(_)
                | Function::LogicalAndScalar(_)
                | Function::LogicalOrScalar(_)
                | Function::LogicalXorScalar(_)
                | Function::LogicalNot
                | Function::EqualScalar(_)
                | Function::NotEqualScalar(_)
                | Function::GreaterEqualScalar(_)
                | Function::GreaterScalar(_)
                | Function::LessEqualScalar(_)
                | Function::LessScalar(_)
                | Function::IsNaN
                | Function::IsInf
                | Function::ResetNaN(_)
                | Function::ResetInf(_)
                | Function::Round
                | Function::Ceil
                | Function::Floor
                | Function::Sin
                | Function::Cos
                | Function::Tan
                | Function::Sinh
                | Function::Cosh
                | Function::ASin
                | Function::ACos
                | Function::ATan
                | Function::ASinh
                | Function::ACosh
                | Function::ATanh
                | Function::Erf
                | Function::FixedPointQuantize(_)
                | Function::Pow2Quantize(_)
        )
}

/// The formula of a function in generated code, the runtime's own, operation for operation.
pub(super) fn formula(function: &Function) -> Option<Ending> {
    let with = |name, feature, a, b| Some(Ending { name, feature: Some(feature), a, b });
    let plain = |name, feature| with(name, feature, 0.0, 0.0);
    match *function {
        Function::ReLU(_) => Some(Ending::RELU),
        Function::ReLU6 => Some(Ending::clamp(0.0, 6.0)),
        Function::HardTanh => Some(Ending::clamp(-1.0, 1.0)),
        Function::LeakyReLU(a) => with("FUNCTION_LEAKY_RELU", Feature::LeakyRelu, a.alpha, 0.0),
        Function::ELU(a) => with("FUNCTION_ELU", Feature::Elu, a.alpha, 0.0),
        Function::SELU(a) => with("FUNCTION_SELU", Feature::Selu, a.scale, a.alpha),
        Function::Sigmoid => plain("FUNCTION_SIGMOID", Feature::Sigmoid),
        Function::Tanh => plain("FUNCTION_TANH", Feature::Tanh),
        Function::Swish => plain("FUNCTION_SWISH", Feature::Swish),
        Function::LogSigmoid => plain("FUNCTION_LOG_SIGMOID", Feature::LogSigmoid),
        Function::SoftPlus(a) => with("FUNCTION_SOFT_PLUS", Feature::SoftPlus, a.beta, 0.0),
        Function::GELU => plain("FUNCTION_GELU", Feature::Gelu),
        Function::Mish => plain("FUNCTION_MISH", Feature::Mish),
        Function::HardSigmoid => plain("FUNCTION_HARD_SIGMOID", Feature::HardSigmoid),
        Function::SoftSign => plain("FUNCTION_SOFT_SIGN", Feature::SoftSign),
        Function::TanhShrink => plain("FUNCTION_TANH_SHRINK", Feature::TanhShrink),
        Function::BinarySigmoid => plain("FUNCTION_BINARY", Feature::Binary),
        Function::BinaryTanh => with("FUNCTION_BINARY", Feature::Binary, -1.0, 0.0),
        Function::Sign(a) => with("FUNCTION_SIGN", Feature::Sign, a.alpha, 0.0),
        Function::Abs => plain("FUNCTION_ABS", Feature::Abs),
        Function::Exp => plain("FUNCTION_EXP", Feature::Exp),
        Function::Log => plain("FUNCTION_LOG", Feature::Log),
        Function::AddScalar(a) => with("FUNCTION_ADD_SCALAR", Feature::AddScalar, a.val, 0.0),
        Function::MulScalar(a) => with("FUNCTION_MULTIPLY_SCALAR", Feature::MultiplyScalar, a.val, 0.0),
        Function::RSubScalar(a) => with("FUNCTION_SUBTRACT_FROM_SCALAR", Feature::SubtractFromScalar, a.val, 0.0),
        Function::RDivScalar(a) => with("FUNCTION_DIVIDE_SCALAR", Feature::DivideScalar, a.val, 0.0),
        Function::MinimumScalar(a) => with("FUNCTION_MINIMUM_SCALAR", Feature::MinimumScalar, a.val, 0.0),
        Function::MaximumScalar(a) => with("FUNCTION_MAXIMUM_SCALAR", Feature::MaximumScalar, a.val, 0.0),
        _ => None,
    }
}
