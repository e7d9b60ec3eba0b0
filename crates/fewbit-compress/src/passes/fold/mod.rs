//! Batch normalisation into the weights next to it.
//!
//! In a network that is only run, a batch normalisation is `scale * x + shift` for each channel (Ioffe and Szegedy 2015,
//! algorithm 2). The function before it, or the functions after it, can do that with other weights at no cost.

mod into_weights;

use super::remove_unused;
use crate::channelwise::Channelwise;
use fewbit_core::Network;
use fewbit_core::network::NetworkError;
use into_weights::{into_readers, into_writer};

/// Folds every `BatchNormalization` with fixed statistics into the function that writes its input, or into those that
/// read its output, where that is exact:
///
/// - before it, a convolution, deconvolution, affine function or one of their depthwise and binary relatives, whose
///   output nothing else reads. The scale of binary weights goes into their `alpha`; a `BinaryConnect` function becomes
///   a `BinaryWeight` one, which has an `alpha`;
/// - after it, the same without the binary ones, if there is no padding or the shift is zero: zeros of the padding are
///   not normalised.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn fold_normalization(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    let mut place = 0;
    while place < network.nodes.len() {
        let folded = Channelwise::of(&network, &network.nodes[place])
            .is_some_and(|map| into_writer(&mut network, place, &map) || into_readers(&mut network, place, &map));
        if folded {
            network.nodes.remove(place);
        } else {
            place += 1;
        }
    }
    remove_unused(&network)
}
