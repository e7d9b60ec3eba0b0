//! What can be wrong with a TensorFlow Lite file.

use crate::onnx::UnsupportedNodes;

/// Why a TensorFlow Lite file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TfliteError {
    /// Bytes that are no TensorFlow Lite file, or a damaged one.
    #[error("not a readable .tflite file: {0}")]
    Decode(String),
    /// A file without a network.
    #[error("the file holds no network: {0}")]
    NoNetwork(&'static str),
    /// A tensor that cannot be read.
    #[error("tensor '{name}': {reason}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// An operator that does not hold together.
    #[error("operator {place} ({operator}) of '{output}': {reason}")]
    Operator {
        /// Its place in the file.
        place: usize,
        /// What it is.
        operator: String,
        /// The first tensor that it gives.
        output: String,
        /// What is wrong.
        reason: String,
    },
    /// Constants that would fill the memory.
    #[error("the tensors of the file need far more memory than the file has bytes; it is damaged")]
    TooLarge,
    /// Operators that fewbit cannot compute: all that there are.
    #[error("fewbit cannot compute {}", .0)]
    Unsupported(UnsupportedNodes),
}

impl From<planus::Error> for TfliteError {
    fn from(error: planus::Error) -> Self {
        Self::Decode(error.to_string())
    }
}
