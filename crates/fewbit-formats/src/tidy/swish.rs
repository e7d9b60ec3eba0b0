//! A value times its logistic function is `Swish`.

use super::{function, has_one_reader};
use fewbit_core::{Function, Network, Operation};

/// Joins each `Sigmoid` and the multiplication by its own input.
pub(super) fn join(network: &mut Network) {
    let (readers, writers) = (network.readers(), network.writers());
    for place in 0..network.nodes.len() {
        let Some(Function::Mul2(_)) = function(network, place) else { continue };
        let &[a, b] = &network.nodes[place].inputs[..] else { continue };
        let joined = [(a, b), (b, a)].into_iter().find(|&(x, gate)| {
            writers[gate.0].is_some_and(|writer| {
                function(network, writer) == Some(&Function::Sigmoid) && network.nodes[writer].inputs == [x]
            }) && has_one_reader(network, &readers, gate)
        });
        if let Some((x, _)) = joined {
            let node = &mut network.nodes[place];
            node.operation = Operation::Known(Function::Swish);
            node.inputs = vec![x];
        }
    }
}
