//! [`gains`]: how much noise in each variable matters at the network's outputs.
//!
//! Quantisation adds noise to variables and weights. To first order the noise at the outputs is the sum over all sources
//! of their power times a gain. Gains follow from those of later variables, as gradients do: a linear function passes
//! its output's gain on with the squares of its weights, another with the mean square of its slope. That takes no data but
//! the histograms of calibration, and is enough to compare one channel or layer with another.

use crate::calibrate::{Calibration, channel_axis};
use crate::channelwise::Channelwise;
use crate::linear::Linear;
use fewbit_core::{Function, Network, Node, Operation, VariableId};

/// For each buffer and each of its channels, the expected power at the outputs of noise of power 1 in one value.
#[derive(Clone, Debug, PartialEq)]
pub struct Gains {
    channels: Vec<Vec<f64>>,
}

impl Gains {
    /// The gain of each channel of a buffer; empty for parameters.
    pub fn of(&self, id: VariableId) -> &[f64] {
        &self.channels[id.0]
    }
}

/// The gains of all buffers of a network.
pub fn gains(network: &Network, calibration: &Calibration) -> Gains {
    let channels = network.variables.iter().enumerate().map(|(index, variable)| {
        let id = VariableId(index);
        let count = if variable.is_buffer() { channel_count(network, id) } else { 0 };
        vec![if network.outputs.contains(&id) { 1.0 } else { 0.0 }; count]
    });
    let mut gains = Gains { channels: channels.collect() };
    for node in network.nodes.iter().rev() {
        let linear = Linear::of(network, node);
        for (place, &input) in node.inputs.iter().enumerate() {
            for &output in &node.outputs {
                let given = &gains.channels[output.0];
                let passed = match &linear {
                    Some(linear) if place == 0 => through_weights(network, node, linear, given),
                    _ => through(network, node, place, output, given, calibration),
                };
                for (gain, passed) in gains.channels[input.0].iter_mut().zip(passed) {
                    *gain += passed;
                }
            }
        }
    }
    gains
}

fn channel_count(network: &Network, id: VariableId) -> usize {
    channel_axis(network, id).map_or(1, |axis| network.variable(id).shape[axis])
}

fn items(network: &Network, id: VariableId) -> f64 {
    network.variable(id).shape.items() as f64
}

/// What a linear function passes on to each channel of its first input.
fn through_weights(network: &Network, node: &Node, linear: &Linear, given: &[f64]) -> Vec<f64> {
    let (x, y) = (node.inputs[0], node.outputs[0]);
    let values = |place: usize| node.inputs.get(place).and_then(|id| network.variable(*id).values());
    let count = channel_count(network, x);
    let (Some(inputs), Some(outputs), Some(weights)) = (
        linear.channels(network, x, linear.input_units),
        linear.channels(network, y, linear.output_units),
        values(linear.weight),
    ) else {
        return vec![mean(given); count];
    };
    let alpha = linear.alpha.and_then(values);
    let mut sums = vec![0.0; count];
    for (index, &weight) in weights.iter().enumerate() {
        let (input, output) = linear.units_of_weight(index);
        let weight = f64::from(weight) * alpha.map_or(1.0, |alpha| f64::from(alpha[output]));
        sums[inputs[input]] += weight * weight * given[outputs[output]];
    }
    // All taps of a deconvolution reach out from each value. Of a convolution's taps as many reach a value as there are
    // outputs for each input.
    let reached = match linear.spreads {
        true => 1.0,
        false => items(network, y) / linear.outputs as f64 / (items(network, x) / linear.inputs as f64),
    };
    let units_per_channel = inputs.len() as f64 / count as f64;
    sums.into_iter().map(|sum| sum * reached / units_per_channel).collect()
}

/// What another function passes on to each channel of an input.
fn through(
    network: &Network,
    node: &Node,
    place: usize,
    output: VariableId,
    given: &[f64],
    calibration: &Calibration,
) -> Vec<f64> {
    let input = node.inputs[place];
    let count = channel_count(network, input);
    let ratio = items(network, output) / items(network, input).max(1.0);
    let factor = match &node.operation {
        Operation::Known(function) => factor(function, ratio) * squared_slope(function, output, calibration),
        Operation::Opaque(_) => ratio,
    };
    let mut passed = match &node.operation {
        // Each input has channels of its own, one behind the other.
        Operation::Known(Function::Concatenate(_)) if given.len() > count => {
            let before: usize = node.inputs[..place].iter().map(|id| channel_count(network, *id)).sum();
            given.get(before..before + count).map_or_else(|| vec![mean(given); count], <[f64]>::to_vec)
        }
        _ if given.len() == count => given.to_vec(),
        _ => vec![mean(given); count],
    };
    if let Some(map) = Channelwise::of(network, node).filter(|map| place == 0 && map.scale.len() == count) {
        passed.iter_mut().zip(&map.scale).for_each(|(passed, scale)| *passed *= scale * scale);
    }
    passed.into_iter().map(|passed| passed * factor).collect()
}

/// The power that one input of a function contributes to all outputs together, when there are `ratio` outputs for each
/// input, but for its slope.
fn factor(function: &Function, ratio: f64) -> f64 {
    let window = |kernel: &[i32]| kernel.iter().map(|&extent| f64::from(extent)).product::<f64>().max(1.0);
    match function {
        // Each input is in as many windows as the ratio says, with a weight of one over the window.
        Function::AveragePooling(arguments) => ratio / window(&arguments.kernel),
        Function::SumPooling(arguments) => ratio * window(&arguments.kernel),
        Function::GlobalAveragePooling | Function::Mean(_) => ratio * ratio,
        Function::Sum(_) => 1.0,
        Function::MulScalar(arguments) => ratio * f64::from(arguments.val).powi(2),
        _ => ratio,
    }
}

/// The mean square of a function's slope, over the outputs that calibration saw; 1 for functions without a known slope.
fn squared_slope(function: &Function, output: VariableId, calibration: &Calibration) -> f64 {
    let Some(statistics) = calibration.of(output).filter(|statistics| statistics.histogram.total() > 0) else {
        return 1.0;
    };
    let rectified = |y: f64, below: f64| if y > 0.0 { 1.0 } else { below };
    // Slopes as functions of the output, which is what is known.
    let mean = |slope: &dyn Fn(f64) -> f64| statistics.histogram.mean_of(|y| slope(y).powi(2));
    match function {
        Function::ReLU(_) => mean(&|y| rectified(y, 0.0)),
        Function::ReLU6 => mean(&|y| if y < 6.0 { rectified(y, 0.0) } else { 0.0 }),
        Function::LeakyReLU(arguments) => mean(&|y| rectified(y, arguments.alpha.into())),
        Function::ELU(arguments) => mean(&|y| rectified(y, y + f64::from(arguments.alpha))),
        // They differ from a ReLU only near zero.
        Function::Swish | Function::GELU | Function::Mish => mean(&|y| rectified(y, 0.0)),
        Function::Sigmoid | Function::Softmax(_) => mean(&|y| y * (1.0 - y)),
        Function::Tanh => mean(&|y| 1.0 - y * y),
        Function::HardTanh => mean(&|y| if y.abs() < 1.0 { 1.0 } else { 0.0 }),
        Function::HardSigmoid => mean(&|y| if y > 0.0 && y < 1.0 { 0.2 } else { 0.0 }),
        _ => 1.0,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
