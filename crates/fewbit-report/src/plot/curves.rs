//! [`curves`]: lines over a common axis, as they are and smoothed.

use super::axis::{Axis, chart};
use super::backend::{Tip, units};
use super::ink::Pen;
use super::{Area, DrawResult, Width, Words, figure};
use crate::error::ReportError;
use maud::Markup;
use plotters::style::Color;

/// One line.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its colour and pattern.
    pub pen: Pen,
    /// Whose it is; shown where the pointer rests.
    pub name: String,
    /// Points from the left to the right; those that are not numbers leave a gap.
    pub points: Vec<(f64, f64)>,
    /// Whether it stays in the background.
    pub faint: bool,
}

/// The labels of the axes.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'l> {
    /// Horizontal.
    pub x: &'l str,
    /// Vertical.
    pub y: &'l str,
}

/// As many points as can be told apart in a wide plot. Of those between, the least and the greatest remain.
const MOST_POINTS: usize = 420;

/// Draws lines, each into the same axes.
///
/// # Errors
/// When plotters refuses to draw.
pub fn curves(words: &Words, labels: Labels<'_>, curves: &[Curve]) -> Result<Markup, ReportError> {
    let curves: Vec<Curve> =
        curves.iter().map(|curve| Curve { points: thinned(&curve.points), ..curve.clone() }).collect();
    figure(words, |at| at.pick(320, 260), |area, at| draw(area, at, labels, &curves))
}

fn draw(area: &Area<'_>, at: Width, labels: Labels<'_>, curves: &[Curve]) -> DrawResult {
    let points =
        || curves.iter().flat_map(|curve| &curve.points).copied().filter(|(x, y)| x.is_finite() && y.is_finite());
    let last = points().map(|(x, _)| x).fold(0.0, f64::max);
    let x = Axis::between(labels.x, 0.0, if last > 0.0 { last } else { 1.0 }, at.pick(10, 5)).without_grid();
    let limit = upper_limit(points().map(|(_, y)| y).collect());
    let y = Axis::new(labels.y, points().map(|(_, y)| y.min(limit)), at.pick(6, 5));
    let mut chart = chart(area, &x, &y)?;
    for curve in curves {
        let (opacity, width) = if curve.faint { (0.35, 1.0) } else { (1.0, 2.2) };
        let style = curve.pen.mix(opacity).stroke_width(units(width) as u32);
        for run in curve.points.split(|(x, y)| !x.is_finite() || !y.is_finite()) {
            if let [point] = run {
                chart.draw_series([Tip::circle(*point, units(3.0), style.filled(), &curve.name)])?;
            } else if !run.is_empty() {
                chart.draw_series([Tip::path(run.to_vec(), style, &curve.name)])?;
            }
        }
    }
    Ok(())
}

/// Where the vertical axis ends: at the largest value, unless a few run away from all others, or many run away far.
fn upper_limit(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let Some(&largest) = values.last() else { return f64::MAX };
    let usual = values[(values.len() - 1) * 19 / 20];
    let middle = values[(values.len() - 1) / 2];
    if usual > 0.0 && largest > 5.0 * usual {
        1.5 * usual
    } else if middle > 0.0 && largest > 1000.0 * middle {
        10.0 * middle
    } else {
        largest
    }
}

/// Points that look the same in a plot: in each stretch the least and the greatest value, in their order.
fn thinned(points: &[(f64, f64)]) -> Vec<(f64, f64)> {
    if points.len() <= MOST_POINTS {
        return points.to_vec();
    }
    let stretch = points.len().div_ceil(MOST_POINTS / 2);
    let mut thin = Vec::with_capacity(MOST_POINTS + 2);
    for points in points.chunks(stretch) {
        let by_height = |a: &&(f64, f64), b: &&(f64, f64)| a.1.total_cmp(&b.1);
        let (least, greatest) = (points.iter().min_by(by_height), points.iter().max_by(by_height));
        let mut both: Vec<(f64, f64)> = least.into_iter().chain(greatest).copied().collect();
        both.sort_by(|a, b| a.0.total_cmp(&b.0));
        both.dedup();
        thin.extend(both);
    }
    thin
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_survive_thinning() {
        let mut points: Vec<(f64, f64)> = (0..10_000).map(|index| (f64::from(index), 1.0)).collect();
        points[4_321].1 = 9.0;
        points[4_322].1 = -9.0;
        let thin = thinned(&points);
        assert!(thin.len() <= MOST_POINTS + 2);
        assert!(thin.contains(&(4_321.0, 9.0)) && thin.contains(&(4_322.0, -9.0)));
        assert!(thin.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }

    #[test]
    fn a_runaway_does_not_flatten_the_rest() {
        let mut values = vec![1.0; 100];
        assert_eq!(upper_limit(values.clone()), 1.0);
        values.push(1e9);
        assert_eq!(upper_limit(values.clone()), 1.5);
        values.extend([1e9; 50]);
        assert_eq!(upper_limit(values), 10.0);
    }
}
