//! [`Finished`]: what is done to a network once its formats are known, before it is written.

use super::CompressOptions;
use crate::assign::coarsen_biases;
use crate::error::CompressError;
use crate::memory;
use crate::passes::fuse_convolutions;
use fewbit_core::{Network, spec};
use fewbit_nnb::{Encoded, Version, encode};

/// A network as it is written, and its file.
pub struct Finished {
    /// With its functions fused.
    pub network: Network,
    /// The file.
    pub file: Encoded,
}

impl Finished {
    /// Brings positions together where sums need it, and fuses and packs what the version has places for.
    ///
    /// # Errors
    /// When the network cannot be written.
    pub fn new(network: &Network, options: &CompressOptions) -> Result<Self, CompressError> {
        let mut network = network.clone();
        coarsen_biases(&mut network);
        let mut encode_options = super::encode_options(options.version, options);
        if options.version == Version::V4 {
            if has_fused_functions(options.api_level) {
                network = fuse_convolutions(&network)?;
            }
            encode_options.arena = Some(match &options.rows {
                None => memory::plan(&network).arena,
                Some(rows) => {
                    let plan = memory::rows::plan(&network, rows);
                    network = plan.network;
                    plan.arena
                }
            });
        }
        let file = encode(&network, &encode_options)?;
        Ok(Self { network, file })
    }
}

/// Whether an API level has the fused convolution with all its arguments.
fn has_fused_functions(api_level: u8) -> bool {
    let spec = spec::by_name("FusedConvolution");
    spec.is_some_and(|spec| spec.layouts.iter().all(|layout| layout.since <= api_level))
}
