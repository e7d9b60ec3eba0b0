//! Which classes were taken for which.

use crate::error::ReportError;
use crate::number;
use crate::page::Section;
use crate::plot::Words;
use crate::plot::ink::Ink;
use crate::plot::legend::{Key, Sample};
use crate::plot::matrix::{Matrix, matrix};
use crate::table::Table;
use maud::{Markup, html};

/// For each class, how many of its samples were taken for each class.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// The names of the classes.
    pub classes: Vec<String>,
    /// `counts[class][prediction]`.
    pub counts: Vec<Vec<u64>>,
}

/// With more classes a matrix is a grey square; the tables still tell.
const MOST_CLASSES: usize = 120;

/// So many confusions are listed.
const MOST_PAIRS: usize = 10;

/// What happened to the samples of one class.
struct ClassScore {
    samples: u64,
    found: u64,
    predicted: u64,
}

impl Confusion {
    fn count(&self, class: usize, prediction: usize) -> u64 {
        self.counts.get(class).and_then(|counts| counts.get(prediction)).copied().unwrap_or(0)
    }

    fn scores(&self) -> Vec<ClassScore> {
        let all = 0..self.classes.len();
        let sum = |counts: &mut dyn Iterator<Item = u64>| counts.fold(0u64, u64::saturating_add);
        let score = |class: usize| ClassScore {
            samples: sum(&mut all.clone().map(|prediction| self.count(class, prediction))),
            found: self.count(class, class),
            predicted: sum(&mut all.clone().map(|label| self.count(label, class))),
        };
        all.clone().map(score).collect()
    }

    /// Class, prediction and count of the most frequent confusions.
    fn worst_pairs(&self) -> Vec<(usize, usize, u64)> {
        let pairs = (0..self.classes.len()).flat_map(|class| (0..self.classes.len()).map(move |other| (class, other)));
        let mut pairs: Vec<(usize, usize, u64)> = pairs
            .filter(|(class, other)| class != other)
            .map(|(class, other)| (class, other, self.count(class, other)))
            .filter(|(_, _, count)| *count > 0)
            .collect();
        pairs.sort_by_key(|&(class, other, count)| (std::cmp::Reverse(count), class, other));
        pairs.truncate(MOST_PAIRS);
        pairs
    }
}

/// The matrix, the most frequent confusions, and a table of the classes; `None` where there are no classes.
///
/// # Errors
/// When the plot cannot be drawn.
pub(crate) fn section(confusion: &Confusion) -> Result<Option<Section>, ReportError> {
    if confusion.classes.is_empty() {
        return Ok(None);
    }
    let pairs = confusion.worst_pairs();
    let name = |class: usize| confusion.classes[class].as_str();
    let plot = if confusion.classes.len() <= MOST_CLASSES {
        plot(confusion, &pairs)?
    } else {
        html! {}
    };
    let mut worst = Table::new("The most frequent confusions.")
        .words("class")
        .words("taken for")
        .numbers("samples")
        .numbers("of the class, %");
    let scores = confusion.scores();
    for &(class, other, count) in &pairs {
        let share = count as f64 / scores[class].samples.max(1) as f64;
        worst.row([name(class).into(), name(other).into(), number::count(count), plain_percent(share)]);
    }
    let mut classes = Table::new("Recall: the share of a class's samples that was found. Precision: the share of the samples taken for a class that belongs to it.")
        .words("class")
        .numbers("samples")
        .numbers("found")
        .numbers("recall, %")
        .numbers("precision, %");
    for (class, score) in scores.iter().enumerate() {
        classes.row([
            name(class).into(),
            number::count(score.samples),
            number::count(score.found),
            plain_percent(score.found as f64 / score.samples as f64),
            plain_percent(score.found as f64 / score.predicted as f64),
        ]);
    }
    let body = html! {
        p { "Each row is a class; its cells are what its samples were taken for." }
        (plot)
        @if !pairs.is_empty() { (worst.to_html()) }
        (classes.folded("All classes as a table"))
    };
    Ok(Some(Section { id: "classes", title: "Classes", body }))
}

fn plain_percent(share: f64) -> String {
    number::percent(share, 1).replace("\u{a0}%", "")
}

fn plot(confusion: &Confusion, pairs: &[(usize, usize, u64)]) -> Result<Markup, ReportError> {
    let often = pairs.first().map_or_else(
        || "No class was taken for another.".into(),
        |&(class, other, count)| {
            let (class, other) = (&confusion.classes[class], &confusion.classes[other]);
            format!("The most frequent confusion: {class}, taken for {other} {} times.", number::count(count))
        },
    );
    let words = Words {
        id: "confusion-matrix".into(),
        title: "Confusion matrix (samples)".into(),
        description: format!("{} classes against what they were taken for. {often}", confusion.classes.len()),
        legend: vec![
            Key::new(Sample::Area(Ink::Blue, 0.8), "found"),
            Key::new(Sample::Area(Ink::Vermillion, 0.6), "taken for another class"),
        ],
    };
    let cells = Matrix { names: &confusion.classes, counts: &confusion.counts, rows: "class", columns: "taken for" };
    matrix(&words, &cells)
}
