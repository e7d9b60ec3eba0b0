//! Activations.

use super::functions::{ADD, MUL, RELU, add_scalar, at_least, at_most, greater_scalar, mul_scalar};
use super::{Operator, Result};
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::context::{Context, Outputs};
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Relu", "ReLU", |c| chain(c, &[RELU])),
    Operator::map("LeakyRelu", "LeakyReLU", |c| {
        let alpha = c.attributes().float_or("alpha", 0.01)?;
        chain(c, &[Function::LeakyReLU(nnabla::LeakyReLU { alpha, inplace: false })])
    }),
    Operator::map("PRelu", "PReLU; ReLU, MinimumScalar, Mul2, Add2", prelu),
    Operator::map("Elu", "ELU", |c| {
        let alpha = c.attributes().float_or("alpha", 1.0)?;
        chain(c, &[elu(alpha)])
    }),
    Operator::map("Selu", "SELU", |c| {
        let alpha = c.attributes().float_or("alpha", 1.673_263_2)?;
        let scale = c.attributes().float_or("gamma", 1.050_701)?;
        chain(c, &[Function::SELU(nnabla::SELU { scale, alpha })])
    }),
    Operator::map("Celu", "ELU, MulScalar", |c| {
        let alpha = c.attributes().float_or("alpha", 1.0)?;
        match alpha {
            1.0 => chain(c, &[elu(1.0)]),
            alpha => chain(c, &[mul_scalar(1.0 / alpha), elu(1.0), mul_scalar(alpha)]),
        }
    }),
    Operator::map("Sigmoid", "Sigmoid", |c| chain(c, &[Function::Sigmoid])),
    Operator::map("HardSigmoid", "HardSigmoid; AddScalar, ReLU6, MulScalar; MaximumScalar, MinimumScalar", |c| {
        let (alpha, beta) = (c.attributes().float_or("alpha", 0.2)?, c.attributes().float_or("beta", 0.5)?);
        if (alpha, beta) == (0.2, 0.5) {
            return chain(c, &[Function::HardSigmoid]);
        }
        if alpha == 1.0 / 6.0 {
            return chain(c, &[add_scalar(beta / alpha), Function::ReLU6, mul_scalar(alpha)]);
        }
        chain(c, &[mul_scalar(alpha), add_scalar(beta), at_least(0.0), at_most(1.0)])
    }),
    Operator::map("HardSwish", "AddScalar, ReLU6, Mul2, MulScalar", |c| {
        let x = c.input(0)?;
        let gate = c.apply_all(x, &[add_scalar(3.0), Function::ReLU6])?;
        let y = c.apply(MUL, &[gate, x])?;
        let y = c.apply(mul_scalar(1.0 / 6.0), &[y])?;
        Ok(c.output(y))
    }),
    Operator::map("Softplus", "SoftPlus", |c| chain(c, &[Function::SoftPlus(nnabla::SoftPlus { beta: 1.0 })])),
    Operator::map("Softsign", "SoftSign", |c| chain(c, &[Function::SoftSign])),
    Operator::map("Mish", "Mish", |c| chain(c, &[Function::Mish])),
    Operator::map("Swish", "Swish; MulScalar, Sigmoid, Mul2", |c| {
        let alpha = c.attributes().float_or("alpha", 1.0)?;
        if alpha == 1.0 {
            return chain(c, &[Function::Swish]);
        }
        let x = c.input(0)?;
        let gate = c.apply_all(x, &[mul_scalar(alpha), Function::Sigmoid])?;
        let y = c.apply(MUL, &[x, gate])?;
        Ok(c.output(y))
    }),
    Operator::map("Gelu", "GELU; MulScalar, Erf, AddScalar, Mul2", gelu),
    Operator::map("com.microsoft.Gelu", "MulScalar, Erf, AddScalar, Mul2", exact_gelu),
    Operator::map("Clip", "ReLU, ReLU6, HardTanh; MaximumScalar, MinimumScalar, Maximum2, Minimum2", clip),
    Operator::map("ThresholdedRelu", "GreaterScalar, Mul2", |c| {
        let alpha = c.attributes().float_or("alpha", 1.0)?;
        let x = c.input(0)?;
        let kept = c.apply(greater_scalar(alpha), &[x])?;
        let y = c.apply(MUL, &[x, kept])?;
        Ok(c.output(y))
    }),
];

/// An operator that is a chain of functions of one variable.
fn chain(c: &mut Context<'_>, functions: &[Function]) -> Result<Outputs> {
    let x = c.input(0)?;
    let y = c.apply_all(x, functions)?;
    Ok(c.output(y))
}

const fn elu(alpha: f32) -> Function {
    Function::ELU(nnabla::Alpha { alpha })
}

/// NNabla's function has a slope in all, or one for each place along an axis; other slopes are multiplied.
fn prelu(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let (shape, slopes) = (c.shape(x), c.input_shape(1)?);
    let missing = shape.rank().saturating_sub(slopes.rank());
    let long: Vec<usize> = (0..slopes.rank()).filter(|&axis| slopes[axis] != 1).collect();
    let y = match long[..] {
        [] if slopes.rank() <= shape.rank() && shape.rank() > 0 => {
            let slope = c.input_with_shape(1, &[1])?;
            c.apply(Function::PReLU(nnabla::PReLU { base_axis: 0 }), &[x, slope])?
        }
        [axis] if slopes.rank() <= shape.rank() && slopes[axis] == shape[axis + missing] => {
            let base_axis = i32::try_from(axis + missing).unwrap_or(0);
            let slope = c.input_with_shape(1, &[slopes[axis]])?;
            c.apply(Function::PReLU(nnabla::PReLU { base_axis }), &[x, slope])?
        }
        _ => {
            let slope = c.input_of_rank(1, shape.rank())?;
            let above = c.apply(RELU, &[x])?;
            let below = c.apply(at_most(0.0), &[x])?;
            let below = c.apply(MUL, &[below, slope])?;
            c.apply(ADD, &[above, below])?
        }
    };
    Ok(c.output(y))
}

/// NNabla's function is the approximation by the hyperbolic tangent.
fn gelu(c: &mut Context<'_>) -> Result<Outputs> {
    match c.attributes().word("approximate", &["none", "tanh"])? {
        "tanh" => chain(c, &[Function::GELU]),
        _ => exact_gelu(c),
    }
}

/// `x (1 + erf(x / sqrt(2))) / 2`.
fn exact_gelu(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let share = c.apply_all(x, &[mul_scalar(std::f32::consts::FRAC_1_SQRT_2), Function::Erf, add_scalar(1.0)])?;
    let y = c.apply(MUL, &[x, share])?;
    let y = c.apply(mul_scalar(0.5), &[y])?;
    Ok(c.output(y))
}

/// An end of the range that values are clipped to.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Open,
    Known(f32),
    Computed,
}

impl End {
    fn known(value: Option<f32>) -> Self {
        match value {
            // What no float exceeds is no end.
            Some(value) if value > f32::MIN && value < f32::MAX => Self::Known(value),
            _ => Self::Open,
        }
    }

    fn of_input(c: &Context<'_>, input: usize) -> Self {
        match c.single(input) {
            None if c.has(input) => Self::Computed,
            value => Self::known(value),
        }
    }
}

fn clip(c: &mut Context<'_>) -> Result<Outputs> {
    // Until version 11 the ends of the range were attributes.
    let (low, high) = match c.opset() < 11 {
        true => (End::known(c.attributes().float("min")?), End::known(c.attributes().float("max")?)),
        false => (End::of_input(c, 1), End::of_input(c, 2)),
    };
    let x = c.input(0)?;
    let y = match (low, high) {
        (End::Known(0.0), End::Known(6.0)) => c.apply(Function::ReLU6, &[x])?,
        (End::Known(0.0), End::Open) => c.apply(RELU, &[x])?,
        (End::Known(-1.0), End::Known(1.0)) => c.apply(Function::HardTanh, &[x])?,
        (low, high) => {
            let y = limit(c, x, low, 1, at_least, Function::Maximum2)?;
            limit(c, y, high, 2, at_most, Function::Minimum2)?
        }
    };
    Ok(c.output(y))
}

fn limit(
    c: &mut Context<'_>,
    x: VariableId,
    end: End,
    input: usize,
    known: fn(f32) -> Function,
    computed: Function,
) -> Result<VariableId> {
    match end {
        End::Open => Ok(x),
        End::Known(value) => c.apply(known(value), &[x]),
        End::Computed => {
            let end = c.input_of_rank(input, c.shape(x).rank())?;
            c.apply(computed, &[x, end])
        }
    }
}
