//! [`Axis`]: a range with ticks at round numbers, and [`chart`], the frame of a plot with two of them.
//!
//! Plotters could choose the ticks, but its choice is made for powers of ten of a unit and loops for long where a range is
//! next to nothing. Here a range is finite and not empty whatever the values are.

use super::backend::{SvgBackend, px, units};
use super::ink::Ink;
use super::text::SMALL;
use super::{Area, font, text};
use crate::number;
use plotters::chart::{ChartBuilder, ChartContext};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};
use plotters::drawing::DrawingAreaErrorKind;
use plotters::style::Color;
use plotters::style::text_anchor::{HPos, VPos};
use std::convert::Infallible;
use std::ops::Range;

/// How values are placed along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// By their size.
    Linear,
    /// By their logarithm.
    Logarithmic,
}

/// One axis of a plot. Values beyond its ends are placed at them.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The quantity and its unit: `arena, KiB`.
    label: String,
    scale: Scale,
    /// The ends, as placed: logarithms on a logarithmic axis.
    low: f64,
    high: f64,
    /// Values, with what is written at them.
    ticks: Vec<(f64, String)>,
    grid: bool,
}

impl Axis {
    /// An axis that holds all finite values, with about so many ticks.
    pub fn new(label: &str, values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let (low, high) = range(values.into_iter()).unwrap_or((0.0, 1.0));
        let (low, high) = widened(low, high);
        let step = round_step((high - low) / ticks.max(1) as f64);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self::stepped(label, (low, high), step)
    }

    /// An axis from zero to the largest value, for lengths that are to be compared.
    pub fn from_zero(label: &str, values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let high = values.into_iter().filter(|value| value.is_finite()).fold(0.0, f64::max);
        let high = if high > 0.0 { high } else { 1.0 };
        let step = round_step(high / ticks.max(1) as f64);
        Self::stepped(label, (0.0, high), step)
    }

    /// An axis of bytes from zero to the largest number, in the unit that suits, with ticks at powers of two or their
    /// multiples. Values are still given in bytes.
    pub fn of_bytes(quantity: &str, largest: f64, ticks: usize) -> Self {
        const UNITS: [(f64, &str); 4] =
            [(1.0, "bytes"), (1024.0, "KiB"), (1024.0 * 1024.0, "MiB"), (1024.0 * 1024.0 * 1024.0, "GiB")];
        let largest = if largest > 0.0 { largest.min(LARGEST) } else { 1.0 };
        let (size, unit) = UNITS.into_iter().rev().find(|(size, _)| largest >= size * 2.0).unwrap_or(UNITS[0]);
        let step = (largest / ticks.max(1) as f64 / size).log2().ceil().exp2() * size;
        let step = if unit == "bytes" { step.max(1.0) } else { step };
        let marks = (0..=(largest / step) as usize).map(|index| index as f64 * step);
        let ticks = marks.map(|value| (value, tick_text(value / size, step / size, largest / size))).collect();
        let label = format!("{quantity}, {unit}");
        Self { label, scale: Scale::Linear, low: 0.0, high: largest, ticks, grid: true }
    }

    /// An axis with these ends.
    pub fn between(label: &str, low: f64, high: f64, ticks: usize) -> Self {
        let (low, high) = widened(low, high);
        Self::stepped(label, (low, high), round_step((high - low) / ticks.max(1) as f64))
    }

    /// A logarithmic axis that holds all values above zero, with about so many ticks.
    pub fn logarithmic(label: &str, values: impl IntoIterator<Item = f64>, ticks: usize) -> Self {
        let logarithms = values.into_iter().filter(|value| *value > 0.0).map(f64::log10);
        let (low, high) = range(logarithms).unwrap_or((0.0, 1.0));
        // A tenth of a decade beyond the values, and at least a decade in all, so that there are ticks.
        let (low, high) = (low - 0.1, high + 0.1);
        let missing = (1.0 - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing, high + missing);
        let every = ((high - low) / ticks.max(1) as f64).ceil().max(1.0);
        let between: &[f64] = if high - low < ticks as f64 / 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let mut marks = Vec::new();
        let mut decade = low.floor();
        while decade <= high {
            for factor in between {
                let value = factor * 10f64.powf(decade);
                if (low..=high).contains(&value.log10()) {
                    marks.push((value, tick_text(value, value, value)));
                }
            }
            decade += every;
        }
        Self { label: label.into(), scale: Scale::Logarithmic, low, high, ticks: marks, grid: true }
    }

    fn stepped(label: &str, (low, high): (f64, f64), step: f64) -> Self {
        let first = (low / step - 1e-6).ceil();
        let count = ((high / step + 1e-6).floor() - first).max(0.0) as usize;
        let ticks = (0..=count).map(|index| (first + index as f64) * step);
        let largest = low.abs().max(high.abs());
        let ticks = ticks.map(|value| (value, tick_text(value, step, largest))).collect();
        Self { label: label.into(), scale: Scale::Linear, low, high, ticks, grid: true }
    }

    /// With these ticks instead.
    pub fn with_ticks(mut self, ticks: Vec<(f64, String)>) -> Self {
        self.ticks = ticks;
        self
    }

    /// Without lines of the grid at its ticks.
    pub fn without_grid(mut self) -> Self {
        self.grid = false;
        self
    }

    /// Whether a value lies between the ends.
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&self.scaled(value))
    }

    fn scaled(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => value,
            Scale::Logarithmic => value.max(f64::MIN_POSITIVE).log10(),
        }
    }

    fn widest_tick(&self) -> f64 {
        self.ticks.iter().map(|(_, tick)| text::width(tick, SMALL)).fold(0.0, f64::max)
    }
}

impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, (from, to): (i32, i32)) -> i32 {
        let value = self.scaled(*value);
        let value = if value.is_nan() { self.low } else { value.clamp(self.low, self.high) };
        // The ends may be as far apart as numbers go.
        let share = (value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0);
        from + (f64::from(to - from) * share).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks.iter().map(|(value, _)| *value).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

impl ValueFormatter<f64> for Axis {
    fn format_ext(&self, value: &f64) -> String {
        self.ticks.iter().find(|(tick, _)| tick == value).map(|(_, text)| text.clone()).unwrap_or_default()
    }
}

/// The least and the greatest finite value.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// The largest number that an axis shows: beyond it steps would overflow.
const LARGEST: f64 = 1e300;

/// A range that is not empty, whatever its ends are.
fn widened(low: f64, high: f64) -> (f64, f64) {
    let number = |end: f64| if end.is_nan() { 0.0 } else { end.clamp(-LARGEST, LARGEST) };
    let (low, high) = (number(low.min(high)), number(low.max(high)));
    let size = low.abs().max(high.abs());
    if high - low > size * 1e-9 {
        (low, high)
    } else {
        let around = if size > 1e-290 { size * 0.1 } else { 1.0 };
        (low - around, high + around)
    }
}

/// The least of 1, 2, 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9)).unwrap_or(10.0);
    factor * power
}

/// A tick's number, with as many digits as the step between ticks needs, and in powers of ten where the largest number
/// of the axis is very large or very small.
fn tick_text(value: f64, step: f64, largest: f64) -> String {
    if value == 0.0 || value.abs() < step.abs() * 1e-6 {
        return "0".into();
    }
    let power = |number: f64| number.abs().log10().floor();
    let text = if !(1e-3..1e7).contains(&largest.abs()) {
        let digits = (power(value) - power(step)).clamp(0.0, 9.0) as usize;
        format!("{value:.digits$e}")
    } else {
        let decimals = (-power(step)).clamp(0.0, 9.0) as usize;
        if decimals == 0 && value.abs() >= 1000.0 {
            let digits = number::count(value.abs().round() as u64);
            if value < 0.0 { format!("-{digits}") } else { digits }
        } else {
            format!("{value:.decimals$}")
        }
    };
    text.replace('-', "\u{2212}")
}

/// A plot with two axes, to be drawn on.
pub type Chart<'a, 's> = ChartContext<'a, SvgBackend<'s>, Cartesian2d<Axis, Axis>>;

/// Room for the numbers of the horizontal axis, and for its label below them.
const BELOW: i32 = 38;

/// Room for the label of the vertical axis, which stands above it: upright text needs no turned head.
const ABOVE: i32 = 24;

/// Draws the grid, the numbers and the labels of two axes; values are drawn onto what comes back.
pub fn chart<'a, 's>(
    area: &'a Area<'s>,
    x: &Axis,
    y: &Axis,
) -> Result<Chart<'a, 's>, DrawingAreaErrorKind<Infallible>> {
    let (width, height) = area.dim_in_pixel();
    let (width, height) = (width as i32, height as i32);
    // The first and the last number of the horizontal axis stick out by half their width.
    let half = |tick: Option<&(f64, String)>| tick.map_or(0.0, |(_, tick)| text::width(tick, SMALL) / 2.0) + 4.0;
    let left = (y.widest_tick() + 10.0).max(half(x.ticks.first()));
    let right = half(x.ticks.last());
    let mut chart = ChartBuilder::on(area)
        .margin_top(px(if y.label.is_empty() { 6 } else { ABOVE }))
        .margin_right(units(right))
        .x_label_area_size(px(BELOW))
        .y_label_area_size(units(left))
        .build_cartesian_2d(x.clone(), y.clone())?;
    let mut mesh = chart.configure_mesh();
    mesh.bold_line_style(Ink::Grid.stroke_width(units(1.0) as u32))
        .light_line_style(Ink::Grid.mix(0.0))
        .axis_style(Ink::Muted.mix(0.6).stroke_width(units(1.0) as u32))
        .set_all_tick_mark_size(px(3))
        .x_label_style(font(SMALL, Ink::Muted, HPos::Center, VPos::Top))
        .y_label_style(font(SMALL, Ink::Muted, HPos::Right, VPos::Center));
    if !x.grid {
        mesh.disable_x_mesh();
    }
    if !y.grid {
        mesh.disable_y_mesh();
    }
    mesh.draw()?;
    let label = font(SMALL, Ink::Text, HPos::Left, VPos::Top);
    area.draw_text(&y.label, &label, (0, px(2)))?;
    let label = font(SMALL, Ink::Text, HPos::Right, VPos::Bottom);
    area.draw_text(&x.label, &label, (width - px(2), height - px(2)))?;
    Ok(chart)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ticks(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, text)| text.as_str()).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(ticks(&Axis::new("", [0.13, 0.87], 5)), ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        assert_eq!(ticks(&Axis::new("", [-1.0, 1.0], 4)), ["\u{2212}1.0", "\u{2212}0.5", "0", "0.5", "1.0"]);
        assert_eq!(ticks(&Axis::from_zero("", [4_321.0], 5)), ["0", "1,000", "2,000", "3,000", "4,000"]);
        let small = Axis::new("", [9e-6, 1.1e-5], 4);
        assert_eq!(
            ticks(&small),
            ["9.0e\u{2212}6", "9.5e\u{2212}6", "1.00e\u{2212}5", "1.05e\u{2212}5", "1.10e\u{2212}5"]
        );
        assert_eq!(ticks(&Axis::logarithmic("", [1.0, 900.0], 4)), ["1", "10", "100", "1,000"]);
    }

    #[test]
    fn bytes_have_powers_of_two() {
        let axis = Axis::of_bytes("arena", 163_840.0 * 1.1, 6);
        assert_eq!((axis.label.as_str(), ticks(&axis)), ("arena, KiB", vec!["0", "32", "64", "96", "128", "160"]));
        assert_eq!(ticks(&Axis::of_bytes("", 3.0, 6)), ["0", "1", "2", "3"]);
    }

    proptest! {
        #[test]
        fn any_values_have_an_axis(values in prop::collection::vec(any::<f64>(), 0..4), ticks in 0usize..12) {
            let axes = [
                Axis::new("", values.iter().copied(), ticks),
                Axis::from_zero("", values.iter().copied(), ticks),
                Axis::logarithmic("", values.iter().copied(), ticks),
                Axis::of_bytes("", values.first().copied().unwrap_or(0.0), ticks),
                Axis::between("", values.first().copied().unwrap_or(0.0), values.last().copied().unwrap_or(0.0), ticks),
            ];
            for axis in &axes {
                prop_assert!(axis.low < axis.high, "{axis:?}");
                prop_assert!(axis.ticks.len() <= 64, "{axis:?}");
                for value in values.iter().copied().chain([f64::NAN, f64::INFINITY, 0.0]) {
                    prop_assert!((10..=500).contains(&axis.map(&value, (10, 500))), "{value} on {axis:?}");
                }
            }
        }
    }
}
