//! Small changes of a network that passes are made of.

use fewbit_core::{Network, Variable, VariableId, VariableKind};

/// A name that no variable has: `wanted`, or `wanted` with a number behind it.
pub fn free_name(network: &Network, wanted: &str) -> String {
    let taken = |name: &str| network.find(name).is_some();
    if !taken(wanted) {
        return wanted.to_owned();
    }
    (2..).map(|number| format!("{wanted}_{number}")).find(|name| !taken(name)).unwrap_or_default()
}

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
        let copy = Variable { name: free_name(network, &shared.name), kind, ..shared.clone() };
        network.nodes[node].inputs[input] = network.add(copy);
    }
}

/// Makes every reader of `old`, functions and the network's outputs, read `new`.
pub fn redirect(network: &mut Network, old: VariableId, new: VariableId) {
    let inputs = network.nodes.iter_mut().flat_map(|node| &mut node.inputs);
    for id in inputs.chain(&mut network.outputs).filter(|id| **id == old) {
        *id = new;
    }
}

/// A name for a new parameter of the function whose weights are called `weights`: NNabla puts the parameters of a
/// function into a scope, as in `conv1/conv/W`.
pub fn sibling_name(network: &Network, weights: &str, name: &str) -> String {
    match weights.rsplit_once('/') {
        Some((scope, _)) => free_name(network, &format!("{scope}/{name}")),
        None => free_name(network, &format!("{weights}_{name}")),
    }
}
