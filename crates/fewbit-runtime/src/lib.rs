//! Runs `.nnb` files, in memory that the caller gives.
//!
//! [`Model::open`] checks a file once: every function is known, shapes fit, values are there, no function writes over
//! its own input. After that nothing can go wrong: a [`Session`] runs the model in a byte array (the arena) without
//! a heap and without `unsafe`, reading weights straight from the file's bytes.
//!
//! | module | what it holds |
//! |---|---|
//! | [`model`] | [`Model`]: a checked file, and where its variables lie in the arena |
//! | [`session`] | [`Session`]: a model with its arena; inputs, outputs, [`Observer`] |
//! | [`values`] | [`ValuesMut`]: the bytes of a variable, to be written |
//! | [`call`] | one function with its inputs, as kernels see it |
//! | `rows` | functions that are computed row by row |
//! | [`requantize`] | what rounding and saturation mean in *integer* semantics |
//! | `functions` | the kernels, a file a family |
//! | `host` | networks prepared for a host: packed weights, SIMD kernels (feature `host`) |
//!
//! Two [`Semantics`] exist: *integer*, the same bits on every device, and *reference*, the mathematics of NNabla's C
//! runtime, to compare with it.
#![no_std]
#![deny(unsafe_code)]

#[cfg(any(test, feature = "host"))]
extern crate std;

pub mod call;
mod functions;
#[cfg(feature = "host")]
pub mod host;
pub mod model;
pub mod requantize;
mod rows;
pub mod session;
pub mod values;

pub use fewbit_nnb::Values;
pub use model::{Model, OpenError};
pub use session::{ArenaTooSmall, NoObserver, Observer, Semantics, Session};
pub use values::ValuesMut;
