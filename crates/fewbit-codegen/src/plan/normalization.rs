//! Batch normalisation by running statistics: additions and multiplications whose numbers are known.

use super::combine::{self, Ending, Join, Term};
use super::variables::Operand;
use super::{Call, Planner, Reason};
use crate::nest::{Nest, strides_over};
use fewbit_core::NumberFormat;
use fewbit_core::function::arguments::{BatchNormalization, FusedBatchNormalization};

/// Plans batch normalisation alone.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call, arguments: &BatchNormalization) -> Result<(), Reason> {
    normalize(planner, call, arguments, None, call.ending())
}

/// Plans batch normalisation with an addition and ReLU behind it.
pub(super) fn plan_fused(
    planner: &mut Planner<'_, '_>,
    call: &Call,
    arguments: &FusedBatchNormalization,
) -> Result<(), Reason> {
    let FusedBatchNormalization { axes, decay_rate, eps, batch_stat, nonlinearity: _ } = *arguments;
    let arguments = BatchNormalization { axes, decay_rate, eps, batch_stat, no_scale: false, no_bias: false };
    normalize(planner, call, &arguments, call.inputs.get(5).copied(), Ending::RELU)
}

fn normalize(
    planner: &mut Planner<'_, '_>,
    call: &Call,
    arguments: &BatchNormalization,
    residual: Option<usize>,
    ending: Ending,
) -> Result<(), Reason> {
    if arguments.batch_stat {
        return Err("normalises by the statistics of the batch, which generated code does not compute".into());
    }
    let shape = planner.shape(call.output);
    let kept = |axis: usize| arguments.axes.iter().any(|&named| shape.axis(named) == Some(axis));
    let (has_bias, has_scale) = (!arguments.no_bias, !arguments.no_scale);
    let first = 1 + usize::from(has_bias) + usize::from(has_scale);
    let read = |place: usize| {
        let variable = call.inputs.get(place).copied();
        let values = variable.and_then(|variable| planner.parameter(variable));
        let values = values.ok_or("has statistics or parameters that the network computes")?;
        Ok::<_, Reason>((0..values.len()).map(|index| values.get(index)).collect::<Vec<f32>>())
    };
    let mean = read(first)?;
    let mut deviation = read(first + 1)?;
    deviation.iter_mut().for_each(|variance| *variance = libm::sqrtf(*variance + arguments.eps));
    let gamma = if has_scale { read(1 + usize::from(has_bias))? } else { vec![1.0; mean.len()] };
    let beta = if has_bias { read(1)? } else { vec![0.0; mean.len()] };

    let count = mean.len();
    let channels = strides_over(&shape, |axis| count != 1 && kept(axis));
    let whole = strides_over(&shape, |_| true);
    let mut strides = vec![whole.clone(), whole.clone()];
    let mut terms = vec![Term { operand: planner.operand(call.inputs[0]), join: Join::Add, nest_index: 1 }];
    // In the runtime's order, where each float operation counts.
    let parameters = [(mean, Join::Subtract), (gamma, Join::Multiply), (deviation, Join::Divide), (beta, Join::Add)];
    for (values, join) in parameters {
        let data = format!("(const uint8_t *){}", planner.float_array("normalization", values));
        terms.push(Term { operand: Operand { data, format: NumberFormat::Float32 }, join, nest_index: strides.len() });
        strides.push(channels.clone());
    }
    if let Some(residual) = residual {
        terms.push(Term { operand: planner.operand(residual), join: Join::Add, nest_index: strides.len() });
        strides.push(whole);
    }
    combine::emit(planner, &Nest::new(&shape, &strides), &terms, call.output, 0, ending)
}
