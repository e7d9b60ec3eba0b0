//! [`EvaluationReport`]: how well a network does on a dataset.

use crate::error::ReportError;
use crate::number;
use crate::page::{About, Tile, page};
use crate::section::classes::{self, Confusion};
use crate::section::mistakes::{self, Mistake};
use crate::section::versions::Quality;

/// How well a network does on a dataset. What is empty or `None` is left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EvaluationReport {
    /// What it is about.
    pub about: About,
    /// How many samples were run.
    pub samples: u64,
    /// How good the network is on them.
    pub quality: Option<Quality>,
    /// The share of samples whose class is among the five likeliest, from 0 to 1.
    pub top5: Option<f64>,
    /// The mean cross entropy in nats.
    pub loss: Option<f64>,
    /// How long it took.
    pub seconds: Option<f64>,
    /// Which classes were taken for which.
    pub confusion: Option<Confusion>,
    /// Samples whose class was not found.
    pub mistakes: Vec<Mistake>,
    /// How many there are in all.
    pub wrong: Option<u64>,
}

impl EvaluationReport {
    /// The page.
    ///
    /// # Errors
    /// When a plot cannot be drawn or a picture not be written.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let mut sections = Vec::new();
        if let Some(confusion) = &self.confusion {
            sections.extend(classes::section(confusion)?);
        }
        sections.extend(mistakes::section(&self.mistakes, self.wrong)?);
        Ok(page(&self.about, &self.tiles(), &sections))
    }

    fn tiles(&self) -> Vec<Tile> {
        let tile = |name: &str, value: String, remark: String| Tile { name: name.into(), value, remark };
        let samples = number::count(self.samples);
        let mut tiles = Vec::new();
        match self.quality {
            Some(Quality::Top1(share)) => {
                let found = (share * self.samples as f64).round() as u64;
                tiles.push(tile(
                    "Top-1",
                    number::percent(share, 2),
                    format!("{} of {samples} samples", number::count(found)),
                ));
            }
            Some(Quality::MeanSquaredError(error)) => {
                tiles.push(tile(
                    "Mean squared error",
                    number::significant(error, 4),
                    format!("over {samples} samples"),
                ));
            }
            None => {}
        }
        let top5 = self.top5.map(|share| tile("Top-5", number::percent(share, 2), "among the five likeliest".into()));
        let loss = self.loss.map(|loss| tile("Cross entropy", number::significant(loss, 4), "nats, mean".into()));
        let pace = self.seconds.map(|seconds| {
            let pace = (self.samples as f64 / seconds).round().max(0.0);
            tile("Samples a second", number::count(pace as u64), format!("{} in all", number::seconds(seconds)))
        });
        tiles.extend([top5, loss, pace].into_iter().flatten());
        tiles
    }
}
