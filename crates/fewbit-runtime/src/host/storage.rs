//! [`Storage`]: what the values of a feature map are in memory.
//!
//! Maps of floats lie in an arena of floats, all others in one of bytes. Integers of 8 bits are stored with 128 added: the
//! instructions that sum products of bytes take unsigned ones of the input.

use fewbit_core::NumberFormat;

/// What a value is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// A float.
    Float,
    /// An integer of 8 bits plus 128, without a sign.
    Byte,
    /// An integer of 16 bits, its low byte first.
    Word,
}

impl Storage {
    /// The storage that holds the values of a format exactly; `None` for formats that no buffer has.
    pub fn of(format: NumberFormat) -> Option<Self> {
        match format {
            NumberFormat::Float32 => Some(Self::Float),
            NumberFormat::Fixed8 { .. } => Some(Self::Byte),
            NumberFormat::Fixed16 { .. } => Some(Self::Word),
            _ => None,
        }
    }

    /// Items of the arena that a value takes.
    pub fn width(self) -> usize {
        match self {
            Self::Float | Self::Byte => 1,
            Self::Word => 2,
        }
    }

    /// What is added to an integer when it is stored.
    pub fn offset(self) -> i32 {
        match self {
            Self::Byte => 128,
            Self::Float | Self::Word => 0,
        }
    }

    /// The least and the greatest integer as they are stored.
    pub fn range(self) -> [i32; 2] {
        match self {
            Self::Byte => [0, 255],
            Self::Float | Self::Word => [i16::MIN.into(), i16::MAX.into()],
        }
    }

    /// The largest magnitude of an integer.
    pub fn magnitude(self) -> i64 {
        match self {
            Self::Byte => 1 << 7,
            Self::Float | Self::Word => 1 << 15,
        }
    }

    /// Stores integers, which must be within the range.
    pub fn encode(self, integers: &[i32], items: &mut [u8]) {
        match self {
            Self::Word => {
                for (item, integer) in items.as_chunks_mut().0.iter_mut().zip(integers) {
                    *item = (*integer as i16).to_le_bytes();
                }
            }
            Self::Byte | Self::Float => {
                for (item, integer) in items.iter_mut().zip(integers) {
                    *item = (integer + self.offset()) as u8;
                }
            }
        }
    }

    /// Reads stored integers.
    pub fn decode(self, items: &[u8], integers: &mut [i32]) {
        match self {
            Self::Word => {
                for (item, integer) in items.as_chunks().0.iter().zip(integers) {
                    *integer = i16::from_le_bytes(*item).into();
                }
            }
            Self::Byte | Self::Float => {
                for (item, integer) in items.iter().zip(integers) {
                    *integer = i32::from(*item) - self.offset();
                }
            }
        }
    }
}

/// What an arena consists of.
pub(super) trait Item: Copy + Default {
    /// An item of a value that is zero.
    fn zero(storage: Storage) -> Self;
}

impl Item for f32 {
    fn zero(_storage: Storage) -> Self {
        0.0
    }
}

impl Item for u8 {
    fn zero(storage: Storage) -> Self {
        match storage {
            Storage::Byte => 128,
            Storage::Float | Storage::Word => 0,
        }
    }
}
