//! [`CodegenError`]: why there is no C code for a network.

use std::fmt;

/// Why there is no C code for a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodegenError {
    /// A name that C does not allow.
    #[error(
        "'{0}' cannot be the name of the generated code: use letters, digits and underscores, a letter first, and no word of C"
    )]
    Name(String),
    /// Functions without a form in C, all of them.
    #[error("the network has functions without a form in C:{}", Lines(.0))]
    Unsupported(Vec<UnsupportedFunction>),
    /// Functions that are computed row by row.
    #[error(
        "the network is computed row by row, which generated code does not do; write its .nnb without --depth-first, or run it with the runtime"
    )]
    Rows,
    /// Too large for the 32-bit numbers that generated code counts with.
    #[error("the {what} of {bytes} bytes is too large for generated code, which counts with 32 bits")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its size.
        bytes: usize,
    },
}

/// A function without a form in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedFunction {
    /// Its place in the file.
    pub index: usize,
    /// Its name.
    pub name: &'static str,
    /// Why there is no C for it, and what to do.
    pub reason: String,
}

/// One function a line.
struct Lines<'e>(&'e [UnsupportedFunction]);

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for UnsupportedFunction { index, name, reason } in self.0 {
            write!(f, "\n  function {index} ({name}) {reason}")?;
        }
        Ok(())
    }
}
