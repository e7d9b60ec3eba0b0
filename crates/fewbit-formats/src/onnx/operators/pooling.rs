//! Pooling: the largest, mean, summed value of a window.
//!
//! NNabla pads as much behind as in front, and either leaves out windows that reach beyond the border or takes every
//! window that begins before it. Where that gives as many windows as ONNX asks for, one function is enough, since what is
//! beyond the border counts for nothing. Elsewhere the input is padded first.

use super::functions::{MUL, pad, pow_scalar};
use super::reduction;
use super::window::{Window, WindowAxis, sizes};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::context::{Context, Outputs, ints};
use fewbit_core::function::arguments::{self as nnabla, PadMode};
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("MaxPool", "MaxPooling, Pad", max_pool).limits("no dilations, no output of indices"),
    Operator::map("AveragePool", "AveragePooling; SumPooling, Mul2, Pad", average_pool).limits("no dilations"),
    Operator::map("LpPool", "SumPooling, PowScalar, Pad", lp_pool).limits("no dilations"),
    Operator::map("GlobalAveragePool", "GlobalAveragePooling; Mean where there are not two spatial axes", |c| {
        let axes = spatial_axes(c)?;
        reduction::map(c, reduction::Kind::Mean, &axes, true)
    }),
    Operator::map("GlobalMaxPool", "Max", |c| {
        let axes = spatial_axes(c)?;
        reduction::map(c, reduction::Kind::Max, &axes, true)
    }),
    Operator::map("GlobalLpPool", "Abs, PowScalar, Sum", |c| {
        let (x, axes) = (c.input(0)?, spatial_axes(c)?);
        let power = exponent(c)?;
        let x = to_the(c, x, power)?;
        let y = c.apply(Function::Sum(super::functions::over(&axes, true)?), &[x])?;
        let y = root(c, y, power)?;
        Ok(c.output(y))
    }),
];

fn spatial_axes(c: &Context<'_>) -> Result<Vec<usize>> {
    Ok((2..c.input_shape(0)?.rank()).collect())
}

/// How the windows of a pooling operator are brought into NNabla's form.
struct Plan {
    window: Window,
    /// The extents of the output's spatial axes.
    places: Vec<usize>,
    /// NNabla's `ignore_border` with which no padding is needed beforehand.
    direct: Option<bool>,
}

impl Plan {
    fn new(c: &Context<'_>, x: Shape) -> Result<Self> {
        let spatial = x.get(2..).ok_or_else(|| NodeError::invalid(format!("its input has the shape {x}")))?;
        let kernel = sizes(c, "kernel_shape", spatial.len())?;
        let kernel = kernel.ok_or_else(|| NodeError::invalid("attribute 'kernel_shape' is missing"))?;
        let window = Window::new(c, &kernel, spatial)?;
        if window.axes.iter().any(|axis| axis.dilation != 1) {
            return Err(NodeError::unsupported("windows with dilations are not supported"));
        }
        let ceil = c.attributes().flag("ceil_mode", false)?;
        let places: Option<Vec<usize>> = window.axes.iter().map(|axis| axis.places(ceil)).collect();
        let places = places.ok_or_else(|| NodeError::invalid("its window does not fit into its padded input"))?;
        let gives = |ignore_border: bool| {
            window.axes.iter().zip(&places).all(|(axis, &places)| nnabla_places(axis, ignore_border) == Some(places))
        };
        let direct = [true, false].into_iter().find(|&ignore_border| gives(ignore_border));
        Ok(Self { window, places, direct })
    }

    /// NNabla's arguments for an input that is not padded yet.
    fn arguments(&self, ignore_border: bool) -> Result<nnabla::Pooling> {
        Ok(nnabla::Pooling {
            pad: ints(&self.window.each(|axis| axis.begin))?,
            ..self.padded_arguments(ignore_border)?
        })
    }

    /// NNabla's arguments for an input that is padded already.
    fn padded_arguments(&self, ignore_border: bool) -> Result<nnabla::Pooling> {
        Ok(nnabla::Pooling {
            kernel: ints(&self.window.each(|axis| axis.kernel))?,
            stride: ints(&self.window.each(|axis| axis.stride))?,
            ignore_border,
            pad: ints(&self.window.each(|_| 0))?,
            channel_last: false,
        })
    }

    /// Pads the input so that the windows fit exactly.
    fn padded(&self, c: &mut Context<'_>, x: VariableId, mode: PadMode) -> Result<VariableId> {
        let widths: Vec<(usize, usize)> = self
            .window
            .axes
            .iter()
            .zip(&self.places)
            .map(|(axis, &places)| {
                let end = (places - 1) * axis.stride + axis.kernel;
                (axis.begin, end.saturating_sub(axis.input + axis.begin))
            })
            .collect();
        c.apply(pad(&widths, mode, 0.0)?, &[x])
    }
}

/// How many windows NNabla's pooling has with the padding in front on both sides.
fn nnabla_places(axis: &WindowAxis, ignore_border: bool) -> Option<usize> {
    if ignore_border {
        return WindowAxis { end: axis.begin, ..*axis }.places(false);
    }
    Some(axis.input.checked_add(axis.begin)?.checked_sub(1)? / axis.stride + 1)
}

fn max_pool(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let plan = Plan::new(c, c.shape(x))?;
    let y = match plan.direct {
        Some(ignore_border) => c.apply(Function::MaxPooling(plan.arguments(ignore_border)?), &[x])?,
        None => {
            // A window that reaches over the border also has the value at the border: repeating it changes no maximum.
            let x = plan.padded(c, x, PadMode::Repeat)?;
            c.apply(Function::MaxPooling(plan.padded_arguments(true)?), &[x])?
        }
    };
    Ok(c.output(y))
}

fn average(arguments: nnabla::Pooling, including_pad: bool) -> Function {
    let nnabla::Pooling { kernel, stride, ignore_border, pad, channel_last } = arguments;
    Function::AveragePooling(nnabla::AveragePooling { kernel, stride, ignore_border, pad, channel_last, including_pad })
}

fn average_pool(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let y = mean_of_windows(c, x)?;
    Ok(c.output(y))
}

/// An average pooling with the attributes of the node.
pub(super) fn mean_of_windows(c: &mut Context<'_>, x: VariableId) -> Result<VariableId> {
    let plan = Plan::new(c, c.shape(x))?;
    let including_pad = c.attributes().flag("count_include_pad", false)?;
    // NNabla counts the padding that it has, in front and behind: all windows must lie within.
    let even = plan.direct == Some(true) && plan.window.axes.iter().all(|axis| axis.begin == axis.end);
    match plan.direct {
        Some(ignore_border) if !including_pad => c.apply(average(plan.arguments(ignore_border)?, false), &[x]),
        Some(_) if even => c.apply(average(plan.arguments(true)?, true), &[x]),
        _ => {
            let x = plan.padded(c, x, PadMode::Constant)?;
            let sum = c.apply(Function::SumPooling(plan.padded_arguments(true)?), &[x])?;
            let mut dims = vec![1; c.shape(sum).rank() - plan.places.len()];
            dims.extend(&plan.places);
            let shape = Shape::new(&dims)?;
            let shares = c.parameter("shares", shape, shares(&plan, including_pad, shape));
            c.apply(MUL, &[sum, shares])
        }
    }
}

/// One divided by the number of values that count in each window.
fn shares(plan: &Plan, including_pad: bool, shape: Shape) -> Vec<f32> {
    // How many values count along one axis, for each window.
    let counts: Vec<Vec<usize>> = plan
        .window
        .axes
        .iter()
        .zip(&plan.places)
        .map(|(axis, &places)| {
            let border = axis.begin + axis.input;
            let (first, last) = if including_pad { (0, border + axis.end) } else { (axis.begin, border) };
            let count = |place: usize| {
                let start = place * axis.stride;
                (start + axis.kernel).min(last).saturating_sub(start.max(first)).max(1)
            };
            (0..places).map(count).collect()
        })
        .collect();
    let first = shape.rank() - counts.len();
    let share = |mut item: usize| {
        let mut count = 1;
        for (axis, counts) in counts.iter().enumerate().rev() {
            count *= counts[item % shape[first + axis]];
            item /= shape[first + axis];
        }
        1.0 / count as f32
    };
    (0..shape.items()).map(share).collect()
}

/// The exponent of a norm.
fn exponent(c: &Context<'_>) -> Result<f32> {
    Ok(c.attributes().int_or("p", 2)? as f32)
}

/// The magnitudes to a power.
fn to_the(c: &mut Context<'_>, x: VariableId, power: f32) -> Result<VariableId> {
    if power == 2.0 {
        return c.apply(MUL, &[x, x]);
    }
    let x = c.apply(Function::Abs, &[x])?;
    if power == 1.0 { Ok(x) } else { c.apply(pow_scalar(power), &[x]) }
}

fn root(c: &mut Context<'_>, x: VariableId, power: f32) -> Result<VariableId> {
    if power == 1.0 { Ok(x) } else { c.apply(pow_scalar(1.0 / power), &[x]) }
}

fn lp_pool(c: &mut Context<'_>) -> Result<Outputs> {
    let (x, power) = (c.input(0)?, exponent(c)?);
    let plan = Plan::new(c, c.shape(x))?;
    let x = to_the(c, x, power)?;
    let y = match plan.direct {
        Some(ignore_border) => c.apply(Function::SumPooling(plan.arguments(ignore_border)?), &[x])?,
        None => {
            let x = plan.padded(c, x, PadMode::Constant)?;
            c.apply(Function::SumPooling(plan.padded_arguments(true)?), &[x])?
        }
    };
    let y = root(c, y, power)?;
    Ok(c.output(y))
}
