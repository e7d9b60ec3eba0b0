//! Normalisations.

use super::functions::{DIV, MUL, SQRT, at_least, over};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axis};
use crate::onnx::import::context::{Context, Outputs, ints};
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, IntList, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("BatchNormalization", "BatchNormalization", batch_normalization).limits("not in training mode"),
    Operator::map("InstanceNormalization", "InstanceNormalization", instance_normalization),
    Operator::map("GroupNormalization", "GroupNormalization", group_normalization),
    Operator::map("LayerNormalization", "LayerNormalization", layer_normalization).limits("only the first output"),
    Operator::map("LpNormalization", "Mul2 or Abs, Sum, PowScalar, MaximumScalar, Div2", lp_normalization),
];

/// An input with one value for each channel, which are axis 1 of `x`.
fn per_channel(c: &mut Context<'_>, input: usize, x: VariableId) -> Result<VariableId> {
    let shape = c.shape(x);
    let channels = *shape.get(1).ok_or_else(|| NodeError::invalid("its input must have at least two axes"))?;
    let mut dims = vec![1; shape.rank()];
    dims[1] = channels;
    c.input_with_shape(input, &dims)
}

fn batch_normalization(c: &mut Context<'_>) -> Result<Outputs> {
    if c.attributes().flag("training_mode", false)? {
        return Err(NodeError::unsupported("training mode is not supported; export the network for inference"));
    }
    let [x, beta, gamma] = channel_inputs(c)?;
    let mean = per_channel(c, 3, x)?;
    let variance = per_channel(c, 4, x)?;
    let function = Function::BatchNormalization(nnabla::BatchNormalization {
        axes: ints(&[1])?,
        decay_rate: c.attributes().float_or("momentum", 0.9)?,
        eps: c.attributes().float_or("epsilon", 1e-5)?,
        batch_stat: false,
        no_scale: false,
        no_bias: false,
    });
    let y = c.apply(function, &[x, beta, gamma, mean, variance])?;
    Ok(c.output(y))
}

/// The inputs of a normalisation of each channel as NNabla takes them: the shift before the factor.
fn channel_inputs(c: &mut Context<'_>) -> Result<[VariableId; 3]> {
    let x = c.input(0)?;
    let gamma = per_channel(c, 1, x)?;
    let beta = per_channel(c, 2, x)?;
    Ok([x, beta, gamma])
}

fn instance_normalization(c: &mut Context<'_>) -> Result<Outputs> {
    let inputs = channel_inputs(c)?;
    let function = Function::InstanceNormalization(nnabla::InstanceNormalization {
        channel_axis: 1,
        batch_axis: ints(&[0])?,
        eps: c.attributes().float_or("epsilon", 1e-5)?,
        no_scale: false,
        no_bias: false,
    });
    let y = c.apply(function, &inputs)?;
    Ok(c.output(y))
}

fn group_normalization(c: &mut Context<'_>) -> Result<Outputs> {
    let groups = c.attributes().int_or("num_groups", 1)?;
    let num_groups = i32::try_from(groups).map_err(|_| NodeError::invalid(format!("it has {groups} groups")))?;
    let inputs = if c.opset() < 21 {
        let x = c.input(0)?;
        let gamma = per_group(c, 1, x, groups)?;
        [x, per_group(c, 2, x, groups)?, gamma]
    } else {
        channel_inputs(c)?
    };
    let function = Function::GroupNormalization(nnabla::GroupNormalization {
        num_groups,
        channel_axis: 1,
        batch_axis: ints(&[0])?,
        eps: c.attributes().float_or("epsilon", 1e-5)?,
        no_scale: false,
        no_bias: false,
    });
    let y = c.apply(function, &inputs)?;
    Ok(c.output(y))
}

/// An input with one value for each group of channels, repeated for each channel.
fn per_group(c: &mut Context<'_>, input: usize, x: VariableId, groups: i64) -> Result<VariableId> {
    let shape = c.shape(x);
    let channels = *shape.get(1).ok_or_else(|| NodeError::invalid("its input must have at least two axes"))?;
    let values = c.constant(input, "scale and bias")?.map(crate::onnx::tensor::Tensor::to_floats).unwrap_or_default();
    let count = values.len();
    if count == 0 || i64::try_from(count) != Ok(groups) || !channels.is_multiple_of(count) {
        return Err(NodeError::invalid(format!("input {input} must have one value for each group")));
    }
    let mut dims = vec![1; shape.rank()];
    dims[1] = channels;
    let repeated: Vec<f32> = (0..channels).map(|channel| values[channel / (channels / count)]).collect();
    Ok(c.parameter_of(input, fewbit_core::Shape::new(&dims)?, repeated))
}

fn layer_normalization(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let shape = c.shape(x);
    let first = axis(c.attributes().int_or("axis", -1)?, shape.rank())?;
    let items: usize = shape[first..].iter().product();
    let mut dims = vec![1; first];
    dims.extend_from_slice(&shape[first..]);
    let factor = |c: &mut Context<'_>, input: usize| -> Result<VariableId> {
        // One value for all is as good as one for each.
        let single = c.input_shape(input)?.items() == 1 && items != 1;
        c.input_with_shape(input, if single { &[1] } else { &dims })
    };
    let gamma = factor(c, 1)?;
    let beta = if c.has(2) { Some(factor(c, 2)?) } else { None };
    let function = Function::LayerNormalization(nnabla::LayerNormalization {
        batch_axis: IntList::try_from_iter((0i32..).take(first))?,
        eps: c.attributes().float_or("epsilon", 1e-5)?,
        no_scale: false,
        no_bias: beta.is_none(),
    });
    let inputs: Vec<VariableId> = [x].into_iter().chain(beta).chain([gamma]).collect();
    let y = c.apply(function, &inputs)?;
    Ok(c.output(y))
}

fn lp_normalization(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    let along = axis(c.attributes().int_or("axis", -1)?, c.shape(x).rank())?;
    let sum = Function::Sum(over(&[along], true)?);
    let norm = match c.attributes().int_or("p", 2)? {
        1 => c.apply_all(x, &[Function::Abs, sum])?,
        2 => {
            let squares = c.apply(MUL, &[x, x])?;
            c.apply_all(squares, &[sum, SQRT])?
        }
        p => return Err(NodeError::invalid(format!("attribute 'p' is {p}, but must be 1 or 2"))),
    };
    // Where all values are zero, they stay so.
    let norm = c.apply(at_least(f32::MIN_POSITIVE), &[norm])?;
    let y = c.apply(DIV, &[x, norm])?;
    Ok(c.output(y))
}
