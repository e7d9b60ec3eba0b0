//! The error of each layer: which of them cost accuracy.

use super::largest;
use crate::error::ReportError;
use crate::number;
use crate::page::Section;
use crate::plot::Words;
use crate::plot::ink::Ink;
use crate::plot::legend::{Key, Sample};
use crate::plot::rows::{Quantity, Row, RowMark, rows};
use crate::table::Table;
use maud::html;

/// How exactly a layer of the fixed-point network computes what the float network does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerError {
    /// The layer's name.
    pub name: String,
    /// Its function.
    pub function: String,
    /// The power of its output over that of the error in it, in dB, with the whole network in fixed point: the errors
    /// of all layers before it included.
    pub sqnr_db: Option<f64>,
    /// The same with only this layer in fixed point.
    pub alone_sqnr_db: Option<f64>,
    /// Points of accuracy that are lost with only this layer in fixed point.
    pub alone_loss: Option<f64>,
    /// What could be done about it.
    pub advice: Option<String>,
}

/// So many layers are drawn: the worst.
const MOST_ROWS: usize = 50;

/// So many of the worst are marked.
const WORST: usize = 3;

/// The signal-to-noise ratio by layer, and the worst with what to do about them; `None` where nothing was measured.
///
/// # Errors
/// When the plot cannot be drawn.
pub(crate) fn section(layers: &[LayerError]) -> Result<Option<Section>, ReportError> {
    let quality = |layer: &LayerError| layer.alone_sqnr_db.or(layer.sqnr_db).filter(|ratio| ratio.is_finite());
    if layers.iter().all(|layer| quality(layer).is_none()) {
        return Ok(None);
    }
    let badness = || layers.iter().map(|layer| quality(layer).map(|ratio| -ratio));
    let (drawn, some) = largest(badness(), MOST_ROWS);
    let (worst, _) = largest(badness(), WORST.min(layers.len().div_ceil(4)));
    let both = layers.iter().any(|layer| layer.alone_sqnr_db.is_some() && layer.sqnr_db.is_some());
    let row = |place: &usize| {
        let layer = &layers[*place];
        let text = |ratio: Option<f64>| ratio.map_or_else(|| number::NONE.into(), number::decibels);
        let (value, other) = if both { (layer.alone_sqnr_db, layer.sqnr_db) } else { (quality(layer), None) };
        Row {
            name: layer.name.clone(),
            value: value.filter(|ratio| ratio.is_finite()).map(|ratio| ratio.max(0.0)),
            text: text(value),
            other: other.filter(|ratio| ratio.is_finite()).map(|ratio| ratio.max(0.0)),
            marked: worst.contains(place),
            tip: if both {
                format!("{} ({}): alone {}, in all {}", layer.name, layer.function, text(value), text(other))
            } else {
                format!("{} ({}): {}", layer.name, layer.function, text(value))
            },
        }
    };
    let rows_: Vec<Row> = drawn.iter().map(row).collect();
    let names: Vec<&str> = worst.iter().map(|place| layers[*place].name.as_str()).collect();
    let mut legend = Vec::new();
    if both {
        legend.push(Key::new(Sample::Dot(Ink::Blue), "only this layer in fixed point"));
        legend.push(Key::new(Sample::Ring(Ink::Muted), "the whole network in fixed point"));
    }
    legend.push(Key::new(Sample::Dot(Ink::Vermillion), "the worst"));
    let words = Words {
        id: "layer-sqnr".into(),
        title: "Signal-to-noise ratio by layer".into(),
        description: format!(
            "{} layers in the order of execution. The least exact: {}. All numbers are in the table below.",
            rows_.len(),
            names.join(", ")
        ),
        legend,
    };
    let body = html! {
        p {
            "How much stronger the output of a layer is than the error in it: 6 dB are one bit, and less is worse."
            @if both {
                " The dot is the error that the layer adds itself; the ring what has come together up to there."
            }
            @if some { " Only the " (MOST_ROWS) " worst are drawn." }
        }
        (rows(&words, Quantity::Of("signal to quantization noise, dB"), RowMark::Dot, &rows_)?)
        (table(layers, &worst).folded("All layers as a table"))
    };
    Ok(Some(Section { id: "layers", title: "Accuracy by layer", body }))
}

fn table(layers: &[LayerError], worst: &[usize]) -> Table {
    let advised = layers.iter().any(|layer| layer.advice.is_some());
    let lossy = layers.iter().any(|layer| layer.alone_loss.is_some());
    let mut table = Table::new("The signal-to-quantization-noise ratio (SQNR) of each layer's output.")
        .words("layer")
        .words("function")
        .numbers("SQNR alone, dB")
        .numbers("SQNR in all, dB");
    if lossy {
        table = table.numbers("points lost alone");
    }
    if advised {
        table = table.words("what to do");
    }
    let digit = |value: Option<f64>, digits: usize| match value {
        Some(value) if value.is_finite() => format!("{value:.digits$}").replace('-', "\u{2212}"),
        Some(f64::INFINITY) => "exact".into(),
        _ => number::NONE.into(),
    };
    for (place, layer) in layers.iter().enumerate() {
        let mut cells = vec![layer.name.clone(), layer.function.clone()];
        cells.extend([digit(layer.alone_sqnr_db, 1), digit(layer.sqnr_db, 1)]);
        if lossy {
            cells.push(digit(layer.alone_loss, 2));
        }
        if advised {
            cells.push(layer.advice.clone().unwrap_or_default());
        }
        if worst.contains(&place) { table.marked_row(cells) } else { table.row(cells) }
    }
    table
}
