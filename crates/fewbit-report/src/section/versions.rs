//! Versions of a network beside each other: how large, and how good.

use crate::error::ReportError;
use crate::number;
use crate::page::{Section, Tile};
use crate::plot::Words;
use crate::plot::ink::Ink;
use crate::plot::legend::{Key, Sample};
use crate::plot::scatter::{Point, PointKind, ScatterAxes, on_frontier, scatter};
use crate::table::Table;
use maud::html;

/// A network in one of its forms.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// What it is: `float`, `FIXED8 parameters`.
    pub name: String,
    /// Bytes of its file, in flash.
    pub model_bytes: u64,
    /// Bytes of its arena, in RAM.
    pub arena_bytes: u64,
    /// Bytes of the runtime's state, in RAM.
    pub state_bytes: u64,
    /// How good it is, if that was measured.
    pub quality: Option<Quality>,
}

/// How good a network is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Quality {
    /// The share of samples whose class it finds, from 0 to 1.
    Top1(f64),
    /// The mean squared error of the values it predicts.
    MeanSquaredError(f64),
}

impl Version {
    /// Bytes of flash and RAM together.
    pub fn footprint(&self) -> u64 {
        self.model_bytes.saturating_add(self.arena_bytes).saturating_add(self.state_bytes)
    }

    fn top1(&self) -> Option<f64> {
        match self.quality {
            Some(Quality::Top1(share)) => Some(share),
            _ => None,
        }
    }

    fn mean_squared_error(&self) -> Option<f64> {
        match self.quality {
            Some(Quality::MeanSquaredError(error)) => Some(error),
            _ => None,
        }
    }
}

/// The numbers that a report of compression begins with: the last version against the first.
pub(crate) fn tiles(versions: &[Version]) -> Vec<Tile> {
    let [float, .., small] = versions else { return Vec::new() };
    let size = |name: &str, before: u64, after: u64| Tile {
        name: name.into(),
        value: number::bytes(after),
        remark: format!("{} before, {} smaller", number::bytes(before), ratio(before, after)),
    };
    let mut tiles = vec![
        size("Footprint", float.footprint(), small.footprint()),
        size("Model (flash)", float.model_bytes, small.model_bytes),
        size("Arena (RAM)", float.arena_bytes, small.arena_bytes),
    ];
    if let (Some(before), Some(after)) = (float.top1(), small.top1()) {
        let remark = format!("{} before, {}", number::percent(before, 2), points_lost(before, after));
        tiles.push(Tile { name: "Top-1".into(), value: number::percent(after, 2), remark });
    }
    if let (Some(before), Some(after)) = (float.mean_squared_error(), small.mean_squared_error()) {
        let remark = format!("{} before", number::significant(before, 3));
        tiles.push(Tile { name: "Mean squared error".into(), value: number::significant(after, 3), remark });
    }
    tiles
}

fn ratio(before: u64, after: u64) -> String {
    number::times(before as f64 / after as f64)
}

fn points_lost(before: f64, after: f64) -> String {
    let points = (before - after) * 100.0;
    match points {
        points if points.abs() < 0.005 => "nothing lost".into(),
        points if points > 0.0 => format!("{points:.2} points lost"),
        points => format!("{:.2} points won", -points),
    }
}

/// The table of sizes and quality against the first version, which is the float network.
pub(crate) fn section(versions: &[Version]) -> Section {
    let float = versions.first();
    let (top1, error) = kinds(versions);
    let mut table =
        Table::new("Sizes in bytes. The model lies in flash, arena and state in RAM; the footprint is all three.")
            .words("version")
            .numbers("model")
            .numbers("arena")
            .numbers("state")
            .numbers("footprint")
            .numbers("smaller by");
    if top1 {
        table = table.numbers("top-1, %").numbers("points lost");
    }
    if error {
        table = table.numbers("mean squared error").numbers("of float's");
    }
    for version in versions {
        let sizes = [version.model_bytes, version.arena_bytes, version.state_bytes, version.footprint()];
        let mut cells = vec![version.name.clone()];
        cells.extend(sizes.map(number::count));
        cells.push(float.map_or_else(String::new, |float| ratio(float.footprint(), version.footprint())));
        if top1 {
            let before = float.and_then(Version::top1).unwrap_or(f64::NAN);
            let after = version.top1().unwrap_or(f64::NAN);
            cells.push(fixed(after * 100.0));
            cells.push(fixed((before - after) * 100.0));
        }
        if error {
            let before = float.and_then(Version::mean_squared_error).unwrap_or(f64::NAN);
            let after = version.mean_squared_error().unwrap_or(f64::NAN);
            cells.push(number::significant(after, 4));
            cells.push(number::times(after / before));
        }
        table.row(cells);
    }
    Section { id: "sizes", title: "Size and quality", body: table.to_html() }
}

/// Two digits after the point; a dash for what is no number.
fn fixed(value: f64) -> String {
    if value.is_finite() { format!("{value:.2}").replace('-', "\u{2212}") } else { number::NONE.into() }
}

/// Whether some versions have a share of classes found, and a squared error.
fn kinds(versions: &[Version]) -> (bool, bool) {
    (
        versions.iter().any(|version| version.top1().is_some()),
        versions.iter().any(|version| version.mean_squared_error().is_some()),
    )
}

/// What was tried: quality over footprint, and the table. `chosen` is a place in `alternatives`.
///
/// # Errors
/// When the plot cannot be drawn.
pub(crate) fn alternatives(
    float: Option<&Version>,
    alternatives: &[Version],
    chosen: Option<usize>,
) -> Result<Section, ReportError> {
    let (top1, _) = kinds(alternatives);
    let height = |version: &Version| match version.quality {
        Some(Quality::Top1(share)) if top1 => share * 100.0,
        Some(Quality::MeanSquaredError(error)) if !top1 && error > 0.0 => error,
        _ => f64::NAN,
    };
    let point = |version: &Version, kind: PointKind| Point {
        x: version.footprint() as f64 / 1024.0,
        y: height(version),
        name: version.name.clone(),
        kind,
        tip: format!("{}: {}, {}", version.name, number::bytes(version.footprint()), quality_text(version)),
    };
    let measured = |point: &Point| point.x.is_finite() && point.y.is_finite();
    let mut points: Vec<Point> =
        alternatives.iter().map(|version| point(version, PointKind::Ordinary)).filter(measured).collect();
    let chosen_name = chosen.and_then(|chosen| alternatives.get(chosen)).map(|version| version.name.as_str());
    let reference = float.map(|version| point(version, PointKind::Reference)).filter(measured);

    let (least, greatest) = points
        .iter()
        .chain(&reference)
        .map(|point| point.x)
        .fold((f64::INFINITY, 0.0), |(least, greatest): (f64, f64), x| (least.min(x), greatest.max(x)));
    let axes = ScatterAxes {
        x: "footprint, KiB (model, arena and state)",
        y: if top1 { "top-1, %" } else { "mean squared error" },
        logarithmic: greatest > 4.0 * least,
        down_is_better: !top1,
    };
    for index in 0..points.len() {
        if Some(points[index].name.as_str()) == chosen_name {
            points[index].kind = PointKind::Chosen;
        } else if on_frontier(&points[index], &points, axes) {
            points[index].kind = PointKind::Frontier;
        }
    }
    points.extend(reference);
    let description = format!(
        "{} alternatives, from {} to {}.{} Every one of them is in the table below.",
        points.len(),
        number::bytes((least.min(greatest) * 1024.0) as u64),
        number::bytes((greatest * 1024.0) as u64),
        chosen_name.map(|name| format!(" Chosen: {name}.")).unwrap_or_default()
    );
    let words = Words {
        id: "alternatives-plot".into(),
        title: if top1 { "Accuracy against size" } else { "Error against size" }.into(),
        description,
        legend: vec![
            Key::new(Sample::Dot(Ink::Vermillion), "chosen"),
            Key::new(Sample::Dot(Ink::Blue), "nothing smaller is as good"),
            Key::new(Sample::Dot(Ink::Muted), "others"),
            Key::new(Sample::Ring(Ink::Text), "float"),
        ],
    };
    let plot = scatter(&words, axes, &points)?;

    let mut table = Table::new("What was tried. Sizes in bytes.")
        .words("alternative")
        .numbers("model")
        .numbers("arena")
        .numbers("footprint")
        .numbers(if top1 { "top-1" } else { "mean squared error" });
    for (index, version) in alternatives.iter().enumerate() {
        let mut cells = vec![version.name.clone()];
        cells.extend([version.model_bytes, version.arena_bytes, version.footprint()].map(number::count));
        cells.push(quality_text(version));
        if chosen == Some(index) { table.marked_row(cells) } else { table.row(cells) }
    }
    let body = html! {
        p { "Each point is one choice of number formats. The further left, the smaller; the further " (if top1 { "up" } else { "down" }) ", the better." }
        (plot)
        (table.folded("All alternatives as a table"))
    };
    Ok(Section { id: "alternatives", title: "Alternatives", body })
}

fn quality_text(version: &Version) -> String {
    match version.quality {
        Some(Quality::Top1(share)) => number::percent(share, 2),
        Some(Quality::MeanSquaredError(error)) => number::significant(error, 4),
        None => number::NONE.into(),
    }
}
