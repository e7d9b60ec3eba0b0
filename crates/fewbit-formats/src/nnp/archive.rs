//! Files to and from [`Nnp`] documents: the zip archive, and the loose `.nntxt`, `.prototxt`, `.protobuf` and `.h5`
//! files that people keep instead.

use super::Nnp;
use super::fields::{floats, integers, messages, text};
use crate::error::{FormatError, Result};
use crate::parameter::Parameter;
use crate::{hdf5, schema};
use prost::Message;
use prost_reflect::{DynamicMessage, Value};
use std::fs;
use std::io::{Cursor, Read, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

/// The most that one entry of an archive may unpack to.
const ENTRY_LIMIT: u64 = 1 << 30;

/// Memory for an entry is asked for at once up to this size; larger ones grow as they unpack.
const LIKELY_SIZE: u64 = 1 << 24;

/// The version that NNabla writes into archives.
const NNP_VERSION: &str = "0.1";

/// What an entry holds, by its ending.
#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryKind {
    Archive,
    Text,
    Binary,
    Hdf5,
}

impl EntryKind {
    fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        Some(match ending.as_str() {
            "nnp" => Self::Archive,
            "nntxt" | "prototxt" => Self::Text,
            "protobuf" => Self::Binary,
            "h5" => Self::Hdf5,
            _ => return None,
        })
    }
}

impl Nnp {
    /// Reads a `.nnp` archive, or a bare `.nntxt`, `.prototxt` or `.protobuf` file. A bare file's parameters come from
    /// the files of the same name, or named `parameter`, with the ending `.h5` or `.protobuf` beside it.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub fn open(path: &Path) -> Result<Self> {
        let mut nnp = Self::default();
        nnp.merge_file(path)?;
        if EntryKind::of(path) != Some(EntryKind::Archive) {
            for beside in parameter_files_beside(path) {
                nnp.merge_file(&beside)?;
            }
        }
        Ok(nnp)
    }

    /// Reads files that together make up a document, as NNabla's tools take them: a network and its parameters.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub fn open_all(paths: &[impl AsRef<Path>]) -> Result<Self> {
        match paths {
            [path] => Self::open(path.as_ref()),
            paths => {
                let mut nnp = Self::default();
                paths.iter().try_for_each(|path| nnp.merge_file(path.as_ref()))?;
                Ok(nnp)
            }
        }
    }

    fn merge_file(&mut self, path: &Path) -> Result<()> {
        let kind = EntryKind::of(path).ok_or_else(|| FormatError::UnknownEnding(path.into()))?;
        let bytes = fs::read(path).map_err(|source| FormatError::Read { path: path.into(), source })?;
        self.merge_entry(kind, &path.display().to_string(), bytes)
    }

    /// Reads the bytes of a `.nnp` archive.
    ///
    /// # Errors
    /// When the archive or an entry is broken.
    pub fn from_archive(bytes: &[u8]) -> Result<Self> {
        let mut nnp = Self::default();
        nnp.merge_archive(bytes)?;
        Ok(nnp)
    }

    /// Reads the text of a `.nntxt` file.
    ///
    /// # Errors
    /// When it is not a network in text form.
    pub fn from_text(text: &str) -> Result<Self> {
        let mut nnp = Self::default();
        nnp.merge_text("network.nntxt", text)?;
        Ok(nnp)
    }

    fn merge_archive(&mut self, bytes: &[u8]) -> Result<()> {
        let broken = |error: zip::result::ZipError| FormatError::Archive(error.to_string());
        let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
        // Networks first: parameters are merged into them.
        for pass in [[EntryKind::Text, EntryKind::Text], [EntryKind::Binary, EntryKind::Hdf5]] {
            for index in 0..archive.len() {
                let mut entry = archive.by_index(index).map_err(broken)?;
                let name = entry.name().map_err(broken)?.into_owned();
                let Some(kind) = EntryKind::of(Path::new(&name)).filter(|kind| pass.contains(kind)) else { continue };
                // The size in the archive's directory is the sender's word: good for a guess, but what counts is what
                // comes out.
                let mut content = Vec::with_capacity(usize::try_from(entry.size().min(LIKELY_SIZE)).unwrap_or(0));
                (&mut entry)
                    .take(ENTRY_LIMIT + 1)
                    .read_to_end(&mut content)
                    .map_err(|error| FormatError::Archive(format!("'{name}': {error}")))?;
                if content.len() as u64 > ENTRY_LIMIT {
                    return Err(FormatError::TooLarge { entry: name, limit: ENTRY_LIMIT });
                }
                self.merge_entry(kind, &name, content)?;
            }
        }
        Ok(())
    }

    fn merge_entry(&mut self, kind: EntryKind, name: &str, bytes: Vec<u8>) -> Result<()> {
        match kind {
            EntryKind::Archive => self.merge_archive(&bytes),
            EntryKind::Text => {
                let text = std::str::from_utf8(&bytes)
                    .map_err(|error| FormatError::Text { entry: name.into(), reason: error.to_string() })?;
                self.merge_text(name, text)
            }
            EntryKind::Binary => {
                self.message
                    .merge(&bytes[..])
                    .map_err(|error| FormatError::Binary { entry: name.into(), reason: error.to_string() })?;
                self.take_parameters(name)
            }
            EntryKind::Hdf5 => {
                self.parameters.extend(hdf5::read(name, bytes)?);
                Ok(())
            }
        }
    }

    fn merge_text(&mut self, name: &str, text: &str) -> Result<()> {
        crate::text::merge(&mut self.message, name, text)?;
        self.take_parameters(name)
    }

    /// Moves parameters out of the message, where each value would take many times its size.
    fn take_parameters(&mut self, entry: &str) -> Result<()> {
        for message in messages(&self.message, "parameter") {
            let name = text(message, "variable_name").to_owned();
            let dims = message.get_field_by_name("shape");
            let dims = dims.as_deref().and_then(Value::as_message).map(|shape| integers(shape, "dim"));
            let shape: std::result::Result<Vec<usize>, _> =
                dims.unwrap_or_default().into_iter().map(usize::try_from).collect();
            let shape = shape.map_err(|_| FormatError::Binary {
                entry: entry.into(),
                reason: format!("parameter '{name}' has a negative extent"),
            })?;
            let need_grad = message.get_field_by_name("need_grad").and_then(|value| value.as_bool()) == Some(true);
            self.parameters.push(Parameter { name, shape, values: floats(message, "data"), need_grad });
        }
        self.message.clear_field_by_name("parameter");
        Ok(())
    }

    /// The bytes of a `.nnp` archive, as NNabla's tools read it.
    ///
    /// # Errors
    /// When the parameters' names cannot stand in one HDF5 file.
    pub fn to_archive(&self) -> Result<Vec<u8>> {
        let parameters = hdf5::write("parameter.h5", &self.parameters)?;
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
        let network = self.to_text();
        let entries: [(&str, &[u8]); 3] = [
            ("nnp_version.txt", NNP_VERSION.as_bytes()),
            ("network.nntxt", network.as_bytes()),
            ("parameter.h5", &parameters),
        ];
        for (name, content) in entries {
            archive.start_file(name, options).map_err(|error| FormatError::Archive(error.to_string()))?;
            archive.write_all(content).map_err(|error| FormatError::Archive(error.to_string()))?;
        }
        let cursor = archive.finish().map_err(|error| FormatError::Archive(error.to_string()))?;
        Ok(cursor.into_inner())
    }

    /// The text of a `.nntxt` file: the network without parameters.
    pub fn to_text(&self) -> String {
        crate::text::write(&self.message)
    }

    /// The text of a `.nntxt` file that holds network and parameters.
    pub fn to_text_with_parameters(&self) -> String {
        crate::text::write(&self.message_with_parameters())
    }

    /// The bytes of a `.protobuf` file that holds network and parameters.
    pub fn to_protobuf(&self) -> Vec<u8> {
        self.message_with_parameters().encode_to_vec()
    }

    fn message_with_parameters(&self) -> DynamicMessage {
        let mut message = self.message.clone();
        let parameters = self.parameters.iter().map(|parameter| Value::Message(parameter_message(parameter)));
        message.set_field_by_name("parameter", Value::List(parameters.collect()));
        message
    }
}

fn parameter_message(parameter: &Parameter) -> DynamicMessage {
    let mut shape = DynamicMessage::new(schema::message("Shape"));
    let dims = parameter.shape.iter().map(|&dim| Value::I64(i64::try_from(dim).unwrap_or(i64::MAX)));
    shape.set_field_by_name("dim", Value::List(dims.collect()));
    let mut message = DynamicMessage::new(schema::message("Parameter"));
    message.set_field_by_name("variable_name", Value::String(parameter.name.clone()));
    message.set_field_by_name("shape", Value::Message(shape));
    let data = parameter.values.iter().map(|&value| Value::F32(value));
    message.set_field_by_name("data", Value::List(data.collect()));
    message.set_field_by_name("need_grad", Value::Bool(parameter.need_grad));
    message
}

/// The parameter files that belong to a bare network file.
fn parameter_files_beside(path: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let stem = path.file_stem().unwrap_or_default();
    for name in [stem, "parameter".as_ref(), "parameters".as_ref()] {
        for ending in ["h5", "protobuf"] {
            let candidate = path.with_file_name(name).with_extension(ending);
            if candidate != path && candidate.is_file() && !found.contains(&candidate) {
                found.push(candidate);
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    found
}
