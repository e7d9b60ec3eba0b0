//! Makes a float network small, and measures what that cost.
//!
//! | module | what it does |
//! |---|---|
//! | [`mod@compress`] | the whole way, from a float network to a fixed-point file |
//! | [`passes`] | graph passes: fold, split, clear away |
//! | [`mod@calibrate`] | what values the variables have on real inputs |
//! | [`mod@equalize`] | channels and layers of like sizes |
//! | [`noise`] | how much noise in each variable matters |
//! | [`position`] | where the binary point of a set of values goes |
//! | [`mod@assign`] | a number format for every variable |
//! | [`correct`] | biases that make up for rounded weights |
//! | [`memory`] | where each buffer lies in the arena |
//! | [`mod@evaluate`] | runs a file over a dataset: accuracy, loss, speed |
//! | [`diagnose`] | what fixed point costs in each variable and layer, and what to do |
//! | [`linear`] | convolutions and affine functions as sums over weights |
//! | `groups` | buffers that share a format, since functions between them only move values |
//! | `forest` | things that are joined into sets |
//! | `channelwise` | batch normalisation as scale and shift |
//! | [`feed`] | samples of a dataset as the inputs of a network's runs |
//! | [`progress`] | how a caller follows long work |
//!
//! Everything that runs a network runs the bytes of its `.nnb` file through `fewbit-runtime`, so that what is measured
//! is what a device computes.
#![forbid(unsafe_code)]

pub mod assign;
pub mod calibrate;
mod channelwise;
pub mod compress;
pub mod correct;
pub mod diagnose;
pub mod equalize;
pub mod error;
pub mod evaluate;
pub mod feed;
mod forest;
mod groups;
pub mod linear;
pub mod memory;
pub mod noise;
pub mod passes;
pub mod position;
pub mod progress;

pub use compress::{CompressOptions, Compressed, Measurement, compress};
pub use error::CompressError;
pub use evaluate::{Evaluation, Score, evaluate};
pub use progress::{NoProgress, Progress};
