//! The page of `profile`.

use crate::layers::NamedLayer;
use anyhow::Result;
use fewbit_codegen::Processor;
use fewbit_report::{About, CycleEstimates, LayerCost, ProfileReport};

/// The page about what layers cost.
///
/// # Errors
/// When a plot cannot be drawn.
pub fn profile(about: About, layers: &[NamedLayer<'_>]) -> Result<String> {
    let estimated = layers.iter().any(|layer| layer.estimate.is_some());
    let cost = |layer: &NamedLayer<'_>| LayerCost {
        name: layer.name.clone(),
        function: layer.functions.clone(),
        seconds: layer.time.host_seconds,
        portable_seconds: Some(layer.time.portable_seconds),
        multiply_accumulates: layer.time.multiply_accumulates,
        bytes_moved: Some(layer.time.bytes_moved),
        cycles: layer.cycles(),
    };
    let processors = Processor::ALL.iter().filter(|_| estimated).map(|processor| processor.name().into());
    let estimates = CycleEstimates { processors: processors.collect() };
    Ok(ProfileReport { about, layers: layers.iter().map(cost).collect(), estimates }.to_html()?)
}
