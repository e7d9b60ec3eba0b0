//! [`gains`]: how much noise in each variable matters at the network's outputs.
//!
//! Quantisation adds noise to variables and weights. To first order the noise at the outputs is the sum over all sources
//! of their power times a gain. Gains follow from those of later variables, as gradients do: a linear function passes
//! its output's gain on with the squares of its weights. That takes no data but how often a ReLU cuts, and is enough to
//! compare one channel or layer with another.

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
        Operation::Known(function) => factor(function, ratio) * passed_share(function, output, calibration),
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
/// input. Where the derivative depends on the values, it is taken as 1.
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

/// The share of values that a function lets pass: a ReLU cuts the others.
fn passed_share(function: &Function, output: VariableId, calibration: &Calibration) -> f64 {
    match (function, calibration.of(output)) {
        (Function::ReLU(_) | Function::ReLU6, Some(statistics)) if statistics.histogram.total() > 0 => {
            1.0 - statistics.histogram.zeros() as f64 / statistics.histogram.total() as f64
        }
        _ => 1.0,
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::{Affine, AveragePooling, Convolution, InPlace, InPlaceScalar};
    use fewbit_core::{IntList, Shape, Variable};
    use fewbit_nnb::{EncodeOptions, encode};
    use fewbit_runtime::{Model, Semantics, Session};

    struct Linear {
        network: Network,
        seed: u32,
    }

    impl Linear {
        fn variable(&mut self, dims: &[usize]) -> VariableId {
            let name = format!("v{}", self.network.variables.len());
            self.network.add(Variable::buffer(name, Shape::new(dims).expect("a shape")))
        }

        fn weights(&mut self, dims: &[usize]) -> VariableId {
            let values: Vec<f32> = (0..dims.iter().product())
                .map(|_| {
                    self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (self.seed >> 8) as f32 / (1 << 23) as f32 - 1.0
                })
                .collect();
            let name = format!("v{}", self.network.variables.len());
            self.network.add(Variable::parameter(name, Shape::new(dims).expect("a shape"), values))
        }

        fn apply(&mut self, function: Function, inputs: &[VariableId], dims: &[usize]) -> VariableId {
            let output = self.variable(dims);
            let name = format!("f{}", self.network.nodes.len());
            let (inputs, outputs) = (inputs.to_vec(), vec![output]);
            let operation = Operation::Known(function);
            self.network.nodes.push(Node { name, operation, inputs, outputs, implementation: 0 });
            output
        }

        fn output(&self, input: &[f32]) -> Vec<f32> {
            let file = encode(&self.network, &EncodeOptions::default()).expect("a network").bytes;
            let model = Model::open(&file).expect("a file");
            let mut arena = vec![0; model.arena_bytes()];
            let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("an arena");
            session.set_input(0, input);
            session.run();
            (0..session.output(0).len()).map(|index| session.output(0).get(index)).collect()
        }
    }

    /// In a linear network gains are exact: the squared responses to a unit in each input value.
    #[test]
    fn gains_of_linear_functions_are_their_responses() {
        let ints = |values: &[i32]| IntList::from_slice(values).expect("few values");
        let convolution = Convolution {
            base_axis: 1,
            pad: ints(&[0, 0]),
            stride: ints(&[2, 2]),
            dilation: ints(&[1, 1]),
            group: 1,
            channel_last: false,
        };
        let pooling = AveragePooling {
            kernel: ints(&[2, 2]),
            stride: ints(&[2, 2]),
            ignore_border: true,
            pad: ints(&[0, 0]),
            channel_last: false,
            including_pad: true,
        };
        let mut linear = Linear { network: Network::default(), seed: 3 };
        let x = linear.variable(&[1, 2, 8, 8]);
        let w = linear.weights(&[3, 2, 2, 2]);
        let h = linear.apply(Function::Convolution(convolution), &[x, w], &[1, 3, 4, 4]);
        let double = InPlaceScalar { val: 2.0, inplace: false };
        let twice = linear.apply(Function::MulScalar(double), &[h], &[1, 3, 4, 4]);
        let sum = linear.apply(Function::Sub2(InPlace { inplace: false }), &[twice, h], &[1, 3, 4, 4]);
        let pooled = linear.apply(Function::AveragePooling(pooling), &[sum], &[1, 3, 2, 2]);
        let a = linear.weights(&[12, 5]);
        let y = linear.apply(Function::Affine(Affine { base_axis: 1 }), &[pooled, a], &[1, 5]);
        (linear.network.inputs, linear.network.outputs) = (vec![x], vec![y]);
        linear.network.validate().expect("a valid network");

        let calibration = Calibration { statistics: vec![None; linear.network.variables.len()], samples: 0 };
        let gains = gains(&linear.network, &calibration);
        let response = |index: usize| -> f64 {
            let mut input = vec![0.0; 128];
            input[index] = 1.0;
            linear.output(&input).iter().map(|&value| f64::from(value).powi(2)).sum()
        };
        for (channel, gain) in gains.of(x).iter().enumerate() {
            let mean = (0..64).map(|index| response(64 * channel + index)).sum::<f64>() / 64.0;
            // Doubling and subtracting are added as if their noise were independent: 4 + 1 instead of (2 - 1)^2.
            let ratio = gain / mean;
            assert!((ratio - 5.0).abs() < 0.6, "channel {channel}: {gain} but {mean}");
        }
        assert!(gains.of(y).iter().all(|gain| *gain == 1.0));
        assert!(gains.of(w).is_empty());
    }
}
