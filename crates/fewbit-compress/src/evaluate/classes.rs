//! How well a network finds classes: rank of the right class, cross entropy, confusion.
//!
//! What an output means for the cross entropy follows from the function that writes it. Values from `Softmax` are the
//! classes' probabilities; they are divided by their sum, which fixed-point ones miss a little. All others are taken as
//! logarithms of probabilities up to a constant: the scores before a softmax, or what `LogSoftmax` gives. A network with
//! a single output tells two classes apart: from `Sigmoid` it is the probability of the second class, else the logarithm
//! of its odds.

use fewbit_core::Function;
use fewbit_nnb::Nnb;

/// The least probability that counts in the cross entropy. Fixed-point probabilities are often exactly zero, and one
/// such sample would make the mean infinite.
const LEAST_PROBABILITY: f64 = 1e-7;

/// How many classes count as the first few in [`ClassScore::top5`].
const FIRST_FEW: usize = 5;

/// How well a network finds classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassScore {
    /// The share of samples whose class has the highest value of all; 0 to 1.
    pub top1: f64,
    /// The share of samples whose class is among the five highest.
    pub top5: f64,
    /// The mean cross entropy, in nats.
    pub loss: f64,
    /// How many classes the dataset has.
    pub classes: usize,
    /// The class of each sample.
    pub labels: Vec<usize>,
    /// The class with the highest value for each sample; it can be one that the dataset does not have. `None` if no
    /// value is a number.
    pub predictions: Vec<Option<usize>>,
}

impl ClassScore {
    pub(super) fn new(classes: usize, verdicts: &[Verdict]) -> Self {
        let share = |first: usize| {
            verdicts.iter().filter(|verdict| verdict.rank < first).count() as f64 / verdicts.len().max(1) as f64
        };
        Self {
            top1: share(1),
            top5: share(FIRST_FEW),
            loss: verdicts.iter().map(|verdict| verdict.loss).sum::<f64>() / verdicts.len().max(1) as f64,
            classes,
            labels: verdicts.iter().map(|verdict| verdict.label).collect(),
            predictions: verdicts.iter().map(|verdict| verdict.prediction).collect(),
        }
    }

    /// The samples whose class was not found, in order.
    pub fn wrong(&self) -> Vec<usize> {
        let pairs = self.labels.iter().zip(&self.predictions).enumerate();
        pairs.filter(|(_, (label, prediction))| **prediction != Some(**label)).map(|(index, _)| index).collect()
    }

    /// For each class of the dataset, how many of its samples were taken for each class. Predictions of classes that
    /// the dataset does not have are left out.
    pub fn confusion(&self) -> Vec<Vec<usize>> {
        let mut counts = vec![vec![0; self.classes]; self.classes];
        for (&label, &prediction) in self.labels.iter().zip(&self.predictions) {
            let count = counts.get_mut(label).zip(prediction).and_then(|(row, prediction)| row.get_mut(prediction));
            if let Some(count) = count {
                *count += 1;
            }
        }
        counts
    }
}

/// What came out for one sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    label: usize,
    prediction: Option<usize>,
    /// How many classes come before the right one.
    rank: usize,
    loss: f64,
}

/// What the values of an output are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Judge {
    /// Logarithms of probabilities up to a constant, one for each class.
    Logits,
    /// Probabilities, one for each class.
    Probabilities,
    /// The logarithm of the odds of the second of two classes.
    LogOdds,
    /// The probability of the second of two classes.
    Probability,
}

impl Judge {
    /// The judge of an output with so many values a sample; `None` if they are too few for the classes.
    pub(crate) fn new(nnb: &Nnb<'_>, output: usize, values: usize, classes: usize) -> Option<Self> {
        let writer = writer(nnb, output);
        match (values, classes) {
            (1, 2) if matches!(writer, Some(Function::Sigmoid)) => Some(Self::Probability),
            (1, 2) => Some(Self::LogOdds),
            (values, classes) if values < classes => None,
            _ if matches!(writer, Some(Function::Softmax(_))) => Some(Self::Probabilities),
            _ => Some(Self::Logits),
        }
    }

    /// Whether the class `label` has the highest value of all.
    pub(crate) fn finds(self, values: &[f32], label: usize) -> bool {
        self.judge(values, label).rank == 0
    }

    /// Judges the output for a sample of the class `label`.
    pub(super) fn judge(self, values: &[f32], label: usize) -> Verdict {
        let first = values.first().map_or(f64::NAN, |&value| f64::from(value));
        match self {
            Self::Logits => verdict(values.iter().map(|&value| f64::from(value)), label),
            Self::Probabilities => verdict(values.iter().map(|&value| logarithm(f64::from(value))), label),
            Self::LogOdds => verdict([0.0, first].into_iter(), label),
            Self::Probability => verdict([logarithm(1.0 - first), logarithm(first)].into_iter(), label),
        }
    }
}

/// The function that computes a variable, seen through those that only pass values on.
fn writer(nnb: &Nnb<'_>, mut variable: usize) -> Option<Function> {
    for index in (0..nnb.function_count()).rev() {
        let record = nnb.function(index);
        if !record.outputs.iter().any(|output| output == variable) {
            continue;
        }
        match nnb.typed_function(index)? {
            Function::Identity | Function::Reshape(_) | Function::Dropout(_) if !record.inputs.is_empty() => {
                variable = record.inputs.get(0);
            }
            function => return Some(function),
        }
    }
    None
}

fn logarithm(probability: f64) -> f64 {
    // A maximum would turn a value that is not a number into a probability.
    if probability < LEAST_PROBABILITY { LEAST_PROBABILITY.ln() } else { probability.ln() }
}

/// The verdict on logarithms of probabilities up to a constant.
fn verdict(scores: impl Iterator<Item = f64> + Clone, label: usize) -> Verdict {
    let mut largest: Option<(usize, f64)> = None;
    for (class, score) in scores.clone().enumerate().filter(|(_, score)| !score.is_nan()) {
        if largest.is_none_or(|(_, most)| score > most) {
            largest = Some((class, score));
        }
    }
    // Of equal values the first comes first, as in the prediction; a value that is not a number comes last.
    let right = scores.clone().nth(label).unwrap_or(f64::NAN);
    let before = |(class, score): &(usize, f64)| *score > right || (*score == right && *class < label);
    let rank = if right.is_nan() { usize::MAX } else { scores.clone().enumerate().filter(before).count() };
    let most = largest.map_or(f64::NAN, |(_, most)| most);
    let sum: f64 = scores.map(|score| (score - most).exp()).sum();
    Verdict { label, prediction: largest.map(|(class, _)| class), rank, loss: sum.ln() + most - right }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn the_loss_of_probabilities_is_that_of_their_logits() {
        let probabilities = [0.7f32, 0.2, 0.1];
        // Any constant may be added to logits.
        let logits: Vec<f32> = probabilities.iter().map(|p| p.ln() + 5.0).collect();
        for label in 0..3 {
            let expected = -f64::from(probabilities[label]).ln();
            assert!(near(Judge::Probabilities.judge(&probabilities, label).loss, expected));
            assert!(near(Judge::Logits.judge(&logits, label).loss, expected));
        }
    }

    #[test]
    fn a_single_output_tells_two_classes_apart() {
        // Odds of 3 to 1 for the second class.
        for (judge, value) in [(Judge::Probability, 0.75f32), (Judge::LogOdds, 3f32.ln())] {
            let [no, yes] = [judge.judge(&[value], 0), judge.judge(&[value], 1)];
            assert_eq!((no.prediction, no.rank, yes.rank), (Some(1), 1, 0));
            assert!(near(no.loss, 4f64.ln()) && near(yes.loss, (4f64 / 3.0).ln()), "{judge:?}");
        }
    }

    #[test]
    fn ranks_count_what_comes_before() {
        let values = [0.5, 3.0, 3.0, -1.0, 9.0, 2.0, 1.0];
        let ranks: Vec<usize> = (0..7).map(|label| Judge::Logits.judge(&values, label).rank).collect();
        assert_eq!(ranks, [5, 1, 2, 6, 0, 3, 4]);
    }

    #[test]
    fn values_that_are_not_numbers_are_never_right() {
        let values = [f32::NAN, 1.0];
        let right = Judge::Logits.judge(&values, 1);
        assert_eq!((right.prediction, right.rank), (Some(1), 0));
        let wrong = Judge::Logits.judge(&values, 0);
        assert_eq!((wrong.prediction, wrong.rank), (Some(1), usize::MAX));
        assert_eq!(Judge::Probabilities.judge(&[f32::NAN; 2], 0).prediction, None);
    }

    #[test]
    fn a_fixed_point_zero_costs_a_finite_loss() {
        let verdict = Judge::Probabilities.judge(&[1.0, 0.0], 1);
        assert!(verdict.loss > 10.0 && verdict.loss < 20.0);
    }

    #[test]
    fn scores_summarise_verdicts() {
        let values = [[3.0, 1.0, 0.0], [3.0, 1.0, 0.0], [0.0, 1.0, 2.0]];
        let verdicts: Vec<Verdict> =
            values.iter().zip([0, 1, 2]).map(|(values, label)| Judge::Logits.judge(values, label)).collect();
        let score = ClassScore::new(3, &verdicts);
        assert!(near(score.top1, 2.0 / 3.0) && near(score.top5, 1.0));
        assert_eq!(score.wrong(), [1]);
        assert_eq!(score.confusion(), [[1, 0, 0], [1, 0, 0], [0, 0, 1]]);
    }
}
