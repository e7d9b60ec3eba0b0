//! Writes a network as self-contained C99 that computes, bit for bit, what the runtime computes in *integer* semantics.
//!
//! [`generate`] takes an opened model and gives a header and a source file: weights are constants as the file packs them,
//! the arena is one static array of exactly [`Model::arena_bytes`], and only the kernels that the network uses are there.
//! A fully fixed-point network has no float in it. `docs/generated-c.md` describes the files for those who compile them.
//!
//! | module | what it does |
//! |---|---|
//! | `plan` | which kernel computes each function, with which constants |
//! | `kernels`, `template`, `feature` | the kernels under `src/c`, cut to what is used |
//! | `c_value`, `arrays`, `nest`, `limits` | constants in C: structs, arrays, loops |
//! | `emit` | the two files |
//! | [`mod@estimate`] | about how many cycles the code takes |
//!
//! Not here: compiling the files, and anything about a particular device.
#![forbid(unsafe_code)]

mod arrays;
mod c_value;
mod emit;
mod error;
pub mod estimate;
mod feature;
mod kernels;
mod limits;
mod name;
mod nest;
mod plan;
mod template;

pub use error::{CodegenError, UnsupportedFunction};
pub use estimate::{Estimate, Processor, estimate};

use fewbit_runtime::Model;

/// How to write a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What its functions, macros and files are called: an identifier of C.
    pub name: String,
}

/// A network as C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generated {
    /// The header, `<name>.h`.
    pub header: String,
    /// The source, `<name>.c`.
    pub source: String,
    /// What it takes.
    pub stats: Stats,
}

/// What generated code takes, as far as it is known before it is compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Bytes of the arena: all of the static memory that is written.
    pub arena_bytes: usize,
    /// Bytes of the constant arrays: weights, tables.
    pub array_bytes: usize,
    /// Whether anything is computed in floats.
    pub uses_floats: bool,
}

/// Writes a model as C.
///
/// # Errors
/// When the name is none of C, when the model is too large to be counted with 32 bits, and when functions have no form in C:
/// all of them are named at once.
pub fn generate(model: &Model<'_>, options: &Options) -> Result<Generated, CodegenError> {
    let name = name::Name::new(&options.name)?;
    if model.nnb().group_count() > 0 {
        return Err(CodegenError::Rows);
    }
    let arena_bytes = model.arena_bytes();
    check_size("arena", arena_bytes)?;
    let plan = plan::Plan::new(model).map_err(CodegenError::Unsupported)?;
    check_size("sum of weights and tables", plan.arrays.bytes())?;
    let stats = Stats {
        arena_bytes,
        array_bytes: plan.arrays.bytes(),
        uses_floats: plan.features.has(feature::Feature::Reals),
    };
    Ok(Generated {
        header: emit::header::write(model, &name, &stats),
        source: emit::source::write(model, &name, &plan, &stats),
        stats,
    })
}

fn check_size(what: &'static str, bytes: usize) -> Result<(), CodegenError> {
    if i32::try_from(bytes).is_ok() { Ok(()) } else { Err(CodegenError::TooLarge { what, bytes }) }
}
