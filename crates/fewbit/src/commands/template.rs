//! `fewbit template`: a settings file to edit, as `nnabla_cli nnb_template` writes it.

use crate::model::{Model, NetworkOptions};
use crate::output;
use anyhow::Result;
use clap::Args;
use fewbit_formats::{FormatSetting, Settings};
use std::path::PathBuf;

/// Arguments of `fewbit template`.
#[derive(Args)]
pub struct Arguments {
    /// The network: .nnp, or .nntxt with parameter files
    #[arg(value_name = "MODEL", required = true, num_args = 1..)]
    models: Vec<PathBuf>,
    /// The settings file to write
    #[arg(value_name = "SETTINGS.yaml")]
    settings: PathBuf,
    #[command(flatten)]
    network: NetworkOptions,
    /// The number format to write for every variable [default: FLOAT32; for an .nnb file the one it has]
    #[arg(short = 'T', long, value_name = "TYPE")]
    default_variable_type: Option<FormatSetting>,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let model = self.network.open(&self.models)?;
        let keeps_formats = matches!(model, Model::Nnb(_)) && self.default_variable_type.is_none();
        let network = model.into_network()?;
        let settings = if keeps_formats {
            Settings::of_network(&network)
        } else {
            Settings::template(&network, self.default_variable_type.unwrap_or_default())
        };
        output::write(&self.settings, settings.to_yaml().as_bytes())
    }
}
