//! Network files and settings files, to and from [`fewbit_core::Network`].
//!
//! | module | what it reads and writes |
//! |---|---|
//! | [`nnp`] | NNabla's `.nnp` archives and the loose files that make one up |
//! | [`onnx`] | ONNX files |
//! | [`tflite`] | TensorFlow Lite files |
//! | [`settings`] | the YAML file that says in which number format each variable is stored |
//! | [`hdf5`] | parameters in HDF5 |
//! | [`parameter`] | parameters apart from a network |
//! | [`schema`] | NNabla's protobuf messages |
#![forbid(unsafe_code)]

pub mod error;
pub mod hdf5;
pub mod nnp;
pub mod onnx;
pub mod parameter;
pub mod schema;
pub mod settings;
mod text;
pub mod tflite;
mod tidy;

pub use error::FormatError;
pub use nnp::{ExecutorChoice, ImportOptions, Nnp};
pub use onnx::OnnxOptions;
pub use parameter::Parameter;
pub use settings::{FormatSetting, Settings};
pub use tflite::TfliteOptions;
