//! Which axis of a variable is that of its channels.

use crate::linear::{Linear, Units};
use fewbit_core::{Function, Network, Node, Operation, VariableId};

/// The axis of a variable's channels: the one that a function which writes it or reads it gives channels of their own
/// to. Where none says so, it is that of the variable that it was made from, as far as its axes are the same. Else it is
/// the second axis, behind the batch; `None` for a variable of fewer axes.
pub fn channel_axis(network: &Network, id: VariableId) -> Option<usize> {
    let mut from = id;
    loop {
        let writer = network.nodes.iter().find(|node| node.outputs.contains(&from));
        let mut readers = network.nodes.iter().filter(|node| node.inputs.first() == Some(&from));
        let said = writer
            .and_then(|node| output_axis(network, node))
            .or_else(|| readers.find_map(|node| input_axis(network, node)));
        let origin = writer.filter(|node| keeps_axes(network, node)).and_then(|node| node.inputs.first());
        match (said, origin) {
            (Some(axis), _) => return Some(axis),
            // Nodes stand in the order of execution, so that this comes to an end.
            (None, Some(&origin)) => from = origin,
            (None, None) => return Some(1).filter(|&axis| axis < network.variable(id).shape.rank()),
        }
    }
}

/// Whether each axis of a function's output is the same axis of its first input.
fn keeps_axes(network: &Network, node: &Node) -> bool {
    let moved = matches!(
        node.operation,
        Operation::Opaque(_) | Operation::Known(Function::Transpose(_) | Function::Reshape(_) | Function::Gather(_))
    );
    let rank = |id: Option<&VariableId>| id.map(|id| network.variable(*id).shape.rank());
    !moved && rank(node.inputs.first()) == rank(node.outputs.first())
}

fn output_axis(network: &Network, node: &Node) -> Option<usize> {
    match Linear::of(network, node) {
        Some(linear) => Some(axis_of(linear.output_units)),
        None => normalized_axis(network, node),
    }
}

fn input_axis(network: &Network, node: &Node) -> Option<usize> {
    match Linear::of(network, node).map(|linear| linear.input_units) {
        Some(Units::Axis(axis)) => Some(axis),
        // What an affine function takes for one vector may well have channels.
        Some(Units::From(_)) => None,
        None => normalized_axis(network, node),
    }
}

fn axis_of(units: Units) -> usize {
    match units {
        Units::Axis(axis) | Units::From(axis) => axis,
    }
}

fn normalized_axis(network: &Network, node: &Node) -> Option<usize> {
    let axes = match &node.operation {
        Operation::Known(Function::BatchNormalization(arguments)) => arguments.axes,
        Operation::Known(Function::FusedBatchNormalization(arguments)) => arguments.axes,
        _ => return None,
    };
    network.variable(*node.inputs.first()?).shape.axis(*axes.first()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::{Convolution, InPlace};
    use fewbit_core::{IntList, Shape, Variable};

    #[test]
    fn channels_at_the_end_are_found_through_what_keeps_them() {
        let ints = |values: &[i32]| IntList::from_slice(values).expect("few values");
        let convolution = Convolution {
            base_axis: 1,
            pad: ints(&[1, 1]),
            stride: ints(&[1, 1]),
            dilation: ints(&[1, 1]),
            group: 1,
            channel_last: true,
        };
        let relu = Function::ReLU(InPlace { inplace: false });
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let mut network = Network::default();
        let x = network.add(Variable::buffer("x", shape(&[1, 6, 6, 2])));
        let w = network.add(Variable::parameter("w", shape(&[4, 3, 3, 2]), vec![0.0; 72]));
        let a = network.add(Variable::buffer("a", shape(&[1, 6, 6, 4])));
        let b = network.add(Variable::buffer("b", shape(&[1, 6, 6, 4])));
        let other = network.add(Variable::buffer("other", shape(&[1, 5])));
        for (function, inputs, output) in [(Function::Convolution(convolution), vec![x, w], a), (relu, vec![a], b)] {
            network.nodes.push(Node {
                name: "f".into(),
                operation: Operation::Known(function),
                inputs,
                outputs: vec![output],
                implementation: 0,
            });
        }
        let axes = [x, a, b, other].map(|id| channel_axis(&network, id));
        assert_eq!(axes, [Some(3), Some(3), Some(3), Some(1)]);
    }
}
