//! [`liken()`]: how near a network's outputs come to those of the network that it was made of.

use crate::error::CompressError;
use crate::feed::Feed;
use crate::progress::Progress;
use fewbit_data::Inputs;
use fewbit_runtime::host::Prepared;
use fewbit_runtime::{Model, Semantics};
use rayon::prelude::*;
use std::time::Instant;

/// The most runs that are looked at: more change the ratio of sums over them by a fraction of a decibel.
const MAX_RUNS: usize = 1024;

/// How near the first outputs of two networks are to each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Likeness {
    /// How many samples were looked at.
    pub images: usize,
    /// The mean squared difference of a value.
    pub mse: f64,
    /// The energy of the outputs over that of the difference, in decibels; infinite if there is none.
    pub sqnr_db: f64,
    /// How long it took.
    pub seconds: f64,
}

/// Runs two files (`.nnb`) with one input and outputs of the same shape on `inputs`, spread evenly, on the threads of the
/// current rayon pool.
///
/// # Errors
/// When a file cannot be run, a sample cannot be read, or networks and dataset do not fit.
pub fn liken(
    reference: &[u8],
    file: &[u8],
    inputs: &Inputs,
    progress: &dyn Progress,
) -> Result<Likeness, CompressError> {
    let models = [Model::open(reference)?, Model::open(file)?];
    let feed = Feed::new(&models[0], inputs)?;
    // The other file takes the same input.
    Feed::new(&models[1], inputs)?;
    let output_len = |model: &Model<'_>| {
        let outputs = model.nnb().outputs();
        let output = (!outputs.is_empty()).then(|| outputs.get(0)).ok_or(CompressError::NoOutput)?;
        Ok::<_, CompressError>(model.nnb().variable(output).shape.items())
    };
    let (len, found) = (output_len(&models[0])?, output_len(&models[1])?);
    if found != len {
        return Err(CompressError::OutputLength { found, expected: len, what: "values of the float network's output" });
    }
    let prepared = [0, 1].map(|place: usize| Prepared::new(&models[place], Semantics::Integer));
    let step = feed.runs().div_ceil(MAX_RUNS).max(1);
    let runs: Vec<usize> = (0..feed.runs()).step_by(step).collect();
    progress.begin("comparing outputs", runs.len());
    let start = Instant::now();
    let energies = runs.par_iter().map_init(
        || {
            let runners = [0, 1].map(|place: usize| prepared[place].runner());
            (runners, vec![0.0; feed.input_len()], [vec![0.0; len], vec![0.0; len]])
        },
        |(runners, input, outputs), &run| {
            feed.fill(run, input)?;
            for (runner, output) in runners.iter_mut().zip(outputs.iter_mut()) {
                runner.set_input(0, input);
                runner.run();
                runner.read_output(0, output);
            }
            progress.advance(1);
            Ok(energies(&outputs[0], &outputs[1]))
        },
    );
    let energies: Vec<[f64; 2]> = energies.collect::<Result<_, CompressError>>()?;
    let [signal, noise] = energies.iter().fold([0.0; 2], |[s, n], [signal, noise]| [s + signal, n + noise]);
    Ok(Likeness {
        images: runs.iter().map(|&run| feed.samples(run).len()).sum(),
        mse: noise / (runs.len() * len).max(1) as f64,
        sqnr_db: if noise > 0.0 { 10.0 * (signal / noise).log10() } else { f64::INFINITY },
        seconds: start.elapsed().as_secs_f64(),
    })
}

/// The sums of squares of the first values, and of what the second differ from them.
fn energies(exact: &[f32], found: &[f32]) -> [f64; 2] {
    let square = |value: f64| value * value;
    let pairs = exact.iter().zip(found).map(|(&exact, &found)| (f64::from(exact), f64::from(found)));
    pairs.fold([0.0; 2], |[signal, noise], (exact, found)| [signal + square(exact), noise + square(exact - found)])
}
