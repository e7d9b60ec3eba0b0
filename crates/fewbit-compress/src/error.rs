//! [`CompressError`]: what can go wrong, each in one sentence.

use fewbit_core::network::NetworkError;
use fewbit_data::DataError;
use fewbit_nnb::EncodeError;
use fewbit_runtime::{OpenError, session::ArenaTooSmall};

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompressError {
    /// A pass found a network that breaks the rules.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The file format cannot hold the network.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// An arena of the wrong size.
    #[error(transparent)]
    Arena(#[from] ArenaTooSmall),
    /// The runtime does not take the file.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A budget of RAM that no choice of widths keeps to.
    #[error(
        "the arena cannot be made as small as {limit} bytes: {least} bytes are the least, with every buffer as narrow as its type allows; a smaller batch size needs less"
    )]
    RamTooSmall {
        /// The budget.
        limit: usize,
        /// The smallest arena.
        least: usize,
    },
    /// A budget of flash that no choice of widths keeps to.
    #[error(
        "the model cannot be made as small as {limit} bytes: {least} bytes are the least that the allowed types reach"
    )]
    FlashTooSmall {
        /// The budget.
        limit: usize,
        /// The smallest model.
        least: usize,
    },
    /// A loss that no choice of widths keeps to.
    #[error(
        "no choice of weights' types loses at most {limit} points of top-1 on the calibration samples: the best found loses {found:.2}; allow more, or wider buffers"
    )]
    LosesMore {
        /// The loss that is allowed.
        limit: f64,
        /// The least loss found.
        found: f64,
    },
    /// A sample cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A network that takes more or less than one input, where a dataset gives one.
    #[error("the network has {0} inputs, but a dataset gives one; take a network or an executor with one input")]
    InputCount(usize),
    /// A network without outputs.
    #[error("the network has no outputs, so that there is nothing to measure")]
    NoOutput,
    /// An input that does not hold whole samples.
    #[error("the network's input has {items} values, which is no multiple of the {sample} values of a sample")]
    SampleLength {
        /// Values of the network's input.
        items: usize,
        /// Values of a sample.
        sample: usize,
    },
    /// A dataset without samples.
    #[error("the dataset {0} has no samples")]
    NoSamples(String),
    /// A dataset that does not say what is right.
    #[error("the dataset {0} has neither classes nor target values, so that nothing can be measured with it")]
    Unlabelled(String),
    /// An output that does not fit what the dataset asks for.
    #[error("the network's output has {found} values a sample, but the dataset has {expected} {what}")]
    OutputLength {
        /// Values of the output a sample.
        found: usize,
        /// What the dataset has.
        expected: usize,
        /// Classes or target values.
        what: &'static str,
    },
}
