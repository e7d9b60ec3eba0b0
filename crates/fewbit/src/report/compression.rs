//! The page of `compress`.

use super::arena::arena;
use super::{classes, quality};
use anyhow::Result;
use fewbit_compress::calibrate::Histogram;
use fewbit_compress::diagnose::{self, Explanation, Layer, VariableErrors};
use fewbit_compress::{Compressed, Measurement, Score};
use fewbit_core::{VariableId, VariableKind};
use fewbit_data::Inputs;
use fewbit_report::{About, Bins, CompressionReport, LayerError, VariableReport, Version};
use fewbit_runtime::Model;

/// What the page of `compress` is made of.
pub struct Compression<'c> {
    /// What it is about.
    pub about: About,
    /// What came out.
    pub compressed: &'c Compressed,
    /// How far its variables are from those of the float network.
    pub errors: &'c VariableErrors,
    /// What its layers cost, if that was asked for.
    pub explanation: Option<&'c Explanation>,
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
    let Compression { about, compressed, errors, explanation, inputs, alternatives, chosen } = page;
    let mut report = CompressionReport {
        about,
        versions: vec![version("float", &compressed.float), version("compressed", &compressed.compressed)],
        memory: Some(arena(&compressed.network, &Model::open(&compressed.file)?)),
        variables: variables(compressed, errors),
        layers: layers(compressed, errors, explanation),
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
fn variables(compressed: &Compressed, errors: &VariableErrors) -> Vec<VariableReport> {
    let variables = compressed.network.variables.iter().zip(&compressed.variables).zip(&errors.variables);
    variables
        .map(|((variable, found), error)| VariableReport {
            sqnr_db: found.sqnr_db,
            saturated: (error.values > 0 && variable.format.is_fixed()).then_some(error.saturated),
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

/// The layers with something in fixed point: how exact their outputs are, and where that was asked for, what each costs.
fn layers(compressed: &Compressed, errors: &VariableErrors, explanation: Option<&Explanation>) -> Vec<LayerError> {
    let layers = diagnose::layer::layers(&compressed.network);
    let report = |layer: &Layer| LayerError {
        name: layer.name.clone(),
        function: layer.function.into(),
        sqnr_db: layer.outputs.first().and_then(|&id| errors.of(id).sqnr_db()),
        ..LayerError::default()
    };
    let Some(explanation) = explanation else { return layers.iter().map(report).collect() };
    let costs = explanation.layers.iter().map(|cost| LayerError {
        alone_sqnr_db: Some(cost.alone.sqnr_db()),
        without_sqnr_db: Some(cost.without.sqnr_db()),
        noise_share: Some(cost.share),
        alone_loss: cost.alone.loss_points(),
        advice: cost.advice.as_ref().map(ToString::to_string),
        ..report(&cost.layer)
    });
    costs.collect()
}

/// What calibration saw of a variable, exact zeros too; `None` if it saw nothing.
fn bins(histogram: &Histogram) -> Option<Bins> {
    let bins = histogram.bins().map(|bin| ((bin.low + bin.high) / 2.0, bin.count));
    Bins::of(bins.chain((histogram.zeros() > 0).then(|| (0.0, histogram.zeros()))))
}
