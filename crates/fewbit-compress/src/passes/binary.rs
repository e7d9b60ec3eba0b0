//! Lets go of the float weights of binary functions.

use crate::linear::Linear;
use fewbit_core::Network;
use fewbit_core::network::NetworkError;

/// Gives every binary function its signs in place of the float weights too, which only training reads. Those then go
/// away, if nothing else reads them: a converter keeps one value of a convolution's and all of an affine function's.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn drop_training_weights(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    for place in 0..network.nodes.len() {
        let binary = Linear::of(&network, &network.nodes[place]).filter(|linear| linear.binary);
        if let Some(linear) = binary {
            let node = &mut network.nodes[place];
            let signs = node.inputs[linear.weight];
            node.inputs[1..linear.weight].fill(signs);
        }
    }
    super::remove_unused(&network)
}
