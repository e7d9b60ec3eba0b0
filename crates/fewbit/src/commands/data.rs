//! `fewbit data`: datasets as files.

use crate::{console, output, size};
use anyhow::Result;
use clap::{Args, Subcommand};
use fewbit_data::{Dataset, Fit, OpenOptions, Split, write_packed};
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// Arguments of `fewbit data`.
#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    command: DataCommand,
}

#[derive(Subcommand)]
enum DataCommand {
    /// Write a dataset of images with classes as one file
    Pack(Pack),
}

/// Arguments of `fewbit data pack`.
#[derive(Args)]
struct Pack {
    /// A folder with a sub-folder of images a class, CIFAR binary batches, IDX files, or an NNabla CSV dataset
    #[arg(value_name = "DATA")]
    data: PathBuf,
    /// The file to write
    #[arg(value_name = "OUT.fbds")]
    output: PathBuf,
    /// Take the training part, where DATA has a training and a test part
    #[arg(long)]
    train: bool,
    /// Take only so many images, every class as often as every other
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Bring all images to the size and colours of the first
    #[arg(long)]
    resize: bool,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        match &self.command {
            DataCommand::Pack(pack) => pack.run(),
        }
    }
}

impl Pack {
    fn run(&self) -> Result<()> {
        let split = if self.train { Split::Train } else { Split::Test };
        let mut dataset = Dataset::open(&self.data, &OpenOptions { split, ..OpenOptions::default() })?;
        if let Some(limit) = self.limit {
            dataset = dataset.balanced(limit.get());
        }
        let mut packed = Vec::new();
        write_packed(&dataset, if self.resize { Fit::Resize } else { Fit::Exact }, &mut packed)?;
        output::write(&self.output, &packed)?;
        let (images, bytes) = (size::grouped(dataset.len()), size::bytes(packed.len()));
        console::print(&format!("{}: {images} images in {bytes}", self.output.display()))?;
        Ok(())
    }
}
