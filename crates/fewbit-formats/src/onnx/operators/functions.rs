//! Short ways to write NNabla's functions with the arguments that operators need.

use super::Result;
use crate::onnx::import::context::ints;
use fewbit_core::Function;
use fewbit_core::function::arguments as nnabla;

const IN_PLACE: nnabla::InPlace = nnabla::InPlace { inplace: false };

pub(super) const ADD: Function = Function::Add2(IN_PLACE);
pub(super) const SUB: Function = Function::Sub2(IN_PLACE);
pub(super) const MUL: Function = Function::Mul2(IN_PLACE);
pub(super) const DIV: Function = Function::Div2(IN_PLACE);
pub(super) const POW: Function = Function::Pow2(IN_PLACE);
pub(super) const RELU: Function = Function::ReLU(IN_PLACE);

/// The square root.
pub(super) const SQRT: Function = pow_scalar(0.5);

const fn in_place_scalar(val: f32) -> nnabla::InPlaceScalar {
    nnabla::InPlaceScalar { val, inplace: false }
}

const fn scalar(val: f32) -> nnabla::Scalar {
    nnabla::Scalar { val }
}

pub(super) const fn add_scalar(val: f32) -> Function {
    Function::AddScalar(in_place_scalar(val))
}

pub(super) const fn mul_scalar(val: f32) -> Function {
    Function::MulScalar(in_place_scalar(val))
}

pub(super) const fn pow_scalar(val: f32) -> Function {
    Function::PowScalar(in_place_scalar(val))
}

/// A number minus the variable.
pub(super) const fn scalar_minus(val: f32) -> Function {
    Function::RSubScalar(scalar(val))
}

/// A number divided by the variable.
pub(super) const fn scalar_over(val: f32) -> Function {
    Function::RDivScalar(scalar(val))
}

/// A number to the power of the variable.
pub(super) const fn scalar_to_the(val: f32) -> Function {
    Function::RPowScalar(scalar(val))
}

/// At most a number.
pub(super) const fn at_most(val: f32) -> Function {
    Function::MinimumScalar(scalar(val))
}

/// At least a number.
pub(super) const fn at_least(val: f32) -> Function {
    Function::MaximumScalar(scalar(val))
}

pub(super) const fn equal_scalar(val: f32) -> Function {
    Function::EqualScalar(scalar(val))
}

pub(super) const fn not_equal_scalar(val: f32) -> Function {
    Function::NotEqualScalar(scalar(val))
}

pub(super) const fn greater_scalar(val: f32) -> Function {
    Function::GreaterScalar(scalar(val))
}

pub(super) const fn greater_equal_scalar(val: f32) -> Function {
    Function::GreaterEqualScalar(scalar(val))
}

pub(super) const fn less_scalar(val: f32) -> Function {
    Function::LessScalar(scalar(val))
}

pub(super) const fn less_equal_scalar(val: f32) -> Function {
    Function::LessEqualScalar(scalar(val))
}

/// Arguments of a sum, mean or product over axes.
pub(super) fn over(axes: &[usize], keep_dims: bool) -> Result<nnabla::Reduction> {
    Ok(nnabla::Reduction { axes: ints(axes)?, keep_dims })
}

/// Arguments of a maximum or minimum over axes.
pub(super) fn extreme_over(axes: &[usize], keep_dims: bool) -> Result<nnabla::ExtremeReduction> {
    Ok(nnabla::ExtremeReduction { axes: ints(axes)?, keep_dims, with_index: false, only_index: false })
}

/// Joins variables along an axis.
pub(super) fn concatenate(axis: usize) -> Result<Function> {
    Ok(Function::Concatenate(axis_argument(axis)?))
}

/// The argument of functions that work along an axis.
pub(super) fn axis_argument(axis: usize) -> Result<nnabla::Axis> {
    Ok(nnabla::Axis { axis: ints(&[axis])?[0] })
}

/// Items before and after each axis, in the mode given.
pub(super) fn pad(widths: &[(usize, usize)], mode: nnabla::PadMode, constant_value: f32) -> Result<Function> {
    let flat: Vec<usize> = widths.iter().flat_map(|&(before, after)| [before, after]).collect();
    Ok(Function::Pad(nnabla::Pad { pad_width: ints(&flat)?, mode, constant_value }))
}
