//! The dataset that a command works on: where it is, and how its samples become a network's input.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess, Split, TargetKind};
use fewbit_nnb::Nnb;
use std::path::PathBuf;

/// What is given in place of a path for random numbers.
const NOISE: &str = "noise";

/// How many samples of them there are.
const NOISE_SAMPLES: usize = 256;

/// A dataset and its preprocessing.
#[derive(Args)]
pub struct DataArguments {
    /// CIFAR binary batches, a folder with a sub-folder of images a class, IDX files, NNabla's CSV, a packed file, or
    /// noise[:SEED] for random numbers from 0 to 1
    #[arg(long, value_name = "DATA")]
    pub data: PathBuf,
    /// How pixels become floats: standardize, unit, raw, or mean=M[,M..],std=S[,S..]
    #[arg(long, value_name = "HOW", default_value_t)]
    pub preprocess: Preprocess,
    /// Bring images to the size and colours that the network takes
    #[arg(long)]
    pub resize: bool,
    /// The variable of a CSV dataset that is the input [default: x]
    #[arg(long, value_name = "NAME")]
    pub data_input: Option<String>,
    /// The variable of a CSV dataset that is the target [default: y]
    #[arg(long, value_name = "NAME")]
    pub data_target: Option<String>,
    /// Whether the target of a CSV dataset is the number of a class or a value [default: as its numbers look]
    #[arg(long, value_enum, value_name = "KIND")]
    pub target_kind: Option<TargetName>,
}

/// A name of [`TargetKind`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TargetName {
    Classes,
    Values,
}

impl DataArguments {
    /// Opens one part of the dataset, for a model: random numbers have the shape of its input.
    ///
    /// # Errors
    /// When there is no dataset, or a damaged one.
    pub fn open(&self, split: Split, nnb: &Nnb<'_>) -> Result<Dataset> {
        if let Some(seed) = self.noise_seed()? {
            // The parts are different numbers.
            let seed = seed.wrapping_mul(2) + u64::from(split == Split::Test);
            return Ok(Dataset::noise(&sample_shape(nnb)?, NOISE_SAMPLES, seed)?);
        }
        let target_kind = match self.target_kind {
            None => TargetKind::Auto,
            Some(TargetName::Classes) => TargetKind::Classes,
            Some(TargetName::Values) => TargetKind::Values,
        };
        let (input, target) = (self.data_input.clone(), self.data_target.clone());
        Ok(Dataset::open(&self.data, &OpenOptions { split, input, target, target_kind })?)
    }

    /// Samples of a dataset as the first input of a model takes them.
    ///
    /// # Errors
    /// When the model has no input, or the samples do not fit it.
    pub fn inputs(&self, dataset: Dataset, nnb: &Nnb<'_>) -> Result<Inputs> {
        let fit = if self.resize { Fit::Resize } else { Fit::Exact };
        Ok(Inputs::new(dataset, &sample_shape(nnb)?, self.preprocess.clone(), fit)?)
    }

    /// The seed of the random numbers that are asked for, if they are. A file of that name comes first.
    fn noise_seed(&self) -> Result<Option<u64>> {
        let text = self.data.to_string_lossy();
        let Some(rest) = text.strip_prefix(NOISE).filter(|_| !self.data.exists()) else { return Ok(None) };
        match rest.strip_prefix(':') {
            None if rest.is_empty() => Ok(Some(0)),
            None => Ok(None),
            Some(seed) => seed.parse().map(Some).with_context(|| format!("{text}: the seed must be a whole number")),
        }
    }
}

/// The shape of a sample of a model's first input, without the batch.
fn sample_shape(nnb: &Nnb<'_>) -> Result<Vec<usize>> {
    let input = nnb.inputs().iter().next().context("the network has no input for the samples of the dataset")?;
    Ok(nnb.variable(input).shape.get(1..).unwrap_or(&[]).to_vec())
}
