//! [`Cost`]: the noise that scales lead to, predicted.
//!
//! Rounding to a step adds noise of a twelfth of its square (Bennett 1948), and the step follows from the largest value
//! that has to fit. Scaling a channel by `2^k` divides the noise that later functions see of it by `4^k`.

use super::classes::Classes;
use crate::calibrate::Calibration;
use crate::calibrate::sizes::SizeSums;
use crate::groups::{groups, is_source};
use crate::linear::Linear;
use crate::noise::Gains;
use crate::position::{best_position, position_of_largest};
use fewbit_core::{Network, Node, NumberFormat, VariableId};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

const BYTE: NumberFormat = NumberFormat::Fixed8 { position: 0 };

/// The noise at a network's outputs as a sum over tensors.
#[derive(Clone, Debug)]
pub struct Cost {
    tensors: Vec<Tensor>,
    /// For each class, the tensors that its scale changes.
    of_class: Vec<Vec<usize>>,
    allowed: RangeInclusive<i8>,
}

/// Values that are stored with one step.
#[derive(Clone, Debug)]
enum Tensor {
    Weights(Vec<Part>),
    Buffers(Vec<Channel>),
}

/// Weights that are scaled alike: up with the class of their outputs, down with that of their inputs.
#[derive(Clone, Copy, Debug)]
struct Part {
    up: Option<usize>,
    down: Option<usize>,
    /// The largest magnitude.
    largest: f64,
    /// What noise of power 1 in each of them adds to the outputs.
    gain: f64,
}

/// A channel of a buffer.
#[derive(Clone, Debug)]
struct Channel {
    class: Option<usize>,
    /// Its values.
    largest: f64,
    sizes: SizeSums,
    /// What noise of power 1 in one value adds to the outputs; zero where values are only moved to.
    gain: f64,
}

impl Cost {
    /// The noise of storing weights and buffers of a network in 8 bits, at positions that are allowed.
    pub fn new(
        network: &Network,
        calibration: &Calibration,
        gains: &Gains,
        classes: &Classes,
        allowed: RangeInclusive<i8>,
    ) -> Self {
        let mut tensors = Vec::new();
        for node in &network.nodes {
            let linear = Linear::of(network, node).filter(|linear| !linear.binary);
            tensors.extend(linear.and_then(|linear| weights(network, node, &linear, calibration, gains, classes)));
        }
        for group in groups(network) {
            tensors.push(buffers(network, &group, calibration, gains, classes));
        }
        let mut of_class = vec![Vec::new(); classes.free.len()];
        for (index, tensor) in tensors.iter().enumerate() {
            for class in tensor.classes() {
                of_class[class].push(index);
            }
        }
        Self { tensors, of_class, allowed }
    }

    /// The tensors that the scales of some classes change.
    pub fn touched(&self, classes: &[usize]) -> Vec<usize> {
        let touched: BTreeSet<usize> = classes.iter().flat_map(|&class| &self.of_class[class]).copied().collect();
        touched.into_iter().collect()
    }

    /// The noise of some tensors for the exponents of all classes.
    pub fn of(&self, tensors: &[usize], exponents: &[i32]) -> f64 {
        tensors.iter().map(|&index| self.tensors[index].noise(exponents, &self.allowed)).sum()
    }
}

impl Tensor {
    fn classes(&self) -> BTreeSet<usize> {
        match self {
            Self::Weights(parts) => parts.iter().flat_map(|part| [part.up, part.down]).flatten().collect(),
            Self::Buffers(channels) => channels.iter().filter_map(|channel| channel.class).collect(),
        }
    }

    fn noise(&self, exponents: &[i32], allowed: &RangeInclusive<i8>) -> f64 {
        let exponent = |class: Option<usize>| class.map_or(0, |class| exponents[class]);
        match self {
            Self::Weights(parts) => {
                let shift = |part: &Part| f64::from(exponent(part.up) - exponent(part.down)).exp2();
                let largest = parts.iter().fold(0.0f64, |largest, part| largest.max(part.largest * shift(part)));
                let position = position_of_largest(BYTE, largest);
                // A value that no position holds makes the scale useless.
                if largest > 0.0 && position < i32::from(*allowed.start()) {
                    return f64::INFINITY;
                }
                let step = f64::from(-position.min((*allowed.end()).into())).exp2();
                let gain: f64 = parts.iter().map(|part| part.gain / (shift(part) * shift(part))).sum();
                gain * step * step / 12.0
            }
            Self::Buffers(channels) => {
                let scale = |channel: &Channel| f64::from(exponent(channel.class)).exp2();
                let largest = channels.iter().fold(0.0f64, |most, channel| most.max(channel.largest * scale(channel)));
                let error = |format: NumberFormat| {
                    let step = f64::from(format.step());
                    let most = step * f64::from(format.integer_range().map_or(0, |(_, most)| most));
                    let errors = channels.iter().map(|channel| {
                        let error = channel.sizes.error(exponent(channel.class), step, most);
                        error * channel.gain / (scale(channel) * scale(channel))
                    });
                    errors.sum()
                };
                best_position(BYTE, largest, allowed.clone(), error).error
            }
        }
    }
}

/// The weights of a linear function.
fn weights(
    network: &Network,
    node: &Node,
    linear: &Linear,
    calibration: &Calibration,
    gains: &Gains,
    classes: &Classes,
) -> Option<Tensor> {
    let (x, y) = (node.inputs[0], node.outputs[0]);
    let values = network.variable(*node.inputs.get(linear.weight)?).values()?;
    let inputs = linear.channels(network, x, linear.input_units)?;
    let outputs = linear.channels(network, y, linear.output_units)?;
    let statistics = calibration.of(x)?;
    let mut parts: BTreeMap<(usize, usize), Part> = BTreeMap::new();
    for (index, &value) in values.iter().enumerate() {
        let (input, output) = linear.units_of_weight(index);
        let (input, output) = (inputs[input], outputs[output]);
        let part = parts.entry((input, output)).or_insert_with(|| Part {
            up: classes.free_class(y, output),
            down: classes.free_class(x, input),
            largest: 0.0,
            gain: 0.0,
        });
        part.largest = part.largest.max(f64::from(value.abs()));
        // What a weight's error adds to the mean of its output a bias takes back.
        part.gain += statistics.channels[input].variance() * gains.of(y)[output];
    }
    let per_unit = network.variable(y).shape.items() as f64 / linear.outputs as f64;
    parts.values_mut().for_each(|part| part.gain *= per_unit);
    Some(Tensor::Weights(parts.into_values().collect()))
}

/// Buffers that share a format. Noise enters where values are first stored.
fn buffers(
    network: &Network,
    group: &[VariableId],
    calibration: &Calibration,
    gains: &Gains,
    classes: &Classes,
) -> Tensor {
    let sources = group.iter().filter(|&&id| is_source(network, id));
    let channels = sources.filter_map(|&id| Some((id, calibration.of(id)?))).flat_map(|(id, statistics)| {
        let samples = calibration.samples.max(1) as f64;
        statistics.channels.iter().zip(&statistics.sizes).zip(gains.of(id)).enumerate().map(
            move |(channel, ((moments, sizes), gain))| Channel {
                class: classes.free_class(id, channel),
                largest: moments.largest().into(),
                sizes: sizes.sums(),
                gain: gain / samples,
            },
        )
    });
    Tensor::Buffers(channels.collect())
}
