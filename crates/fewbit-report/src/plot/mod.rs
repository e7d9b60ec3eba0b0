//! Plots: each a figure with a title, a description for those who cannot see it, and inline SVG by plotters.
//!
//! SVG shrinks its text with everything else, and a plot made for a desktop is unreadable on a phone. So [`figure`]
//! draws a plot twice, once for each [`Width`], and the style sheet shows the one that suits; the plot decides what
//! changes beyond its width.
//!
//! | module | what it draws |
//! |---|---|
//! | [`mod@curves`] | lines over a common axis: training |
//! | [`mod@histogram`] | how often values occur, and the range that a format stores |
//! | [`mod@matrix`] | a table of counts as shades: confusion |
//! | [`mod@memory_map`] | blocks of memory over time |
//! | [`mod@rows`] | a bar or dots for each of many names |
//! | [`mod@scatter`] | points with names: accuracy against size |
//!
//! and what they share: [`axis`] (ranges, ticks, the grid), [`backend`] (plotters to SVG), [`ink`] (colours by use),
//! [`mod@legend`], [`smooth`], [`text`] (widths of text).

pub mod axis;
pub mod backend;
pub mod curves;
pub mod histogram;
pub mod ink;
pub mod legend;
pub mod matrix;
pub mod memory_map;
pub mod rows;
pub mod scatter;
pub mod smooth;
pub mod text;

use crate::error::ReportError;
use backend::{SvgBackend, push_escaped, px, units};
use ink::Ink;
use legend::{Key, legend};
use maud::{Markup, PreEscaped, html};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, TextStyle};
use std::convert::Infallible;
use std::fmt::Write;

/// What is drawn on.
pub type Area<'s> = DrawingArea<SvgBackend<'s>, Shift>;

/// What drawing gives.
pub type DrawResult = Result<(), DrawingAreaErrorKind<Infallible>>;

/// The widths that plots are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// A desktop, a tablet, paper.
    Wide,
    /// A phone.
    Narrow,
}

impl Width {
    /// In pixels.
    pub fn pixels(self) -> i32 {
        match self {
            Self::Wide => 840,
            Self::Narrow => 344,
        }
    }

    /// One value or the other.
    pub fn pick<T>(self, wide: T, narrow: T) -> T {
        match self {
            Self::Wide => wide,
            Self::Narrow => narrow,
        }
    }
}

/// The width of small plots, in pixels: three of them stand side by side on a desktop, and one fills a phone.
const SMALL_WIDTH: i32 = 280;

/// The words of a figure.
#[derive(Clone, Debug)]
pub struct Words {
    /// Unique on the page; letters, digits and dashes.
    pub id: String,
    /// What is shown, in a few words: the figure's caption.
    pub title: String,
    /// What can be seen in it, in a sentence or two, for those who cannot see it.
    pub description: String,
    /// What its marks mean; empty where there is only one kind.
    pub legend: Vec<Key>,
}

/// A plot in both widths. `height` is in pixels.
///
/// # Errors
/// When plotters refuses to draw.
pub fn figure(
    words: &Words,
    height: impl Fn(Width) -> i32,
    draw: impl Fn(&Area<'_>, Width) -> DrawResult,
) -> Result<Markup, ReportError> {
    let wide = svg(words, "wide", (Width::Wide.pixels(), height(Width::Wide)), |area| draw(area, Width::Wide))?;
    let narrow =
        svg(words, "narrow", (Width::Narrow.pixels(), height(Width::Narrow)), |area| draw(area, Width::Narrow))?;
    Ok(html! {
        figure id=(words.id) {
            figcaption { (words.title) }
            (legend(&words.legend))
            (wide) (narrow)
        }
    })
}

/// A plot that is small enough for a phone, to stand beside others on a desktop, with a short caption and a remark under
/// it. Its legend is that of all of them.
///
/// # Errors
/// When plotters refuses to draw.
pub fn small_figure(
    words: &Words,
    (caption, remark): (&str, &str),
    height: i32,
    draw: impl Fn(&Area<'_>) -> DrawResult,
) -> Result<Markup, ReportError> {
    let svg = svg(words, "small", (SMALL_WIDTH, height), draw)?;
    Ok(html! {
        figure.small id=(words.id) {
            figcaption { (caption) span.remark { (remark) } }
            (svg)
        }
    })
}

/// The SVG element of a plot: an image with a title and a description, as far as screen readers are concerned.
fn svg(
    words: &Words,
    class: &str,
    (width, height): (i32, i32),
    draw: impl Fn(&Area<'_>) -> DrawResult,
) -> Result<Markup, ReportError> {
    let mut body = String::new();
    let (across, down) = (px(width).unsigned_abs(), px(height).unsigned_abs());
    draw(&SvgBackend::new((across, down), &mut body).into_drawing_area())
        .map_err(|error| ReportError::Plot { plot: words.title.clone(), reason: error.to_string() })?;
    let id = format!("{}-{class}", words.id);
    let mut svg = String::with_capacity(body.len() + 512);
    // Writing to a string does not fail.
    let _ = write!(
        svg,
        "<svg class=\"plot {class}\" viewBox=\"0 0 {across} {down}\" width=\"{width}\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">"
    );
    push_escaped(&mut svg, &words.title);
    let _ = write!(svg, "</title><desc id=\"{id}-desc\">");
    push_escaped(&mut svg, &words.description);
    svg.push_str("</desc>");
    svg.push_str(&body);
    svg.push_str("</svg>");
    Ok(PreEscaped(svg))
}

/// The style of text of a size in pixels, with its anchor.
pub fn font(size: f64, ink: Ink, horizontal: HPos, vertical: VPos) -> TextStyle<'static> {
    // The font itself is the page's: see the style sheet.
    let style = TextStyle::from(("sans-serif", f64::from(units(size))).into_font());
    TextStyle { color: ink.to_backend_color(), pos: Pos::new(horizontal, vertical), ..style }
}
