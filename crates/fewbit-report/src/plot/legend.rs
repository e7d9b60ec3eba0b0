//! [`legend`]: what the marks of a plot mean, in HTML, where it wraps as text does.

use super::ink::{Ink, Pen};
use maud::{Markup, html};

/// One kind of mark and its meaning.
#[derive(Clone, Debug)]
pub struct Key {
    /// How it looks.
    pub sample: Sample,
    /// What it means.
    pub meaning: String,
}

/// How a mark looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sample {
    /// A line.
    Line(Pen),
    /// An area of an opacity from 0 to 1.
    Area(Ink, f64),
    /// A filled circle.
    Dot(Ink),
    /// An open circle.
    Ring(Ink),
}

impl Key {
    /// A mark and its meaning.
    pub fn new(sample: Sample, meaning: impl Into<String>) -> Self {
        Self { sample, meaning: meaning.into() }
    }
}

/// The list of marks; nothing where there are none.
pub fn legend(keys: &[Key]) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.legend { @for key in keys { li { (sample(key.sample)) (key.meaning) } } }
        }
    }
}

fn sample(sample: Sample) -> Markup {
    let fill = |ink: Ink| format!("fill-{}", ink.name());
    let stroke = |ink: Ink| format!("stroke-{}", ink.name());
    html! {
        svg.key viewBox="0 0 220 120" width="22" height="12" aria-hidden="true" {
            @match sample {
                Sample::Line(pen) => {
                    line x1="10" y1="60" x2="210" y2="60" class=(stroke(pen.ink)) stroke-width="25"
                        stroke-dasharray=[pen.dash.lengths()] {}
                }
                Sample::Area(ink, opacity) => {
                    rect x="10" y="10" width="200" height="100" class=(fill(ink)) fill-opacity=(opacity) {}
                }
                Sample::Dot(ink) => circle cx="110" cy="60" r="45" class=(fill(ink)) {}
                Sample::Ring(ink) => circle cx="110" cy="60" r="40" class=(stroke(ink)) stroke-width="20" {}
            }
        }
    }
}
