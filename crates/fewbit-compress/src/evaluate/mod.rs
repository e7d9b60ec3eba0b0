//! [`evaluate()`]: runs a network's file over a dataset and measures how well it does.
//!
//! A dataset of classes gives [`ClassScore`], one of target values [`ValueScore`]. Only the network's first output
//! counts. The result does not depend on how many threads there are.

mod classes;

pub use classes::ClassScore;
pub(crate) use classes::Judge;

use crate::error::CompressError;
use crate::feed::Feed;
use crate::progress::Progress;
use classes::Verdict;
use fewbit_data::{Inputs, Task};
use fewbit_runtime::host::{Prepared, Runner};
use fewbit_runtime::{Model, Semantics};
use rayon::prelude::*;
use std::time::Instant;

/// What a network did on a dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// How many samples were run.
    pub images: usize,
    /// How well.
    pub score: Score,
    /// How long it took, reading the samples included.
    pub seconds: f64,
}

/// How well a network did, by what the dataset asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Score {
    /// It asks for classes.
    Classes(ClassScore),
    /// It asks for values.
    Values(ValueScore),
}

/// How well a network predicts values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ValueScore {
    /// The mean over all values of all samples of the squared difference from the target.
    pub mse: f64,
}

impl Evaluation {
    /// Samples a second, over all threads.
    pub fn images_per_second(&self) -> f64 {
        self.images as f64 / self.seconds
    }
}

impl Score {
    /// The share of samples whose class was found, where there are classes.
    pub fn top1(&self) -> Option<f64> {
        match self {
            Self::Classes(score) => Some(score.top1),
            Self::Values(_) => None,
        }
    }

    /// The mean squared error, where there are values.
    pub fn mse(&self) -> Option<f64> {
        match self {
            Self::Values(score) => Some(score.mse),
            Self::Classes(_) => None,
        }
    }
}

/// Runs the network in `file` (an `.nnb`) over all samples of `inputs`, on the threads of the current rayon pool.
///
/// # Errors
/// When the file cannot be run, a sample cannot be read, or network and dataset do not fit.
pub fn evaluate(
    file: &[u8],
    inputs: &Inputs,
    semantics: Semantics,
    progress: &dyn Progress,
) -> Result<Evaluation, CompressError> {
    let model = Model::open(file)?;
    let feed = Feed::new(&model, inputs)?;
    let outputs = model.nnb().outputs();
    let output = (!outputs.is_empty()).then(|| outputs.get(0)).ok_or(CompressError::NoOutput)?;
    let output_len = model.nnb().variable(output).shape.items();
    let whole = output_len.is_multiple_of(feed.batch());
    let per_sample = if whole { output_len / feed.batch() } else { output_len };
    let misfit = |expected, what| CompressError::OutputLength { found: per_sample, expected, what };
    let origin = || inputs.dataset().origin().display().to_string();

    let prepared = Prepared::new(&model, semantics);
    let pass = Pass { prepared: &prepared, feed, output_len, per_sample, progress };
    progress.begin("evaluating", inputs.len());
    let start = Instant::now();
    let score = match inputs.dataset().task() {
        Task::Classes(names) => {
            let judge = Judge::new(model.nnb(), output, per_sample, names.len())
                .filter(|_| whole)
                .ok_or_else(|| misfit(names.len(), "classes"))?;
            let verdicts: Vec<Verdict> = pass.run(|sample, values| {
                let label = inputs.dataset().label(sample).ok_or_else(|| CompressError::Unlabelled(origin()))?;
                Ok(judge.judge(values, label))
            })?;
            Score::Classes(ClassScore::new(names.len(), &verdicts))
        }
        Task::Values(_) => {
            let expected = inputs.target_len().unwrap_or(0);
            if !whole || per_sample != expected {
                return Err(misfit(expected, "target values"));
            }
            let errors: Vec<f64> = pass.run(|sample, values| {
                let mut target = vec![0.0; expected];
                inputs.fill_target(sample, &mut target)?;
                Ok(values.iter().zip(&target).map(|(value, target)| squared_difference(*value, *target)).sum())
            })?;
            Score::Values(ValueScore { mse: errors.iter().sum::<f64>() / (errors.len() * expected.max(1)) as f64 })
        }
        Task::Unlabelled => return Err(CompressError::Unlabelled(origin())),
    };
    Ok(Evaluation { images: inputs.len(), score, seconds: start.elapsed().as_secs_f64() })
}

fn squared_difference(a: f32, b: f32) -> f64 {
    let difference = f64::from(a) - f64::from(b);
    difference * difference
}

/// All runs of a network over a dataset.
struct Pass<'p, 'm, 'a> {
    prepared: &'p Prepared<'m, 'a>,
    feed: Feed<'p>,
    output_len: usize,
    per_sample: usize,
    progress: &'p dyn Progress,
}

/// The memory of one thread.
struct Worker<'p, 'm, 'a> {
    runner: Runner<'p, 'm, 'a>,
    input: Vec<f32>,
    output: Vec<f32>,
}

impl<'p, 'm, 'a> Pass<'p, 'm, 'a> {
    /// What `look` makes of each sample's output, in the order of the samples.
    fn run<T: Send>(
        &self,
        look: impl Fn(usize, &[f32]) -> Result<T, CompressError> + Sync,
    ) -> Result<Vec<T>, CompressError> {
        let runs = (0..self.feed.runs()).into_par_iter().map_init(
            || self.worker(),
            |worker, run| {
                self.feed.fill(run, &mut worker.input)?;
                worker.runner.set_input(0, &worker.input);
                worker.runner.run();
                worker.runner.read_output(0, &mut worker.output);
                let samples = self.feed.samples(run);
                self.progress.advance(samples.len());
                let outputs = worker.output.chunks(self.per_sample.max(1));
                samples.zip(outputs).map(|(sample, values)| look(sample, values)).collect::<Result<Vec<_>, _>>()
            },
        );
        let runs: Vec<Vec<T>> = runs.collect::<Result<_, _>>()?;
        Ok(runs.into_iter().flatten().collect())
    }

    fn worker(&self) -> Worker<'p, 'm, 'a> {
        Worker {
            runner: self.prepared.runner(),
            input: vec![0.0; self.feed.input_len()],
            output: vec![0.0; self.output_len],
        }
    }
}
