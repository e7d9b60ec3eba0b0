//! Opening models: network files (`.nnp`, or `.nntxt` with parameter files) and `.nnb` files, told apart by their endings,
//! or by their first bytes where the ending says nothing.

use crate::{console, size};
use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use fewbit_core::Network;
use fewbit_formats::settings::Applied;
use fewbit_formats::{ExecutorChoice, FormatError, FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, Nnb, Version, decode, encode};
use fewbit_runtime::Semantics;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A model as it was found.
#[derive(Clone, Debug)]
pub enum Model {
    /// A network file.
    Network(Network),
    /// The bytes of an `.nnb` file, not checked yet.
    Nnb(Vec<u8>),
}

/// The files of the model that a command works on, and how to read them.
#[derive(Args)]
pub struct ModelFiles {
    /// The model: .nnp, .nntxt, .prototxt, .protobuf or .nnb
    #[arg(value_name = "MODEL")]
    pub path: PathBuf,
    /// A parameter file (.h5, .protobuf) of a bare .nntxt; those of the same name beside it are found
    #[arg(short, long = "param", value_name = "FILE")]
    pub parameters: Vec<PathBuf>,
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

    /// Opens a model from the file or files that make it up.
    ///
    /// # Errors
    /// When a file cannot be read or understood, or is an `.nnb` file and another batch size or executor is asked for.
    pub fn open(&self, files: &[PathBuf]) -> Result<Model> {
        self.open_with_batch(files, self.batch())
    }

    fn open_with_batch(&self, files: &[PathBuf], batch: Option<usize>) -> Result<Model> {
        let [first, rest @ ..] = files else { bail!("no model is given") };
        match (Kind::of(first)?, rest) {
            (Kind::Nnb, []) => {
                if self.batch().is_some() || self.executor.is_some() {
                    bail!(
                        "{}: an .nnb file holds one network with a fixed batch size; give -b and -E to `fewbit convert` when it is made",
                        first.display()
                    );
                }
                Ok(Model::Nnb(read(first)?))
            }
            (Kind::Nnb, [second, ..]) => {
                bail!("{} needs no further file such as {}", first.display(), second.display())
            }
            (Kind::Nnp, _) => {
                let nnp = open_nnp(files)?;
                let executor = self.executor.as_deref().map(ExecutorChoice::parse).unwrap_or_default();
                let network = nnp.network(&ImportOptions { executor, batch }).map_err(|error| at(first, error))?;
                Ok(Model::Network(network))
            }
        }
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
    /// As [`NetworkOptions::open`].
    pub fn open(&self) -> Result<Model> {
        self.open_with_batch(self.network.batch())
    }

    fn open_with_batch(&self, batch: Option<usize>) -> Result<Model> {
        let files: Vec<PathBuf> = [&self.path].into_iter().chain(&self.parameters).cloned().collect();
        self.network.open_with_batch(&files, batch)
    }
}

impl ModelArguments {
    /// What errors call the model.
    pub fn name(&self) -> String {
        self.files.name()
    }

    /// Opens the model and puts the asked-for formats into it.
    ///
    /// # Errors
    /// As [`NetworkOptions::open`] and [`FormatOptions::apply`].
    pub fn open(&self) -> Result<Model> {
        self.open_with_batch(self.files.network.batch())
    }

    /// The same with a batch size.
    ///
    /// # Errors
    /// As [`ModelArguments::open`].
    pub fn open_with_batch(&self, batch: Option<usize>) -> Result<Model> {
        let mut model = self.files.open_with_batch(batch)?;
        match &mut model {
            Model::Network(network) => {
                self.formats.apply(network)?;
            }
            Model::Nnb(_) if self.formats.is_given() => {
                bail!(
                    "{}: the number formats of an .nnb file are fixed; change them with `fewbit convert`",
                    self.name()
                );
            }
            Model::Nnb(_) => {}
        }
        Ok(model)
    }
}

impl Model {
    /// The model as the bytes of an `.nnb` file, of version 3 and the newest level.
    ///
    /// # Errors
    /// When a network has something that the format cannot hold.
    pub fn into_nnb(self) -> Result<Vec<u8>> {
        match self {
            Self::Nnb(bytes) => Ok(bytes),
            Self::Network(network) => {
                let options = EncodeOptions { version: Version::V3, ..EncodeOptions::default() };
                Ok(encode(&network, &options)?.bytes)
            }
        }
    }

    /// The model as a network; that of an `.nnb` file has made-up names.
    ///
    /// # Errors
    /// When the bytes of an `.nnb` file are damaged.
    pub fn into_network(self) -> Result<Network> {
        match self {
            Self::Network(network) => Ok(network),
            Self::Nnb(bytes) => {
                let network = decode(&Nnb::new(&bytes)?)?;
                network.validate()?;
                Ok(network)
            }
        }
    }
}

/// Reads the files of a `.nnp` document.
///
/// # Errors
/// When a file cannot be read or understood.
pub fn open_nnp(files: &[PathBuf]) -> Result<Nnp> {
    let [first, rest @ ..] = files else { bail!("no model is given") };
    let document = match (Kind::by_ending(first), rest) {
        (None, []) => Nnp::from_archive(&read(first)?),
        _ => Nnp::open_all(files),
    };
    document.map_err(|error| at(first, error))
}

/// What a model file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// NNabla's network file, or a part of one.
    Nnp,
    /// A file for devices.
    Nnb,
}

impl Kind {
    fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "nnp" | "nntxt" | "prototxt" | "protobuf" | "h5" => Some(Self::Nnp),
            "nnb" => Some(Self::Nnb),
            _ => None,
        }
    }

    /// What a file is, by its ending, else by its first bytes.
    ///
    /// # Errors
    /// When the file cannot be read, or neither tells.
    pub fn of(path: &Path) -> Result<Self> {
        if let Some(kind) = Self::by_ending(path) {
            return Ok(kind);
        }
        let mut start = [0; 4];
        let cannot_read = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(cannot_read)?;
        match file.read_exact(&mut start).map(|()| start) {
            Ok([b'P', b'K', 3, 4]) => Ok(Self::Nnp),
            Ok([2..=4, 0, 0, 0]) => Ok(Self::Nnb),
            Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => Err(error).with_context(cannot_read),
            _ => bail!(
                "{}: neither its ending nor its first bytes tell that it is a model; known are .nnp, .nntxt, .prototxt, .protobuf and .nnb",
                path.display()
            ),
        }
    }
}

/// Reads a whole file.
///
/// # Errors
/// When it is not there or cannot be read.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Makes sure that this machine has the memory to run a model: an ordinary allocation that fails ends the process.
///
/// # Errors
/// When it has not.
pub fn check_memory(model: &fewbit_runtime::Model<'_>) -> Result<()> {
    let bytes = model.arena_bytes();
    // Prepared models hold feature maps as floats, whatever the file's types: up to four times as many bytes.
    let mut probe = Vec::<u8>::new();
    let outcome = probe.try_reserve_exact(bytes.saturating_mul(5));
    // Seen from here the probe is used, so that the compiler does not take it away.
    std::hint::black_box(&probe);
    outcome.map_err(|_| anyhow!("the model's buffers need {}, which this machine does not have", size::bytes(bytes)))
}

/// An error of a file, with the file's name in front unless the error says it.
fn at(path: &Path, error: FormatError) -> anyhow::Error {
    let name = path.display().to_string();
    let told = error.to_string().contains(&name);
    let error = anyhow::Error::from(error);
    if told { error } else { error.context(name) }
}
