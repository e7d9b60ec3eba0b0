//! [`memory_map`]: what lies where in the arena at each step.

use super::axis::{Axis, Chart, chart};
use super::backend::{Tip, px, units};
use super::ink::{Dash, Ink, Pen};
use super::text::{SMALL, shorten, width, without_prefix};
use super::{Area, DrawResult, Width, Words, figure, font};
use crate::error::ReportError;
use maud::Markup;
use plotters::element::{PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform};

/// Memory that is in use for some steps.
#[derive(Clone, Debug)]
pub struct Block {
    /// Whose it is.
    pub name: String,
    /// Where it begins, in bytes.
    pub offset: u64,
    /// How long it is.
    pub bytes: u64,
    /// When it begins to be in use: steps from 0, with fractions.
    pub from: f64,
    /// When it ends.
    pub to: f64,
    /// Whether it is in use at the peak.
    pub at_peak: bool,
    /// Shown where the pointer rests.
    pub tip: String,
}

/// A line across the map at a number of bytes.
#[derive(Clone, Debug)]
pub struct Level {
    /// Where.
    pub bytes: u64,
    /// What it is.
    pub name: String,
}

/// The map's extent, and what is marked in it.
#[derive(Clone, Debug)]
pub struct Map<'m> {
    /// The blocks, in the order of drawing.
    pub blocks: &'m [Block],
    /// How many steps there are.
    pub steps: usize,
    /// The step with the most bytes in use.
    pub peak: Option<usize>,
    /// Lines across, the highest last.
    pub levels: &'m [Level],
}

/// Blocks of memory (upwards) over steps (to the right).
///
/// # Errors
/// When plotters refuses to draw.
pub fn memory_map(words: &Words, map: &Map<'_>) -> Result<Markup, ReportError> {
    figure(words, |at| at.pick(400, 320), |area, at| draw(area, at, map))
}

fn draw(area: &Area<'_>, at: Width, map: &Map<'_>) -> DrawResult {
    let highest = map.blocks.iter().map(|block| block.offset.saturating_add(block.bytes));
    let highest = highest.chain(map.levels.iter().map(|level| level.bytes)).max().unwrap_or(0) as f64;
    // Some room above for the names of the lines.
    let y = Axis::of_bytes("place in the arena", highest * 1.1, at.pick(8, 6));
    let steps = map.steps.max(1);
    let x = Axis::between("step: the functions in their order", 0.0, steps as f64, 1)
        .with_ticks(step_ticks(steps, at.pick(20, 8)))
        .without_grid();
    let mut chart = chart(area, &x, &y)?;

    if let Some(peak) = map.peak {
        let column = [(peak as f64, 0.0), (peak as f64 + 1.0, f64::MAX)];
        chart.draw_series([Rectangle::new(column, Ink::Vermillion.mix(0.16).filled())])?;
        let (middle, top) = chart.plotting_area().map_coordinate(&(peak as f64 + 0.5, f64::MAX));
        let style = font(SMALL, Ink::Vermillion, HPos::Center, VPos::Top);
        area.draw(&Text::new("peak", (middle, top + px(1)), style))?;
    }
    let names: Vec<&str> = map.blocks.iter().map(|block| block.name.as_str()).collect();
    for (block, name) in map.blocks.iter().zip(without_prefix(&names)) {
        let ink = if block.at_peak { Ink::Vermillion } else { Ink::Blue };
        let corners = [(block.from, block.offset as f64), (block.to, block.offset.saturating_add(block.bytes) as f64)];
        chart.draw_series([Tip::rectangle(corners, ink.mix(0.3).filled(), &block.tip)])?;
        chart.draw_series([Rectangle::new(corners, ink.stroke_width(units(1.0) as u32))])?;
        write_name(area, &chart, corners, name)?;
    }
    // Names of levels stand where the peak does not.
    let peak_is_right = map.peak.is_some_and(|peak| peak > steps / 2);
    for level in map.levels {
        let place = level.bytes as f64;
        let pen = Pen { ink: Ink::Text, dash: Dash::Long }.stroke_width(units(1.2) as u32);
        chart.draw_series([PathElement::new([(0.0, place), (steps as f64, place)], pen)])?;
        let (side, end, inwards) =
            if peak_is_right { (HPos::Left, 0.0, px(2)) } else { (HPos::Right, steps as f64, -px(2)) };
        let (end, line) = chart.plotting_area().map_coordinate(&(end, place));
        let style = font(SMALL, Ink::Text, side, VPos::Bottom);
        area.draw(&Text::new(level.name.as_str(), (end + inwards, line - px(2)), style))?;
    }
    Ok(())
}

/// Writes a block's name in it, across or upwards, if it fits.
fn write_name(area: &Area<'_>, chart: &Chart<'_, '_>, corners: [(f64, f64); 2], name: &str) -> DrawResult {
    let [(left, bottom), (right, top)] = corners.map(|corner| chart.plotting_area().map_coordinate(&corner));
    let size = |units: i32| f64::from(units) / f64::from(super::backend::UNITS) - 6.0;
    let (across, up) = (size(right - left), size(bottom - top));
    // A name of which next to nothing is left is noise.
    let enough = |room: f64| room >= width(name, SMALL).min(56.0);
    let style = font(SMALL, Ink::Text, HPos::Center, VPos::Center);
    let (style, room) = if across >= up && enough(across) && up >= SMALL {
        (style, across)
    } else if enough(up) && across >= SMALL {
        (style.transform(FontTransform::Rotate270), up)
    } else if enough(across) && up >= SMALL {
        (style, across)
    } else {
        return Ok(());
    };
    area.draw(&Text::new(shorten(name, room, SMALL), ((left + right) / 2, (top + bottom) / 2), style))
}

/// Numbers of steps, from 1, in the middle of their columns.
fn step_ticks(steps: usize, most: usize) -> Vec<(f64, String)> {
    let every = [1, 2, 5, 10, 20, 50].into_iter().find(|every| steps / every <= most).unwrap_or(steps / most + 1);
    let first = (every > 1).then_some(1);
    let numbers = first.into_iter().chain((1..=steps / every).map(|number| number * every));
    numbers.map(|number| (number as f64 - 0.5, crate::number::count(number as u64))).collect()
}
