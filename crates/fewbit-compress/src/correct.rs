//! [`correct_biases`]: biases that make up for what rounding the weights shifts.
//!
//! Rounded weights give outputs that are off by `(Ŵ - W) x`. Behind a ReLU `x` is never negative, so that the error has a
//! mean, which differs from channel to channel, and which a bias can take back at no cost (Nagel et al. 2019, section
//! 4.2).

use crate::calibrate::Calibration;
use crate::linear::Linear;
use fewbit_core::{Network, Rounding, VariableKind};

/// Adds to the bias of each linear function the mean of what its output loses by the rounding of its weights, whose
/// formats are known. Functions without a bias, and with one that others read too, stay as they are.
pub fn correct_biases(network: &mut Network, calibration: &Calibration) {
    for place in 0..network.nodes.len() {
        let node = &network.nodes[place];
        let Some(linear) = Linear::of(network, node).filter(|linear| !linear.binary) else { continue };
        let Some(&bias) = node.inputs.get(linear.bias) else { continue };
        let readers = network.nodes.iter().flat_map(|node| &node.inputs).filter(|id| **id == bias).count();
        let statistics = calibration.of(node.inputs[0]);
        let channels = linear.channels(network, node.inputs[0], linear.input_units);
        let weights = network.variable(node.inputs[linear.weight]);
        let (Some(statistics), Some(channels), Some(values)) = (statistics, channels, weights.values()) else {
            continue;
        };
        if readers != 1 || !weights.format.is_fixed() {
            continue;
        }
        let lost: Vec<f32> = values.iter().map(|&value| value - stored(value, weights.format)).collect();
        let means: Vec<f64> = statistics.channels.iter().map(|channel| channel.mean()).collect();
        let shifts = linear.sum(&lost, |input| means[channels[input]]);
        if let Some(old) = network.variable(bias).values() {
            let corrected = old.iter().zip(shifts).map(|(&old, shift)| (f64::from(old) + shift) as f32);
            network.variable_mut(bias).kind = VariableKind::Parameter(corrected.collect());
        }
    }
}

/// The number that is stored for a value in a fixed-point format.
fn stored(value: f32, format: fewbit_core::NumberFormat) -> f32 {
    format.quantize(value, Rounding::HalfEven) as f32 * format.step()
}
