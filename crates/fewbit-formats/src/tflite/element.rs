//! Types of values.

use crate::onnx::message::tensor_proto::DataType;

/// ONNX's name for a type of `TensorType`; `None` for texts, complex numbers, and floats of a byte.
pub(super) fn data_type(tensor_type: i8) -> Option<DataType> {
    Some(match tensor_type {
        0 => DataType::Float,
        1 => DataType::Float16,
        2 => DataType::Int32,
        3 => DataType::Uint8,
        4 => DataType::Int64,
        6 => DataType::Bool,
        7 => DataType::Int16,
        9 => DataType::Int8,
        10 => DataType::Double,
        12 => DataType::Uint64,
        15 => DataType::Uint32,
        16 => DataType::Uint16,
        17 => DataType::Int4,
        18 => DataType::Bfloat16,
        19 => DataType::Int2,
        20 => DataType::Uint4,
        _ => return None,
    })
}

/// Integers as bytes of a type that values are quantised to; `None` for other types, and integers that do not fit.
pub(super) fn to_bytes(data_type: DataType, integers: &[i64]) -> Option<Vec<u8>> {
    fn all<const N: usize>(integers: &[i64], bytes: impl Fn(i64) -> Option<[u8; N]>) -> Option<Vec<u8>> {
        let list: Option<Vec<[u8; N]>> = integers.iter().map(|&integer| bytes(integer)).collect();
        Some(list?.concat())
    }
    match data_type {
        DataType::Int8 => all(integers, |it| i8::try_from(it).ok().map(i8::to_le_bytes)),
        DataType::Uint8 => all(integers, |it| u8::try_from(it).ok().map(u8::to_le_bytes)),
        DataType::Int16 => all(integers, |it| i16::try_from(it).ok().map(i16::to_le_bytes)),
        DataType::Uint16 => all(integers, |it| u16::try_from(it).ok().map(u16::to_le_bytes)),
        DataType::Int32 => all(integers, |it| i32::try_from(it).ok().map(i32::to_le_bytes)),
        _ => None,
    }
}
