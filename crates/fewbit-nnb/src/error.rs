//! [`NnbError`]: what can be wrong with a file, and where.

use crate::argument_code::ArgumentCodeError;
use fewbit_core::spec::LATEST_API_LEVEL;
use fewbit_core::{NumberFormat, ShapeError};

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NnbError {
    /// Too short for a header, or for what the header announces.
    #[error("the file is cut short: it has {found} bytes, but needs {needed}")]
    TooShort {
        /// Its size.
        found: usize,
        /// What its header announces.
        needed: usize,
    },
    /// A version that does not exist.
    #[error("not an .nnb file that fewbit reads: its first word is {0}, but versions 2, 3 and 4 are known")]
    Version(u32),
    /// A level newer than the function table.
    #[error("the file uses API level {0}, but fewbit knows levels up to {LATEST_API_LEVEL}")]
    ApiLevel(u32),
    /// A list that does not lie within the data.
    #[error("{0} does not lie within the file")]
    List(Place),
    /// A record that does not lie within the data.
    #[error("the record of {0} does not lie within the file")]
    Record(Place),
    /// A shape that is none.
    #[error("{place}: {error}")]
    Shape {
        /// The variable.
        place: Place,
        /// What is wrong.
        error: ShapeError,
    },
    /// A type that does not exist.
    #[error("{place} has the type {byte:#04x}, which does not exist")]
    Type {
        /// The variable.
        place: Place,
        /// The byte in the record.
        byte: u8,
    },
    /// A parameter with fewer values than its shape.
    #[error("{place} needs {needed} bytes of values, but has {found}")]
    Values {
        /// The variable.
        place: Place,
        /// What its shape and type need.
        needed: usize,
        /// What there is.
        found: usize,
    },
    /// A variable in a buffer that is not there or too small.
    #[error("{place} needs {needed} bytes, but its buffer has {found}")]
    Buffer {
        /// The variable.
        place: Place,
        /// What its shape and type need.
        needed: usize,
        /// The size of the buffer; 0 if there is none of that number.
        found: usize,
    },
    /// A buffer of values smaller than a byte.
    #[error("{place} is a buffer of type {}, which only parameters can have", format.type_name())]
    PackedBuffer {
        /// The variable.
        place: Place,
        /// Its format.
        format: NumberFormat,
    },
    /// Buffers without offsets.
    #[error("the file has {buffers} buffers, but says of {offsets} where they lie")]
    Offsets {
        /// How many buffers there are.
        buffers: usize,
        /// How many offsets.
        offsets: usize,
    },
    /// A parameter of which only some rows were to be kept.
    #[error("{place} is a ring of rows, which only buffers can be")]
    Ring {
        /// The variable.
        place: Place,
    },
    /// A group of functions that cannot be one.
    #[error("group {index} of functions that are computed row by row {reason}")]
    Group {
        /// Its place in the list.
        index: usize,
        /// What is wrong.
        reason: &'static str,
    },
    /// Channel positions that do not belong to channels.
    #[error(
        "{place} has {count} channel positions; only fixed-point parameters have them, as many as divide the items"
    )]
    ChannelPositions {
        /// The variable.
        place: Place,
        /// How many.
        count: usize,
    },
    /// A reference to a variable that is not there.
    #[error("{place} refers to variable {index}, but there are {count}")]
    NoSuchVariable {
        /// Who refers to it.
        place: Place,
        /// Its number.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// A function id that is in no table.
    #[error("{place} has the id {id}, which is no function of NNabla that fewbit knows")]
    Function {
        /// The function.
        place: Place,
        /// Its id.
        id: u16,
    },
    /// Arguments that cannot be read.
    #[error("{place} ({name}): {error}")]
    Arguments {
        /// The function.
        place: Place,
        /// Its name.
        name: &'static str,
        /// What is wrong.
        error: ArgumentCodeError,
    },
}

/// A place in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The list of buffers, variables, functions, inputs or outputs.
    List(&'static str),
    /// A variable, by its number.
    Variable(usize),
    /// A function, by its number.
    Function(usize),
}

impl core::fmt::Display for Place {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::List(name) => write!(f, "the list of {name}"),
            Self::Variable(index) => write!(f, "variable {index}"),
            Self::Function(index) => write!(f, "function {index}"),
        }
    }
}
