//! `fewbit draw`: a network as a picture.

use crate::model::ModelArguments;
use crate::{console, output, size};
use anyhow::{Context, Result};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `fewbit draw`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// The file to write
    #[arg(short, long, value_name = "FILE.svg")]
    output: PathBuf,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let network = self.model.open()?.into_network().with_context(|| self.model.name())?;
        let svg = fewbit_report::draw(&network);
        output::write(&self.output, svg.as_bytes())?;
        console::print(&format!("{}: {}", self.output.display(), size::bytes(svg.len())))?;
        Ok(())
    }
}
