//! What a network is, for every other crate of fewbit: shapes, number formats, functions and the graph that joins them.
//!
//! Nothing here knows a file format or computes a function. The device runtime uses this crate without a heap; the
//! feature `alloc` adds [`Network`], the graph that readers produce, passes transform and writers consume.
//!
//! | module | what it holds |
//! |---|---|
//! | [`list`] | short lists stored inline, for the arguments of functions |
//! | [`shape`] | [`Shape`]: the extent of a variable along each axis |
//! | [`number`] | [`NumberFormat`]: how a value is stored, and how a real number becomes one |
//! | [`spec`] | the table of NNabla's functions: names, arguments, ids in `.nnb` |
//! | [`function`] | [`Function`]: one typed variant a function that fewbit computes |
//! | [`shape_rule`] | the shapes that each function demands and produces |
//! | [`network`] | [`Network`] (feature `alloc`) |
#![no_std]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod argument;
pub mod function;
pub mod list;
#[cfg(feature = "alloc")]
pub mod network;
pub mod number;
pub mod shape;
pub mod shape_rule;
pub mod spec;

pub use argument::{ArgumentError, ArgumentValue};
pub use function::Function;
pub use list::{FloatList, InlineList, IntList};
#[cfg(feature = "alloc")]
pub use network::{Network, Node, OpaqueFunction, Operation, Variable, VariableId, VariableKind};
pub use number::{NumberFormat, Quantizer, Rounding};
pub use shape::{Shape, ShapeError};
pub use spec::FunctionSpec;
