//! Takes the rounding out of networks that were quantised elsewhere, so that formats of fixed point take its place.
//!
//! Such a network has `QuantizeLinear` and `DequantizeLinear` between its layers. The two round, and they limit values
//! to what the integers reach. Rounding goes away; the limits stay where values reach them, since tools leave out
//! an activation that the limits make up for: a ReLU before integers of which the least stands for zero.

use super::{remove_identities, remove_unused};
use crate::calibrate::{Calibration, Histogram};
use fewbit_core::function::arguments::{InPlace, Scalar};
use fewbit_core::network::NetworkError;
use fewbit_core::{Function, Network, Node, Operation, Variable, VariableId};

/// The share of a variable's energy that must lie beyond a limit for the limit to stay: 60 dB below the signal it is far
/// less than what 8 bits lose.
const LEAST_SHARE: f64 = 1e-6;

/// Whether a network has a pair of functions that only rounds.
pub fn has_rounding(network: &Network) -> bool {
    network.nodes.iter().any(|node| rounding(network, node).is_some())
}

/// Removes every `QuantizeLinear` that nothing but functions back to real numbers reads, together with these. `calibration`
/// saw the values of this network.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn remove_rounding(network: &Network, calibration: &Calibration) -> Result<Network, NetworkError> {
    let mut plain = network.clone();
    plain.nodes.clear();
    for node in &network.nodes {
        let Some(writer) = network.nodes.iter().find(|writer| node.inputs.first() == writer.outputs.first()) else {
            plain.nodes.push(node.clone());
            continue;
        };
        match rounding(network, writer) {
            Some(limits) => limit(&mut plain, calibration, writer.inputs[0], node, limits),
            None => plain.nodes.push(node.clone()),
        }
    }
    remove_unused(&remove_identities(&plain)?)
}

/// The least and the greatest number that is left of a `QuantizeLinear` and the functions that read it, if they are
/// nothing but rounding.
fn rounding(network: &Network, node: &Node) -> Option<[f32; 2]> {
    let Operation::Known(Function::QuantizeLinear(arguments)) = node.operation else { return None };
    let (&[_, scale, zero], &[integers]) = (&node.inputs[..], &node.outputs[..]) else { return None };
    let values = |id: VariableId| network.variable(id).values();
    let back = |reader: &Node| {
        matches!(reader.operation, Operation::Known(Function::DequantizeLinear))
            && reader.inputs[0] == integers
            && values(reader.inputs[1]) == values(scale)
            && values(reader.inputs[2]) == values(zero)
    };
    let mut readers = network.nodes.iter().filter(|reader| reader.inputs.contains(&integers)).peekable();
    if network.outputs.contains(&integers) || readers.peek().is_none() || !readers.all(back) {
        return None;
    }
    let (&[scale], &[zero]) = (values(scale)?, values(zero)?) else { return None };
    let (low, high) = match (arguments.dtype, arguments.narrow_range) {
        (1, false) => (-128.0, 127.0),
        (1, true) => (-127.0, 127.0),
        (2, false) => (0.0, 255.0),
        (2, true) => (1.0, 255.0),
        _ => return None,
    };
    Some([scale * (low - zero), scale * (high - zero)])
}

/// Adds in place of `back`, which makes real numbers again, the limits that values of `x` reach.
fn limit(network: &mut Network, calibration: &Calibration, x: VariableId, back: &Node, [low, high]: [f32; 2]) {
    let beyond = |excess: &dyn Fn(f64) -> f64| {
        calibration.of(x).is_some_and(|seen| share(&seen.histogram, excess) > LEAST_SHARE)
    };
    let mut functions = Vec::new();
    if beyond(&|value| f64::from(low) - value) {
        functions.push(match low {
            0.0 => Function::ReLU(InPlace { inplace: false }),
            val => Function::MaximumScalar(Scalar { val }),
        });
    }
    if beyond(&|value| value - f64::from(high)) {
        functions.push(Function::MinimumScalar(Scalar { val: high }));
    }
    let output = back.outputs[0];
    let keeps_name = |id: VariableId| network.inputs.contains(&id) || network.outputs.contains(&id);
    if functions.is_empty() && !keeps_name(x) && !keeps_name(output) {
        // The name of the tensor stays, rather than one that was made up for what was rounded.
        let name = std::mem::take(&mut network.variable_mut(output).name);
        let made_up = std::mem::replace(&mut network.variable_mut(x).name, name);
        network.variable_mut(output).name = made_up;
    }
    if functions.is_empty() {
        functions.push(Function::Identity);
    }
    let mut from = x;
    let last = functions.len() - 1;
    for (place, function) in functions.into_iter().enumerate() {
        let (name, to) = if place == last {
            (back.name.clone(), output)
        } else {
            let variable = network.variable(output);
            let between = Variable { name: network.free_name(&variable.name), ..variable.clone() };
            (format!("{}/{}", back.name, function.name()), network.add(between))
        };
        network.nodes.push(Node {
            name,
            operation: Operation::Known(function),
            inputs: vec![from],
            outputs: vec![to],
            implementation: 0,
        });
        from = to;
    }
}

/// The energy of what is beyond a limit, as a share of all. `excess` says by how much a value is beyond it.
fn share(histogram: &Histogram, excess: &dyn Fn(f64) -> f64) -> f64 {
    let beyond = histogram.mean_of(|value| excess(value).max(0.0).powi(2));
    let all = histogram.mean_of(|value| value * value);
    if all > 0.0 { beyond / all } else { 0.0 }
}
