//! [`coarsen_biases`]: positions near enough to each other for sums of 64 bits.
//!
//! A position is chosen for a variable by its own values. A bias that is tiny beside the products that it is added to would
//! have all its bits below theirs, where they cannot be stored and do not matter.

use crate::linear::Linear;
use crate::sum::Sum;
use fewbit_core::{Network, NumberFormat};

/// Lowers the positions of biases as far as it takes for all sums to be exact. A bias that stays too far away, since it is
/// the products that are tiny, becomes a float.
pub fn coarsen_biases(network: &mut Network) {
    for place in 0..network.nodes.len() {
        let node = &network.nodes[place];
        let Some(linear) = Linear::of(network, node) else { continue };
        let (Some(sum), Some(&bias)) = (Sum::of(node, &linear), node.inputs.get(linear.bias)) else { continue };
        while !network.variable(bias).is_buffer() && !sum.is_exact(network) {
            let variable = network.variable_mut(bias);
            variable.channel_positions = None;
            variable.format = match variable.format.position().and_then(|position| position.checked_sub(1)) {
                Some(lower) => variable.format.with_position(lower),
                None => NumberFormat::Float32,
            };
            if !variable.format.is_fixed() {
                break;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::Affine;
    use fewbit_core::{Function, Node, Operation, Shape, Variable};

    fn affine(x: i8, bias: i8) -> Network {
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let byte = |position| NumberFormat::Fixed8 { position };
        let mut network = Network::default();
        let x = network.add(Variable { format: byte(x), ..Variable::buffer("x", shape(&[1, 2])) });
        let w = network.add(Variable { format: byte(0), ..Variable::parameter("w", shape(&[2, 1]), vec![1.0, 2.0]) });
        let b = network.add(Variable { format: byte(bias), ..Variable::parameter("b", shape(&[1]), vec![0.5]) });
        let y = network.add(Variable { format: byte(0), ..Variable::buffer("y", shape(&[1, 1])) });
        network.nodes.push(Node {
            name: "f".into(),
            operation: Operation::Known(Function::Affine(Affine { base_axis: 1 })),
            inputs: vec![x, w, b],
            outputs: vec![y],
            implementation: 0,
        });
        network.inputs = vec![x];
        network.outputs = vec![y];
        network
    }

    #[test]
    fn biases_come_as_near_as_they_must() {
        let coarsened = |x, bias| {
            let mut network = affine(x, bias);
            coarsen_biases(&mut network);
            network.variables[2].format
        };
        assert_eq!(coarsened(0, 20), NumberFormat::Fixed8 { position: 20 });
        // Two products of bytes are at most 2^15: 2^48 times that is beyond 63 bits.
        let NumberFormat::Fixed8 { position } = coarsened(0, 100) else { panic!("a byte") };
        assert!((40..=48).contains(&position), "{position}");
        // Products so fine that no bias is near.
        assert_eq!(coarsened(100, 0), NumberFormat::Float32);
    }
}
