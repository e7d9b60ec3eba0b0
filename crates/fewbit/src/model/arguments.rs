//! What commands ask about a model, and opening it as they were answered.

use super::{Choice, Model, at, open, read};
use crate::console;
use anyhow::{Result, anyhow, bail};
use clap::{Args, ValueEnum};
use fewbit_core::Network;
use fewbit_formats::settings::Applied;
use fewbit_formats::{FormatSetting, Settings};
use fewbit_nnb::Version;
use fewbit_runtime::Semantics;
use std::path::PathBuf;
use std::str::FromStr;

/// The files of the model that a command works on, and how to read them.
#[derive(Args)]
pub struct ModelFiles {
    /// The model: .nnp, .nntxt, .prototxt, .protobuf, .onnx, .tflite or .nnb
    #[arg(value_name = "MODEL")]
    pub path: PathBuf,
    /// A parameter file (.h5, .protobuf) of a bare .nntxt; those of the same name beside it are found
    #[arg(short, long = "param", value_name = "FILE")]
    pub parameter_files: Vec<PathBuf>,
    #[command(flatten)]
    pub network: NetworkOptions,
}

/// A model with the number formats of its variables.
#[derive(Args)]
pub struct ModelArguments {
    #[command(flatten)]
    pub files: ModelFiles,
    #[command(flatten)]
    pub formats: FormatOptions,
}

/// Which network of a file to take, and for how many samples at once.
#[derive(Args)]
pub struct NetworkOptions {
    /// Batch size in place of the file's [-1: the file's]
    #[arg(short, long = "batch-size", alias = "batch_size", value_name = "N", allow_negative_numbers = true)]
    pub batch: Option<OrFromFile>,
    /// Which executor's network to take, by its place or its name [default: the first]
    #[arg(short = 'E', long, value_name = "EXECUTOR", alias = "nnp-import-executor-index")]
    pub executor: Option<String>,
    /// Give images channels first to an .onnx or .tflite network that turns those which have them last
    #[arg(long)]
    pub channels_first: bool,
}

/// In which number formats a network's variables are stored.
#[derive(Args)]
pub struct FormatOptions {
    /// The number format of each variable, as `fewbit template` writes it
    #[arg(short, long, value_name = "SETTINGS.yaml")]
    pub settings: Option<PathBuf>,
    /// The number format of variables that the settings do not list [default: FLOAT32]
    #[arg(short = 'T', long, value_name = "TYPE")]
    pub default_variable_type: Option<FormatSetting>,
}

/// A name of [`Semantics`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SemanticsName {
    Integer,
    Reference,
}

impl From<SemanticsName> for Semantics {
    fn from(name: SemanticsName) -> Self {
        match name {
            SemanticsName::Integer => Self::Integer,
            SemanticsName::Reference => Self::Reference,
        }
    }
}

/// The version of the `.nnb` format to write.
#[derive(Args)]
pub struct VersionOption {
    /// Version of .nnb: nnb (the same as nnb_2) and nnb_3 for NNabla's runtimes, nnb_4 for fewbit's with a smaller arena
    #[arg(short, long = "define_version", alias = "define-version", value_name = "VERSION")]
    define_version: Option<NnbVersion>,
}

impl VersionOption {
    /// Whether none was asked for.
    pub fn is_default(&self) -> bool {
        self.define_version.is_none()
    }

    /// The version that was asked for, or this one.
    pub fn or(&self, default: Version) -> Version {
        self.define_version.map_or(default, |NnbVersion(version)| version)
    }
}

/// A version of the `.nnb` format under NNabla's name.
#[derive(Clone, Copy, Debug)]
pub struct NnbVersion(Version);

impl FromStr for NnbVersion {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "nnb" | "nnb_2" => Ok(Self(Version::V2)),
            "nnb_3" => Ok(Self(Version::V3)),
            "nnb_4" => Ok(Self(Version::V4)),
            _ => Err("known are nnb, nnb_2, nnb_3 and nnb_4"),
        }
    }
}

/// A number of at least 1, or -1 for what the file says, as NNabla's tools take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrFromFile(Option<usize>);

impl FromStr for OrFromFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse::<i64>() {
            Ok(-1) => Ok(Self(None)),
            Ok(number @ 1..=0x7fff_ffff) => Ok(Self(usize::try_from(number).ok())),
            _ => Err("it must be a whole number of at least 1, or -1 for what the file says"),
        }
    }
}

impl OrFromFile {
    /// The number that was asked for; `None` for the file's.
    pub fn number(option: Option<Self>) -> Option<usize> {
        option.and_then(|Self(number)| number)
    }
}

impl NetworkOptions {
    /// The batch size in place of the file's.
    pub fn batch(&self) -> Option<usize> {
        OrFromFile::number(self.batch)
    }

    /// What is asked for, with this batch size.
    fn choice(&self, batch: Option<usize>) -> Choice<'_> {
        Choice { batch, executor: self.executor.as_deref(), channels_first: self.channels_first }
    }

    /// Opens a model from the file or files that make it up.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(&self, files: &[PathBuf]) -> Result<Model> {
        open(files, self.choice(self.batch()))
    }
}

impl FormatOptions {
    /// Whether any format is asked for.
    pub fn is_given(&self) -> bool {
        self.settings.is_some() || self.default_variable_type.is_some()
    }

    /// Puts the formats into a network, and warns of names in the settings that it does not have.
    ///
    /// # Errors
    /// When the settings cannot be read, or a format is impossible for a variable.
    pub fn apply(&self, network: &mut Network) -> Result<Applied> {
        let settings = match &self.settings {
            Some(path) => {
                let text =
                    String::from_utf8(read(path)?).map_err(|_| anyhow!("{}: it is not a text", path.display()))?;
                Settings::parse(&text).map_err(|error| at(path, error))?
            }
            None => Settings::default(),
        };
        let default = self.default_variable_type.unwrap_or_default();
        let applied = settings.apply(network, default).map_err(|error| match &self.settings {
            Some(path) => at(path, error),
            None => error.into(),
        })?;
        if let Some(path) = &self.settings {
            for name in &applied.unknown {
                console::warn(&format!("{} lists '{name}', which the network does not have", path.display()));
            }
        }
        Ok(applied)
    }
}

impl ModelFiles {
    /// What errors call the model.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// Opens the model.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open(&self) -> Result<Model> {
        self.open_with_batch(self.network.batch())
    }

    /// The same with a batch size.
    ///
    /// # Errors
    /// As [`open`].
    pub fn open_with_batch(&self, batch: Option<usize>) -> Result<Model> {
        let files: Vec<PathBuf> = [&self.path].into_iter().chain(&self.parameter_files).cloned().collect();
        open(&files, self.network.choice(batch))
    }
}

impl ModelArguments {
    /// What errors call the model.
    pub fn name(&self) -> String {
        self.files.name()
    }

    /// Opens the model and gives it its formats.
    ///
    /// # Errors
    /// As [`open`] and [`ModelArguments::typed`].
    pub fn open(&self) -> Result<Model> {
        self.typed(self.files.open()?)
    }

    /// Puts the asked-for formats into a model.
    ///
    /// # Errors
    /// As [`FormatOptions::apply`], and for an `.nnb` file, which has its formats already.
    pub fn typed(&self, mut model: Model) -> Result<Model> {
        match &mut model {
            Model::Network(network) => {
                self.formats.apply(network)?;
            }
            Model::Nnb(_) if self.formats.is_given() => {
                let name = self.name();
                bail!("{name}: the number formats of an .nnb file are fixed; change them with `fewbit convert`");
            }
            Model::Nnb(_) => {}
        }
        Ok(model)
    }
}
