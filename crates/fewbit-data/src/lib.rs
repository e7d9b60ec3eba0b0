//! Datasets and input preprocessing: what stands behind `--data` and `--preprocess`.
//!
//! [`Dataset::open`] finds out what a path holds (CIFAR-10 and CIFAR-100 binary batches, folders of images, IDX files,
//! NNabla's CSV datasets, fewbit's own packed file) and gives random access to its samples from any thread. [`Inputs`]
//! turns a sample into the float32 tensor a network takes: it checks or adapts the size ([`Fit`]) and brings the values
//! to the scale the network was trained on ([`Preprocess`]).
//!
//! ```no_run
//! use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
//!
//! # fn main() -> Result<(), fewbit_data::DataError> {
//! let images = Dataset::open("cifar-10-batches-bin".as_ref(), &OpenOptions::default())?.spread(200);
//! let inputs = Inputs::new(images, &[3, 32, 32], Preprocess::Standardize, Fit::Exact)?;
//! let mut tensor = vec![0.0; inputs.sample_len()];
//! for index in 0..inputs.len() {
//!     inputs.fill(index, &mut tensor)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! This crate knows nothing of networks and does not run them; it does not augment data either.

#![forbid(unsafe_code)]

mod cifar;
mod dataset;
mod detect;
mod error;
mod files;
mod fit;
mod folder;
mod idx;
mod inputs;
mod nnabla_csv;
mod noise;
mod npy;
mod packed;
mod picture;
mod preprocess;
mod records;
mod sample;
mod subset;

pub use dataset::{Dataset, Kind, OpenOptions, Split, TargetKind, Task};
pub use error::DataError;
pub use fit::Fit;
pub use inputs::Inputs;
pub use packed::write_packed;
pub use preprocess::Preprocess;
pub use sample::Sample;
