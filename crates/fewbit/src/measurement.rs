//! How large a network is and how well it does, for people and for programs.

use crate::size;
use fewbit_compress::Measurement;
use serde_json::{Value, json};

/// The JSON object of a measurement; its keys are those that other programs rely on.
pub fn object(measurement: &Measurement) -> Value {
    let Measurement { model_bytes, arena_bytes, state_bytes, evaluation } = measurement;
    let mut object = json!({ "model_bytes": model_bytes, "arena_bytes": arena_bytes, "state_bytes": state_bytes });
    let (key, value) = match evaluation.score.top1() {
        Some(top1) => ("top1", json!(top1)),
        None => ("mse", json!(evaluation.score.mse())),
    };
    object[key] = value;
    object
}

/// The titles of [`cells`].
pub const COLUMNS: [&str; 4] = ["model", "arena", "footprint", "top-1"];

/// Model, arena, all memory, and accuracy, as they stand in a table.
pub fn cells(measurement: &Measurement) -> [String; 4] {
    let bytes = |count: usize| size::short(count).unwrap_or_else(|| size::bytes(count));
    [
        bytes(measurement.model_bytes),
        bytes(measurement.arena_bytes),
        bytes(measurement.footprint()),
        quality(measurement),
    ]
}

fn quality(measurement: &Measurement) -> String {
    let score = &measurement.evaluation.score;
    match (score.top1(), score.mse()) {
        (Some(top1), _) => format!("{:.2} %", top1 * 100.0),
        (None, Some(mse)) => format!("mse {mse:.6}"),
        (None, None) => String::new(),
    }
}
