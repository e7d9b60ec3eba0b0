//! [`histogram`]: how often values occur, with the range that a number format stores drawn in.

use super::axis::{Axis, chart};
use super::backend::units;
use super::ink::{Dash, Ink, Pen};
use super::{Area, DrawResult, Words, small_figure};
use crate::error::ReportError;
use maud::Markup;
use plotters::element::{PathElement, Polygon, Rectangle};
use plotters::style::Color;

/// Counts of values in bins of equal width.
#[derive(Clone, Debug, PartialEq)]
pub struct Bins {
    /// Where the first bin begins.
    pub low: f64,
    /// Where the last bin ends.
    pub high: f64,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

/// As many bins as can be told apart in a small plot.
const MOST_BINS: f64 = 96.0;

/// With fewer bins a shape cannot be seen.
const FEWEST_BINS: f64 = 16.0;

/// How much wider than the values the drawn range is at most, so that they can still be seen where a format stores far
/// more than is needed.
const WIDEST_VIEW: f64 = 8.0;

impl Bins {
    /// As many bins as are kept.
    const KEPT: usize = 256;

    /// The bins of values, each with how often it occurs; `None` where there are none. Values that are not finite do not
    /// count.
    pub fn of(values: impl IntoIterator<Item = (f64, u64)>) -> Option<Self> {
        let values: Vec<(f64, u64)> = values.into_iter().filter(|(value, _)| value.is_finite()).collect();
        let (low, high) = values
            .iter()
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), (value, _)| (low.min(*value), high.max(*value)));
        if low > high {
            return None;
        }
        // A single value has a bin of its own around it.
        let around = if high > low { 0.0 } else { (low.abs() * 0.01).max(f64::MIN_POSITIVE) };
        let (low, high) = (low - around, high + around);
        let mut counts = vec![0u64; Self::KEPT];
        for (value, count) in values {
            let bin = (value - low) / (high - low) * Self::KEPT as f64;
            let bin = &mut counts[(bin as usize).min(Self::KEPT - 1)];
            *bin = bin.saturating_add(count);
        }
        Some(Self { low, high, counts })
    }

    /// Neighbours joined, so that there are no more bins than can be told apart, and no more than twice the cube root of
    /// the number of values (the Rice rule): with more, a few values look like noise. Bins between ends that are not numbers
    /// in their order hold nothing.
    fn coarse(&self) -> Self {
        if !(self.low.is_finite() && self.high.is_finite() && self.low < self.high) {
            return Self { low: 0.0, high: 1.0, counts: Vec::new() };
        }
        let values: f64 = self.counts.iter().map(|count| *count as f64).sum();
        let most = (2.0 * values.cbrt()).clamp(FEWEST_BINS, MOST_BINS) as usize;
        let joined = self.counts.len().div_ceil(most).max(1);
        let counts: Vec<u64> = self
            .counts
            .chunks(joined)
            .map(|counts| counts.iter().fold(0, |sum: u64, count| sum.saturating_add(*count)))
            .collect();
        let width = (self.high - self.low) / self.counts.len().max(1) as f64;
        let high = self.low + width * (joined * counts.len()) as f64;
        Self { low: self.low, high, counts }
    }

    /// The parts of the histogram that lie in and out of `range`, each as `(first bin, bins, inside)`.
    fn parts(&self, range: Option<(f64, f64)>) -> Vec<(usize, usize, bool)> {
        let width = (self.high - self.low) / self.counts.len().max(1) as f64;
        let inside = |bin: usize| {
            let low = self.low + width * bin as f64;
            range.is_none_or(|(from, to)| low + width > from && low < to)
        };
        let mut parts: Vec<(usize, usize, bool)> = Vec::new();
        for bin in 0..self.counts.len() {
            match parts.last_mut() {
                Some((_, bins, same)) if *same == inside(bin) => *bins += 1,
                _ => parts.push((bin, 1, inside(bin))),
            }
        }
        parts
    }
}

/// Draws a histogram with a short caption and a remark under it. Its vertical axis is logarithmic: what matters for a range are the rare values at its ends.
///
/// # Errors
/// When plotters refuses to draw.
pub fn histogram(
    words: &Words,
    caption: (&str, &str),
    bins: &Bins,
    range: Option<(f64, f64)>,
) -> Result<Markup, ReportError> {
    let bins = bins.coarse();
    small_figure(words, caption, 170, |area| draw(area, &bins, range))
}

fn draw(area: &Area<'_>, bins: &Bins, range: Option<(f64, f64)>) -> DrawResult {
    let x = Axis::between("value", view(bins, range).0, view(bins, range).1, 5).without_grid();
    let y = Axis::logarithmic("values in a bin", bins.counts.iter().map(|count| *count as f64).chain([1.0]), 4);
    let (bottom, top) = (0.0, f64::MAX);
    let mut chart = chart(area, &x, &y)?;
    if let Some((from, to)) = range {
        let band = [(from, bottom), (to, top)];
        chart.draw_series([Rectangle::new(band, Ink::Sky.mix(0.22).filled())])?;
    }
    let width = (bins.high - bins.low) / bins.counts.len().max(1) as f64;
    for (first, count, inside) in bins.parts(range) {
        let edge = |bin: usize| bins.low + width * bin as f64;
        let mut outline = vec![(edge(first), bottom)];
        for bin in first..first + count {
            let height = bins.counts[bin] as f64;
            outline.extend([(edge(bin), height), (edge(bin + 1), height)]);
        }
        outline.push((edge(first + count), bottom));
        let ink = if inside { Ink::Blue } else { Ink::Vermillion };
        chart.draw_series([Polygon::new(outline, ink.filled())])?;
    }
    let ends = range.into_iter().flat_map(|(from, to)| [from, to]);
    let pen = Pen { ink: Ink::Vermillion, dash: Dash::Short }.stroke_width(units(1.5) as u32);
    let line = |end: f64| PathElement::new([(end, bottom), (end, top)], pen);
    chart.draw_series(ends.filter(|end| x.holds(*end)).map(line))?;
    Ok(())
}

/// The range of values that is drawn: all bins, and as much of the format's range as leaves them visible.
fn view(bins: &Bins, range: Option<(f64, f64)>) -> (f64, f64) {
    let width = bins.high - bins.low;
    let (from, to) = range.unwrap_or((bins.low, bins.high));
    let room = width * (WIDEST_VIEW - 1.0) / 2.0;
    let low = from.max(bins.low - room).min(bins.low);
    let high = to.min(bins.high + room).max(bins.high);
    let edge = (high - low) * 0.02;
    (low - edge, high + edge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_fall_into_their_bins() {
        let values = [(-1.0, 3), (0.0, 5), (1.0, 2), (f64::NAN, 9)];
        let bins = Bins::of(values).unwrap();
        assert_eq!((bins.low, bins.high), (-1.0, 1.0));
        assert_eq!((bins.counts[0], bins.counts[128], bins.counts[255]), (3, 5, 2));
        assert_eq!(bins.counts.iter().sum::<u64>(), 10);
        let single = Bins::of([(0.0, 7)]).unwrap();
        assert!(single.low < 0.0 && single.high > 0.0);
        assert_eq!(Bins::of([(f64::INFINITY, 7)]), None);
    }

    #[test]
    fn few_values_have_few_bins() {
        let bins = Bins { low: 0.0, high: 1.0, counts: vec![1; 256] };
        assert_eq!(bins.coarse().counts, [16; 16]);
        let many = Bins { counts: vec![1_000_000; 256], ..bins };
        assert_eq!(many.coarse().counts.len(), 86);
    }

    #[test]
    fn parts_begin_and_end_with_the_range() {
        let bins = Bins { low: -2.0, high: 2.0, counts: vec![1; 8] };
        assert_eq!(bins.parts(Some((-1.0, 0.9))), [(0, 2, false), (2, 4, true), (6, 2, false)]);
        assert_eq!(bins.parts(None), [(0, 8, true)]);
    }
}
