//! Buffers that share a format.
//!
//! Between the input and the output of a function that only moves values, another format would lose something and gain
//! nothing: what the coarser one cannot hold is lost in both. With the same format such functions are exact.

use crate::forest::Forest;
use fewbit_core::{Function, Network, Node, Operation, VariableId};

/// The buffers of a network in groups that share a format, each in order.
pub fn groups(network: &Network) -> Vec<Vec<VariableId>> {
    let mut forest = Forest::new(network.variables.len());
    let is_buffer = |id: &&VariableId| network.variable(**id).is_buffer();
    for node in network.nodes.iter().filter(|node| only_moves(node)) {
        let mut buffers = node.inputs.iter().chain(&node.outputs).filter(is_buffer);
        let Some(first) = buffers.next() else { continue };
        for other in buffers {
            forest.join(first.0, other.0);
        }
    }
    let mut groups: Vec<Vec<VariableId>> = vec![Vec::new(); network.variables.len()];
    for index in (0..network.variables.len()).filter(|&index| network.variables[index].is_buffer()) {
        groups[forest.leader(index)].push(VariableId(index));
    }
    groups.retain(|group| !group.is_empty());
    groups
}

/// A buffer and all that its values are only moved on to.
pub fn moved_on(network: &Network, id: VariableId) -> Vec<VariableId> {
    let mut all = vec![id];
    // Nodes stand in the order of execution, so that one pass finds everything.
    for node in network.nodes.iter().filter(|node| only_moves(node)) {
        if node.inputs.iter().any(|input| all.contains(input)) {
            all.extend(&node.outputs);
        }
    }
    all
}

/// Whether the values of a buffer are first stored there: no function only moves them to it.
pub fn is_source(network: &Network, id: VariableId) -> bool {
    !network.nodes.iter().any(|node| node.outputs.contains(&id) && only_moves(node))
}

/// Whether only what is above zero in a variable is ever read.
pub fn is_rectified(network: &Network, id: VariableId) -> bool {
    let mut readers = network.nodes.iter().filter(|node| node.inputs.contains(&id)).peekable();
    let rectifies = |node: &Node| matches!(node.operation, Operation::Known(Function::ReLU(_) | Function::ReLU6));
    !network.outputs.contains(&id) && readers.peek().is_some() && readers.all(rectifies)
}

/// Whether every value of a function's outputs is one of its inputs', zero, or a limit.
fn only_moves(node: &Node) -> bool {
    matches!(
        node.operation,
        Operation::Known(
            Function::Identity
                | Function::Dropout(_)
                | Function::ReLU(_)
                | Function::ReLU6
                | Function::MaxPooling(_)
                | Function::Unpooling(_)
                | Function::Reshape(_)
                | Function::Transpose(_)
                | Function::Slice(_)
                | Function::Split(_)
                | Function::Concatenate(_)
                | Function::Stack(_)
                | Function::Pad(_)
                | Function::Flip(_)
                | Function::Shift(_)
                | Function::Broadcast(_)
                | Function::Tile(_)
                | Function::Trilu(_)
                | Function::MatrixDiag
                | Function::MatrixDiagPart
                | Function::Minimum2
                | Function::Maximum2
                | Function::MinimumScalar(_)
                | Function::MaximumScalar(_)
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::{Axis, InPlace};
    use fewbit_core::{Shape, Variable};

    #[test]
    fn values_that_are_moved_keep_their_format() {
        let relu = Function::ReLU(InPlace { inplace: false });
        let add = Function::Add2(InPlace { inplace: false });
        let steps: [(Function, &[usize]); 5] = [
            (relu, &[0]),                                       // 1
            (Function::Tanh, &[1]),                             // 2
            (relu, &[2]),                                       // 3
            (Function::Concatenate(Axis { axis: 1 }), &[1, 3]), // 4
            (add, &[2, 3]),                                     // 5
        ];
        let mut network = Network::default();
        for name in 0..6 {
            let shape = Shape::new(&[1, if name == 4 { 4 } else { 2 }]).expect("a shape");
            network.add(Variable::buffer(name.to_string(), shape));
        }
        for (place, (function, inputs)) in steps.into_iter().enumerate() {
            network.nodes.push(Node {
                name: place.to_string(),
                operation: Operation::Known(function),
                inputs: inputs.iter().map(|&id| VariableId(id)).collect(),
                outputs: vec![VariableId(place + 1)],
                implementation: 0,
            });
        }
        network.inputs = vec![VariableId(0)];
        network.outputs = vec![VariableId(4), VariableId(5)];
        network.validate().expect("a valid network");
        let groups: Vec<Vec<usize>> =
            groups(&network).iter().map(|group| group.iter().map(|id| id.0).collect()).collect();
        assert_eq!(groups, [vec![0, 1, 2, 3, 4], vec![5]]);
        let sources: Vec<bool> = (0..6).map(|id| is_source(&network, VariableId(id))).collect();
        assert_eq!(sources, [true, false, true, false, false, true]);
        let rectified: Vec<bool> = (0..6).map(|id| is_rectified(&network, VariableId(id))).collect();
        assert_eq!(rectified, [true, false, false, false, false, false]);
    }
}
