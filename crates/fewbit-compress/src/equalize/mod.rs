//! [`equalize()`]: channels and layers of like sizes, so that one step suits all of them.
//!
//! A channel between two layers can be scaled by any positive factor: up in the weights that make it, down in those that
//! read it (Nagel et al. 2019, Data-Free Quantization through Weight Equalization and Bias Correction, section 4.1).
//! Here the factors are powers of two, so that the network computes exactly the same, bit for bit. They are not set by
//! the ranges of two layers, but so that the predicted noise at the outputs, of weights and of buffers, is least: that
//! goes through residual additions and pooling, and keeps to the positions that a version of `.nnb` has.
//!
//! | module | what it does |
//! |---|---|
//! | `classes` | which channels can only be scaled together |
//! | `cost` | the noise that scales lead to |

mod classes;
mod cost;

use crate::calibrate::Calibration;
use crate::linear::Linear;
use crate::noise::gains;
use crate::position::allowed_positions;
use classes::Classes;
use cost::Cost;
use fewbit_core::network::NetworkError;
use fewbit_core::{Network, NumberFormat, VariableId, VariableKind};
use fewbit_nnb::Version;

/// The largest exponent of a scale, so that no value comes near the ends of the range of floats.
const MOST: i32 = 16;

/// How often all classes are tried again; nothing changes any more long before.
const SWEEPS: usize = 50;

/// Scales the channels of a float network by powers of two, so that 8 bits lose less in it. `calibration` is of this
/// network; the result has other values in its buffers, and is to be calibrated again.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn equalize(network: &Network, calibration: &Calibration, version: Version) -> Result<Network, NetworkError> {
    let classes = Classes::new(network);
    let allowed = allowed_positions(NumberFormat::Fixed8 { position: 0 }, version);
    let cost = Cost::new(network, calibration, &gains(network, calibration), &classes, allowed);
    let exponents = search(&classes, &cost);
    let mut network = network.clone();
    scale(&mut network, &classes, &exponents);
    network.validate()?;
    Ok(network)
}

/// The exponents with the least cost that steps of one, of a class or of all classes of connected variables, lead to.
fn search(classes: &Classes, cost: &Cost) -> Vec<i32> {
    let singles = (0..classes.free.len()).filter(|class| classes.free[*class]).map(|class| vec![class]);
    let moves: Vec<Vec<usize>> = classes.connected.iter().cloned().chain(singles).collect();
    let moves: Vec<(Vec<usize>, Vec<usize>)> =
        moves.into_iter().map(|classes| (cost.touched(&classes), classes)).collect();
    let mut exponents = vec![0; classes.free.len()];
    for _ in 0..SWEEPS {
        let mut changed = false;
        for (tensors, classes) in &moves {
            for step in [1, -1] {
                let mut least = cost.of(tensors, &exponents);
                loop {
                    classes.iter().for_each(|&class| exponents[class] += step);
                    let found = cost.of(tensors, &exponents);
                    if found < least * (1.0 - 1e-9) && classes.iter().all(|&class| exponents[class].abs() <= MOST) {
                        (least, changed) = (found, true);
                    } else {
                        classes.iter().for_each(|&class| exponents[class] -= step);
                        break;
                    }
                }
            }
        }
        if !changed {
            break;
        }
    }
    exponents
}

/// Scales weights and biases for the exponents of the classes.
fn scale(network: &mut Network, classes: &Classes, exponents: &[i32]) {
    for place in 0..network.nodes.len() {
        let node = &network.nodes[place];
        let Some(linear) = Linear::of(network, node) else { continue };
        let factors = |id: VariableId, channels: Option<Vec<usize>>| -> Option<Vec<f64>> {
            let factor =
                |channel| f64::from(classes.free_class(id, channel).map_or(0, |class| exponents[class])).exp2();
            Some(channels?.into_iter().map(factor).collect())
        };
        let (x, y) = (node.inputs[0], node.outputs[0]);
        let inputs = factors(x, linear.channels(network, x, linear.input_units));
        let outputs = factors(y, linear.channels(network, y, linear.output_units));
        // Where units do not follow channels, their classes are not free.
        let inputs = inputs.unwrap_or_else(|| vec![1.0; linear.inputs]);
        let outputs = outputs.unwrap_or_else(|| vec![1.0; linear.outputs]);
        let (weight, alpha, bias) = (linear.weight, linear.alpha, linear.bias);
        let per_output = |values: &[f32]| -> Vec<f32> {
            values.iter().zip(&outputs).map(|(&value, factor)| (f64::from(value) * factor) as f32).collect()
        };
        let scaled_weights = |values: &[f32]| linear.scale(values, |input, output| outputs[output] / inputs[input]);
        let ids = node.inputs.clone();
        let mut set = |place: Option<usize>, change: &dyn Fn(&[f32]) -> Vec<f32>| {
            let Some(&id) = place.and_then(|place| ids.get(place)) else { return };
            if let Some(values) = network.variable(id).values().map(change) {
                network.variable_mut(id).kind = VariableKind::Parameter(values.into());
            }
        };
        // All inputs of a binary function have one scale.
        let per_sum = |values: &[f32]| -> Vec<f32> {
            let input = inputs.first().copied().unwrap_or(1.0);
            values.iter().zip(&outputs).map(|(&value, output)| (f64::from(value) * output / input) as f32).collect()
        };
        match alpha {
            Some(_) => set(alpha, &per_sum),
            None if linear.binary => {}
            None => set(Some(weight), &scaled_weights),
        }
        set(Some(bias), &per_output);
    }
}
