//! [`Ink`] and [`Pen`]: the colours of plots, as names that the style sheet gives a colour to.
//!
//! Plotters draws in red, green and blue, but a page has light, dark and printed colours. So an ink's red is its number
//! in [`Ink::ALL`], its green the number of a dash pattern, and [`super::backend`] writes classes of the style sheet
//! where others write colours.

use plotters::style::Color;
use plotters_backend::BackendColor;

/// A colour of the page, by its use or by its name in the palette of Okabe and Ito (2008), whose colours colour-blind
/// readers can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Titles, names, what must be read.
    Text,
    /// Numbers at axes, remarks.
    Muted,
    /// Lines of the grid.
    Grid,
    /// The ground of the page.
    Page,
    /// The ordinary mark.
    Blue,
    /// What deserves attention: peaks, losses, the worst.
    Vermillion,
    /// A third series.
    Green,
    /// A fourth series.
    Purple,
    /// A fifth series.
    Orange,
    /// A quiet mark beside blue.
    Sky,
}

impl Ink {
    /// All inks; an ink's number is its place here.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Muted,
        Self::Grid,
        Self::Page,
        Self::Blue,
        Self::Vermillion,
        Self::Green,
        Self::Purple,
        Self::Orange,
        Self::Sky,
    ];

    /// The colours of series that are drawn over each other.
    const SERIES: [Self; 6] = [Self::Blue, Self::Vermillion, Self::Green, Self::Purple, Self::Orange, Self::Text];

    /// Its name in the style sheet.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Muted => "muted",
            Self::Grid => "grid",
            Self::Page => "page",
            Self::Blue => "blue",
            Self::Vermillion => "vermillion",
            Self::Green => "green",
            Self::Purple => "purple",
            Self::Orange => "orange",
            Self::Sky => "sky",
        }
    }
}

impl Color for Ink {
    fn to_backend_color(&self) -> BackendColor {
        Pen { ink: *self, dash: Dash::Solid }.to_backend_color()
    }
}

/// How a line is broken, so that lines differ by more than their colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// Not at all.
    Solid,
    /// Long dashes.
    Long,
    /// Short dashes.
    Short,
    /// Dots.
    Dots,
}

impl Dash {
    /// All patterns; a pattern's number is its place here.
    pub const ALL: [Self; 4] = [Self::Solid, Self::Long, Self::Short, Self::Dots];

    /// The lengths of marks and gaps in units of a drawing (tenths of pixels), as SVG writes them.
    pub fn lengths(self) -> Option<&'static str> {
        match self {
            Self::Solid => None,
            Self::Long => Some("80 40"),
            Self::Short => Some("40 30"),
            Self::Dots => Some("15 30"),
        }
    }
}

/// A colour and a dash pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pen {
    /// The colour.
    pub ink: Ink,
    /// The pattern.
    pub dash: Dash,
}

impl Pen {
    /// The pen of a series: the first six differ in colour and take the patterns in turn, those after them differ from
    /// these in their pattern.
    pub fn of_series(index: usize) -> Self {
        let round = index / Ink::SERIES.len();
        Self { ink: Ink::SERIES[index % Ink::SERIES.len()], dash: Dash::ALL[(index + round) % Dash::ALL.len()] }
    }

    /// The pen that a colour of plotters stands for.
    pub fn from_rgb((ink, dash, _): (u8, u8, u8)) -> Self {
        Self {
            ink: Ink::ALL.get(usize::from(ink)).copied().unwrap_or(Ink::Text),
            dash: Dash::ALL.get(usize::from(dash)).copied().unwrap_or(Dash::Solid),
        }
    }
}

impl Color for Pen {
    fn to_backend_color(&self) -> BackendColor {
        let number = |place: Option<usize>| place.and_then(|place| u8::try_from(place).ok()).unwrap_or(0);
        let ink = number(Ink::ALL.iter().position(|ink| *ink == self.ink));
        let dash = number(Dash::ALL.iter().position(|dash| *dash == self.dash));
        BackendColor { alpha: 1.0, rgb: (ink, dash, 0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pen_survives_the_way_through_plotters() {
        for ink in Ink::ALL {
            for dash in Dash::ALL {
                let pen = Pen { ink, dash };
                assert_eq!(Pen::from_rgb(pen.mix(0.5).rgb()), pen);
            }
        }
    }

    #[test]
    fn two_dozen_series_differ() {
        let pens: Vec<Pen> = (0..24).map(Pen::of_series).collect();
        for (index, pen) in pens.iter().enumerate() {
            assert!(!pens[..index].contains(pen), "series {index} looks like one before it");
        }
    }
}
