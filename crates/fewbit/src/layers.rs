//! The layers of a profiled model under the names that people know, with estimated cycles.

use fewbit_codegen::{Estimate, Processor, estimate};
use fewbit_compress::profile::{LayerTime, Profile};
use fewbit_core::Network;
use fewbit_runtime::Model;

/// A layer with its names.
pub struct NamedLayer<'p> {
    /// The name of its first function.
    pub name: String,
    /// The types of its functions, as in `Convolution + ReLU`.
    pub functions: String,
    /// What it costs here.
    pub time: &'p LayerTime,
    /// What its generated code takes; `None` if one of its functions is not known well enough.
    pub estimate: Option<Estimate>,
}

impl NamedLayer<'_> {
    /// Estimated cycles on each processor of [`Processor::ALL`].
    pub fn cycles(&self) -> Vec<Option<u64>> {
        Processor::ALL.iter().map(|&processor| self.estimate.map(|estimate| estimate.cycles(processor))).collect()
    }
}

/// The layers of a model that was made from `network`.
pub fn named_layers<'p>(network: &Network, model: &Model<'_>, profile: &'p Profile) -> Vec<NamedLayer<'p>> {
    let layer = |time: &'p LayerTime| {
        let nodes = || time.functions.iter().filter_map(|&function| network.nodes.get(function));
        let estimates: Option<Vec<Estimate>> =
            time.functions.iter().map(|&function| estimate(model, function)).collect();
        NamedLayer {
            name: nodes().next().map_or_else(String::new, |node| node.name.clone()),
            functions: nodes().map(|node| node.operation.spec().name).collect::<Vec<_>>().join(" + "),
            time,
            estimate: estimates.map(|estimates| estimates.into_iter().sum()),
        }
    };
    profile.layers.iter().map(layer).collect()
}
