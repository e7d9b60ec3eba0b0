//! Where each field of the file lies. All numbers are little-endian.
//!
//! Versions 2 and 3 are NNabla's. Version 4 is fewbit's: records have the same fields first and a few more behind them,
//! for number formats of less than a byte, for positions beyond four bits or one a channel, for buffers at offsets
//! that the file gives, and for functions that are computed row by row.
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
    /// Version 4: list of the offsets of the buffers in the arena, in bytes.
    pub const OFFSETS: Range<usize> = 56..64;
    /// Version 4: list of the words of the [groups](super::group).
    pub const GROUPS: Range<usize> = 64..72;

    /// Bytes of the header; the table of block offsets follows.
    pub const fn size(version: super::Version) -> usize {
        match version {
            super::Version::V2 | super::Version::V3 => 56,
            super::Version::V4 => 72,
        }
    }
}

/// The fields of a variable record.
pub mod variable {
    use super::Range;

    /// Number of the variable.
    pub const ID: Range<usize> = 0..4;
    /// List of extents.
    pub const SHAPE: Range<usize> = 4..12;
    /// Type in the low four bits, position in the high four; in version 4 the type alone.
    pub const FORMAT: usize = 12;
    /// Version 4: the position, a signed byte.
    pub const POSITION: usize = 13;
    /// Version 4: how many rows of the variable its buffer holds at a time, 16 bits; 0 if it holds the whole variable.
    pub const RING: Range<usize> = 14..16;
    /// The block of the values, or `-(buffer + 1)`.
    pub const DATA: Range<usize> = 16..20;
    /// Version 4: list of the positions of the channels, a signed byte each; empty if all have the variable's.
    pub const CHANNEL_POSITIONS: Range<usize> = 20..28;

    /// Bytes of the record.
    pub const fn size(version: super::Version) -> usize {
        match version {
            super::Version::V2 | super::Version::V3 => 20,
            super::Version::V4 => 28,
        }
    }
}

/// The words of a group: functions that are computed row by row. Version 4 only.
pub mod group {
    use super::Range;

    /// The first function.
    pub const FIRST: usize = 0;
    /// How many functions there are, which follow each other.
    pub const COUNT: usize = 1;
    /// The axis along which rows follow each other.
    pub const AXIS: usize = 2;
    /// Where in the arena the counters lie that tell how far each function is, 16 bits each.
    pub const COUNTERS: usize = 3;
    /// List of the steps, a byte each: a function, counted from the first, or [`PUSH`].
    pub const STEPS: Range<usize> = 4..6;
    /// Words of a group.
    pub const SIZE: usize = 6;

    /// The step that takes the next row of the network's input from the caller.
    pub const PUSH: u8 = 0xff;
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
    /// Buffer sizes count bytes, and the file says where each buffer lies. A fewbit extension.
    V4,
}

impl Version {
    /// The number in the header.
    pub fn number(self) -> u32 {
        match self {
            Self::V2 => 2,
            Self::V3 => 3,
            Self::V4 => 4,
        }
    }

    /// The version with this number.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            2 => Some(Self::V2),
            3 => Some(Self::V3),
            4 => Some(Self::V4),
            _ => None,
        }
    }
}

/// The bytes at [`variable::FORMAT`] and [`variable::POSITION`] that hold a number format; `None` if the version has no
/// place for its type or its position.
pub fn format_bytes(format: NumberFormat, version: Version) -> Option<[u8; 2]> {
    let kind = match format {
        NumberFormat::Float32 => 0,
        NumberFormat::Fixed16 { .. } => 1,
        NumberFormat::Fixed8 { .. } => 2,
        NumberFormat::Sign => 3,
        NumberFormat::Fixed4 { .. } => 4,
        NumberFormat::Fixed2 { .. } => 5,
    };
    let position = format.position().unwrap_or(0);
    match version {
        Version::V4 => Some([kind, position as u8]),
        Version::V2 | Version::V3 => {
            let position = u8::try_from(position).ok().filter(|&position| usize::from(position) < format.bits())?;
            (kind <= 3).then_some([position << 4 | kind, 0])
        }
    }
}

/// The number format in two bytes; `None` for types that the version does not have.
pub fn bytes_format([byte, position]: [u8; 2], version: Version) -> Option<NumberFormat> {
    let position = match version {
        // NNabla's converter lets positions above 7 through for bytes; they mean what they say.
        Version::V2 | Version::V3 => (byte >> 4) as i8,
        Version::V4 => position as i8,
    };
    match (byte & 0xf, version) {
        (0, _) => Some(NumberFormat::Float32),
        (1, _) => Some(NumberFormat::Fixed16 { position }),
        (2, _) => Some(NumberFormat::Fixed8 { position }),
        (3, _) => Some(NumberFormat::Sign),
        (4, Version::V4) => Some(NumberFormat::Fixed4 { position }),
        (5, Version::V4) => Some(NumberFormat::Fixed2 { position }),
        _ => None,
    }
}

/// The number in four bytes of a slice that is known to hold them.
pub(crate) fn word(bytes: &[u8], range: Range<usize>) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(range)?.try_into().ok()?))
}
