//! [`Trial`]: how far a network's output is from that of another, and what it gets right.

use super::file;
use crate::error::CompressError;
use crate::evaluate::Judge;
use crate::feed::Feed;
use crate::position::decibels;
use crate::progress::Progress;
use fewbit_core::Network;
use fewbit_data::{Inputs, Task};
use fewbit_runtime::host::{Prepared, Runner};
use fewbit_runtime::{Model, Semantics};

/// A network's first output beside that of the float network, over some samples.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Trial {
    /// The sum of the squares of the float network's output.
    pub signal: f64,
    /// The sum of the squares of the differences.
    pub noise: f64,
    /// How many samples were run.
    pub samples: u64,
    /// How many more samples' classes the float network finds; `None` where there are no classes.
    pub lost: Option<i64>,
}

impl Trial {
    /// The ratio of signal to noise at the network's output, in decibels.
    pub fn sqnr_db(&self) -> f64 {
        decibels(self.signal, self.noise)
    }

    /// What is lost, in points of top-1, where there are classes.
    pub fn loss_points(&self) -> Option<f64> {
        self.lost.map(|lost| 100.0 * lost as f64 / self.samples.max(1) as f64)
    }

    fn merge(&mut self, other: &Self) {
        self.signal += other.signal;
        self.noise += other.noise;
        self.samples += other.samples;
        self.lost = self.lost.zip(other.lost).map(|(mine, theirs)| mine + theirs);
    }
}

/// Runs networks beside the float network.
///
/// The host's engine runs both: float layers in its fast kernels, what has a fixed-point format in the exact ones. So a
/// trial takes little more time than the layers in fixed point, and differs from the portable runtime only by the order in
/// which floats are added.
pub(super) struct Bench<'b> {
    float: Model<'b>,
    inputs: &'b Inputs,
    progress: &'b dyn Progress,
    /// How the first output tells classes.
    judge: Option<Judge>,
    output_len: usize,
    per_sample: usize,
}

impl<'b> Bench<'b> {
    /// A bench with the file of the float network.
    ///
    /// # Errors
    /// When it cannot be run on the samples, or has no output.
    pub fn new(file: &'b [u8], inputs: &'b Inputs, progress: &'b dyn Progress) -> Result<Self, CompressError> {
        let float = Model::open(file)?;
        let feed = Feed::new(&float, inputs)?;
        let outputs = float.nnb().outputs();
        let output = (!outputs.is_empty()).then(|| outputs.get(0)).ok_or(CompressError::NoOutput)?;
        let output_len = float.nnb().variable(output).shape.items();
        let whole = output_len.is_multiple_of(feed.batch());
        let per_sample = if whole { output_len / feed.batch() } else { output_len };
        let judge = match inputs.dataset().task() {
            Task::Classes(names) if whole => Judge::new(float.nnb(), output, per_sample, names.len()),
            _ => None,
        };
        Ok(Self { float, inputs, progress, judge, output_len, per_sample })
    }

    /// Runs a network on all samples.
    ///
    /// # Errors
    /// When it cannot be run, or a sample cannot be read.
    pub fn run(&self, network: &Network) -> Result<Trial, CompressError> {
        let file = file(network)?;
        let model = Model::open(&file)?;
        let feed = Feed::new(&model, self.inputs)?;
        let [float, other] = [&self.float, &model].map(|model| Prepared::new(model, Semantics::Integer));
        let lanes = feed.in_lanes(|runs| {
            let mut trial = self.empty();
            let mut lane = Lane {
                float: float.runner(),
                other: other.runner(),
                input: vec![0.0; feed.input_len()],
                outputs: [vec![0.0; self.output_len], vec![0.0; self.output_len]],
            };
            for run in runs {
                feed.fill(run, &mut lane.input)?;
                lane.run();
                self.compare(feed.samples(run), &lane.outputs, &mut trial);
                self.progress.advance(feed.samples(run).len());
            }
            Ok(trial)
        })?;
        let mut whole = self.empty();
        lanes.iter().for_each(|lane| whole.merge(lane));
        Ok(whole)
    }

    fn empty(&self) -> Trial {
        Trial { lost: self.judge.map(|_| 0), ..Trial::default() }
    }

    fn compare(&self, samples: std::ops::Range<usize>, [float, other]: &[Vec<f32>; 2], trial: &mut Trial) {
        let size = self.per_sample.max(1);
        for ((sample, float), other) in samples.zip(float.chunks(size)).zip(other.chunks(size)) {
            for (&float, &other) in float.iter().zip(other).filter(|(a, b)| a.is_finite() && b.is_finite()) {
                let (float, other) = (f64::from(float), f64::from(other));
                trial.signal += float * float;
                trial.noise += (float - other) * (float - other);
            }
            trial.samples += 1;
            let found = |judge: Judge, values: &[f32]| {
                let label = self.inputs.dataset().label(sample);
                i64::from(label.is_some_and(|label| judge.finds(values, label)))
            };
            if let (Some(judge), Some(lost)) = (self.judge, &mut trial.lost) {
                *lost += found(judge, float) - found(judge, other);
            }
        }
    }
}

/// The memory of one lane.
struct Lane<'p, 'm, 'a, 'b> {
    float: Runner<'p, 'm, 'a>,
    other: Runner<'p, 'm, 'b>,
    input: Vec<f32>,
    outputs: [Vec<f32>; 2],
}

impl Lane<'_, '_, '_, '_> {
    fn run(&mut self) {
        let [float, other] = &mut self.outputs;
        self.float.set_input(0, &self.input);
        self.float.run();
        self.float.read_output(0, float);
        self.other.set_input(0, &self.input);
        self.other.run();
        self.other.read_output(0, other);
    }
}
