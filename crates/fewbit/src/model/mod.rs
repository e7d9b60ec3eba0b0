//! Opening models: network files (`.nnp`, `.nntxt` with parameter files, `.onnx` or `.tflite`) and `.nnb` files, told apart by
//! their endings, or by their first bytes where the ending says nothing.

mod arguments;

pub use arguments::{
    FormatOptions, ModelArguments, ModelFiles, NetworkOptions, OrFromFile, SemanticsName, VersionOption,
};

use crate::{console, size};
use anyhow::{Context, Result, anyhow, bail};
use fewbit_core::Network;
use fewbit_formats::onnx::{self, Import, OnnxOptions};
use fewbit_formats::tflite::{self, TfliteOptions};
use fewbit_formats::{ExecutorChoice, FormatError, ImportOptions, Nnp};
use fewbit_nnb::{EncodeOptions, Nnb, Version, decode, encode};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A model as it was found.
#[derive(Clone, Debug)]
pub enum Model {
    /// A network file.
    Network(Network),
    /// The bytes of an `.nnb` file, not checked yet.
    Nnb(Vec<u8>),
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

/// How to read a model's network.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choice<'a> {
    /// The batch size in place of the file's.
    pub batch: Option<usize>,
    /// Which executor's network to take, of a file of NNabla's that has several.
    pub executor: Option<&'a str>,
    /// Whether images go in with their channels first into a network of another tool, which wants them last.
    pub channels_first: bool,
}

/// Opens a model from the file or files that make it up.
///
/// # Errors
/// When a file cannot be read or understood, or does not have what is to be chosen.
pub fn open(files: &[PathBuf], choice: Choice<'_>) -> Result<Model> {
    let [first, rest @ ..] = files else { bail!("no model is given") };
    let Choice { batch, executor, channels_first } = choice;
    let kind = Kind::of(first)?;
    let foreign = matches!(kind, Kind::Onnx | Kind::Tflite);
    if channels_first && !foreign {
        bail!(
            "{}: --channels-first is for .onnx and .tflite files, others take channels first anyway",
            first.display()
        );
    }
    match (kind, rest) {
        (Kind::Nnb, []) if batch.is_some() || executor.is_some() => bail!(
            "{}: an .nnb file holds one network with a fixed batch size; give -b and -E to `fewbit convert` when it is made",
            first.display()
        ),
        (Kind::Nnb, []) => Ok(Model::Nnb(read(first)?)),
        (Kind::Nnb | Kind::Onnx | Kind::Tflite, [second, ..]) => {
            bail!("{} needs no further file such as {}", first.display(), second.display())
        }
        (Kind::Onnx | Kind::Tflite, []) if executor.is_some() => {
            bail!("{}: the file holds one network, and no executors to choose from with -E", first.display())
        }
        (Kind::Onnx, []) => imported(first, onnx::open(first, &OnnxOptions { batch, channels_first })),
        (Kind::Tflite, []) => imported(first, tflite::open(first, &TfliteOptions { batch, channels_first })),
        (Kind::Nnp, _) => {
            let executor = executor.map(ExecutorChoice::parse).unwrap_or_default();
            let network = open_nnp(files)?.network(&ImportOptions { executor, batch });
            Ok(Model::Network(network.map_err(|error| at(first, error))?))
        }
    }
}

/// A network of another tool, after telling what a person should know about it.
fn imported(path: &Path, import: Result<Import, FormatError>) -> Result<Model> {
    let import = import.map_err(|error| at(path, error))?;
    for warning in &import.warnings {
        console::warn(&format!("{}: {warning}", path.display()));
    }
    Ok(Model::Network(import.network))
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
    /// A network file of ONNX's.
    Onnx,
    /// A network file of TensorFlow Lite's.
    Tflite,
}

impl Kind {
    fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "nnp" | "nntxt" | "prototxt" | "protobuf" | "h5" => Some(Self::Nnp),
            "nnb" => Some(Self::Nnb),
            "onnx" => Some(Self::Onnx),
            "tflite" => Some(Self::Tflite),
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
        let mut start = [0; 8];
        let cannot_read = || format!("cannot read {}", path.display());
        let mut file = File::open(path).with_context(cannot_read)?;
        match file.read_exact(&mut start).map(|()| start) {
            Ok([b'P', b'K', 3, 4, ..]) => Ok(Self::Nnp),
            Ok([_, _, _, _, b'T', b'F', b'L', b'3']) => Ok(Self::Tflite),
            Ok([2..=4, 0, 0, 0, ..]) => Ok(Self::Nnb),
            Err(error) if error.kind() == std::io::ErrorKind::IsADirectory => Err(error).with_context(cannot_read),
            _ => bail!(
                "{}: neither its ending nor its first bytes tell that it is a model; known are .nnp, .nntxt, .prototxt, .protobuf, .onnx, .tflite and .nnb",
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
