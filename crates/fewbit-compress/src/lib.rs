//! Makes a float network small, and measures what that cost.
//!
//! | module | what it does |
//! |---|---|
//! | [`mod@evaluate`] | runs a file over a dataset: accuracy, loss, speed |
//! | [`feed`] | samples of a dataset as the inputs of a network's runs |
//! | [`memory`] | plans the arena |
//! | [`progress`] | how a caller follows long work |
//!
//! Everything that runs a network runs the bytes of its `.nnb` file through `fewbit-runtime`, so that what is measured
//! is what a device computes.
#![forbid(unsafe_code)]

pub mod error;
pub mod evaluate;
pub mod feed;
pub mod memory;
pub mod progress;

pub use error::CompressError;
pub use evaluate::{Evaluation, Score, evaluate};
pub use progress::{NoProgress, Progress};
