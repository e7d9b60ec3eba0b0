//! What can go wrong with a dataset, each in one sentence: where, what, and what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::sample::dims;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file system refused.
    #[error("cannot read {}: {source}", path.display())]
    Io {
        /// The file or folder asked for.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A packed file could not be written.
    #[error("cannot write the packed dataset: {source}")]
    Write {
        /// What the system said.
        source: io::Error,
    },
    /// Nothing at the path is a dataset that fewbit knows.
    #[error(
        "{} is not a dataset that fewbit knows: {found}; looked for CIFAR binary batches (*.bin), IDX files \
         (*-images-idx3-ubyte, also .gz), one sub-folder of JPEG, PNG or BMP images a class, an NNabla CSV dataset \
         (*.csv) and fewbit's packed file (*.fbds)",
        path.display()
    )]
    Unrecognised {
        /// The path given.
        path: PathBuf,
        /// What is there instead.
        found: String,
    },
    /// Several datasets lie at the path and nothing says which is meant.
    #[error("{} holds several datasets ({candidates}): name the file itself", path.display())]
    Ambiguous {
        /// The folder given.
        path: PathBuf,
        /// The files in question.
        candidates: String,
    },
    /// There are no samples.
    #[error("{} holds no {what}", path.display())]
    Empty {
        /// The file or folder.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// A file is shorter or longer than its format or its header says.
    #[error(
        "{} is {found} bytes long where {what} {expected}: it is truncated, damaged, or not such a file",
        path.display()
    )]
    Length {
        /// The file.
        path: PathBuf,
        /// Whose length this is, with its verb.
        what: &'static str,
        /// What the length should be.
        expected: String,
        /// The length found, in bytes.
        found: u64,
    },
    /// A label names a class that does not exist.
    #[error("{}: sample {index} has label {label} where there are {classes} classes", path.display())]
    Label {
        /// The file.
        path: PathBuf,
        /// The sample, counted from 0 within the file.
        index: usize,
        /// The label found.
        label: u64,
        /// The number of classes.
        classes: usize,
    },
    /// The contents of a file break its format.
    #[error("{}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// An image file could not be decoded.
    #[error("cannot decode the image {}: {source}", path.display())]
    Image {
        /// The file.
        path: PathBuf,
        /// What the decoder said.
        source: image::ImageError,
    },
    /// A sample has another shape than the network's input, or than the others of its dataset.
    #[error("{name} is {} where {} is needed: {advice}", dims(found), dims(expected))]
    Shape {
        /// The sample or dataset.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape wanted.
        expected: Vec<usize>,
        /// What to do.
        advice: &'static str,
    },
    /// A preprocessing that cannot be understood or does not suit the data.
    #[error(
        "preprocessing `{text}`: {problem}; it is one of standardize, unit, raw, or mean=M[,M..],std=S[,S..] on the \
         scale 0..1 with one number for all channels or one a channel"
    )]
    Preprocess {
        /// The preprocessing as it was given.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A sample that does not exist was asked for.
    #[error("sample {index} was asked for, but there are {len}")]
    Index {
        /// The index.
        index: usize,
        /// The number of samples.
        len: usize,
    },
    /// A buffer given by the caller has the wrong length.
    #[error("a buffer of {found} values was given where {expected} are needed")]
    Buffer {
        /// The length of the buffer.
        found: usize,
        /// The length needed.
        expected: usize,
    },
    /// The dataset has no target of the kind that was asked for.
    #[error("{} has {has} where {wanted} are needed", path.display())]
    Targets {
        /// The dataset.
        path: PathBuf,
        /// What the dataset has.
        has: &'static str,
        /// What was asked for.
        wanted: &'static str,
    },
}

impl DataError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        DataError::Io { path: path.to_owned(), source }
    }

    pub(crate) fn malformed(path: &Path, problem: impl Into<String>) -> Self {
        DataError::Malformed { path: path.to_owned(), problem: problem.into() }
    }

    pub(crate) fn empty(path: &Path, what: &'static str) -> Self {
        DataError::Empty { path: path.to_owned(), what }
    }
}
