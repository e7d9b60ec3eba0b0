//! Why a network loses what it loses: its layers, worst first, and what to do about them.

use crate::size;
use crate::table::{self, Align};
use fewbit_compress::Compressed;
use fewbit_compress::diagnose::{Advice, Explanation, LayerCost, VariableErrors};
use fewbit_core::VariableId;
use serde_json::{Map, Value, json};

/// So many layers are printed; JSON and report have all.
const MOST_LAYERS: usize = 10;

/// So many variables with constant channels are printed.
const MOST_VARIABLES: usize = 8;

/// The layers for people.
pub fn text(compressed: &Compressed, errors: &VariableErrors, explanation: &Explanation) -> String {
    let Explanation { samples, whole, .. } = explanation;
    let change =
        whole.loss_points().map_or_else(String::new, |points| format!(", {:+.1} points of top-1", 0.0 - points));
    let mut text = format!(
        "Output on {} samples: {} between signal and noise{change}\n\n{}",
        size::grouped(*samples),
        decibels(whole.sqnr_db()),
        layers(errors, explanation)
    );
    if explanation.layers.len() > MOST_LAYERS {
        let more = explanation.layers.len() - MOST_LAYERS;
        text += &format!("\n{more} layers with less noise are in the report and in --json.");
    }
    for (title, table) in [("What to do", advice(explanation)), ("Idle channels", channels(compressed, errors))] {
        if let Some(table) = table {
            text += &format!("\n\n{title}\n{table}");
        }
    }
    text
}

/// A ratio of powers; no noise at all is infinite.
fn decibels(ratio: f64) -> String {
    if ratio == f64::INFINITY { "exact".into() } else { format!("{ratio:.1} dB") }
}

fn worst(explanation: &Explanation) -> impl Iterator<Item = &LayerCost> {
    explanation.worst_first().into_iter().take(MOST_LAYERS).map(|place| &explanation.layers[place])
}

fn layers(errors: &VariableErrors, explanation: &Explanation) -> String {
    let has_classes = explanation.whole.lost.is_some();
    let mut columns = vec![
        ("layer", Align::Left),
        ("function", Align::Left),
        ("of the noise", Align::Right),
        ("", Align::Left),
        ("alone", Align::Right),
        ("all but it", Align::Right),
        ("own output", Align::Right),
    ];
    if has_classes {
        columns.push(("points alone", Align::Right));
    }
    let mut table = table::new(&columns);
    for cost in worst(explanation) {
        let mut row = vec![
            cost.layer.name.clone(),
            cost.layer.function.into(),
            format!("{:.1} %", 100.0 * cost.share),
            table::bar(cost.share),
            decibels(cost.alone.sqnr_db()),
            decibels(cost.without.sqnr_db()),
            own_sqnr(errors, cost).map_or_else(String::new, decibels),
        ];
        row.extend(cost.alone.loss_points().map(|points| format!("{points:.1}")));
        table.add_row(row);
    }
    table::render(&mut table)
}

/// The ratio at the layer's output, with the whole network in fixed point.
pub fn own_sqnr(errors: &VariableErrors, cost: &LayerCost) -> Option<f64> {
    cost.layer.outputs.first().and_then(|&id| errors.of(id).sqnr_db())
}

fn advice(explanation: &Explanation) -> Option<String> {
    let mut table = table::new(&[("layer", Align::Left), ("advice", Align::Left)]);
    for cost in worst(explanation) {
        if let Some(advice) = &cost.advice {
            table.add_row([cost.layer.name.clone(), advice.to_string()]);
        }
    }
    (!table.is_empty()).then(|| table::render(&mut table))
}

/// Buffers with channels that tell nothing.
fn channels(compressed: &Compressed, errors: &VariableErrors) -> Option<String> {
    let idle = |(index, _): &(usize, _)| {
        let error = errors.of(VariableId(*index));
        error.constant_channels + error.lost_channels > 0
    };
    let variables: Vec<_> = compressed.network.variables.iter().enumerate().filter(idle).collect();
    let mut table = table::new(&[
        ("buffer", Align::Left),
        ("channels", Align::Right),
        ("always the same", Align::Right),
        ("only in fixed point", Align::Right),
    ]);
    for (index, variable) in variables.iter().take(MOST_VARIABLES) {
        let error = errors.of(VariableId(*index));
        let counts = [error.channels, error.constant_channels, error.lost_channels];
        table.add_row([variable.name.clone()].into_iter().chain(counts.map(|count| count.to_string())));
    }
    let more = variables.len().saturating_sub(MOST_VARIABLES);
    let more = if more > 0 { format!("\n{more} more buffers have some.") } else { String::new() };
    (!table.is_empty()).then(|| table::render(&mut table) + &more)
}

/// The layers for programs, worst first.
pub fn object(errors: &VariableErrors, explanation: &Explanation) -> Value {
    let layers = explanation.worst_first().into_iter().map(|place| {
        let cost = &explanation.layers[place];
        json!({
            "name": cost.layer.name,
            "type": cost.layer.function,
            "noise_share": cost.share,
            "alone_sqnr_db": cost.alone.sqnr_db(),
            "parameters_alone_sqnr_db": cost.parameters.sqnr_db(),
            "without_sqnr_db": cost.without.sqnr_db(),
            "alone_loss_points": cost.alone.loss_points(),
            "without_loss_points": cost.without.loss_points(),
            "sqnr_db": own_sqnr(errors, cost),
            "advice": cost.advice.as_ref().map(ToString::to_string),
        })
    });
    json!({
        "samples": explanation.samples,
        "sqnr_db": explanation.whole.sqnr_db(),
        "loss_points": explanation.whole.loss_points(),
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// What is known of a variable's errors, as further keys of its row.
pub fn variable_keys(errors: &VariableErrors, id: VariableId, explanation: Option<&Explanation>) -> Map<String, Value> {
    let error = errors.of(id);
    let known = error.values > 0;
    let mut keys = Map::new();
    keys.insert("network_sqnr_db".into(), json!(error.sqnr_db()));
    keys.insert("saturated".into(), json!(known.then_some(error.saturated)));
    keys.insert("channels".into(), json!((error.channels > 0).then_some(error.channels)));
    keys.insert("constant_channels".into(), json!(error.constant_channels));
    keys.insert("lost_channels".into(), json!(error.lost_channels));
    if let Some(explanation) = explanation {
        let mut layers = explanation.layers.iter();
        let layer = layers.find(|cost| cost.layer.outputs.contains(&id) || cost.layer.parameters.contains(&id));
        let advice = layer.and_then(|cost| cost.advice.as_ref()).map(Advice::to_string);
        keys.insert("advice".into(), json!(advice));
    }
    keys
}
