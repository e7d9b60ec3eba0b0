//! The dataset that a command works on: where it is, and how its samples become a network's input.

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess, Split, TargetKind};
use fewbit_nnb::Nnb;
use std::path::PathBuf;

/// A dataset and its preprocessing.
#[derive(Args)]
pub struct DataArguments {
    /// CIFAR binary batches, a folder with a sub-folder of images a class, IDX files, NNabla's CSV, or a packed file
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
    /// Opens one part of the dataset.
    ///
    /// # Errors
    /// When there is no dataset, or a damaged one.
    pub fn open(&self, split: Split) -> Result<Dataset> {
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
        let input = nnb.inputs().iter().next().context("the network has no input for the samples of the dataset")?;
        let shape = nnb.variable(input).shape;
        // The first axis is the batch.
        let sample = shape.get(1..).unwrap_or(&[]);
        let fit = if self.resize { Fit::Resize } else { Fit::Exact };
        Ok(Inputs::new(dataset, sample, self.preprocess.clone(), fit)?)
    }
}
