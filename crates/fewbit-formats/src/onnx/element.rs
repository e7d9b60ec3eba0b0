//! [`Element`]: what kind of numbers a tensor of an ONNX file holds.

use super::message::tensor_proto::DataType;

/// The kind of a tensor's items.
///
/// A [`Network`](fewbit_core::Network) computes with floats of 32 bits alone, so that floats of all widths are one kind
/// here. Whether values are integers matters where ONNX computes otherwise with them, as in a division.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// Real numbers.
    Float,
    /// Zero for false, one for true.
    Bool,
    /// Integers in two's complement, or without a sign.
    Integer {
        /// The width: 2, 4, 8, 16, 32 or 64.
        bits: u8,
        /// Whether there are negative numbers.
        signed: bool,
    },
}

impl Element {
    /// What shapes, axes and indices are made of.
    pub(crate) const INDEX: Self = Self::signed(64);
    pub(crate) const INT8: Self = Self::signed(8);
    pub(crate) const UINT8: Self = Self::unsigned(8);

    const fn signed(bits: u8) -> Self {
        Self::Integer { bits, signed: true }
    }

    const fn unsigned(bits: u8) -> Self {
        Self::Integer { bits, signed: false }
    }

    /// The kind of ONNX's data type; `None` for text, complex numbers, and floats of a byte or less.
    pub(crate) fn of(data_type: DataType) -> Option<Self> {
        Some(match data_type {
            DataType::Float | DataType::Float16 | DataType::Bfloat16 | DataType::Double => Self::Float,
            DataType::Bool => Self::Bool,
            DataType::Int64 => Self::signed(64),
            DataType::Int32 => Self::signed(32),
            DataType::Int16 => Self::signed(16),
            DataType::Int8 => Self::signed(8),
            DataType::Int4 => Self::signed(4),
            DataType::Int2 => Self::signed(2),
            DataType::Uint64 => Self::unsigned(64),
            DataType::Uint32 => Self::unsigned(32),
            DataType::Uint16 => Self::unsigned(16),
            DataType::Uint8 => Self::unsigned(8),
            DataType::Uint4 => Self::unsigned(4),
            DataType::Uint2 => Self::unsigned(2),
            _ => return None,
        })
    }

    pub(crate) fn is_float(self) -> bool {
        self == Self::Float
    }

    /// The least and the greatest integer; `None` for floats. Integers of 64 bits without a sign are held in 64 bits with
    /// one: what is beyond stands for the greatest.
    pub(crate) fn range(self) -> Option<(i64, i64)> {
        Some(match self {
            Self::Float => return None,
            Self::Bool => (0, 1),
            Self::Integer { bits, signed: true } => (i64::MIN >> (64 - bits), i64::MAX >> (64 - bits)),
            Self::Integer { bits: 64, signed: false } => (0, i64::MAX),
            Self::Integer { bits, signed: false } => (0, (1 << bits) - 1),
        })
    }

    /// What is left of an integer in this kind: the low bits, as a conversion between integers does it; whether it is
    /// not zero, for `Bool`.
    pub(crate) fn wrap(self, value: i64) -> i64 {
        match self {
            Self::Float => value,
            Self::Bool => i64::from(value != 0),
            Self::Integer { bits: 64, .. } => value,
            Self::Integer { bits, signed: true } => value << (64 - bits) >> (64 - bits),
            Self::Integer { bits, signed: false } => value & ((1 << bits) - 1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_wrapping() {
        assert_eq!(Element::INT8.range(), Some((-128, 127)));
        assert_eq!(Element::UINT8.range(), Some((0, 255)));
        assert_eq!(Element::INDEX.range(), Some((i64::MIN, i64::MAX)));
        assert_eq!(Element::signed(4).range(), Some((-8, 7)));
        assert_eq!(Element::INT8.wrap(200), -56);
        assert_eq!(Element::UINT8.wrap(-1), 255);
        assert_eq!(Element::Bool.wrap(-3), 1);
    }
}
