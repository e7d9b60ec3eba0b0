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
use maud::{Markup, html};

/// How exactly a layer of the fixed-point network computes what the float network does, and what it costs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerError {
    /// The layer's name.
    pub name: String,
    /// Its function.
    pub function: String,
    /// The power of its output over that of the error in it, in dB, with the whole network in fixed point: the errors
    /// of all layers before it included.
    pub sqnr_db: Option<f64>,
    /// The same of the network's output, with only this layer in fixed point.
    pub alone_sqnr_db: Option<f64>,
    /// The same of the network's output, with everything but this layer in fixed point.
    pub without_sqnr_db: Option<f64>,
    /// The layer's part of the noise at the network's output, 0 to 1.
    pub noise_share: Option<f64>,
    /// Points of accuracy that are lost with only this layer in fixed point.
    pub alone_loss: Option<f64>,
    /// What could be done about it.
    pub advice: Option<String>,
}

/// So many layers are drawn: the worst.
const MOST_ROWS: usize = 50;

/// So many of the worst are marked.
const WORST: usize = 3;

/// Where the noise at the output comes from, the signal-to-noise ratio by layer, and what to do about the worst; `None`
/// where nothing was measured.
///
/// # Errors
/// When a plot cannot be drawn.
pub(crate) fn section(layers: &[LayerError]) -> Result<Option<Section>, ReportError> {
    let share = |layer: &LayerError| layer.noise_share.filter(|share| share.is_finite());
    let ratio = |layer: &LayerError| layer.sqnr_db.filter(|ratio| ratio.is_finite());
    let has_shares = layers.iter().any(|layer| share(layer).is_some());
    let has_ratios = layers.iter().any(|layer| ratio(layer).is_some());
    if !has_shares && !has_ratios {
        return Ok(None);
    }
    let badness = |layer: &LayerError| if has_shares { share(layer) } else { ratio(layer).map(|ratio| -ratio) };
    let (worst, _) = largest(layers.iter().map(badness), WORST.min(layers.len().div_ceil(4)));
    let body = html! {
        @if has_shares { (shares(layers, &worst)?) }
        @if has_ratios { (ratios(layers, &worst)?) }
        (advice(layers))
        (table(layers, &worst).folded("All layers as a table"))
    };
    Ok(Some(Section { id: "layers", title: "Accuracy by layer", body }))
}

fn names(layers: &[LayerError], places: &[usize]) -> String {
    places.iter().map(|place| layers[*place].name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Each layer's part of the noise at the network's output.
fn shares(layers: &[LayerError], worst: &[usize]) -> Result<Markup, ReportError> {
    let (drawn, some) = largest(layers.iter().map(|layer| layer.noise_share), MOST_ROWS);
    let row = |place: &usize| {
        let layer = &layers[*place];
        let share = layer.noise_share.filter(|share| share.is_finite());
        let text = number::percent(share.unwrap_or(f64::NAN), 1);
        let [alone, without] = [layer.alone_sqnr_db, layer.without_sqnr_db].map(decibels);
        Row {
            name: layer.name.clone(),
            value: share.map(|share| 100.0 * share),
            tip: format!("{} ({}): {text}; alone {alone}, everything but it {without}", layer.name, layer.function),
            text,
            other: None,
            marked: worst.contains(place),
        }
    };
    let rows_: Vec<Row> = drawn.iter().map(row).collect();
    let words = Words {
        id: "layer-noise".into(),
        title: "Where the noise at the output comes from".into(),
        description: format!(
            "{} layers in the order of execution. The most comes from {}. All numbers are in the table below.",
            rows_.len(),
            names(layers, worst)
        ),
        legend: vec![Key::new(Sample::Area(Ink::Vermillion, 1.0), "the worst")],
    };
    Ok(html! {
        p {
            "What each layer adds to the error in the network's output, found by running the float network with only this "
            "layer in fixed point."
            @if some { " Only the " (MOST_ROWS) " worst are drawn." }
        }
        (rows(&words, Quantity::Of("part of the noise, %"), RowMark::Bar, &rows_)?)
    })
}

/// The ratio of signal to noise at the output of each layer.
fn ratios(layers: &[LayerError], worst: &[usize]) -> Result<Markup, ReportError> {
    let (drawn, some) = largest(layers.iter().map(|layer| layer.sqnr_db.map(|ratio| -ratio)), MOST_ROWS);
    let row = |place: &usize| {
        let layer = &layers[*place];
        let text = decibels(layer.sqnr_db);
        Row {
            name: layer.name.clone(),
            value: layer.sqnr_db.filter(|ratio| ratio.is_finite()).map(|ratio| ratio.max(0.0)),
            tip: format!("{} ({}): {text}", layer.name, layer.function),
            text,
            other: None,
            marked: worst.contains(place),
        }
    };
    let rows_: Vec<Row> = drawn.iter().map(row).collect();
    let words = Words {
        id: "layer-sqnr".into(),
        title: "Signal-to-noise ratio by layer".into(),
        description: format!(
            "{} layers in the order of execution. The worst: {}. All numbers are in the table below.",
            rows_.len(),
            names(layers, worst)
        ),
        legend: vec![Key::new(Sample::Dot(Ink::Vermillion), "the worst")],
    };
    Ok(html! {
        p {
            "How much stronger the output of a layer is than the error that has come together up to there, with the whole "
            "network in fixed point: 6 dB are one bit, and less is worse."
            @if some { " Only the " (MOST_ROWS) " worst are drawn." }
        }
        (rows(&words, Quantity::Of("signal to quantization noise, dB"), RowMark::Dot, &rows_)?)
    })
}

/// What to do about the layers that have most of the noise.
fn advice(layers: &[LayerError]) -> Markup {
    let mut advised: Vec<(&LayerError, &String)> =
        layers.iter().filter_map(|layer| Some((layer, layer.advice.as_ref()?))).collect();
    let share = |layer: &LayerError| layer.noise_share.unwrap_or(0.0);
    advised.sort_by(|(a, _), (b, _)| share(b).total_cmp(&share(a)));
    let mut table = Table::new("What could be done, where it helps most first. Formats are set in the settings file.")
        .words("layer")
        .numbers("of the noise, %")
        .words("what to do");
    for (layer, advice) in advised.iter().take(MOST_ADVICE) {
        let percent = plain_percent(layer.noise_share);
        table.row([layer.name.clone(), percent, (*advice).clone()]);
    }
    html! { @if !advised.is_empty() { (table.to_html()) } }
}

/// So many layers are advised about in sight; the table of all layers has the rest.
const MOST_ADVICE: usize = 8;

fn decibels(ratio: Option<f64>) -> String {
    ratio.map_or_else(|| number::NONE.into(), number::decibels)
}

fn plain_percent(share: Option<f64>) -> String {
    number::percent(share.unwrap_or(f64::NAN), 1).replace("\u{a0}%", "")
}

fn table(layers: &[LayerError], worst: &[usize]) -> Table {
    let has = |value: &dyn Fn(&LayerError) -> bool| layers.iter().any(value);
    let explained = has(&|layer| layer.alone_sqnr_db.is_some());
    let advised = has(&|layer| layer.advice.is_some());
    let lossy = has(&|layer| layer.alone_loss.is_some());
    let mut table = Table::new(if explained {
        "Signal-to-quantization-noise ratios (SQNR): of each layer's own output; of the network's output with the layer alone in fixed point, and with everything but the layer."
    } else {
        "The signal-to-quantization-noise ratio (SQNR) of each layer's output."
    })
    .words("layer")
    .words("function")
    .numbers("SQNR, dB");
    if explained {
        table = table.numbers("of the noise, %").numbers("alone, dB").numbers("all but it, dB");
    }
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
        let mut cells = vec![layer.name.clone(), layer.function.clone(), digit(layer.sqnr_db, 1)];
        if explained {
            let [alone, without] = [layer.alone_sqnr_db, layer.without_sqnr_db].map(|ratio| digit(ratio, 1));
            cells.extend([plain_percent(layer.noise_share), alone, without]);
        }
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
