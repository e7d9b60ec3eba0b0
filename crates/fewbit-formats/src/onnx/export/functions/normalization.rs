//! Normalisations.

use super::super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value, float};
use fewbit_core::Function;
use fewbit_core::function::arguments::{BatchNormalization, FusedBatchNormalization};

/// The normalisation as ONNX nodes; `None` for functions that are none.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let rank = call.shape(0).rank();
    let but = |batch: &[i32]| -> Vec<usize> {
        let batch = call.axes(batch);
        (0..rank).filter(|axis| !batch.contains(axis)).collect()
    };
    Some(match *function {
        Function::BatchNormalization(it) => batch(e, call, &it),
        Function::FusedBatchNormalization(it) => fused(e, call, &it),
        Function::LayerNormalization(it) => {
            let over = but(&it.batch_axis);
            let dims: Vec<usize> =
                (0..rank).map(|axis| if over.contains(&axis) { call.shape(0)[axis] } else { 1 }).collect();
            Ok(of_itself(e, call, &over, it.eps, [it.no_bias, it.no_scale], &dims))
        }
        Function::InstanceNormalization(it) => {
            let channel = call.axis(it.channel_axis);
            let over: Vec<usize> = but(&it.batch_axis).into_iter().filter(|&axis| axis != channel).collect();
            let dims = single_but(call, channel);
            Ok(of_itself(e, call, &over, it.eps, [it.no_bias, it.no_scale], &dims))
        }
        Function::TensorNormalization(it) => {
            let kept = call.axes(&it.axes);
            let over = but(&it.axes);
            let dims: Vec<usize> =
                (0..rank).map(|axis| if kept.contains(&axis) { 1 } else { call.shape(0)[axis] }).collect();
            Ok(of_itself(e, call, &over, it.eps, [it.no_bias, it.no_scale], &dims))
        }
        Function::GroupNormalization(it) => {
            let channel = call.axis(it.channel_axis);
            let groups = usize::try_from(it.num_groups).unwrap_or(1);
            // The channels are divided into two axes, of which the second is normalised with the others.
            let mut split = call.shape(0).to_vec();
            split.splice(channel..=channel, [groups, call.shape(0)[channel] / groups]);
            // As in NNabla, batch axes are counted after the division.
            let batch = call.axes(&it.batch_axis);
            let over: Vec<usize> = (0..=rank).filter(|axis| *axis != channel && !batch.contains(axis)).collect();
            let x = e.reshape(call.x(), &split);
            let y = standardised(e, &x, &over, it.eps);
            let y = e.reshape(&y, &call.shape(0));
            Ok(scaled(e, call, y, [it.no_bias, it.no_scale], &single_but(call, channel)))
        }
        Function::MeanSubtraction(it) if it.update_running_mean => {
            Err("the mean of the batch belongs to training".into())
        }
        Function::MeanSubtraction(it) => {
            let base = call.axis(it.base_axis);
            let dims: Vec<usize> = (0..rank).map(|axis| if axis < base { 1 } else { call.shape(0)[axis] }).collect();
            let mean = e.reshape(call.input(1), &dims);
            Ok(e.node("Sub", &[call.x(), &mean], vec![]))
        }
        _ => return None,
    })
}

/// The extents of a parameter with one value for each place along an axis.
fn single_but(call: &Call<'_>, kept: usize) -> Vec<usize> {
    let shape = call.shape(0);
    (0..shape.rank()).map(|axis| if axis == kept { shape[axis] } else { 1 }).collect()
}

/// The inputs that stand where the function has them if none is left out: beta, gamma, mean and variance.
fn batch(e: &mut Emitter, call: &Call<'_>, it: &BatchNormalization) -> Expressed {
    if it.batch_stat {
        return Err("statistics of the batch belong to training".into());
    }
    let mut next = 1;
    let mut input = |missing: bool| {
        let place = next;
        next += usize::from(!missing);
        (!missing).then(|| call.input(place))
    };
    let (beta, gamma, mean, variance) = (input(it.no_bias), input(it.no_scale), input(false), input(false));
    let (mean, variance) = (mean.unwrap_or(""), variance.unwrap_or(""));
    Ok(normalised(e, call, call.x(), &call.axes(&it.axes), it.eps, [beta, gamma, Some(mean), Some(variance)]))
}

fn fused(e: &mut Emitter, call: &Call<'_>, it: &FusedBatchNormalization) -> Expressed {
    if it.batch_stat {
        return Err("statistics of the batch belong to training".into());
    }
    let parameters = [1, 2, 3, 4].map(|place| call.optional(place));
    let y = normalised(e, call, call.x(), &call.axes(&it.axes), it.eps, parameters);
    let y = match call.optional(5) {
        Some(z) => e.node("Add", &[&y, z], vec![]),
        None => y,
    };
    Ok(e.node("Relu", &[&y], vec![]))
}

/// A batch normalisation with known statistics along some axes of a value with the shape of the first input.
pub(super) fn normalised(
    e: &mut Emitter,
    call: &Call<'_>,
    x: &str,
    axes: &[usize],
    eps: f32,
    [beta, gamma, mean, variance]: [Option<&str>; 4],
) -> Value {
    let shape = call.output_shape();
    let dims: Vec<usize> = (0..shape.rank()).map(|axis| if axes.contains(&axis) { shape[axis] } else { 1 }).collect();
    let items: usize = dims.iter().product();
    if *axes == [1] && !call.literal {
        let mut vector = |value: Option<&str>, otherwise: f32| match value {
            Some(value) => e.reshape(value, &[items]),
            None => e.floats(&[items], &vec![otherwise; items]),
        };
        let (gamma, beta) = (vector(gamma, 1.0), vector(beta, 0.0));
        let (mean, variance) = (vector(mean, 0.0), vector(variance, 1.0));
        return e.node("BatchNormalization", &[x, &gamma, &beta, &mean, &variance], vec![float("epsilon", eps)]);
    }
    let mut matched = |value: Option<&str>| value.map(|value| e.reshape(value, &dims));
    let (beta, gamma, mean, variance) = (matched(beta), matched(gamma), matched(mean), matched(variance));
    // In the order in which fewbit computes it.
    let mut y = x.to_owned();
    if let Some(mean) = mean {
        y = e.node("Sub", &[&y, &mean], vec![]);
    }
    if let Some(gamma) = gamma {
        y = e.node("Mul", &[&y, &gamma], vec![]);
    }
    if let Some(variance) = variance {
        let deviation = deviation(e, &variance, eps);
        y = e.node("Div", &[&y, &deviation], vec![]);
    }
    match beta {
        Some(beta) => e.node("Add", &[&y, &beta], vec![]),
        None => y,
    }
}

/// A normalisation by the mean and the deviation that the input itself has over some axes.
fn of_itself(e: &mut Emitter, call: &Call<'_>, over: &[usize], eps: f32, missing: [bool; 2], dims: &[usize]) -> Value {
    let y = standardised(e, call.x(), over, eps);
    scaled(e, call, y, missing, dims)
}

/// A value less its mean over some axes, divided by its deviation.
fn standardised(e: &mut Emitter, x: &str, over: &[usize], eps: f32) -> Value {
    let axes = e.size_list(over);
    let mean = e.node("ReduceMean", &[x, &axes], vec![]);
    let centred = e.node("Sub", &[x, &mean], vec![]);
    let squares = e.node("Mul", &[&centred, &centred], vec![]);
    let variance = e.node("ReduceMean", &[&squares, &axes], vec![]);
    let deviation = deviation(e, &variance, eps);
    e.node("Div", &[&centred, &deviation], vec![])
}

/// `sqrt(variance + eps)`.
pub(super) fn deviation(e: &mut Emitter, variance: &str, eps: f32) -> Value {
    let variance = e.with_number("Add", variance, eps);
    e.node("Sqrt", &[&variance], vec![])
}

/// A value times gamma plus beta, which are the inputs after the first unless they are missing.
fn scaled(e: &mut Emitter, call: &Call<'_>, y: Value, [no_bias, no_scale]: [bool; 2], dims: &[usize]) -> Value {
    let gamma = (!no_scale).then_some(1 + usize::from(!no_bias));
    let beta = (!no_bias).then_some(1);
    let mut y = y;
    for (operator, index) in [("Mul", gamma), ("Add", beta)] {
        let Some((index, parameter)) = index.and_then(|index| Some((index, call.optional(index)?))) else { continue };
        let items: usize = dims.iter().product();
        let parameter = match call.shape(index) {
            shape if shape.dims() == dims => parameter.to_owned(),
            shape if shape.items() == items => e.reshape(parameter, dims),
            // One value for all, or one for each item of the batch too, is broadcast as it is.
            _ => parameter.to_owned(),
        };
        y = e.node(operator, &[&y, &parameter], vec![]);
    }
    y
}
