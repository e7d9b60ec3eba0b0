//! `fewbit dump`: what a model is made of, for people, for programs, or as `nnablart dump` prints it.

mod overview;
mod text;

use crate::console::{self, Console};
use crate::model::ModelArguments;
use anyhow::{Context, Result};
use clap::Args;
use fewbit_nnb::Nnb;
use fewbit_runtime::Model;
use fewbit_runtime::model::arena_bytes;
use overview::Overview;

/// Arguments of `fewbit dump`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Print what `nnablart dump` prints, line for line
    #[arg(long, conflicts_with = "json")]
    nnablart: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let name = || self.model.name();
        let model = self.model.open()?;
        if self.nnablart {
            let bytes = model.into_nnb().with_context(name)?;
            let nnb = Nnb::new(&bytes).with_context(name)?;
            console::print(fewbit_nnb::dump::dump(&nnb).trim_end())?;
            return Ok(());
        }
        let (bytes, network) = model.into_named_nnb().with_context(name)?;
        let nnb = Nnb::new(&bytes).with_context(name)?;
        let model = Model::open(&bytes).inspect_err(|error| {
            console::warn(&format!("{}: fewbit cannot run this model: {error}", name()));
        });
        let arena_bytes = arena_bytes(&nnb).unwrap_or(usize::MAX);
        let overview = Overview::new(&network, &nnb, model.ok().as_ref(), bytes.len(), arena_bytes);
        let console = Console::new(self.json);
        console.object(&overview)?;
        if !self.json {
            console.print(&text::text(&overview))?;
        }
        Ok(())
    }
}
