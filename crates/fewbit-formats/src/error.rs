//! What can go wrong with a file.

use crate::onnx::OnnxError;
use crate::tflite::TfliteError;
use fewbit_core::network::NetworkError;
use fewbit_core::{ArgumentError, ShapeError};
use std::io;
use std::path::PathBuf;

/// Why a file cannot be read, understood or written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {source}", path = .path.display())]
    Read {
        /// Its path.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A file with an ending that stands for no format.
    #[error("{path}: the ending is none of .nnp, .nntxt, .prototxt, .protobuf, .h5", path = .0.display())]
    UnknownEnding(PathBuf),
    /// A broken archive.
    #[error("not a readable .nnp archive: {0}")]
    Archive(String),
    /// An archive or parameter file that would unpack to more than is sensible.
    #[error("'{entry}' is larger than {limit} bytes when unpacked; a network for small devices is not")]
    TooLarge {
        /// The entry of the archive.
        entry: String,
        /// The limit.
        limit: u64,
    },
    /// Text that is not a message in protobuf's text format.
    #[error("'{entry}' is not a network in protobuf text format: {reason}")]
    Text {
        /// The file or the entry of the archive.
        entry: String,
        /// What the parser says.
        reason: String,
    },
    /// Bytes that are not a message in protobuf's binary format.
    #[error("'{entry}' is not a protobuf file of NNabla: {reason}")]
    Binary {
        /// The file or the entry of the archive.
        entry: String,
        /// What the parser says.
        reason: String,
    },
    /// A broken HDF5 file.
    #[error("'{entry}' is not a readable HDF5 parameter file: {reason}")]
    Hdf5 {
        /// The file or the entry of the archive.
        entry: String,
        /// What is wrong.
        reason: String,
    },
    /// No network description in the file.
    #[error("the file holds no network; an .nnp archive must contain a .nntxt, .prototxt or .protobuf file with one")]
    NoNetwork,
    /// An executor that is not there.
    #[error("there is no executor '{wanted}'; the file has: {available}")]
    NoExecutor {
        /// What was asked for.
        wanted: String,
        /// What there is.
        available: String,
    },
    /// An executor whose network is not there.
    #[error("executor '{executor}' uses the network '{network}', which the file does not contain")]
    NoNetworkOfExecutor {
        /// The executor.
        executor: String,
        /// The network's name.
        network: String,
    },
    /// A parameter without values.
    #[error("parameter '{0}' has no values in the file; save the network together with its parameters")]
    MissingParameter(String),
    /// A variable that is used but not declared.
    #[error("{place} refers to the variable '{name}', which the network does not declare")]
    UnknownVariable {
        /// Who refers to it.
        place: String,
        /// The variable.
        name: String,
    },
    /// A variable with an impossible shape.
    #[error("variable '{name}': {error}")]
    Shape {
        /// The variable.
        name: String,
        /// What is wrong.
        error: ShapeError,
    },
    /// A function that is in no table.
    #[error("function '{name}' is a '{kind}', which is not a function of NNabla that fewbit knows")]
    UnknownFunction {
        /// The function's name.
        name: String,
        /// Its type.
        kind: String,
    },
    /// An argument that does not fit.
    #[error("function '{name}' ({kind}): {reason}")]
    Argument {
        /// The function's name.
        name: String,
        /// Its type.
        kind: String,
        /// What is wrong.
        reason: String,
    },
    /// A repeat or recurrent construct that does not hold together.
    #[error("cannot expand the repeat '{id}': {reason}")]
    Repeat {
        /// Its id.
        id: String,
        /// What is wrong.
        reason: String,
    },
    /// A generator of a kind that NNabla does not have.
    #[error("generator variable '{name}' has the type '{kind}'; known are Constant, Normal and Uniform")]
    Generator {
        /// The variable.
        name: String,
        /// The type.
        kind: String,
    },
    /// A file of ONNX's that cannot be read or written.
    #[error(transparent)]
    Onnx(#[from] OnnxError),
    /// A TensorFlow Lite file that cannot be read.
    #[error(transparent)]
    Tflite(#[from] TfliteError),
    /// A network that breaks a rule.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// A settings file that cannot be understood.
    #[error("settings: {0}")]
    Settings(String),
}

/// The outcome of reading or writing.
pub type Result<T> = std::result::Result<T, FormatError>;

/// What is wrong with an argument, before the function is known.
#[derive(Debug)]
pub(crate) struct ArgumentReason(pub String);

impl From<ArgumentError> for ArgumentReason {
    fn from(error: ArgumentError) -> Self {
        Self(error.to_string())
    }
}
