//! [`SvgBackend`]: plotters' drawing as SVG that takes its colours and fonts from the page's style sheet.
//!
//! The backend that comes with plotters writes colours and font families into every element, so that a plot has one look
//! on white paper only. This one writes classes (see [`super::ink`]), lines as short relative paths, and texts to be shown
//! where the pointer rests ([`Tip`]).

use super::ink::{Ink, Pen};
use super::text;
use plotters::element::{Drawable, PointCollection};
use plotters::style::ShapeStyle;
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
    FontTransform,
};
use std::convert::Infallible;
use std::fmt::Write;

/// Units of a drawing in a pixel of the page. Plotters places everything by integers, and whole pixels would make curves
/// rough.
pub const UNITS: i32 = 10;

/// Whole pixels in units.
pub const fn px(pixels: i32) -> i32 {
    pixels * UNITS
}

/// Pixels in units.
pub fn units(pixels: f64) -> i32 {
    (pixels * f64::from(UNITS)).round() as i32
}

type DrawResult = Result<(), DrawingErrorKind<Infallible>>;

/// Appends SVG elements to a string. All lengths are in units: the `viewBox` of the drawing must be too.
pub struct SvgBackend<'s> {
    size: (u32, u32),
    body: &'s mut String,
}

impl<'s> SvgBackend<'s> {
    /// A surface of so many units.
    pub fn new(size: (u32, u32), body: &'s mut String) -> Self {
        Self { size, body }
    }

    /// Writes the elements drawn by `draw` as one group with a text to be shown where the pointer rests.
    fn with_tip(&mut self, tip: &str, draw: impl FnOnce(&mut Self) -> DrawResult) -> DrawResult {
        self.body.push_str("<g><title>");
        push_escaped(self.body, tip);
        self.body.push_str("</title>");
        let result = draw(self);
        self.body.push_str("</g>");
        result
    }

    fn write(&mut self, arguments: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = self.body.write_fmt(arguments);
    }

    fn attributes<S: BackendStyle>(&mut self, style: &S, fill: bool) {
        let BackendColor { rgb, alpha } = style.color();
        let pen = Pen::from_rgb(rgb);
        let kind = if fill { "fill" } else { "stroke" };
        self.write(format_args!(" class=\"{kind}-{}\"", pen.ink.name()));
        if alpha < 1.0 {
            self.write(format_args!(" {kind}-opacity=\"{}\"", (alpha * 100.0).round() / 100.0));
        }
        if !fill {
            self.write(format_args!(" stroke-width=\"{}\"", style.stroke_width()));
            if let Some(lengths) = pen.dash.lengths() {
                self.write(format_args!(" stroke-dasharray=\"{lengths}\""));
            }
        }
    }

    /// Writes a path through points, each step relative to the one before; steps in the same direction along an axis
    /// become one.
    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, closed: bool) {
        let mut points = points.into_iter();
        let Some(mut last) = points.next() else { return };
        self.write(format_args!("<path d=\"M{} {}", last.0, last.1));
        let mut step = (0, 0);
        for point in points {
            let next = (point.0 - last.0, point.1 - last.1);
            let along = |a: i32, b: i32| a.signum() == b.signum();
            let goes_on = (step.0 == 0 && next.0 == 0 && along(step.1, next.1))
                || (step.1 == 0 && next.1 == 0 && along(step.0, next.0));
            if goes_on {
                step = (step.0 + next.0, step.1 + next.1);
            } else {
                self.step(step);
                step = next;
            }
            last = point;
        }
        self.step(step);
        self.body.push_str(if closed { "z\"" } else { "\"" });
    }

    /// Writes rectangles, given by pairs of corners, as one path.
    fn fill_rectangles(&mut self, mut corners: impl Iterator<Item = BackendCoord>, style: &ShapeStyle) {
        self.body.push_str("<path d=\"");
        let mut last = (0, 0);
        while let (Some((left, top)), Some((right, bottom))) = (corners.next(), corners.next()) {
            let (width, height) = (right - left, bottom - top);
            self.write(format_args!("m{} {}h{width}v{height}h{}z", left - last.0, top - last.1, -width));
            // A closed part of a path ends where it began.
            last = (left, top);
        }
        self.body.push('"');
        self.attributes(style, true);
        self.body.push_str("/>");
    }

    fn step(&mut self, step: BackendCoord) {
        match step {
            (0, 0) => {}
            (across, 0) => self.write(format_args!("h{across}")),
            (0, down) => self.write(format_args!("v{down}")),
            (across, down) if down < 0 => self.write(format_args!("l{across}{down}")),
            (across, down) => self.write(format_args!("l{across} {down}")),
        }
    }
}

/// Appends text as the content of an element or attribute. What XML cannot hold becomes the sign for it.
pub fn push_escaped(body: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => body.push_str("&amp;"),
            '<' => body.push_str("&lt;"),
            '>' => body.push_str("&gt;"),
            '"' => body.push_str("&quot;"),
            '\t' | '\n' | '\r' => body.push(' '),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}' => body.push('\u{fffd}'),
            character => body.push(character),
        }
    }
}

impl DrawingBackend for SvgBackend<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> DrawResult {
        Ok(())
    }

    fn present(&mut self) -> DrawResult {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> DrawResult {
        self.draw_rect((x, y), (x + 1, y + 1), &color, true)
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> DrawResult {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        (left, top): BackendCoord,
        (right, bottom): BackendCoord,
        style: &S,
        fill: bool,
    ) -> DrawResult {
        let (left, right) = (left.min(right), left.max(right));
        let (top, bottom) = (top.min(bottom), top.max(bottom));
        let (width, height) = (right - left, bottom - top);
        self.write(format_args!("<rect x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{height}\""));
        self.attributes(style, fill);
        self.body.push_str("/>");
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> DrawResult {
        if style.color().alpha > 0.0 {
            self.path(path, false);
            self.attributes(style, false);
            self.body.push_str("/>");
        }
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, center: BackendCoord, radius: u32, style: &S, fill: bool) -> DrawResult {
        self.write(format_args!("<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\"", center.0, center.1));
        self.attributes(style, fill);
        self.body.push_str("/>");
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> DrawResult {
        self.path(path, true);
        self.attributes(style, true);
        self.body.push_str("/>");
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> DrawResult {
        let anchor = style.anchor();
        // Where the base line lies, in sizes of the font: browsers disagree about the SVG attributes for it.
        let base = match anchor.v_pos {
            VPos::Top => 0.78,
            VPos::Center => 0.34,
            VPos::Bottom => -0.22,
        };
        let size = style.size().round();
        let shift = (base * size).round() as i32;
        let (x, y, turn) = match style.transform() {
            FontTransform::None => (x, y + shift, None),
            FontTransform::Rotate90 => (x - shift, y, Some(90)),
            FontTransform::Rotate180 => (x, y - shift, Some(180)),
            FontTransform::Rotate270 => (x + shift, y, Some(270)),
        };
        self.write(format_args!("<text x=\"{x}\" y=\"{y}\""));
        // The style sheet knows the usual size and colour.
        if size != f64::from(units(text::SMALL)) {
            self.write(format_args!(" font-size=\"{size}\""));
        }
        match anchor.h_pos {
            HPos::Left => {}
            HPos::Center => self.body.push_str(" text-anchor=\"middle\""),
            HPos::Right => self.body.push_str(" text-anchor=\"end\""),
        }
        if let FontStyle::Bold = style.style() {
            self.body.push_str(" font-weight=\"600\"");
        }
        if let Some(turn) = turn {
            self.write(format_args!(" transform=\"rotate({turn} {x} {y})\""));
        }
        let color = style.color();
        if Pen::from_rgb(color.rgb).ink != Ink::Muted {
            self.attributes(&color, true);
        }
        self.body.push('>');
        push_escaped(self.body, text);
        self.body.push_str("</text>");
        Ok(())
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        Ok((text::width(text, style.size()).ceil() as u32, style.size().ceil() as u32))
    }
}

/// An element of a plot with a text that is shown where the pointer rests on it.
pub struct Tip<C> {
    points: Vec<C>,
    mark: Mark,
    style: ShapeStyle,
    text: String,
}

enum Mark {
    /// Points in pairs: opposite corners of a rectangle each.
    Rectangles,
    /// One point, and the radius.
    Circle(u32),
    /// Points that are joined.
    Path,
}

impl<C> Tip<C> {
    /// A rectangle between two corners.
    pub fn rectangle(corners: [C; 2], style: impl Into<ShapeStyle>, text: &str) -> Self {
        Self { points: corners.into(), mark: Mark::Rectangles, style: style.into(), text: text.into() }
    }

    /// Many filled rectangles of the same meaning, each between two corners. They take less room than one by one.
    pub fn rectangles(corners: Vec<[C; 2]>, style: impl Into<ShapeStyle>, text: &str) -> Self {
        let points = corners.into_iter().flatten().collect();
        Self { points, mark: Mark::Rectangles, style: style.into(), text: text.into() }
    }

    /// A circle with its radius in units.
    pub fn circle(center: C, radius: i32, style: impl Into<ShapeStyle>, text: &str) -> Self {
        let mark = Mark::Circle(radius.unsigned_abs());
        Self { points: vec![center], mark, style: style.into(), text: text.into() }
    }

    /// A line through points.
    pub fn path(points: Vec<C>, style: impl Into<ShapeStyle>, text: &str) -> Self {
        Self { points, mark: Mark::Path, style: style.into(), text: text.into() }
    }
}

impl<'a, C> PointCollection<'a, C> for &'a Tip<C> {
    type Point = &'a C;
    type IntoIter = &'a [C];

    fn point_iter(self) -> &'a [C] {
        &self.points
    }
}

impl<'s, C> Drawable<SvgBackend<'s>> for Tip<C> {
    fn draw<I: Iterator<Item = BackendCoord>>(
        &self,
        mut points: I,
        backend: &mut SvgBackend<'s>,
        _: (u32, u32),
    ) -> DrawResult {
        let (style, fill) = (&self.style, self.style.filled);
        backend.with_tip(&self.text, |backend| match self.mark {
            Mark::Path => backend.draw_path(points, style),
            Mark::Circle(radius) => {
                points.next().map_or(Ok(()), |center| backend.draw_circle(center, radius, style, fill))
            }
            Mark::Rectangles => match (points.next(), points.next()) {
                (Some(corner), Some(other)) if self.points.len() == 2 => backend.draw_rect(corner, other, style, fill),
                (Some(corner), Some(other)) => {
                    backend.fill_rectangles([corner, other].into_iter().chain(points), style);
                    Ok(())
                }
                _ => Ok(()),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plotters::prelude::*;

    #[test]
    fn elements_have_classes_tips_and_escaped_text() {
        let mut body = String::new();
        {
            let area = SvgBackend::new((px(100) as u32, px(50) as u32), &mut body).into_drawing_area();
            area.draw(&Tip::rectangle([(15, 0), (-5, 100)], Ink::Blue.mix(0.5).filled(), "a < b")).unwrap();
            let path = [(10, 10), (20, 10), (40, 10), (40, 30), (40, 30), (30, 25), (40, 30)];
            area.draw(&PathElement::new(path, Ink::Text.stroke_width(20))).unwrap();
            let style = ("sans-serif", px(12)).into_font().color(&Ink::Muted);
            area.draw(&Text::new("\"x\" & y\u{1}", (0, 0), style)).unwrap();
        }
        assert!(body.contains("<g><title>a &lt; b</title><rect x=\"0\" y=\"0\" width=\"15\" height=\"100\""), "{body}");
        assert!(body.contains("class=\"fill-blue\" fill-opacity=\"0.5\""), "{body}");
        assert!(
            body.contains("<path d=\"M10 10h30v20l-10-5l10 5\" class=\"stroke-text\" stroke-width=\"20\"/>"),
            "{body}"
        );
        assert!(body.contains(">&quot;x&quot; &amp; y\u{fffd}</text>"), "{body}");
    }
}
