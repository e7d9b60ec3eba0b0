//! `fewbit convert`: network files to `.nnb` files as `nnabla_cli convert` writes them, to other network files, and to C.

use super::inputs_and_output;
use crate::model::{self, FormatOptions, Kind, Model, NetworkOptions, OrFromFile, VersionOption};
use crate::{console, output, size};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use fewbit_compress::memory;
use fewbit_core::{Network, VariableId};
use fewbit_formats::settings::Applied;
use fewbit_formats::{Nnp, onnx};
use fewbit_nnb::{EncodeOptions, Encoded, Version, encode};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `fewbit convert`.
#[derive(Args)]
#[command(override_usage = "fewbit convert [OPTIONS] IN... OUT")]
pub struct Arguments {
    /// The network (.nnp, .nntxt with parameter files, .onnx, .tflite or .nnb), and last the file to write: .nnb, .nnp,
    /// .protobuf, .nntxt or .onnx; with -O c a folder
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    network: NetworkOptions,
    #[command(flatten)]
    formats: FormatOptions,
    #[command(flatten)]
    version: VersionOption,
    /// API level of the function definitions in an .nnb file [default: the newest]
    #[arg(long, value_name = "LEVEL", allow_negative_numbers = true)]
    api: Option<OrFromFile>,
    /// The format to write, where the ending of OUT does not tell
    #[arg(short = 'O', long, value_name = "FORMAT", ignore_case = true)]
    export_format: Option<ExportFormat>,
    /// Leave the parameters out of a network file
    #[arg(long)]
    nnp_exclude_parameter: bool,
    /// Put the parameters of a .nntxt file into its text
    #[arg(long, conflicts_with = "nnp_exclude_parameter")]
    nnp_parameter_nntxt: bool,
    #[command(flatten)]
    compatibility: Compatibility,
}

/// Options of `nnabla_cli convert` that ask for what fewbit does anyway.
#[derive(Args)]
struct Compatibility {
    /// What IN is; it is found out
    #[arg(short = 'I', long, value_name = "FORMAT", hide = true)]
    import_format: Option<String>,
    /// Files are always overwritten, by whole ones
    #[arg(short, long, hide = true)]
    force: bool,
    /// Archives hold their parameters in HDF5
    #[arg(long, hide = true)]
    nnp_parameter_h5: bool,
    /// Network files keep their repeats
    #[arg(long, hide = true)]
    nnp_no_expand_network: bool,
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    Nnb,
    Nnp,
    Protobuf,
    Nntxt,
    Onnx,
    /// Self-contained C99, a source and a header in the folder OUT
    C,
}

impl ExportFormat {
    fn by_ending(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "nnb" => Some(Self::Nnb),
            "nnp" => Some(Self::Nnp),
            "protobuf" => Some(Self::Protobuf),
            "nntxt" | "prototxt" => Some(Self::Nntxt),
            "onnx" => Some(Self::Onnx),
            _ => None,
        }
    }
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let (inputs, output) = inputs_and_output(&self.files)?;
        if self.export_format == Some(ExportFormat::C) {
            return self.to_c(inputs, output);
        }
        let format = ExportFormat::by_ending(output).or(self.export_format).with_context(|| {
            format!(
                "{}: the ending is none of .nnb, .nnp, .protobuf, .nntxt, .onnx; choose one, or give the format with -O",
                output.display()
            )
        })?;
        let bytes = match format {
            ExportFormat::Nnb => self.to_nnb(self.network.open(inputs)?, inputs, Version::V2)?,
            ExportFormat::Onnx => self.to_onnx(inputs)?,
            _ => self.to_network_file(inputs, format)?,
        };
        output::write(output, &bytes)?;
        console::print(&format!("{}: {}", output.display(), size::bytes(bytes.len())))?;
        Ok(())
    }

    /// The network with the formats that were asked for, and what was applied. The formats of an .nnb file stay as they are,
    /// unless others are asked for.
    fn typed_network(&self, inputs: &[PathBuf]) -> Result<(Network, Option<Applied>)> {
        self.typed(self.network.open(inputs)?, inputs)
    }

    fn typed(&self, model: Model, inputs: &[PathBuf]) -> Result<(Network, Option<Applied>)> {
        let apply = self.formats.is_given() || matches!(model, Model::Network(_));
        let mut network = model.into_network().with_context(|| inputs[0].display().to_string())?;
        let applied = if apply { Some(self.formats.apply(&mut network)?) } else { None };
        Ok((network, applied))
    }

    fn to_onnx(&self, inputs: &[PathBuf]) -> Result<Vec<u8>> {
        let (network, _) = self.typed_network(inputs)?;
        onnx::write(&network).with_context(|| inputs[0].display().to_string())
    }

    /// The bytes of an .nnb file, of a version if no other was asked for.
    fn to_nnb(&self, model: Model, inputs: &[PathBuf], version: Version) -> Result<Vec<u8>> {
        let (network, applied) = self.typed(model, inputs)?;
        let name = || inputs[0].display().to_string();
        let mut options = EncodeOptions { version: self.version.or(version), ..EncodeOptions::default() };
        if let Some(applied) = applied {
            options.sized_as_float = unlisted_buffers(&network, &applied);
        }
        if options.version == Version::V4 {
            options.arena = Some(memory::plan(&network).arena);
        }
        if let Some(level) = OrFromFile::number(self.api) {
            options.api_level = u8::try_from(level).unwrap_or(u8::MAX);
        }
        let Encoded { bytes, warnings } = encode(&network, &options).with_context(name)?;
        warnings.iter().for_each(|warning| console::warn(warning));
        Ok(bytes)
    }

    /// Writes the model as C into a folder; files and functions are called as the network file is.
    fn to_c(&self, inputs: &[PathBuf], folder: &Path) -> Result<()> {
        let file = match self.network.open(inputs)? {
            // A file that nothing is to be changed of is taken as it is.
            Model::Nnb(bytes) if !self.formats.is_given() && self.version.is_default() && self.api.is_none() => bytes,
            // Whatever the version, the code is the same; version 4 packs the arena.
            model => self.to_nnb(model, inputs, Version::V4)?,
        };
        let model = fewbit_runtime::Model::open(&file).with_context(|| inputs[0].display().to_string())?;
        let name = c_name(&inputs[0]);
        let generated = fewbit_codegen::generate(&model, &fewbit_codegen::Options { name: name.clone() })?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let path = |ending: &str| folder.join(format!("{name}.{ending}"));
        output::write_all(&[(path("h"), generated.header), (path("c"), generated.source)])?;
        let stats = generated.stats;
        console::print(&format!(
            "{0}, {1}: constants {2}, arena {3}",
            path("c").display(),
            path("h").display(),
            size::bytes(stats.array_bytes),
            size::bytes(stats.arena_bytes)
        ))?;
        Ok(())
    }

    fn to_network_file(&self, inputs: &[PathBuf], format: ExportFormat) -> Result<Vec<u8>> {
        if self.formats.is_given() {
            bail!("network files hold no number formats: leave -s and -T out, or write an .nnb file");
        }
        let mut document = self.document(inputs)?;
        if self.nnp_exclude_parameter {
            document.parameters.clear();
        }
        match format {
            ExportFormat::Protobuf => Ok(document.to_protobuf()),
            ExportFormat::Nntxt if self.nnp_parameter_nntxt => Ok(document.to_text_with_parameters().into_bytes()),
            ExportFormat::Nntxt => {
                if !document.parameters.is_empty() {
                    console::warn("the text holds no parameters; --nnp-parameter-nntxt puts them in");
                }
                Ok(document.to_text().into_bytes())
            }
            _ => Ok(document.to_archive()?),
        }
    }

    /// The whole document of a network file, or with `-E` a fresh one of that executor's network.
    fn document(&self, inputs: &[PathBuf]) -> Result<Nnp> {
        if self.network.executor.is_none() && Kind::of(&inputs[0])? == Kind::Nnp {
            let mut document = model::open_nnp(inputs)?;
            if let Some(batch) = self.network.batch() {
                document.set_batch_size(batch);
            }
            return Ok(document);
        }
        Ok(Nnp::from_network(&self.network.open(inputs)?.into_network()?))
    }
}

/// A name of C for a network: that of its file, with `_` for what C does not take.
fn c_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let name: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|first: char| first.is_ascii_alphabetic()) { name } else { format!("net_{name}") }
}

/// The buffers that no settings list: NNabla's converter sizes them for floats, whatever the default type, and files are to
/// be the same to the byte.
fn unlisted_buffers(network: &Network, applied: &Applied) -> BTreeSet<VariableId> {
    let buffers = network.variables.iter().enumerate().filter(|(_, variable)| variable.is_buffer());
    buffers.map(|(index, _)| VariableId(index)).filter(|id| !applied.listed.contains(id)).collect()
}
