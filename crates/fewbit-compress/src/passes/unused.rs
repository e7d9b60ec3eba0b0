//! Removes what no output of the network depends on.

use fewbit_core::network::NetworkError;
use fewbit_core::{Network, VariableId};

/// Removes functions whose outputs nothing reads, then variables that no function touches. Inputs of the network stay,
/// since the caller gives them.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn remove_unused(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    let mut needed = vec![false; network.variables.len()];
    for id in &network.outputs {
        needed[id.0] = true;
    }
    let mut kept = Vec::with_capacity(network.nodes.len());
    for node in std::mem::take(&mut network.nodes).into_iter().rev() {
        if node.outputs.iter().any(|id| needed[id.0]) {
            for id in node.inputs.iter().chain(&node.outputs) {
                needed[id.0] = true;
            }
            kept.push(node);
        }
    }
    kept.reverse();
    network.nodes = kept;
    for id in &network.inputs {
        needed[id.0] = true;
    }
    keep_variables(&mut network, &needed);
    network.validate()?;
    Ok(network)
}

/// Removes the variables that are not needed, and gives the others new places.
fn keep_variables(network: &mut Network, needed: &[bool]) {
    let mut places = Vec::with_capacity(needed.len());
    let mut next = 0;
    for needed in needed {
        places.push(VariableId(next));
        next += usize::from(*needed);
    }
    let mut needed = needed.iter();
    network.variables.retain(|_| needed.next().is_some_and(|needed| *needed));
    let nodes = network.nodes.iter_mut().flat_map(|node| node.inputs.iter_mut().chain(&mut node.outputs));
    for id in nodes.chain(&mut network.inputs).chain(&mut network.outputs) {
        *id = places[id.0];
    }
}
