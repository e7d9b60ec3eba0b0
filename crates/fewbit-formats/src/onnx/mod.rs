//! ONNX files.
//!
//! Reading makes a [`Network`] of a file: values that are known are computed at once, and each operator that is left
//! becomes the functions of NNabla's that express it. What fewbit has no functions for is named in one error, all of it
//! at once. `docs/onnx.md` lists the operators.
//!
//! | module | what it does |
//! |---|---|
//! | `message` | ONNX's messages as structs |
//! | `stored`, `external` | tensors in every form in which files store them |
//! | `element`, `tensor` | known values |
//! | `graph`, `order`, `attributes` | the nodes of a file, checked and sorted |
//! | `import` | graph to network |
//! | `operators` | a row for each operator |
//! | `emitter` | the nodes and constants of a graph that is written |
//! | `export` | network to file |

mod attributes;
mod element;
pub(crate) mod emitter;
pub(crate) mod error;
mod export;
pub(crate) mod external;
mod graph;
mod import;
pub(crate) mod message;
mod operators;
mod order;
pub(crate) mod stored;
pub(crate) mod tensor;
#[cfg(test)]
mod tests;

pub use error::{OnnxError, UnsupportedNode, UnsupportedNodes};
pub use operators::{Support, supported};

use crate::error::{FormatError, Result};
use crate::tidy::{tidy, turn_inputs};
use external::ExternalFiles;
use fewbit_core::Network;
use graph::Graph;
use message::ModelProto;
use prost::Message;
use std::fs;
use std::path::Path;

/// How to read a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OnnxOptions {
    /// The batch size, in place of what the file says: the first extent of the inputs. Without it, a batch size that
    /// the file leaves open is 1.
    pub batch: Option<usize>,
    /// Whether an input of which nothing but a transpose is read takes the values in the order behind it. Files of tools
    /// that keep the channels of images last then take them first, like fewbit's datasets, and need no memory for the
    /// other order.
    pub channels_first: bool,
}

/// A network, and what a person should know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    /// The network.
    pub network: Network,
    /// A sentence each.
    pub warnings: Vec<String>,
}

/// Reads the file at a path, with the values that it keeps in files beside it.
///
/// # Errors
/// When the file cannot be read or understood, or has nodes that fewbit cannot compute.
pub fn open(path: &Path, options: &OnnxOptions) -> Result<Import> {
    let bytes = fs::read(path).map_err(|source| FormatError::Read { path: path.into(), source })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    import(&bytes, &ExternalFiles { folder: Some(folder.into()) }, options)
}

/// Reads the bytes of a file.
///
/// # Errors
/// As [`open`]; values in other files cannot be read.
pub fn read(bytes: &[u8], options: &OnnxOptions) -> Result<Import> {
    import(bytes, &ExternalFiles::default(), options)
}

/// The bytes of a file with a network, which must be valid. Fixed-point networks compute in it the integers that they
/// compute in fewbit's *integer* semantics.
///
/// # Errors
/// When the network has functions that ONNX cannot express: all of them at once.
pub fn write(network: &Network) -> Result<Vec<u8>> {
    network.validate()?;
    Ok(export::export(network)?.encode_to_vec())
}

fn import(bytes: &[u8], files: &ExternalFiles, options: &OnnxOptions) -> Result<Import> {
    let model = ModelProto::decode(bytes).map_err(|error| OnnxError::Decode(error.to_string()))?;
    network_of(model, files, options)
}

/// Makes a network of a decoded file.
///
/// # Errors
/// As [`open`].
pub(crate) fn network_of(model: ModelProto, files: &ExternalFiles, options: &OnnxOptions) -> Result<Import> {
    let mut import = import::import(Graph::new(model, files)?, options)?;
    // Passes rely on a valid network, and leave one.
    import.network.validate()?;
    tidy(&mut import.network);
    if options.channels_first {
        turn_inputs(&mut import.network);
    }
    import.network.validate()?;
    Ok(import)
}
