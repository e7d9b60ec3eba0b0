//! The page of `compress`.

use super::arena::arena;
use super::{classes, quality};
use anyhow::Result;
use fewbit_compress::calibrate::Histogram;
use fewbit_compress::{Compressed, Measurement, Score};
use fewbit_core::{VariableId, VariableKind};
use fewbit_data::Inputs;
use fewbit_report::{About, Bins, CompressionReport, VariableReport, Version};
use fewbit_runtime::Model;

/// What the page of `compress` is made of.
pub struct Compression<'c> {
    /// What it is about.
    pub about: About,
    /// What came out.
    pub compressed: &'c Compressed,
    /// What it was measured on.
    pub inputs: &'c Inputs,
    /// What was tried, and the place of what was taken.
    pub alternatives: Vec<Version>,
    pub chosen: Option<usize>,
}

/// The page about a compressed network.
///
/// # Errors
/// When a sample cannot be read, or a plot not be drawn.
pub fn compression(page: Compression<'_>) -> Result<String> {
    let Compression { about, compressed, inputs, alternatives, chosen } = page;
    let mut report = CompressionReport {
        about,
        versions: vec![version("float", &compressed.float), version("compressed", &compressed.compressed)],
        memory: Some(arena(&compressed.network, &Model::open(&compressed.file)?)),
        variables: variables(compressed),
        alternatives,
        chosen,
        ..CompressionReport::default()
    };
    let scores = [&compressed.float, &compressed.compressed].map(|measurement| &measurement.evaluation.score);
    if let [Score::Classes(float), Score::Classes(score)] = scores {
        report.confusion = Some(classes::confusion(score, inputs.dataset()));
        report.mistakes = classes::mistakes(score, Some(float), inputs.dataset())?;
        report.wrong = Some(score.wrong().len() as u64);
    }
    Ok(report.to_html()?)
}

/// A measured network as a row of a table and a point of a plot.
pub fn version(name: &str, measurement: &Measurement) -> Version {
    Version {
        name: name.into(),
        model_bytes: measurement.model_bytes as u64,
        arena_bytes: measurement.arena_bytes as u64,
        state_bytes: measurement.state_bytes as u64,
        quality: Some(quality(&measurement.evaluation)),
    }
}

/// What is known of the variables. Names find those of the float network, of which histograms are.
fn variables(compressed: &Compressed) -> Vec<VariableReport> {
    let variables = compressed.network.variables.iter().zip(&compressed.variables);
    variables
        .map(|(variable, found)| VariableReport {
            sqnr_db: found.sqnr_db,
            histogram: match &variable.kind {
                VariableKind::Parameter(values) => Bins::of(values.iter().map(|value| (f64::from(*value), 1))),
                VariableKind::Buffer => (compressed.reference.find(&variable.name))
                    .and_then(|id: VariableId| compressed.calibration.of(id))
                    .and_then(|statistics| bins(&statistics.histogram)),
            },
            ..VariableReport::new(variable)
        })
        .collect()
}

/// What calibration saw of a variable, exact zeros too; `None` if it saw nothing.
fn bins(histogram: &Histogram) -> Option<Bins> {
    let bins = histogram.bins().map(|bin| ((bin.low + bin.high) / 2.0, bin.count));
    Bins::of(bins.chain((histogram.zeros() > 0).then(|| (0.0, histogram.zeros()))))
}
