//! [`Layer`]: a linear function with weights of its own, the unit in which widths are chosen and weights are rounded.

use crate::calibrate::Calibration;
use crate::linear::Linear;
use crate::position::decibels;
use fewbit_core::{Network, NumberFormat, VariableId, VariableKind};
use std::sync::Arc;

/// A linear function whose weights nothing else reads.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its node, by its place.
    pub node: usize,
    /// The variable that it multiplies.
    pub input: VariableId,
    /// Its weights.
    pub weights: VariableId,
    /// Its bias, if it has one that nothing else reads.
    pub bias: Option<VariableId>,
    /// Whether each output can have a position of its own.
    pub by_channel: bool,
    linear: Linear,
}

/// Weights of a layer as they are stored.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWeights {
    /// Their format.
    pub format: NumberFormat,
    /// The positions of the outputs, where each has one of its own.
    pub channel_positions: Option<Arc<[i8]>>,
    /// Their values, all of them multiples of their step, as they lie in the network.
    pub values: Vec<f32>,
    /// What the bias has to make up for.
    pub shift: Vec<f64>,
}

impl Layer {
    /// All layers of a network, in the order of execution.
    pub fn all(network: &Network) -> Vec<Self> {
        let mut reads = vec![0; network.variables.len()];
        network.nodes.iter().flat_map(|node| &node.inputs).for_each(|id| reads[id.0] += 1);
        network.outputs.iter().for_each(|id| reads[id.0] += 1);
        let own = |id: VariableId| reads[id.0] == 1 && !network.variable(id).is_buffer();
        let layers = network.nodes.iter().enumerate().filter_map(|(place, node)| {
            let linear = Linear::of(network, node).filter(|linear| !linear.binary)?;
            let weights = *node.inputs.get(linear.weight)?;
            let bias = linear.bias_of(network, node).filter(|&id| own(id));
            let by_channel = linear.has_output_rows();
            let layer = Self { node: place, input: node.inputs[0], weights, bias, by_channel, linear };
            (own(weights) && network.variable(node.inputs[0]).is_buffer()).then_some(layer)
        });
        layers.collect()
    }

    /// How its inputs and outputs are connected.
    pub fn linear(&self) -> &Linear {
        &self.linear
    }

    /// Its weights as they are in a network.
    pub fn values<'n>(&self, network: &'n Network) -> &'n [f32] {
        network.variable(self.weights).values().unwrap_or(&[])
    }

    /// The weights in rows that can have positions of their own: of each output where there are such, else all.
    pub fn rows(&self, values: &[f32]) -> Vec<Vec<f32>> {
        if !self.by_channel || self.linear.outputs == 0 {
            return vec![values.to_vec()];
        }
        let columns = values.len() / self.linear.outputs;
        let at = |row, column| values[self.linear.index_of_row(row, column, columns)];
        (0..self.linear.outputs).map(|row| (0..columns).map(|column| at(row, column)).collect()).collect()
    }

    /// The weights as they lie in the network, from their rows.
    pub fn from_rows(&self, rows: &[Vec<f32>]) -> Vec<f32> {
        if !self.by_channel {
            return rows.concat();
        }
        let columns = rows.first().map_or(0, Vec::len);
        let mut values = vec![0.0; rows.len() * columns];
        for (row, weights) in rows.iter().enumerate() {
            for (column, &weight) in weights.iter().enumerate() {
                values[self.linear.index_of_row(row, column, columns)] = weight;
            }
        }
        values
    }

    /// The ratio of signal to noise of its weights, as they are stored, in decibels.
    pub fn decibels(&self, network: &Network, stored: &StoredWeights) -> f64 {
        let square = |value: f64| value * value;
        let values = self.values(network);
        let power: f64 = values.iter().map(|&value| square(value.into())).sum();
        let noise = values.iter().zip(&stored.values).map(|(&a, &b)| square(f64::from(a) - f64::from(b))).sum();
        decibels(power, noise)
    }

    /// By how much the mean of each output changes when `lost` is taken from the weights (Nagel et al. 2019, section
    /// 4.2); nothing where calibration does not tell.
    pub fn mean_of_lost(&self, network: &Network, lost: &[f32], calibration: &Calibration) -> Option<Vec<f64>> {
        let statistics = calibration.of(self.input)?;
        let channels = self.linear.channels(network, self.input, self.linear.input_units)?;
        let means: Vec<f64> = statistics.channels.iter().map(|channel| channel.mean()).collect();
        Some(self.linear.sum(lost, |input| means[channels[input]]))
    }

    /// Puts stored weights into a network, and what they shift into the bias. Formats are set with `typed`; else the
    /// network computes with the stored values in floats.
    pub fn put(&self, network: &mut Network, stored: &StoredWeights, typed: bool) {
        let weights = network.variable_mut(self.weights);
        weights.kind = VariableKind::Parameter(stored.values.as_slice().into());
        if typed {
            weights.format = stored.format;
            weights.channel_positions.clone_from(&stored.channel_positions);
        }
        if let Some(bias) = self.bias
            && let Some(old) = network.variable(bias).values()
        {
            let corrected: Vec<f32> =
                old.iter().zip(&stored.shift).map(|(&old, shift)| (f64::from(old) + shift) as f32).collect();
            if corrected.len() == old.len() {
                network.variable_mut(bias).kind = VariableKind::Parameter(corrected.into());
            }
        }
    }
}
