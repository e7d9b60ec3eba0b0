//! Nodes that bring whole variables to rows and rows to whole variables, at the ends of a group.
//!
//! A row of a whole variable is scattered over it: a piece for each channel. What has a window finds its way there, other
//! functions do not. So a group copies rows that others read out of whole variables, and its results into them.

use super::members::{NodeInputs, is_contiguous, is_used_outside};
use fewbit_core::shape_rule::RowRule;
use fewbit_core::{Function, Network, Node, Operation, Variable, VariableId};
use std::ops::Range;

/// The network with copies before and behind a range of nodes that is to become a group with rows along `axis`, and the
/// range with them. `pushed` is there as rows already.
pub fn add(
    network: &Network,
    range: &Range<usize>,
    axis: usize,
    pushed: Option<VariableId>,
) -> (Network, Range<usize>) {
    let incoming = incoming(network, range, axis).into_iter().filter(|id| Some(*id) != pushed);
    let incoming: Vec<VariableId> = incoming.collect();
    let outgoing = outgoing(network, range, axis);
    let mut network = network.clone();
    let mut before = Vec::new();
    for id in incoming {
        let rows = rows_of(&mut network, id);
        for index in range.clone() {
            for place in places_in_step(&network, &network.nodes[index], id, axis) {
                network.nodes[index].inputs[place] = rows;
            }
        }
        before.push(copy(&network, id, rows));
    }
    let mut behind = Vec::new();
    for id in outgoing {
        let rows = rows_of(&mut network, id);
        for node in &mut network.nodes[range.clone()] {
            let variables = node.inputs.iter_mut().chain(&mut node.outputs);
            variables.filter(|other| **other == id).for_each(|other| *other = rows);
        }
        behind.push(copy(&network, rows, id));
    }
    let end = range.end + before.len() + behind.len();
    network.nodes.splice(range.end..range.end, behind);
    network.nodes.splice(range.start..range.start, before);
    (network, range.start..end)
}

/// Whole variables whose rows are read by functions without a window.
fn incoming(network: &Network, range: &Range<usize>, axis: usize) -> Vec<VariableId> {
    let nodes = &network.nodes[range.clone()];
    let mut found = Vec::new();
    for node in nodes {
        for &id in &node.inputs {
            let variable = network.variable(id);
            let outside = variable.is_buffer() && !nodes.iter().any(|node| node.outputs.contains(&id));
            let new = outside && !found.contains(&id) && !is_contiguous(variable.shape, axis);
            if new && !places_in_step(network, node, id, axis).is_empty() {
                found.push(id);
            }
        }
    }
    found
}

/// The places of a node's inputs where it reads the rows of a variable without a window.
fn places_in_step(network: &Network, node: &Node, id: VariableId, axis: usize) -> Vec<usize> {
    let Operation::Known(function) = &node.operation else { return Vec::new() };
    let Some(&output) = node.outputs.first() else { return Vec::new() };
    let Some(rule) = function.row_rule(&NodeInputs { network, node }, axis) else { return Vec::new() };
    let shape = network.variable(output).shape;
    let in_step = |place: usize| {
        let reads_rows = rule.reads_rows(place, network.variable(id).shape, shape, axis);
        reads_rows && !(place == 0 && rule != RowRule::InStep || *function == Function::Identity)
    };
    (0..node.inputs.len()).filter(|&place| node.inputs[place] == id && in_step(place)).collect()
}

/// Variables that are computed in the range and read beyond it.
fn outgoing(network: &Network, range: &Range<usize>, axis: usize) -> Vec<VariableId> {
    let nodes = network.nodes[range.clone()].iter();
    let outputs = nodes.flat_map(|node| &node.outputs).copied();
    outputs
        .filter(|&id| !is_contiguous(network.variable(id).shape, axis) && is_used_outside(network, range, id))
        .collect()
}

/// A variable for the rows of another.
fn rows_of(network: &mut Network, id: VariableId) -> VariableId {
    let of = network.variable(id);
    let (shape, format, name) = (of.shape, of.format, format!("{}_rows", of.name));
    let name = network.free_name(&name);
    network.add(Variable { format, ..Variable::buffer(name, shape) })
}

fn copy(network: &Network, from: VariableId, to: VariableId) -> Node {
    Node {
        name: network.variable(to).name.clone(),
        operation: Operation::Known(Function::Identity),
        inputs: vec![from],
        outputs: vec![to],
        implementation: 0,
    }
}
