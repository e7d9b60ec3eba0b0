//! Graph passes: functions that take a network and return another that computes the same with less.
//!
//! | pass | what it does |
//! |---|---|
//! | [`split_fused`] | fused functions become the plain ones that they stand for |
//! | [`remove_identities`] | functions that only pass their input on go away |
//! | [`fold_normalization`] | batch normalisation goes into the weights next to it |
//! | [`drop_training_weights`] | binary functions let go of their float weights |
//! | [`remove_unused`] | functions and variables that nothing reads go away |
//!
//! [`simplify`] runs these in this order. Each leaves a valid network, or says why it cannot. One pass needs to know values:
//! [`remove_rounding`] makes a network that was quantised elsewhere one of real numbers.

mod binary;
mod edit;
mod fold;
mod identities;
mod rounding;
mod split;
mod unused;

pub use binary::drop_training_weights;
pub use fold::fold_normalization;
pub use identities::remove_identities;
pub use rounding::{has_rounding, remove_rounding};
pub use split::split_fused;
pub use unused::remove_unused;

use fewbit_core::Network;
use fewbit_core::network::NetworkError;

/// Runs all passes.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`] before or after a pass.
pub fn simplify(network: &Network) -> Result<Network, NetworkError> {
    network.validate()?;
    let network = split_fused(network)?;
    let network = remove_identities(&network)?;
    let network = fold_normalization(&network)?;
    let network = drop_training_weights(&network)?;
    remove_unused(&network)
}
