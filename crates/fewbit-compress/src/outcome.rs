//! [`Standard`]: what a network's outputs are to be compared with, and how far another network is from it.
//!
//! It is what widths are chosen by. How many more samples a network gets wrong tells little when that are one or two. How
//! far its outputs are from those of the float network tells apart what is far finer, and it adds up: what two layers
//! do together is nearly the sum of what each does.

use crate::error::CompressError;
use crate::probe::{Probe, Seen};
use fewbit_core::{Function, Network, Operation, VariableId};
use fewbit_data::{Inputs, Task};

/// The least probability that counts, as in an evaluation.
const LEAST_PROBABILITY: f64 = 1e-7;

/// The outputs of the float network on some samples.
#[derive(Debug)]
pub struct Standard<'i> {
    inputs: &'i Inputs,
    most: usize,
    meaning: Meaning,
    outputs: Vec<Sample>,
}

/// What outputs are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Probabilities of classes.
    Probabilities,
    /// Their logarithms up to a constant.
    Logarithms,
    /// Numbers.
    Values,
}

#[derive(Debug)]
struct Sample {
    /// Probabilities, or the values.
    values: Vec<f64>,
    label: Option<usize>,
}

/// How far a network is from the standard.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// For classes the mean divergence (Kullback and Leibler 1951) of the probabilities, in nats; else the mean squared
    /// difference, as a share of the outputs' mean square.
    pub divergence: f64,
    /// How many points of top-1 are lost, where the samples have classes.
    pub points: Option<f64>,
    /// The share of samples whose class changed, where the outputs are classes.
    pub changed: f64,
}

impl<'i> Standard<'i> {
    /// The outputs of a network on about `most` samples.
    ///
    /// # Errors
    /// When the network has no output or cannot be run, or a sample cannot be read.
    pub fn new(network: &Network, inputs: &'i Inputs, most: usize) -> Result<Self, CompressError> {
        let output = *network.outputs.first().ok_or(CompressError::NoOutput)?;
        let mut standard = Self { inputs, most, meaning: Meaning::Values, outputs: Vec::new() };
        let mut outputs = Vec::new();
        standard.each(network, |sample, values| {
            let values = values.iter().map(|&value| f64::from(value)).collect();
            outputs.push(Sample { values, label: inputs.dataset().label(sample) });
        })?;
        let classes = matches!(inputs.dataset().task(), Task::Classes(_));
        if classes && outputs.first().is_some_and(|sample| sample.values.len() > 1) {
            standard.meaning = if is_softmax(network, output) { Meaning::Probabilities } else { Meaning::Logarithms };
            outputs.iter_mut().for_each(|sample| sample.values = standard.probabilities(&sample.values));
        }
        standard.outputs = outputs;
        Ok(standard)
    }

    /// How far a network with the same input and output is from it.
    ///
    /// # Errors
    /// When it cannot be run, or a sample cannot be read.
    pub fn compare(&self, network: &Network) -> Result<Outcome, CompressError> {
        let mut index = 0;
        let (mut divergence, mut power, mut lost, mut changed, mut labelled) = (0.0, 0.0, 0i64, 0, 0);
        self.each(network, |_, values| {
            let Some(sample) = self.outputs.get(index) else { return };
            index += 1;
            let values: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            if self.meaning == Meaning::Values {
                divergence += sample.values.iter().zip(&values).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
                power += sample.values.iter().map(|value| value * value).sum::<f64>();
                return;
            }
            let found = self.probabilities(&values);
            let terms = sample.values.iter().zip(&found).map(|(p, q)| p * (p / q).ln());
            divergence += terms.sum::<f64>().max(0.0);
            power += 1.0;
            let (before, after) = (largest(&sample.values), largest(&found));
            changed += usize::from(before != after);
            if let Some(label) = sample.label {
                labelled += 1;
                lost += i64::from(before == label) - i64::from(after == label);
            }
        })?;
        let count = self.outputs.len().max(1) as f64;
        Ok(Outcome {
            // Infinite and undefined outputs are as bad as can be.
            divergence: Some(divergence / power.max(f64::MIN_POSITIVE)).filter(|d| d.is_finite()).unwrap_or(f64::MAX),
            points: (labelled > 0).then(|| 100.0 * lost as f64 / f64::from(labelled)),
            changed: changed as f64 / count,
        })
    }

    /// How many samples it has.
    pub fn samples(&self) -> usize {
        self.outputs.len()
    }

    fn each(&self, network: &Network, mut look: impl FnMut(usize, &[f32])) -> Result<(), CompressError> {
        let output = *network.outputs.first().ok_or(CompressError::NoOutput)?;
        let probe = Probe::new(network, output)?;
        Probe::look(&[&probe], self.inputs, self.most, |batch, seen| {
            for Seen { sample, values } in seen {
                let values = &values[0];
                for (place, values) in values.chunks_exact((values.len() / batch).max(1)).take(batch).enumerate() {
                    look((sample + place) % self.inputs.len(), values);
                }
            }
            Ok(())
        })
    }

    fn probabilities(&self, values: &[f64]) -> Vec<f64> {
        let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let weight =
            |value: f64| if self.meaning == Meaning::Logarithms { (value - most).exp() } else { value.max(0.0) };
        let weights: Vec<f64> = values.iter().map(|&value| weight(value)).collect();
        let sum: f64 = weights.iter().sum();
        weights.into_iter().map(|weight| (weight / sum).max(LEAST_PROBABILITY)).collect()
    }
}

fn is_softmax(network: &Network, output: VariableId) -> bool {
    let writer = network.nodes.iter().find(|node| node.outputs.contains(&output));
    writer.is_some_and(|node| matches!(node.operation, Operation::Known(Function::Softmax(_))))
}

fn largest(values: &[f64]) -> usize {
    (0..values.len()).max_by(|&a, &b| values[a].total_cmp(&values[b]).then(b.cmp(&a))).unwrap_or(0)
}
