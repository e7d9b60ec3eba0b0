//! The page of `evaluate`.

use super::{classes, quality};
use anyhow::Result;
use fewbit_compress::{Evaluation, Score};
use fewbit_data::Inputs;
use fewbit_report::{About, EvaluationReport};

/// The page about a network that was run on `inputs`.
///
/// # Errors
/// When a sample cannot be read, or a plot not be drawn.
pub fn evaluation(about: About, evaluation: &Evaluation, inputs: &Inputs) -> Result<String> {
    let mut report = EvaluationReport {
        about,
        samples: evaluation.images as u64,
        quality: Some(quality(evaluation)),
        seconds: Some(evaluation.seconds),
        ..EvaluationReport::default()
    };
    if let Score::Classes(score) = &evaluation.score {
        report.top5 = Some(score.top5);
        report.loss = Some(score.loss);
        report.confusion = Some(classes::confusion(score, inputs.dataset()));
        report.mistakes = classes::mistakes(score, None, inputs.dataset())?;
        report.wrong = Some(score.wrong().len() as u64);
    }
    Ok(report.to_html()?)
}
