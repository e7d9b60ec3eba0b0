//! `fewbit template`: a settings file to edit, as `nnabla_cli nnb_template` writes it.

use super::inputs_and_output;
use crate::model::{Model, NetworkOptions, OrFromFile};
use crate::output;
use anyhow::Result;
use clap::Args;
use fewbit_formats::{FormatSetting, Settings};
use std::path::PathBuf;

/// Arguments of `fewbit template`.
#[derive(Args)]
#[command(override_usage = "fewbit template [OPTIONS] MODEL... SETTINGS.yaml")]
pub struct Arguments {
    /// The network (.nnp, or .nntxt with parameter files), and last the settings file to write
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    network: NetworkOptions,
    /// The number format to write for every variable [default: FLOAT32; for an .nnb file the one it has]
    #[arg(short = 'T', long, value_name = "TYPE")]
    default_variable_type: Option<FormatSetting>,
    /// Settings are the same for every API level; accepted as NNabla has it
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true, hide = true)]
    api: Option<OrFromFile>,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let (models, output) = inputs_and_output(&self.files)?;
        let model = self.network.open(models)?;
        let keeps_formats = matches!(model, Model::Nnb(_)) && self.default_variable_type.is_none();
        let network = model.into_network()?;
        let settings = if keeps_formats {
            Settings::of_network(&network)
        } else {
            Settings::template(&network, self.default_variable_type.unwrap_or_default())
        };
        output::write(output, settings.to_yaml().as_bytes())
    }
}
