//! [`scatter`]: points with names, as many of the names as fit.

use super::axis::{Axis, Chart, chart};
use super::backend::{Tip, UNITS, px, units};
use super::ink::{Dash, Ink, Pen};
use super::text::{SMALL, width};
use super::{Area, DrawResult, Width, Words, figure, font};
use crate::error::ReportError;
use maud::Markup;
use plotters::element::{PathElement, Text};
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};

/// One point.
#[derive(Clone, Debug)]
pub struct Point {
    /// To the right.
    pub x: f64,
    /// Upwards.
    pub y: f64,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: PointKind,
    /// Shown where the pointer rests.
    pub tip: String,
}

/// What a point is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PointKind {
    /// One of many.
    Ordinary,
    /// One that nothing else is better than in both directions; these are joined by a line.
    Frontier,
    /// What all are compared with.
    Reference,
    /// The one that was taken.
    Chosen,
}

/// The axes: their quantities and units, and how values are placed.
#[derive(Clone, Copy, Debug)]
pub struct ScatterAxes<'l> {
    /// Horizontal.
    pub x: &'l str,
    /// Vertical.
    pub y: &'l str,
    /// Whether the horizontal one is logarithmic.
    pub logarithmic: bool,
    /// Whether what lies lower is better: an error, whose axis is logarithmic.
    pub down_is_better: bool,
}

/// Draws points.
///
/// # Errors
/// When plotters refuses to draw.
pub fn scatter(words: &Words, axes: ScatterAxes<'_>, points: &[Point]) -> Result<Markup, ReportError> {
    figure(words, |at| at.pick(380, 320), |area, at| draw(area, at, axes, points))
}

fn draw(area: &Area<'_>, at: Width, axes: ScatterAxes<'_>, points: &[Point]) -> DrawResult {
    let values = || points.iter().map(|point| point.x);
    let x = if axes.logarithmic {
        Axis::logarithmic(axes.x, values(), at.pick(8, 4))
    } else {
        Axis::new(axes.x, values(), at.pick(8, 4))
    };
    let heights = || points.iter().map(|point| point.y);
    let y = if axes.down_is_better { Axis::logarithmic(axes.y, heights(), 6) } else { Axis::new(axes.y, heights(), 6) };
    let mut chart = chart(area, &x, &y)?;
    let place = |point: &Point| (point.x, point.y);

    let mut frontier: Vec<&Point> = points.iter().filter(|point| point.kind != PointKind::Ordinary).collect();
    frontier.retain(|point| point.kind == PointKind::Frontier || on_frontier(point, points, axes));
    frontier.sort_by(|a, b| a.x.total_cmp(&b.x));
    let pen = Pen { ink: Ink::Blue, dash: Dash::Short }.mix(0.7).stroke_width(units(1.5) as u32);
    chart.draw_series([PathElement::new(frontier.iter().map(|point| place(point)).collect::<Vec<_>>(), pen)])?;

    let by_kind = |kind: PointKind| points.iter().filter(move |point| point.kind == kind);
    let kinds = [
        (PointKind::Ordinary, 3.5, Ink::Muted.mix(0.6).filled()),
        (PointKind::Frontier, 4.5, Ink::Blue.filled()),
        (PointKind::Reference, 5.0, Ink::Text.stroke_width(units(2.0) as u32)),
        (PointKind::Chosen, 6.5, Ink::Vermillion.filled()),
    ];
    for (kind, radius, style) in kinds {
        let circle = |point: &Point| Tip::circle(place(point), units(radius), style, &point.tip);
        chart.draw_series(by_kind(kind).map(circle))?;
    }
    let order = [PointKind::Chosen, PointKind::Reference, PointKind::Frontier];
    let named: Vec<&Point> = order.into_iter().flat_map(by_kind).collect();
    let mut marks: Vec<Spot> = points.iter().map(|point| around(&chart, place(point), px(5))).collect();
    for pair in frontier.windows(2) {
        marks.extend(along(&chart, place(pair[0]), place(pair[1])));
    }
    write_names(area, &chart, &named, marks, place)
}

/// Whether nothing is at once smaller and better.
pub fn on_frontier(point: &Point, points: &[Point], axes: ScatterAxes<'_>) -> bool {
    let better = |a: f64, b: f64| if axes.down_is_better { a < b } else { a > b };
    !points.iter().any(|other| {
        let no_worse = other.x <= point.x && !better(point.y, other.y);
        no_worse && (other.x < point.x || better(other.y, point.y))
    })
}

/// Left, top, right and bottom, in units.
type Spot = [i32; 4];

fn around(chart: &Chart<'_, '_>, place: (f64, f64), reach: i32) -> Spot {
    let (x, y) = chart.plotting_area().map_coordinate(&place);
    [x - reach, y - reach, x + reach, y + reach]
}

/// Spots along a line between two points.
fn along(chart: &Chart<'_, '_>, from: (f64, f64), to: (f64, f64)) -> impl Iterator<Item = Spot> {
    let (from, to) = (around(chart, from, 0), around(chart, to, 0));
    let steps = ((to[0] - from[0]).abs().max((to[1] - from[1]).abs()) / px(6)).max(1);
    (0..=steps).map(move |step| {
        let between = |edge: usize| from[edge] + (to[edge] - from[edge]) / steps * step;
        [between(0) - px(1), between(1) - px(1), between(0) + px(1), between(1) + px(1)]
    })
}

/// Writes names beside their points, where they touch no point and no name before them, and stay in the plot.
fn write_names(
    area: &Area<'_>,
    chart: &Chart<'_, '_>,
    points: &[&Point],
    mut taken: Vec<Spot>,
    place: impl Fn(&Point) -> (f64, f64),
) -> DrawResult {
    let (across, down) = chart.plotting_area().get_pixel_range();
    for point in points {
        let (x, y) = chart.plotting_area().map_coordinate(&place(point));
        let (wide, high) = ((width(&point.name, SMALL) * f64::from(UNITS)) as i32, px(14));
        let (gap, rise) = (px(9), px(15));
        let left_tops = [
            (x + gap, y - high / 2),
            (x - gap - wide, y - high / 2),
            (x - wide / 2, y - rise - high / 2),
            (x - wide / 2, y + rise - high / 2),
            (x + gap, y - rise - high / 2),
            (x + gap, y + rise - high / 2),
            (x - gap - wide, y - rise - high / 2),
            (x - gap - wide, y + rise - high / 2),
        ];
        let boxes = left_tops.map(|(left, top)| [left, top, left + wide, top + high]);
        let fits = |spot: &Spot| {
            let within =
                spot[0] >= across.start && spot[2] <= across.end && spot[1] >= down.start && spot[3] <= down.end;
            let touches =
                |other: &Spot| spot[0] < other[2] && other[0] < spot[2] && spot[1] < other[3] && other[1] < spot[3];
            within && !taken.iter().any(touches)
        };
        if let Some(spot) = boxes.into_iter().find(fits) {
            let ink = if point.kind == PointKind::Frontier { Ink::Muted } else { Ink::Text };
            let style = font(SMALL, ink, HPos::Left, VPos::Center);
            area.draw(&Text::new(point.name.as_str(), (spot[0], (spot[1] + spot[3]) / 2), style))?;
            taken.push(spot);
        }
    }
    Ok(())
}
