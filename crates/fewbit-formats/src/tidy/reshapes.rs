//! Shapes that only the next function sees.

use super::function;
use fewbit_core::{Function, Network, VariableId};

/// Bypasses a `Reshape` where the function after it would read the same values in the shape before it: another `Reshape`,
/// or an affine function, which takes all axes from one on as one vector. A `Reshape` to the shape that its input has is
/// bypassed for every function.
pub(super) fn bypass(network: &mut Network) {
    let writers = network.writers();
    // For each variable, the one to read instead of it.
    let mut instead: Vec<VariableId> = (0..network.variables.len()).map(VariableId).collect();
    for place in 0..network.nodes.len() {
        for input in &mut network.nodes[place].inputs {
            *input = instead[input.0];
        }
        if let Some(source) = before_reshape(network, &writers, place)
            && reads_alike(network, place, source)
        {
            network.nodes[place].inputs[0] = source;
        }
        let Some(Function::Reshape(_)) = function(network, place) else { continue };
        let (from, to) = (network.nodes[place].inputs[0], network.nodes[place].outputs[0]);
        if network.variable(from).shape == network.variable(to).shape && !network.outputs.contains(&to) {
            instead[to.0] = from;
        }
    }
}

/// The variable before the `Reshape` that writes the first input of a node.
fn before_reshape(network: &Network, writers: &[Option<usize>], place: usize) -> Option<VariableId> {
    let x = network.nodes[place].inputs.first()?;
    let writer = writers[x.0]?;
    match function(network, writer)? {
        Function::Reshape(_) => Some(network.nodes[writer].inputs[0]),
        _ => None,
    }
}

/// Whether a node computes the same of `source` as of its first input, which is `source` in another shape.
fn reads_alike(network: &Network, place: usize, source: VariableId) -> bool {
    match function(network, place) {
        Some(Function::Reshape(_)) => true,
        Some(Function::Affine(arguments)) => {
            let reshaped = network.variable(network.nodes[place].inputs[0]).shape;
            let shape = network.variable(source).shape;
            // What lies before the vector must stay, since it is the output's.
            let base = usize::try_from(arguments.base_axis).ok();
            base.is_some_and(|base| base <= shape.rank().min(reshaped.rank()) && shape[..base] == reshaped[..base])
        }
        _ => false,
    }
}
