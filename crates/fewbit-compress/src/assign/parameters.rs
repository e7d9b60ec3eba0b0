//! Formats of parameters, by their values.

use super::{AssignOptions, Assigned, Signal, Width};
use crate::calibrate::{Calibration, Histogram};
use crate::linear::Linear;
use crate::position::{Values, allowed_positions, best_position, error_of_histogram};
use fewbit_core::{Function, Network, Node, NumberFormat, Operation, VariableId};
use std::borrow::Cow;

/// How much more noise than its bias a function's output may have, as a factor of powers, for the bias to be stored in
/// 8 bits: beside noise that is there anyway, a tenth more does not show.
const BIAS_MARGIN: f64 = 10.0;

/// What a parameter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// Multiplied with what goes into a linear function, or used in another way.
    Factor,
    /// Added to the sums of the linear function that writes this variable.
    Bias { output: VariableId },
    /// The scale of each output unit of a binary function: small ones matter as much as large ones, and they are few.
    Scale,
    /// Signs that a binary function multiplies with.
    Signs,
    /// Statistics of a normalisation, whose square roots and quotients need the range of floats.
    Statistics,
    /// Read by no function of a network that is only run.
    Unread,
}

/// Gives every parameter but biases a format.
pub(super) fn assign_factors(assigned: &mut Assigned, options: &AssignOptions) {
    for (index, role) in roles(&assigned.network).into_iter().enumerate() {
        let Some(values) = assigned.network.variables[index].values() else { continue };
        let chosen = match role {
            Role::Unread | Role::Statistics | Role::Bias { .. } => None,
            Role::Signs if values.iter().all(|value| value.abs() == 1.0) => {
                (options.parameters != Width::Float32).then_some((NumberFormat::Sign, f64::INFINITY))
            }
            Role::Scale if options.parameters.bits() <= 8 => signal(values).narrowest(Width::Fixed16, options),
            Role::Scale | Role::Signs | Role::Factor => signal(values).narrowest(options.parameters, options),
        };
        set(assigned, index, chosen);
    }
}

/// Gives every bias of a layer a format, for the values that it has now.
pub fn assign_biases(assigned: &mut Assigned, calibration: &Calibration, options: &AssignOptions) {
    for (index, role) in roles(&assigned.network).into_iter().enumerate() {
        if let (Some(values), Role::Bias { output }) = (assigned.network.variables[index].values(), role) {
            let chosen = bias(values, output, calibration, options);
            set(assigned, index, chosen);
        }
    }
}

fn set(assigned: &mut Assigned, index: usize, chosen: Option<(NumberFormat, f64)>) {
    if let Some((format, sqnr)) = chosen {
        assigned.network.variables[index].format = format;
        assigned.sqnr_db[index] = Some(sqnr);
    }
}

fn signal(values: &[f32]) -> Signal<impl Fn(NumberFormat) -> f64, impl Fn() -> Cow<'static, Histogram>> {
    let squares = values.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>();
    Signal { power: squares / values.len().max(1) as f64, values: Values::of(values) }
}

/// The format of a bias. Its error shifts a whole channel, and its size says little about how much that matters: what
/// counts is the noise that the output has anyway when it is stored in 8 bits, or may have.
fn bias(
    values: &[f32],
    output: VariableId,
    calibration: &Calibration,
    options: &AssignOptions,
) -> Option<(NumberFormat, f64)> {
    let signal = signal(values);
    let Some(statistics) = calibration.of(output) else { return signal.narrowest(options.parameters, options) };
    let byte = NumberFormat::Fixed8 { position: 0 };
    let largest = statistics.histogram.largest().into();
    let error = |format| error_of_histogram(&statistics.histogram, format);
    let anyway = best_position(byte, largest, allowed_positions(byte, options.version), error).error;
    let wanted = statistics.whole().squares / 10f64.powf(options.least_sqnr_db / 10.0);
    let noise = anyway.min(wanted) / statistics.histogram.total().max(1) as f64;
    let choices = options.parameters.formats().iter().map(|&format| signal.at(format, options));
    let mut choices = choices.filter(|(choice, _)| choice.error * BIAS_MARGIN <= noise);
    choices.next().map(|(choice, sqnr)| (choice.format, sqnr))
}

/// What each variable is for, as far as it is a parameter.
fn roles(network: &Network) -> Vec<Role> {
    let mut roles = vec![Role::Unread; network.variables.len()];
    for node in &network.nodes {
        let linear = Linear::of(network, node);
        for (input, id) in node.inputs.iter().enumerate() {
            // Of several uses the first counts.
            if roles[id.0] == Role::Unread {
                roles[id.0] = role(node, linear.as_ref(), input);
            }
        }
    }
    roles
}

fn role(node: &Node, linear: Option<&Linear>, input: usize) -> Role {
    match (linear, &node.operation) {
        (Some(linear), _) if input == linear.bias => Role::Bias { output: node.outputs[0] },
        (Some(linear), _) if linear.alpha == Some(input) => Role::Scale,
        (Some(linear), _) if linear.binary && input == linear.weight => Role::Signs,
        (Some(linear), _) if linear.binary && input < linear.weight => Role::Unread,
        (_, Operation::Known(Function::BatchNormalization(_) | Function::FusedBatchNormalization(_))) => {
            Role::Statistics
        }
        // After the weights come biases or statistics.
        (_, Operation::Known(Function::FusedConvolution(_))) if input > 1 => Role::Statistics,
        _ => Role::Factor,
    }
}
