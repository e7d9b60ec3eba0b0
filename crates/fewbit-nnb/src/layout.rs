//! Where each field of the file lies. All numbers are little-endian.
//!
//! A file is a header, a table of offsets, and the data that the offsets point into. A piece of the data is a *block*;
//! records refer to blocks by their number. A *list* is a count and the number of the block that holds it.

use core::ops::Range;
use fewbit_core::NumberFormat;

/// Every block begins at a multiple of this many bytes in the data.
pub const ALIGNMENT: usize = 4;

/// The fields of the header.
pub mod header {
    use super::Range;

    /// Version of the format.
    pub const VERSION: Range<usize> = 0..4;
    /// API level of the function definitions.
    pub const API_LEVEL: Range<usize> = 4..8;
    /// List of buffer sizes.
    pub const BUFFERS: Range<usize> = 8..16;
    /// List of blocks of variable records.
    pub const VARIABLES: Range<usize> = 16..24;
    /// List of blocks of function records.
    pub const FUNCTIONS: Range<usize> = 24..32;
    /// List of the variables that are inputs.
    pub const INPUTS: Range<usize> = 32..40;
    /// List of the variables that are outputs.
    pub const OUTPUTS: Range<usize> = 40..48;
    /// Number of blocks.
    pub const BLOCK_COUNT: Range<usize> = 48..52;
    /// Bytes of data behind the table.
    pub const DATA_SIZE: Range<usize> = 52..56;
    /// Bytes of the header; the table of block offsets follows.
    pub const SIZE: usize = 56;
}

/// The fields of a variable record.
pub mod variable {
    use super::Range;

    /// Number of the variable.
    pub const ID: Range<usize> = 0..4;
    /// List of extents.
    pub const SHAPE: Range<usize> = 4..12;
    /// Type in the low four bits, position in the high four.
    pub const FORMAT: usize = 12;
    /// The block of the values, or `-(buffer + 1)`; three bytes before it align it.
    pub const DATA: Range<usize> = 16..20;
    /// Bytes of the record.
    pub const SIZE: usize = 20;
}

/// The fields of a function record. The arguments follow, each aligned to its own size as in a C struct.
pub mod function {
    use super::Range;

    /// Id of the function and its argument layout.
    pub const ID: Range<usize> = 0..2;
    /// Number of the implementation.
    pub const IMPLEMENTATION: Range<usize> = 2..4;
    /// List of input variables.
    pub const INPUTS: Range<usize> = 4..12;
    /// List of output variables.
    pub const OUTPUTS: Range<usize> = 12..20;
    /// Bytes before the arguments.
    pub const SIZE: usize = 20;
}

/// The version of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Version {
    /// Buffer sizes count items, each as large as the largest type.
    #[default]
    V2,
    /// Buffer sizes count bytes.
    V3,
}

impl Version {
    /// The number in the header.
    pub fn number(self) -> u32 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
        }
    }

    /// The version with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            _ => None,
        }
    }
}

/// The byte that holds a number format; `None` if versions 2 and 3 have no place for its position.
pub fn format_byte(format: NumberFormat) -> Option<u8> {
    let fixed = |kind: u8, bits: i8, position: i8| {
        let position = u8::try_from(position).ok().filter(|_| position < bits)?;
        Some(position << 4 | kind)
    };
    match format {
        NumberFormat::Float32 => Some(0),
        NumberFormat::Fixed16 { position } => fixed(1, 16, position),
        NumberFormat::Fixed8 { position } => fixed(2, 8, position),
        NumberFormat::Sign => Some(3),
    }
}

/// The number format in a byte; `None` for types that do not exist.
pub fn byte_format(byte: u8) -> Option<NumberFormat> {
    let position = (byte >> 4) as i8;
    match byte & 0xf {
        0 => Some(NumberFormat::Float32),
        1 => Some(NumberFormat::Fixed16 { position }),
        // NNabla's converter lets positions above 7 through; they mean what they say.
        2 => Some(NumberFormat::Fixed8 { position }),
        3 => Some(NumberFormat::Sign),
        _ => None,
    }
}

/// The number in four bytes of a slice that is known to hold them.
pub(crate) fn word(bytes: &[u8], range: Range<usize>) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(range)?.try_into().ok()?))
}
