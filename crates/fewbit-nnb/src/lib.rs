//! The `.nnb` format: NNabla's binary file for devices, versions 2 and 3, and fewbit's version 4.
//!
//! [`Nnb`] is a view over the bytes of a file. Its constructor checks everything once; after that every accessor is
//! short and cannot fail, and nothing is copied or allocated. The feature `write` adds [`encode`], which writes what
//! NNabla's converter writes, byte for byte, and [`decode`], which turns a file back into a network.
//!
//! | module | what it does |
//! |---|---|
//! | [`layout`] | where each field of a record lies |
//! | [`reader`] | the checked view |
//! | [`group`] | functions that are computed row by row |
//! | [`error`] | what can be wrong with a file |
//! | [`values`] | the values of a variable, whatever their format |
//! | [`argument_code`] | the arguments of a function record |
//! | [`write`] | [`encode`] and the buffer list (feature `write`) |
//! | [`mod@decode`] | a file as a network (feature `write`) |
//! | [`dump`] | a file as text (feature `write`) |
//!
//! Not here: what functions compute, and whether shapes fit them. That is for who runs the file.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "write")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod argument_code;
#[cfg(feature = "write")]
pub mod decode;
#[cfg(feature = "write")]
pub mod dump;
pub mod error;
pub mod group;
pub mod layout;
pub mod reader;
pub mod values;
#[cfg(feature = "write")]
pub mod write;

#[cfg(feature = "write")]
pub use decode::decode;
pub use error::NnbError;
pub use group::Group;
pub use layout::Version;
pub use reader::{Data, FunctionRecord, Nnb, VariableRecord};
pub use values::{Element, Values};
#[cfg(feature = "write")]
pub use write::{ArenaPlan, EncodeError, EncodeOptions, Encoded, Ring, RowGroup, encode};
