//! The costs of layers: time and multiply-accumulates.

use super::largest;
use crate::error::ReportError;
use crate::number;
use crate::page::{Section, Tile};
use crate::plot::Words;
use crate::plot::ink::Ink;
use crate::plot::legend::{Key, Sample};
use crate::plot::rows::{Quantity, Row, RowMark, rows};
use crate::table::Table;
use maud::{Markup, html};

/// What a layer costs in one run of the network.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LayerCost {
    /// The layer's name.
    pub name: String,
    /// Its function.
    pub function: String,
    /// How long it takes, in seconds.
    pub seconds: f64,
    /// How long it takes with portable kernels, if that was measured.
    pub portable_seconds: Option<f64>,
    /// Multiplications with an addition.
    pub multiply_accumulates: u64,
    /// Bytes read and written, if known.
    pub bytes_moved: Option<u64>,
    /// Estimated cycles for each of [`CycleEstimates::processors`]; `None` where there is no estimate.
    pub cycles: Vec<Option<u64>>,
}

/// For which processors cycles are estimated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CycleEstimates {
    /// Their names: `Cortex-M4`.
    pub processors: Vec<String>,
}

/// So many layers are drawn: the costliest.
const MOST_ROWS: usize = 40;

/// So many of the costliest are marked, if they have at least this share of all.
const COSTLIEST: usize = 3;
const LEAST_SHARE: f64 = 0.05;

fn total_seconds(layers: &[LayerCost]) -> f64 {
    layers.iter().map(|layer| layer.seconds).sum()
}

fn total_accumulates(layers: &[LayerCost]) -> u64 {
    layers.iter().fold(0, |sum, layer| sum.saturating_add(layer.multiply_accumulates))
}

/// The numbers that the page begins with.
pub(crate) fn tiles(layers: &[LayerCost], estimates: &CycleEstimates) -> Vec<Tile> {
    let (time, work) = (total_seconds(layers), total_accumulates(layers));
    let tile = |name: &str, value: String, remark: String| Tile { name: name.into(), value, remark };
    let mut tiles = vec![
        tile("Time of a run", number::seconds(time), format!("{} layers", layers.len())),
        tile("Multiply-accumulates", number::short_count(work as f64), number::count(work)),
        tile("Pace", number::short_count(work as f64 / time), "multiply-accumulates a second".into()),
    ];
    if layers.iter().any(|layer| layer.portable_seconds.is_some()) {
        let portable = layers.iter().filter_map(|layer| layer.portable_seconds).sum();
        tiles.push(tile("With portable kernels", number::seconds(portable), "the code that devices run".into()));
    }
    for (place, processor) in estimates.processors.iter().enumerate() {
        let cycles = layers.iter().filter_map(|layer| layer.cycles.get(place).copied().flatten());
        let sum = cycles.clone().fold(0u64, u64::saturating_add);
        let remark = match layers.len() - cycles.count() {
            0 => "cycles, estimated".into(),
            missing => format!("cycles, estimated, without {missing} layers"),
        };
        tiles.push(tile(processor, number::short_count(sum as f64), remark));
    }
    tiles
}

/// Time by layer, multiply-accumulates by layer, and the table.
///
/// # Errors
/// When a plot cannot be drawn.
pub(crate) fn sections(layers: &[LayerCost], estimates: &CycleEstimates) -> Result<Vec<Section>, ReportError> {
    let time = Measure {
        id: "layer-time",
        title: "Time by layer",
        quantity: "time",
        unit: unit_of_time(layers),
        value: |layer| layer.seconds,
        text: number::seconds,
    };
    let work = Measure {
        id: "layer-work",
        title: "Multiply-accumulates by layer",
        quantity: "multiply-accumulates",
        unit: unit_of_work(layers),
        value: |layer| layer.multiply_accumulates as f64,
        text: number::short_count,
    };
    Ok(vec![
        Section { id: "time", title: "Time", body: bars(&time, layers)? },
        Section { id: "work", title: "Work", body: bars(&work, layers)? },
        Section { id: "layers", title: "All layers", body: table(layers, estimates).to_html() },
    ])
}

/// One quantity of layers.
struct Measure {
    id: &'static str,
    title: &'static str,
    quantity: &'static str,
    /// A unit and its size.
    unit: (&'static str, f64),
    value: fn(&LayerCost) -> f64,
    text: fn(f64) -> String,
}

fn unit_of_time(layers: &[LayerCost]) -> (&'static str, f64) {
    match layers.iter().map(|layer| layer.seconds).fold(0.0, f64::max) {
        longest if longest >= 1.0 => ("s", 1.0),
        longest if longest >= 1e-3 => ("ms", 1e-3),
        _ => ("µs", 1e-6),
    }
}

fn unit_of_work(layers: &[LayerCost]) -> (&'static str, f64) {
    match layers.iter().map(|layer| layer.multiply_accumulates).max().unwrap_or(0) {
        0..10_000 => ("", 1.0),
        10_000..1_000_000 => ("thousands", 1e3),
        1_000_000..1_000_000_000 => ("millions", 1e6),
        _ => ("billions", 1e9),
    }
}

fn bars(measure: &Measure, layers: &[LayerCost]) -> Result<Markup, ReportError> {
    let values = || layers.iter().map(|layer| Some((measure.value)(layer)));
    let (mut drawn, some) = largest(values(), MOST_ROWS);
    drawn.retain(|place| (measure.value)(&layers[*place]) > 0.0);
    let total: f64 = values().flatten().sum();
    let (mut costliest, _) = largest(values(), COSTLIEST.min(layers.len().div_ceil(4)));
    costliest.retain(|place| (measure.value)(&layers[*place]) >= LEAST_SHARE * total);
    let share = |place: &usize| number::percent((measure.value)(&layers[*place]) / total, 0);
    let row = |place: &usize| {
        let layer = &layers[*place];
        let value = (measure.value)(layer);
        Row {
            name: label(layer),
            value: Some(value / measure.unit.1),
            text: (measure.text)(value),
            other: None,
            marked: costliest.contains(place) && value > 0.0,
            tip: format!("{} ({}): {}, {} of all", layer.name, layer.function, (measure.text)(value), share(place)),
        }
    };
    let names: Vec<String> =
        costliest.iter().map(|place| format!("{} ({})", label(&layers[*place]), share(place))).collect();
    let told = if names.is_empty() { String::new() } else { format!(" The costliest: {}.", names.join(", ")) };
    let words = Words {
        id: measure.id.into(),
        title: measure.title.into(),
        description: format!(
            "{} layers in the order of execution, {} in all.{told} All numbers are in the table of all layers.",
            drawn.len(),
            (measure.text)(total)
        ),
        legend: vec![Key::new(Sample::Area(Ink::Vermillion, 1.0), "the costliest")],
    };
    let axis = match measure.unit.0 {
        "" => measure.quantity.to_string(),
        unit => format!("{}, {unit}", measure.quantity),
    };
    let rows_: Vec<Row> = drawn.iter().map(row).collect();
    Ok(html! {
        p {
            "In the order of execution." (told)
            @if some { " Only the " (MOST_ROWS) " costliest are drawn." }
        }
        (rows(&words, Quantity::Of(&axis), RowMark::Bar, &rows_)?)
    })
}

/// The name of a layer, with what it does where the name does not tell: those of `.nnb` files are numbers.
fn label(layer: &LayerCost) -> String {
    let function = layer.function.split(' ').next().unwrap_or_default();
    if layer.name.contains(function) { layer.name.clone() } else { format!("{} {function}", layer.name) }
}

fn table(layers: &[LayerCost], estimates: &CycleEstimates) -> Table {
    let moved = layers.iter().any(|layer| layer.bytes_moved.is_some());
    let mut table = Table::new(if estimates.processors.is_empty() {
        "Costs of one run of the network."
    } else {
        "Costs of one run of the network. Cycles are estimates from the instructions of each layer, not measurements."
    })
    .words("layer")
    .words("function")
    .numbers("time")
    .numbers("of all, %")
    .numbers("multiply-accumulates")
    .numbers("a second");
    let portable = layers.iter().any(|layer| layer.portable_seconds.is_some());
    if portable {
        table = table.numbers("time, portable");
    }
    if moved {
        table = table.numbers("bytes moved");
    }
    for processor in &estimates.processors {
        table = table.numbers(format!("{processor}, cycles (estimate)"));
    }
    let total = total_seconds(layers);
    for layer in layers {
        let mut cells = vec![
            layer.name.clone(),
            layer.function.clone(),
            number::seconds(layer.seconds),
            number::percent(layer.seconds / total, 1).replace("\u{a0}%", ""),
            number::count(layer.multiply_accumulates),
            match layer.multiply_accumulates {
                0 => number::NONE.into(),
                work => number::short_count(work as f64 / layer.seconds),
            },
        ];
        if portable {
            cells.push(number::seconds(layer.portable_seconds.unwrap_or(f64::NAN)));
        }
        if moved {
            cells.push(layer.bytes_moved.map_or_else(|| number::NONE.into(), number::count));
        }
        let cycles = |place: usize| {
            layer.cycles.get(place).copied().flatten().map_or_else(|| number::NONE.into(), number::count)
        };
        cells.extend((0..estimates.processors.len()).map(cycles));
        table.row(cells);
    }
    table
}
