//! Small changes of a network that passes are made of.

use fewbit_core::{Network, Variable, VariableKind};

/// Gives the parameter at an input of a node new values. If others read it too, the node gets one of its own.
///
/// The values must be as many as the old ones.
pub fn set_values(network: &mut Network, node: usize, input: usize, values: Vec<f32>) {
    let id = network.nodes[node].inputs[input];
    let kind = VariableKind::Parameter(values.into());
    let reads = network.nodes.iter().flat_map(|node| &node.inputs).filter(|read| **read == id).count();
    if reads == 1 && !network.outputs.contains(&id) {
        network.variable_mut(id).kind = kind;
    } else {
        let shared = network.variable(id);
        let copy = Variable { name: network.free_name(&shared.name), kind, ..shared.clone() };
        network.nodes[node].inputs[input] = network.add(copy);
    }
}

/// A name for a new parameter of the function whose weights are called `weights`: NNabla puts the parameters of a
/// function into a scope, as in `conv1/conv/W`.
pub fn sibling_name(network: &Network, weights: &str, name: &str) -> String {
    match weights.rsplit_once('/') {
        Some((scope, _)) => network.free_name(&format!("{scope}/{name}")),
        None => network.free_name(&format!("{weights}_{name}")),
    }
}
