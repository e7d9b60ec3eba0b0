//! [`matrix`]: a square table of counts as shades, with the numbers where they fit.

use super::backend::{Tip, px, units};
use super::ink::Ink;
use super::text::{SMALL, shorten, width};
use super::{Area, DrawResult, Width, Words, figure, font};
use crate::error::ReportError;
use crate::number;
use maud::Markup;
use plotters::element::{Rectangle, Text};
use plotters::style::text_anchor::{HPos, VPos};
use plotters::style::{Color, FontTransform};
use std::collections::BTreeMap;
use std::ops::Range;

/// A square table: `counts[row][column]`.
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'m> {
    /// What the rows and the columns are called.
    pub names: &'m [String],
    /// What is counted; missing entries are zero.
    pub counts: &'m [Vec<u64>],
    /// What a row is.
    pub rows: &'m str,
    /// What a column is.
    pub columns: &'m str,
}

/// Pixels that a name needs across its line; where cells are smaller, only some are named.
const NAME_PITCH: f64 = 14.0;

/// Cells that are smaller, in pixels, have no room for a number.
const SMALLEST_CELL: f64 = 9.0;

/// Draws a table of counts. Each row is shaded by the share of its entries in its sum; the diagonal, where row and
/// column agree, has another colour.
///
/// # Errors
/// When plotters refuses to draw.
pub fn matrix(words: &Words, matrix: &Matrix<'_>) -> Result<Markup, ReportError> {
    let height = |at: Width| Frame::new(matrix, at).height();
    figure(words, height, |area, at| draw(area, &Frame::new(matrix, at), matrix))
}

/// Where the cells lie, in pixels.
struct Frame {
    left: f64,
    top: f64,
    cell: f64,
    count: usize,
    /// One in so many is named.
    every: usize,
    /// Room for names.
    names: f64,
}

impl Frame {
    fn new(matrix: &Matrix<'_>, at: Width) -> Self {
        let count = matrix.names.len().max(1);
        let widest = matrix.names.iter().map(|name| width(name, SMALL)).fold(0.0, f64::max);
        let names = widest.min(at.pick(140.0, 76.0));
        // The name of the rows stands above theirs, that of the columns above these.
        let (left, top) = (names + 8.0, names + 26.0);
        let room = f64::from(at.pixels()) - left - 8.0;
        let cell = (room / count as f64).min(at.pick(46.0, 60.0));
        Self { left, top, cell, count, every: (NAME_PITCH / cell).ceil().max(1.0) as usize, names }
    }

    fn height(&self) -> i32 {
        (self.top + self.cell * self.count as f64).ceil() as i32 + 8
    }
}

fn draw(area: &Area<'_>, frame: &Frame, matrix: &Matrix<'_>) -> DrawResult {
    let middle = |index: usize| frame.cell * (index as f64 + 0.5);
    let style = font(SMALL, Ink::Text, HPos::Left, VPos::Top);
    let heading = format!("{} \u{2193}   {} \u{2192}", matrix.rows, matrix.columns);
    area.draw(&Text::new(heading, (0, px(2)), style))?;
    for (index, name) in matrix.names.iter().enumerate().step_by(frame.every) {
        let name = shorten(name, frame.names, SMALL);
        let row = (units(frame.left - 6.0), units(frame.top + middle(index)));
        area.draw(&Text::new(name.clone(), row, font(SMALL, Ink::Text, HPos::Right, VPos::Center)))?;
        let column = (units(frame.left + middle(index)), units(frame.top - 6.0));
        let upright = font(SMALL, Ink::Text, HPos::Left, VPos::Center).transform(FontTransform::Rotate270);
        area.draw(&Text::new(name, column, upright))?;
    }
    if frame.cell >= SMALLEST_CELL {
        for cell in cells(matrix) {
            draw_cell(area, frame, matrix, &cell)?;
        }
    } else {
        draw_shades(area, frame, matrix)?;
    }
    let edge = |index: f64| units(frame.cell * index);
    let (left, top, count) = (units(frame.left), units(frame.top), frame.count as f64);
    let outline = [(left, top), (left + edge(count), top + edge(count))];
    area.draw(&Rectangle::new(outline, Ink::Grid.stroke_width(units(1.0) as u32)))
}

/// What is counted in one place.
struct Cell {
    row: usize,
    column: usize,
    count: u64,
    /// Of its row.
    share: f64,
}

/// All cells with something in them, row by row.
fn cells<'m>(matrix: &Matrix<'m>) -> impl Iterator<Item = Cell> + use<'m> {
    let size = matrix.names.len();
    let counts = matrix.counts;
    counts.iter().take(size).enumerate().flat_map(move |(row, counts)| {
        let sum = counts.iter().fold(0u64, |sum, count| sum.saturating_add(*count)).max(1);
        let cell = move |(column, &count)| Cell { row, column, count, share: count as f64 / sum as f64 };
        counts.iter().take(size).enumerate().map(cell).filter(|cell| cell.count > 0)
    })
}

impl Cell {
    /// The colour, and how strong it is. Few are still seen: one in a hundred has a sixth of the full shade.
    fn shade(&self) -> (Ink, f64) {
        let (ink, strength) =
            if self.row == self.column { (Ink::Blue, self.share) } else { (Ink::Vermillion, self.share.sqrt()) };
        (ink, 0.08 + 0.82 * strength.min(1.0))
    }
}

impl Frame {
    /// The corners of neighbouring cells of a row.
    fn corners(&self, row: usize, columns: Range<usize>) -> [(i32, i32); 2] {
        let corner = |row: usize, column: usize| {
            (units(self.left + self.cell * column as f64), units(self.top + self.cell * row as f64))
        };
        [corner(row, columns.start), corner(row + 1, columns.end)]
    }
}

/// A cell with its number, where that fits.
fn draw_cell(area: &Area<'_>, frame: &Frame, matrix: &Matrix<'_>, cell: &Cell) -> DrawResult {
    let (ink, shade) = cell.shade();
    let name = |index: usize| matrix.names.get(index).map_or("?", String::as_str);
    let tip = format!(
        "{}: {}; {}: {}: {} ({})",
        matrix.rows,
        name(cell.row),
        matrix.columns,
        name(cell.column),
        number::count(cell.count),
        number::percent(cell.share, 1)
    );
    let corners = frame.corners(cell.row, cell.column..cell.column + 1);
    area.draw(&Tip::rectangle(corners, ink.mix(shade).filled(), &tip))?;
    let text = number::count(cell.count);
    let size = (frame.cell - 8.0).clamp(6.0, SMALL);
    if width(&text, size) <= frame.cell && frame.cell >= size + 3.0 {
        let [(left, top), (right, bottom)] = corners;
        let ink = if shade > 0.55 { Ink::Page } else { Ink::Text };
        let style = font(size, ink, HPos::Center, VPos::Center);
        area.draw(&Text::new(text, ((left + right) / 2, (top + bottom) / 2), style))?;
    }
    Ok(())
}

/// Neighbouring cells: their row, and their columns.
type Run = (usize, Range<usize>);

/// How many shades are told apart where cells are too small for numbers.
const SHADES: f64 = 12.0;

/// Cells by their shade, all of one shade together: thousands of them one by one would make a page too large.
fn draw_shades(area: &Area<'_>, frame: &Frame, matrix: &Matrix<'_>) -> DrawResult {
    // By whether they lie on the diagonal, and by their shade.
    let mut shades: BTreeMap<(bool, u32), Vec<Run>> = BTreeMap::new();
    for cell in cells(matrix) {
        let (_, shade) = cell.shade();
        let runs = shades.entry((cell.row == cell.column, (shade * SHADES).ceil() as u32)).or_default();
        match runs.last_mut() {
            Some((row, columns)) if *row == cell.row && columns.end == cell.column => columns.end += 1,
            _ => runs.push((cell.row, cell.column..cell.column + 1)),
        }
    }
    for ((found, level), runs) in shades {
        let ink = if found { Ink::Blue } else { Ink::Vermillion };
        let corners = runs.into_iter().map(|(row, columns)| frame.corners(row, columns)).collect();
        let style = ink.mix(f64::from(level) / SHADES).filled();
        area.draw(&Tip::rectangles(corners, style, if found { matrix.rows } else { matrix.columns }))?;
    }
    Ok(())
}
