//! Functions that work item by item: shapes stay, or are broadcast.

use super::{Result, Shapes, axis_of, bad_argument, bad_input};
use crate::function::Function;
use crate::list::InlineList;
use crate::shape::{MAX_RANK, Shape};

/// Whether the function joins two variables item by item, with broadcasting.
pub(super) fn is_binary(function: &Function) -> bool {
    matches!(
        function,
        Function::Add2(_)
            | Function::BcAdd2(_)
            | Function::Sub2(_)
            | Function::Mul2(_)
            | Function::Div2(_)
            | Function::Pow2(_)
            | Function::Minimum2
            | Function::Maximum2
            | Function::ATan2
            | Function::LogicalAnd
            | Function::LogicalOr
            | Function::LogicalXor
            | Function::Equal
            | Function::NotEqual
            | Function::GreaterEqual
            | Function::Greater
            | Function::LessEqual
            | Function::Less
    )
}

pub(super) fn output_shape(function: &Function, inputs: &dyn Shapes) -> Result<Shape> {
    let x = inputs.shape(0);
    match function {
        Function::AddN | Function::MulN => broadcast_all(inputs),
        function if is_binary(function) => broadcast_all(inputs),
        Function::CReLU(arguments) => double(x, arguments.axis),
        Function::CELU(arguments) => double(x, arguments.axis),
        Function::Softmax(arguments) | Function::LogSoftmax(arguments) => {
            axis_of(&x, arguments.axis, "axis").map(|_| x)
        }
        Function::PReLU(arguments) => {
            let slopes = inputs.shape(1).items();
            let channels = x.axis(arguments.base_axis).map(|axis| x[axis]);
            if slopes == 1 || Some(slopes) == channels {
                Ok(x)
            } else {
                Err(bad_input(inputs, 1, "but there must be one slope, or one for each item of the axis base_axis"))
            }
        }
        Function::Where => {
            let condition = inputs.shape(0);
            let x = inputs.shape(1);
            if inputs.shape(2) != x {
                Err(bad_input(inputs, 2, "but must have the shape of input 1"))
            } else if !x.starts_with(&condition) {
                Err(bad_input(inputs, 0, "but its axes must be the first axes of input 1"))
            } else {
                Ok(x)
            }
        }
        Function::QuantizeLinear(arguments) if !matches!(arguments.dtype, 1 | 2) => {
            Err(bad_argument("dtype", "must be 1, for signed bytes, or 2, for unsigned ones"))
        }
        Function::MinMaxQuantize(_) | Function::QuantizeLinear(_) | Function::DequantizeLinear => {
            for index in 1..inputs.count() {
                if broadcast(x, inputs.shape(index)) != Some(x) {
                    return Err(bad_input(inputs, index, "which cannot be broadcast to the shape of input 0"));
                }
            }
            Ok(x)
        }
        Function::FixedPointQuantize(arguments) => {
            if arguments.delta <= 0.0 || arguments.delta.is_nan() {
                return Err(bad_argument("delta", "must be above zero"));
            }
            bits(arguments.n, i32::from(arguments.sign)).map(|()| x)
        }
        Function::Pow2Quantize(arguments) => {
            bits(arguments.n, i32::from(arguments.sign) + i32::from(arguments.with_zero)).map(|()| x)
        }
        Function::Prune(arguments) if !(0.0..=1.0).contains(&arguments.rate) => {
            Err(bad_argument("rate", "must be from 0 to 1"))
        }
        _ => Ok(x),
    }
}

/// Checks a number of bits, of which some are taken by the sign and by the zero.
fn bits(n: i32, taken: i32) -> Result<()> {
    if (taken + 1..=32).contains(&n) {
        Ok(())
    } else {
        Err(bad_argument("n", "must be at most 32 bits, and leave one beside those of the sign and of the zero"))
    }
}

/// The shape of the output of a function that keeps the positive and the negative half.
fn double(shape: Shape, axis: i32) -> Result<Shape> {
    let axis = axis_of(&shape, axis, "axis")?;
    let mut dims = [0; MAX_RANK];
    let dims = &mut dims[..shape.rank()];
    dims.copy_from_slice(&shape);
    dims[axis] = dims[axis].saturating_mul(2);
    Ok(Shape::new(dims)?)
}

fn broadcast_all(inputs: &dyn Shapes) -> Result<Shape> {
    let mut shape = inputs.shape(0);
    for index in 1..inputs.count() {
        shape = broadcast(shape, inputs.shape(index)).ok_or(bad_input(
            inputs,
            index,
            "which cannot be broadcast with the inputs before it",
        ))?;
    }
    Ok(shape)
}

/// The common shape of two: axes are matched from the last, and extent 1 stretches.
fn broadcast(a: Shape, b: Shape) -> Option<Shape> {
    let rank = a.rank().max(b.rank());
    let mut dims = InlineList::<usize, MAX_RANK>::new();
    for place in 0..rank {
        let dim = |shape: &Shape| (place + shape.rank()).checked_sub(rank).map_or(1, |axis| shape[axis]);
        let dim = match (dim(&a), dim(&b)) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => return None,
        };
        dims.push(dim).ok()?;
    }
    Shape::new(&dims).ok()
}
