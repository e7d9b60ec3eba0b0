//! TensorFlow Lite files.
//!
//! A file is translated into a graph of ONNX's operators, as tf2onnx does it, and read like an ONNX file from there on: what
//! is known is computed, the other operators become NNabla's functions, and orders of axes that cancel each other go
//! away. So a convolution, which TensorFlow Lite computes with channels last, is a transpose, ONNX's convolution and a transpose
//! back, of which nothing is left but the convolution and turned weights. `docs/tflite.md` lists the operators.
//!
//! | module | what it does |
//! |---|---|
//! | `flatbuffer` | records of the file, each access checked |
//! | `schema` | which field of a record is what |
//! | `builtin` | the names of all operators |
//! | `element` | types of values |
//! | `model` | the tensors and operators of a file |
//! | `graph` | the graph while it is made |
//! | `context` | an operator while it is translated |
//! | `operators` | a row for each operator |

mod builtin;
mod context;
mod element;
mod error;
mod flatbuffer;
mod graph;
mod model;
mod operators;
mod schema;

pub use error::TfliteError;
pub use operators::{Support, supported};

use crate::error::{FormatError, Result};
use crate::onnx::external::ExternalFiles;
use crate::onnx::{Import, OnnxError, OnnxOptions, network_of};
use model::Model;
use std::fs;
use std::path::Path;

/// How to read a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct TfliteOptions {
    /// The batch size, in place of what the file says: the first extent of the inputs.
    pub batch: Option<usize>,
    /// Whether images go in with their channels first, like those of fewbit's datasets. Otherwise they go in as the file says,
    /// with channels last, and are turned.
    pub channels_first: bool,
}

/// Reads the file at a path.
///
/// # Errors
/// When the file cannot be read or understood, or has operators that fewbit cannot compute.
pub fn open(path: &Path, options: &TfliteOptions) -> Result<Import> {
    let bytes = fs::read(path).map_err(|source| FormatError::Read { path: path.into(), source })?;
    read(&bytes, options)
}

/// Reads the bytes of a file.
///
/// # Errors
/// As [`open`].
pub fn read(bytes: &[u8], options: &TfliteOptions) -> Result<Import> {
    let model = Model::new(bytes)?;
    let graph::Translated { message, mut unsupported, warnings } = graph::translate(&model)?;
    let options = OnnxOptions { batch: options.batch, channels_first: options.channels_first };
    let read = network_of(message, &ExternalFiles::default(), &options);
    if !unsupported.0.is_empty() {
        // Of what depends on operators that are missing nothing can be said, but of all others it can.
        if let Err(FormatError::Onnx(OnnxError::Unsupported(more))) = read {
            unsupported.0.extend(more.0);
        }
        return Err(TfliteError::Unsupported(unsupported).into());
    }
    let mut import = read?;
    import.warnings.extend(warnings);
    Ok(import)
}
