//! Removes functions that only pass their input on: `Identity`, `Dropout`, and `Reshape` to the shape that the input has
//! already.

use super::edit::redirect;
use super::remove_unused;
use fewbit_core::network::NetworkError;
use fewbit_core::{Function, Network, Node, Operation};

/// Removes every function that passes its input on unchanged. Inputs and outputs of the network keep their names: one
/// that joins an input, or two outputs, stays.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn remove_identities(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    let mut place = 0;
    while place < network.nodes.len() {
        if remove(&mut network, place) {
            network.nodes.remove(place);
        } else {
            place += 1;
        }
    }
    remove_unused(&network)
}

/// Bypasses the node at `place`, if it can be.
fn remove(network: &mut Network, place: usize) -> bool {
    let node = &network.nodes[place];
    let (&[from], &[to]) = (&node.inputs[..], &node.outputs[..]) else { return false };
    // Between two number formats it converts.
    if !passes_on(network, node) || network.variable(from).format != network.variable(to).format {
        return false;
    }
    if !network.outputs.contains(&to) {
        redirect(network, to, from);
        return true;
    }
    // The name of an output is the caller's: what writes the input can write the output instead.
    let writer = network.nodes[..place].iter().position(|writer| writer.outputs.contains(&from));
    let Some(writer) = writer.filter(|_| !network.outputs.contains(&from)) else { return false };
    redirect(network, from, to);
    for output in network.nodes[writer].outputs.iter_mut().filter(|output| **output == from) {
        *output = to;
    }
    true
}

fn passes_on(network: &Network, node: &Node) -> bool {
    match node.operation {
        Operation::Known(Function::Identity | Function::Dropout(_)) => true,
        Operation::Known(Function::Reshape(_)) => {
            network.variable(node.inputs[0]).shape == network.variable(node.outputs[0]).shape
        }
        _ => false,
    }
}
