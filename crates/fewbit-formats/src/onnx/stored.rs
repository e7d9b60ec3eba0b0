//! Tensors as an ONNX file stores them, in every form that the format has, to [`Tensor`]s.

use super::element::Element;
use super::error::OnnxError;
use super::external::ExternalFiles;
use super::message::tensor_proto::{DataLocation, DataType};
use super::message::{SparseTensorProto, TensorProto};
use super::tensor::Tensor;
use fewbit_core::Shape;
use std::borrow::Cow;

/// Reads a tensor.
///
/// # Errors
/// When its type is not supported, or it has more or fewer values than its shape says.
pub(crate) fn tensor(proto: &TensorProto, files: &ExternalFiles) -> Result<Tensor, OnnxError> {
    read(proto, files).map_err(|reason| OnnxError::Tensor { name: proto.name.clone(), reason })
}

/// Reads a tensor of which only the values that are not zero are stored.
///
/// # Errors
/// As [`tensor`], and when a value has no place. `limit` is the most items that it may have.
pub(crate) fn sparse(proto: &SparseTensorProto, files: &ExternalFiles, limit: usize) -> Result<Tensor, OnnxError> {
    let name = proto.values.as_ref().map(|values| values.name.clone()).unwrap_or_default();
    read_sparse(proto, files, limit).map_err(|reason| OnnxError::Tensor { name, reason })
}

fn read(proto: &TensorProto, files: &ExternalFiles) -> Result<Tensor, String> {
    let shape = Shape::from_signed(proto.dims.iter().copied()).map_err(|error| error.to_string())?;
    let data_type = DataType::try_from(proto.data_type).unwrap_or_default();
    let element = Element::of(data_type)
        .ok_or_else(|| format!("its values are of type {}, which is not supported", data_type.as_str_name()))?;
    let bytes = match proto.data_location() {
        DataLocation::External => Some(Cow::Owned(files.read(proto, stored_bytes(data_type, shape.items()))?)),
        DataLocation::Default if !proto.raw_data.is_empty() => Some(Cow::Borrowed(proto.raw_data.as_slice())),
        DataLocation::Default => None,
    };
    match bytes {
        Some(bytes) => from_bytes(data_type, element, shape, &bytes),
        None => from_fields(proto, data_type, element, shape),
    }
}

/// Bits of one value.
fn bits(data_type: DataType) -> usize {
    match data_type {
        DataType::Double | DataType::Int64 | DataType::Uint64 => 64,
        DataType::Float | DataType::Int32 | DataType::Uint32 => 32,
        DataType::Float16 | DataType::Bfloat16 | DataType::Int16 | DataType::Uint16 => 16,
        DataType::Int4 | DataType::Uint4 => 4,
        DataType::Int2 | DataType::Uint2 => 2,
        _ => 8,
    }
}

/// Bytes of `items` values; those of less than a byte are packed.
fn stored_bytes(data_type: DataType, items: usize) -> usize {
    items.saturating_mul(bits(data_type)).div_ceil(8)
}

fn count(what: &str, found: usize, expected: usize, shape: Shape) -> Result<(), String> {
    if found == expected {
        Ok(())
    } else {
        Err(format!("it has {found} {what}, but its shape {shape} needs {expected}"))
    }
}

/// Little-endian values.
fn from_bytes(data_type: DataType, element: Element, shape: Shape, bytes: &[u8]) -> Result<Tensor, String> {
    count("bytes", bytes.len(), stored_bytes(data_type, shape.items()), shape)?;
    /// The values of a type of `N` bytes.
    fn words<const N: usize, T>(bytes: &[u8], value: impl Fn([u8; N]) -> T) -> impl Iterator<Item = T> {
        // The chunks are exact: the length was checked.
        bytes.chunks_exact(N).map(move |chunk| value(chunk.try_into().unwrap_or([0; N])))
    }
    let floats = |values: Vec<f32>| Tensor::floats(shape, values);
    let integers = |values: Vec<i64>| Tensor::integers(element, shape, values);
    Ok(match data_type {
        DataType::Float => floats(words(bytes, f32::from_le_bytes).collect()),
        DataType::Double => floats(words(bytes, |word| f64::from_le_bytes(word) as f32).collect()),
        DataType::Float16 => floats(words(bytes, |word| half(u16::from_le_bytes(word))).collect()),
        DataType::Bfloat16 => floats(words(bytes, |word| bfloat(u16::from_le_bytes(word))).collect()),
        DataType::Int64 | DataType::Uint64 => {
            integers(words(bytes, |word| wide(data_type, u64::from_le_bytes(word))).collect())
        }
        DataType::Int32 | DataType::Uint32 => {
            integers(words(bytes, |word| i64::from(u32::from_le_bytes(word))).collect())
        }
        DataType::Int16 | DataType::Uint16 => {
            integers(words(bytes, |word| i64::from(u16::from_le_bytes(word))).collect())
        }
        _ => integers(unpack(bytes.iter().map(|&byte| i64::from(byte)), bits(data_type), shape.items())),
    })
}

/// Values from the field of their type.
fn from_fields(proto: &TensorProto, data_type: DataType, element: Element, shape: Shape) -> Result<Tensor, String> {
    let items = shape.items();
    let check = |found| count("values", found, items, shape);
    match data_type {
        DataType::Float => {
            check(proto.float_data.len())?;
            Ok(Tensor::floats(shape, proto.float_data.as_slice()))
        }
        DataType::Double => {
            check(proto.double_data.len())?;
            Ok(Tensor::floats(shape, proto.double_data.iter().map(|&value| value as f32).collect::<Vec<_>>()))
        }
        DataType::Float16 | DataType::Bfloat16 => {
            check(proto.int32_data.len())?;
            let value = if data_type == DataType::Float16 { half } else { bfloat };
            // The bits are in the lower half of each integer.
            let values = proto.int32_data.iter().map(|&bits| value(bits as u16));
            Ok(Tensor::floats(shape, values.collect::<Vec<_>>()))
        }
        DataType::Int64 => {
            check(proto.int64_data.len())?;
            Ok(Tensor::integers(element, shape, proto.int64_data.iter().copied()))
        }
        DataType::Uint32 | DataType::Uint64 => {
            check(proto.uint64_data.len())?;
            Ok(Tensor::integers(element, shape, proto.uint64_data.iter().map(|&value| wide(data_type, value))))
        }
        _ => {
            let per_field = (8 / bits(data_type)).max(1);
            count("fields", proto.int32_data.len(), items.div_ceil(per_field), shape)?;
            let fields = proto.int32_data.iter().map(|&value| i64::from(value));
            let width = if per_field > 1 { bits(data_type) } else { 8 };
            Ok(Tensor::integers(element, shape, unpack(fields, width, items)))
        }
    }
}

/// The first `items` values of bytes that hold several of them, the first in the lowest bits.
fn unpack(bytes: impl Iterator<Item = i64>, bits: usize, items: usize) -> Vec<i64> {
    if bits >= 8 {
        return bytes.collect();
    }
    bytes.flat_map(|byte| (0..8).step_by(bits).map(move |shift| byte >> shift)).take(items).collect()
}

/// An integer of 64 bits. Those without a sign end where those with one do.
fn wide(data_type: DataType, bits: u64) -> i64 {
    match data_type {
        DataType::Uint64 => i64::try_from(bits).unwrap_or(i64::MAX),
        _ => bits as i64,
    }
}

/// IEEE 754 half precision.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * (-24f32).exp2(),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        _ => (1024.0 + fraction) * (f32::from(exponent) - 25.0).exp2(),
    };
    if sign == 0 { size } else { -size }
}

/// The upper half of a float.
fn bfloat(bits: u16) -> f32 {
    f32::from_bits(u32::from(bits) << 16)
}

fn read_sparse(proto: &SparseTensorProto, files: &ExternalFiles, limit: usize) -> Result<Tensor, String> {
    let shape = Shape::from_signed(proto.dims.iter().copied()).map_err(|error| error.to_string())?;
    if shape.items() > limit {
        return Err(format!("its shape {shape} has more items than any network for a small device"));
    }
    let (Some(values), Some(indices)) = (&proto.values, &proto.indices) else {
        return Err("it is sparse, but has no values or no indices".into());
    };
    let (values, indices) = (read(values, files)?, read(indices, files)?);
    let indices_of = indices.as_integers().ok_or("its indices are not integers")?;
    let strides = shape.strides();
    // Indices are places in row-major order, or a row with a place along each axis.
    let width = if indices.shape.rank() == 2 { shape.rank() } else { 1 };
    count("indices", indices_of.len(), values.len() * width, indices.shape)?;
    let place = |row: &[i64]| -> Option<usize> {
        if indices.shape.rank() != 2 {
            return usize::try_from(row[0]).ok().filter(|&place| place < shape.items());
        }
        row.iter().enumerate().try_fold(0, |place, (axis, &index)| {
            let index = usize::try_from(index).ok().filter(|&index| index < shape[axis])?;
            Some(place + index * strides[axis])
        })
    };
    // One place behind the values for the zeros.
    let mut source = vec![usize::MAX; shape.items()];
    for (value, row) in indices_of.chunks_exact(width.max(1)).enumerate() {
        *source
            .get_mut(place(row).ok_or("an index lies outside its shape")?)
            .ok_or("an index lies outside its shape")? = value;
    }
    Ok(match values.as_integers() {
        None => {
            let values = values.to_floats();
            let dense = source.iter().map(|&value| values.get(value).copied().unwrap_or(0.0));
            Tensor::floats(shape, dense.collect::<Vec<_>>())
        }
        Some(integers) => {
            let dense = source.iter().map(|&value| integers.get(value).copied().unwrap_or(0));
            Tensor::integers(values.element, shape, dense)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proto(data_type: DataType, dims: &[i64]) -> TensorProto {
        TensorProto { data_type: data_type.into(), dims: dims.to_vec(), name: "w".into(), ..TensorProto::default() }
    }

    fn values(proto: &TensorProto) -> Vec<f32> {
        tensor(proto, &ExternalFiles::default()).expect("a readable tensor").to_floats().to_vec()
    }

    #[test]
    fn half_precision_at_its_ends() {
        let cases = [
            (0x0000, 0.0),
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0xfc00, f32::NEG_INFINITY),
        ];
        for (bits, value) in cases {
            assert_eq!(half(bits), value, "{bits:#06x}");
        }
        assert!(half(0x7e00).is_nan());
        assert_eq!(bfloat(0xbf80), -1.0);
    }

    #[test]
    fn every_form_gives_the_same_values() {
        let mut raw = proto(DataType::Int8, &[3]);
        raw.raw_data = vec![1, 0xff, 0x80];
        assert_eq!(values(&raw), [1.0, -1.0, -128.0]);
        let mut fields = proto(DataType::Int8, &[3]);
        fields.int32_data = vec![1, -1, -128];
        assert_eq!(values(&fields), [1.0, -1.0, -128.0]);

        let mut packed = proto(DataType::Int4, &[3]);
        packed.raw_data = vec![0xf1, 0x08];
        assert_eq!(values(&packed), [1.0, -1.0, -8.0]);
        let mut fields = proto(DataType::Uint4, &[3]);
        fields.int32_data = vec![0xf1, 0x08];
        assert_eq!(values(&fields), [1.0, 15.0, 8.0]);

        let mut unsigned = proto(DataType::Uint32, &[1]);
        unsigned.raw_data = vec![0xff; 4];
        assert_eq!(values(&unsigned), [4_294_967_295.0]);
        let mut unsigned = proto(DataType::Uint64, &[1]);
        unsigned.uint64_data = vec![u64::MAX];
        assert_eq!(values(&unsigned), [i64::MAX as f32]);

        let mut halves = proto(DataType::Float16, &[2]);
        halves.int32_data = vec![0x3c00, 0xbc00];
        assert_eq!(values(&halves), [1.0, -1.0]);
        let mut doubles = proto(DataType::Double, &[1]);
        doubles.raw_data = 0.1f64.to_le_bytes().to_vec();
        assert_eq!(values(&doubles), [0.1]);
    }

    #[test]
    fn sizes_are_held_against_the_shape_before_memory_is_taken() {
        let mut huge = proto(DataType::Float, &[1 << 30]);
        huge.raw_data = vec![0; 4];
        let mut overflowing = proto(DataType::Float, &[1 << 40, 1 << 40]);
        overflowing.raw_data = vec![0; 4];
        let text = proto(DataType::String, &[1]);
        for proto in [huge, overflowing, text, proto(DataType::Float, &[-1]), proto(DataType::Float, &[2])] {
            assert!(tensor(&proto, &ExternalFiles::default()).is_err(), "{proto:?}");
        }
    }

    #[test]
    fn sparse_values_go_to_their_places() {
        let mut sparse_values = proto(DataType::Float, &[2]);
        sparse_values.float_data = vec![5.0, 6.0];
        let mut flat = proto(DataType::Int64, &[2]);
        flat.int64_data = vec![1, 5];
        let mut rows = proto(DataType::Int64, &[2, 2]);
        rows.int64_data = vec![0, 1, 1, 2];
        for indices in [flat, rows] {
            let proto =
                SparseTensorProto { values: Some(sparse_values.clone()), indices: Some(indices), dims: vec![2, 3] };
            let dense = sparse(&proto, &ExternalFiles::default(), 100).expect("a readable tensor");
            assert_eq!(dense.to_floats()[..], [0.0, 5.0, 0.0, 0.0, 0.0, 6.0]);
        }
        let mut outside = proto(DataType::Int64, &[2]);
        outside.int64_data = vec![1, 6];
        let proto = SparseTensorProto { values: Some(sparse_values), indices: Some(outside), dims: vec![2, 3] };
        assert!(sparse(&proto, &ExternalFiles::default(), 100).is_err());
    }
}
