//! [`rows`]: a bar, or dots, for each of many names, from the top down.
//!
//! Horizontal, because what is compared here has names: variables, layers.

use super::axis::{Axis, chart};
use super::backend::{Tip, px, units};
use super::ink::Ink;
use super::text::{SMALL, shorten, width, without_prefix};
use super::{Area, DrawResult, Width, Words, figure, font};
use crate::error::ReportError;
use maud::Markup;
use plotters::element::{PathElement, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, ShapeStyle};

/// One name and its values.
#[derive(Clone, Debug)]
pub struct Row {
    /// The name.
    pub name: String,
    /// The value, if there is one.
    pub value: Option<f64>,
    /// The value as people read it; written at the end of the row.
    pub text: String,
    /// Another value to compare with.
    pub other: Option<f64>,
    /// Whether it deserves attention.
    pub marked: bool,
    /// Shown where the pointer rests.
    pub tip: String,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowMark {
    /// A bar from zero; the other value as a wider, fainter bar behind it.
    Bar,
    /// A dot; the other value as a ring, with a line between them.
    Dot,
}

/// Pixels from one row to the next.
const PITCH: i32 = 20;

/// What the rows' values are.
#[derive(Clone, Copy, Debug)]
pub enum Quantity<'q> {
    /// A quantity with its unit.
    Of(&'q str),
    /// A quantity in bytes.
    Bytes(&'q str),
}

/// Draws rows.
///
/// # Errors
/// When plotters refuses to draw.
pub fn rows(words: &Words, quantity: Quantity<'_>, mark: RowMark, rows: &[Row]) -> Result<Markup, ReportError> {
    let height = |_| i32::try_from(rows.len()).unwrap_or(i32::MAX / PITCH - 4).min(10_000) * PITCH + 48;
    figure(words, height, |area, at| draw(area, at, quantity, mark, rows))
}

fn draw(area: &Area<'_>, at: Width, quantity: Quantity<'_>, mark: RowMark, rows: &[Row]) -> DrawResult {
    let values = || rows.iter().flat_map(|row| [row.value, row.other]).flatten();
    let text = rows.iter().map(|row| width(&row.text, SMALL)).fold(0.0, f64::max) + 8.0;
    let names = at.pick(230.0, 118.0);
    let own: Vec<&str> = rows.iter().map(|row| row.name.as_str()).collect();
    let names: Vec<String> = without_prefix(&own).into_iter().map(|name| shorten(name, names, SMALL)).collect();
    let widest = names.iter().map(|name| width(name, SMALL)).fold(0.0, f64::max);

    // The axis goes on beyond the longest bar, so that the text at its end has room.
    let plot = (f64::from(at.pixels()) - widest - 24.0).max(text * 1.5);
    let longest = values().filter(|value| value.is_finite()).fold(0.0, f64::max);
    let room = longest * plot / (plot - text);
    let x = match quantity {
        Quantity::Of(label) => Axis::from_zero(label, [room], at.pick(7, 4)),
        Quantity::Bytes(label) => Axis::of_bytes(label, room, at.pick(9, 4)),
    };
    let count = rows.len() as f64;
    let middle = |index: usize| count - index as f64 - 0.5;
    let ticks = names.into_iter().enumerate().map(|(index, name)| (middle(index), name)).collect();
    let y = Axis::between("", 0.0, count.max(1.0), 1).with_ticks(ticks).without_grid();

    let mut chart = chart(area, &x, &y)?;
    for (index, row) in rows.iter().enumerate() {
        let ink = if row.marked { Ink::Vermillion } else { Ink::Blue };
        let middle = middle(index);
        let (value, other) = (row.value, row.other);
        let bar = |to: f64, thickness: f64, style: ShapeStyle| {
            let (from, to) = ((0.0, middle - thickness / 2.0), (to, middle + thickness / 2.0));
            Tip::rectangle([from, to], style, &row.tip)
        };
        let thin = |ink: Ink| ink.stroke_width(units(1.5) as u32);
        match mark {
            RowMark::Bar => {
                chart.draw_series(other.map(|to| bar(to, 0.86, Ink::Muted.mix(0.25).filled())))?;
                chart.draw_series(value.map(|to| bar(to, 0.6, ink.filled())))?;
            }
            RowMark::Dot => {
                let line = |to| PathElement::new([(other.unwrap_or(0.0), middle), (to, middle)], thin(ink));
                chart.draw_series(value.map(line))?;
                chart.draw_series(other.map(|at| Tip::circle((at, middle), px(4), thin(Ink::Muted), &row.tip)))?;
                chart.draw_series(value.map(|at| Tip::circle((at, middle), units(4.5), ink.filled(), &row.tip)))?;
            }
        }
        let end = value.unwrap_or(0.0).max(other.unwrap_or(0.0));
        let style = font(SMALL, if row.marked { Ink::Text } else { Ink::Muted }, HPos::Left, VPos::Center);
        let (left, top) = chart.plotting_area().map_coordinate(&(end, middle));
        area.draw(&Text::new(row.text.as_str(), (left + px(7), top), style))?;
    }
    Ok(())
}
