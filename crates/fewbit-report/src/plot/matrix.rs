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

/// Beyond so many rows names are left out.
const MOST_NAMES: usize = 40;

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
    named: bool,
    names: f64,
}

impl Frame {
    fn new(matrix: &Matrix<'_>, at: Width) -> Self {
        let count = matrix.names.len().max(1);
        let named = count <= MOST_NAMES;
        let widest = matrix.names.iter().map(|name| width(name, SMALL)).fold(0.0, f64::max);
        let names = if named { widest.min(at.pick(140.0, 76.0)) } else { 0.0 };
        // The name of the rows stands above theirs, that of the columns above these.
        let (left, top) = (names + 8.0, names + 26.0);
        let room = f64::from(at.pixels()) - left - 2.0;
        Self { left, top, cell: (room / count as f64).min(at.pick(46.0, 60.0)), count, named, names }
    }

    fn height(&self) -> i32 {
        (self.top + self.cell * self.count as f64).ceil() as i32 + 4
    }
}

fn draw(area: &Area<'_>, frame: &Frame, matrix: &Matrix<'_>) -> DrawResult {
    let size = (frame.cell - 8.0).clamp(6.0, SMALL);
    let middle = |index: usize| frame.cell * (index as f64 + 0.5);
    let style = font(SMALL, Ink::Text, HPos::Left, VPos::Top);
    let heading = format!("{} \u{2193}   {} \u{2192}", matrix.rows, matrix.columns);
    area.draw(&Text::new(heading, (0, px(2)), style))?;
    for (index, name) in matrix.names.iter().enumerate().filter(|_| frame.named) {
        let name = shorten(name, frame.names, size);
        let row = (units(frame.left - 6.0), units(frame.top + middle(index)));
        area.draw(&Text::new(name.clone(), row, font(size, Ink::Text, HPos::Right, VPos::Center)))?;
        let column = (units(frame.left + middle(index)), units(frame.top - 6.0));
        let upright = font(size, Ink::Text, HPos::Left, VPos::Center).transform(FontTransform::Rotate270);
        area.draw(&Text::new(name, column, upright))?;
    }
    for (row, counts) in matrix.counts.iter().enumerate().take(frame.count) {
        let sum = counts.iter().fold(0u64, |sum, count| sum.saturating_add(*count)).max(1);
        for (column, &count) in counts.iter().enumerate().take(frame.count).filter(|(_, count)| **count > 0) {
            cell(area, frame, matrix, (row, column), count, count as f64 / sum as f64)?;
        }
    }
    let edge = |index: f64| units(frame.cell * index);
    let (left, top, count) = (units(frame.left), units(frame.top), frame.count as f64);
    let outline = [(left, top), (left + edge(count), top + edge(count))];
    area.draw(&Rectangle::new(outline, Ink::Grid.stroke_width(units(1.0) as u32)))
}

fn cell(
    area: &Area<'_>,
    frame: &Frame,
    matrix: &Matrix<'_>,
    (row, column): (usize, usize),
    count: u64,
    share: f64,
) -> DrawResult {
    let corner = |row: f64, column: f64| (units(frame.left + frame.cell * column), units(frame.top + frame.cell * row));
    let (row_, column_) = (row as f64, column as f64);
    let corners = [corner(row_, column_), corner(row_ + 1.0, column_ + 1.0)];
    // Few are still seen: one in a hundred has a twelfth of the full shade.
    let (ink, shade) = if row == column { (Ink::Blue, share) } else { (Ink::Vermillion, share.sqrt()) };
    let shade = 0.08 + 0.82 * shade.min(1.0);
    let name = |index: usize| matrix.names.get(index).map_or("?", String::as_str);
    let tip = format!(
        "{}: {}; {}: {}: {} ({})",
        matrix.rows,
        name(row),
        matrix.columns,
        name(column),
        number::count(count),
        number::percent(share, 1)
    );
    area.draw(&Tip::rectangle(corners, ink.mix(shade).filled(), &tip))?;
    let text = number::count(count);
    let size = (frame.cell - 8.0).clamp(6.0, SMALL);
    if width(&text, size) <= frame.cell && frame.cell >= size + 3.0 {
        let middle = (units(frame.left + frame.cell * (column_ + 0.5)), units(frame.top + frame.cell * (row_ + 0.5)));
        let ink = if shade > 0.55 { Ink::Page } else { Ink::Text };
        area.draw(&Text::new(text, middle, font(size, ink, HPos::Center, VPos::Center)))?;
    }
    Ok(())
}
