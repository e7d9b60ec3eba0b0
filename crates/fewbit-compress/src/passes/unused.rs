//! Removes what no output of the network depends on.

use fewbit_core::Network;
use fewbit_core::network::NetworkError;

/// Removes functions whose outputs nothing reads, then variables that no function touches. Inputs of the network stay,
/// since the caller gives them.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn remove_unused(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    network.remove_unused();
    network.validate()?;
    Ok(network)
}
