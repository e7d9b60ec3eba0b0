//! Which of the stored numbers near a weight is taken for it.
//!
//! The nearest one is best for each weight, but not for the layer: errors of weights whose inputs are alike can cancel.
//! *Adaptive* rounding chooses so that the layer's outputs on calibration data come nearest to what they were (the aim of
//! Nagel et al. 2020, AdaRound). Layers are taken in the order of execution. The inputs of each are those that the network
//! has with all layers before it stored, in the runtime's own integer arithmetic, so that a layer also makes up for what
//! earlier ones lost: its weights are first fitted to the changed inputs by least squares, and then rounded.
//!
//! | module | what it does |
//! |---|---|
//! | `patches` | the vectors that a convolution multiplies with its weights |
//! | [`moments`] | their means and products over the calibration data |
//! | [`lattice`] | integers for the weights of an output |

pub mod lattice;
pub mod moments;
pub mod patches;

use crate::calibrate::Calibration;
use crate::layer::{Layer, StoredWeights};
use crate::position::{PositionMethod, Values, position_of_largest};
use fewbit_core::{Network, NumberFormat, Rounding as Ties};
use lattice::Lattice;
use moments::{Moments, Part};
use rayon::prelude::*;
use std::ops::RangeInclusive;

/// How weights are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Rounding {
    /// Each to the nearest.
    Nearest,
    /// For least error of the layer's outputs, where a weight has fewer than 8 bits; else to the nearest.
    #[default]
    AdaptiveBelow8,
    /// For least error of the layer's outputs.
    Adaptive,
}

impl Rounding {
    /// Whether weights of this format are rounded adaptively.
    pub fn is_adaptive(self, format: NumberFormat) -> bool {
        match self {
            Self::Nearest => false,
            Self::AdaptiveBelow8 => format.is_packed(),
            Self::Adaptive => true,
        }
    }
}

/// How the weights of a layer are stored, but for their positions and integers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The format; its position is not used.
    pub format: NumberFormat,
    /// Whether each output has a position of its own.
    pub by_channel: bool,
}

impl Way {
    /// Bytes of a layer's weights and positions in a file, whose blocks begin at multiples of four.
    pub fn bytes(self, layer: &Layer, network: &Network) -> usize {
        let variable = network.variable(layer.weights);
        let positions = if self.by_channel { layer.linear().outputs.next_multiple_of(4) + 4 } else { 0 };
        self.format.bytes(variable.shape.items()).next_multiple_of(4) + positions
    }
}

/// How many steps finer than that of the largest weight of all the step of an output may be: so small a weight matters to
/// no output, and sums stay within 32 bits.
const FINEST: i32 = 10;

/// How many positions are tried with adaptive rounding: those that lose least with rounding to the nearest.
const TRIED: usize = 3;

/// Rounds the weights of a layer of a float network to the nearest.
pub fn to_nearest(
    network: &Network,
    layer: &Layer,
    way: Way,
    allowed: RangeInclusive<i8>,
    positions_by: PositionMethod,
    calibration: &Calibration,
) -> StoredWeights {
    let values = layer.values(network);
    let rows = if way.by_channel { layer.rows(values) } else { vec![values.to_vec()] };
    let allowed = not_finer(way.format, values, allowed);
    let mut positions = Vec::new();
    let stored: Vec<Vec<f32>> = rows
        .iter()
        .map(|row| {
            let format = positions_by.choose(way.format, allowed.clone(), &Values::of(row)).format;
            positions.push(format.position().unwrap_or(0));
            row.iter().map(|&weight| nearest(weight, format)).collect()
        })
        .collect();
    let stored = if way.by_channel { layer.from_rows(&stored) } else { stored.concat() };
    let lost: Vec<f32> = values.iter().zip(&stored).map(|(value, stored)| value - stored).collect();
    let shift = layer.mean_of_lost(network, &lost, calibration).unwrap_or_else(|| vec![0.0; layer.linear().outputs]);
    stored_weights(way, positions, stored, shift)
}

/// Rounds the weights of a layer of a float network so that its outputs lose least, for inputs with these moments.
/// `None` if the layer has no rows to be rounded apart.
pub fn adaptively(
    network: &Network,
    layer: &Layer,
    way: Way,
    allowed: RangeInclusive<i8>,
    moments: &Moments,
) -> Option<StoredWeights> {
    let values = layer.values(network);
    if !layer.by_channel {
        return None;
    }
    let rows = layer.rows(values);
    let allowed = not_finer(way.format, values, allowed);
    let parts: Vec<Fitted> = moments.parts.iter().map(Fitted::new).collect();
    let per_group = moments.rows_per_group(rows.len()).max(1);
    let of_row = |row: usize| parts.iter().filter(move |fitted| fitted.part.group == row / per_group);
    let targets: Vec<Vec<f64>> = rows
        .iter()
        .enumerate()
        .map(|(row, weights)| of_row(row).flat_map(|part| part.target(weights)).collect())
        .collect();
    let at = |row: usize, position: i8| {
        let format = way.format.with_position(position);
        round_row(&targets[row], of_row(row), format)
    };
    let (positions, rounded): (Vec<i8>, Vec<RoundedRow>) = if way.by_channel {
        let best = |row: usize| {
            let candidates =
                candidates(&rows[row], &targets[row], &of_row(row).collect::<Vec<_>>(), way.format, &allowed);
            let tried = candidates.into_iter().map(|position| (position, at(row, position)));
            tried.min_by(|(_, a), (_, b)| a.loss.total_cmp(&b.loss))
        };
        (0..rows.len()).into_par_iter().map(best).collect::<Option<Vec<_>>>()?.into_iter().unzip()
    } else {
        let center = position_of_largest(way.format, largest(values));
        let tried = (center - 1..=center + 3)
            .map(|position| position.clamp((*allowed.start()).into(), (*allowed.end()).into()) as i8);
        let tried = tried.map(|position| {
            let rows: Vec<RoundedRow> = (0..rows.len()).into_par_iter().map(|row| at(row, position)).collect();
            (position, rows.iter().map(|row| row.loss).sum::<f64>(), rows)
        });
        let (position, _, rows) = tried.min_by(|(_, a, _), (_, b, _)| a.total_cmp(b))?;
        (vec![position], rows)
    };
    let shift = rows.iter().zip(&rounded).enumerate().map(|(row, (weights, stored))| {
        of_row(row).map(|fitted| fitted.part.mean_of_lost(weights, &stored.values)).sum()
    });
    let shift = shift.collect();
    let stored: Vec<Vec<f32>> = rounded.into_iter().map(|row| row.values).collect();
    Some(stored_weights(way, positions, layer.from_rows(&stored), shift))
}

fn stored_weights(way: Way, positions: Vec<i8>, values: Vec<f32>, shift: Vec<f64>) -> StoredWeights {
    let format = way.format.with_position(positions.first().copied().unwrap_or(0));
    StoredWeights { format, channel_positions: way.by_channel.then(|| positions.into()), values, shift }
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0f32, |largest, value| largest.max(value.abs())).into()
}

fn nearest(value: f32, format: NumberFormat) -> f32 {
    format.quantize(value, Ties::HalfEven) as f32 * format.step()
}

/// The allowed positions, without those that are much finer than the largest weight's.
fn not_finer(format: NumberFormat, values: &[f32], allowed: RangeInclusive<i8>) -> RangeInclusive<i8> {
    let finest = position_of_largest(format, largest(values)).saturating_add(FINEST);
    let (start, end) = (*allowed.start(), *allowed.end());
    start..=finest.clamp(start.into(), end.into()) as i8
}

/// The moments of a part with the factors of its products.
struct Fitted<'m> {
    part: &'m Part,
    lattice: Lattice<'m>,
}

/// The weights of one output.
struct RoundedRow {
    values: Vec<f32>,
    loss: f64,
}

impl<'m> Fitted<'m> {
    fn new(part: &'m Part) -> Self {
        Self { part, lattice: Lattice::new(&part.products, part.columns) }
    }

    /// The weights that come nearest to the output as it was, from inputs as they are stored: `w + w (C - H) H^-1`.
    fn target(&self, weights: &[f32]) -> Vec<f64> {
        let Part { first, columns, products, cross, .. } = self.part;
        let weights = &weights[*first..first + columns];
        let mut changed = vec![0.0; *columns];
        for (row, &weight) in weights.iter().enumerate() {
            let range = row * columns..(row + 1) * columns;
            for (sum, (cross, product)) in changed.iter_mut().zip(cross[range.clone()].iter().zip(&products[range])) {
                *sum += f64::from(weight) * (cross - product);
            }
        }
        let change = self.lattice.solve(&changed);
        weights.iter().zip(change).map(|(&weight, change)| f64::from(weight) + change).collect()
    }
}

impl Part {
    /// By how much the mean of an output falls with stored weights and stored inputs.
    fn mean_of_lost(&self, weights: &[f32], stored: &[f32]) -> f64 {
        let range = self.first..self.first + self.columns;
        let mean = |weights: &[f32], means: &[f64]| -> f64 {
            weights.iter().zip(means).map(|(&weight, mean)| f64::from(weight) * mean).sum()
        };
        mean(&weights[range.clone()], &self.real_mean) - mean(&stored[range], &self.mean)
    }
}

fn round_row<'f>(target: &[f64], parts: impl Iterator<Item = &'f Fitted<'f>>, format: NumberFormat) -> RoundedRow {
    let mut row = RoundedRow { values: Vec::with_capacity(target.len()), loss: 0.0 };
    let (step, range) = (format.step(), format.integer_range().unwrap_or((0, 0)));
    for fitted in parts {
        let first = fitted.part.first;
        let rounded = fitted.lattice.round(&target[first..first + fitted.part.columns], step.into(), range);
        row.loss += rounded.loss;
        row.values.extend(rounded.integers.iter().map(|&integer| integer as f32 * step));
    }
    row
}

/// The positions at which rounding to the nearest loses least, were inputs independent.
fn candidates(
    weights: &[f32],
    target: &[f64],
    parts: &[&Fitted<'_>],
    format: NumberFormat,
    allowed: &RangeInclusive<i8>,
) -> Vec<i8> {
    let (low, high) = (i32::from(*allowed.start()), i32::from(*allowed.end()));
    let center = position_of_largest(format, largest(weights));
    let mut positions: Vec<i8> = (center - 1..=center + 4).map(|position| position.clamp(low, high) as i8).collect();
    positions.dedup();
    let loss = |position: &i8| -> f64 {
        let format = format.with_position(*position);
        let of_part = |fitted: &&Fitted<'_>| -> f64 {
            let Part { first, columns, products, .. } = fitted.part;
            let errors = target[*first..first + columns].iter().enumerate().map(|(column, &weight)| {
                let error = weight - f64::from(nearest(weight as f32, format));
                error * error * products[column * columns + column]
            });
            errors.sum()
        };
        parts.iter().map(of_part).sum()
    };
    positions.sort_by(|a, b| loss(a).total_cmp(&loss(b)));
    positions.truncate(TRIED);
    positions
}
