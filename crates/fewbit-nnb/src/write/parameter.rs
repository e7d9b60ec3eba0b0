//! Parameters as stored: in the arrangement that devices want, and in their number format.

use super::EncodeError;
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use fewbit_core::{Function, Network, NumberFormat, Operation, Rounding, Shape};

/// How the values of a parameter are arranged in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrangement {
    /// As in the network.
    Plain,
    /// Transposed from `(in, out)` to `(out, in)`, so that a device reads the weights of an output in a row.
    Transposed,
    /// Only the first value: no function reads them.
    CutToOne,
}

impl Arrangement {
    /// The values in this arrangement.
    pub fn apply(self, values: &[f32], shape: Shape) -> Cow<'_, [f32]> {
        match self {
            Self::Plain => Cow::Borrowed(values),
            Self::CutToOne => Cow::Borrowed(&values[..values.len().min(1)]),
            Self::Transposed => {
                let (rows, columns) = shape.split_items(1);
                Cow::Owned(transpose(values, rows, columns))
            }
        }
    }
}

/// The transpose of a matrix in row-major order.
pub fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    (0..columns).flat_map(|column| (0..rows).map(move |row| values[row * columns + column])).collect()
}

/// The inputs of a function that are stored in an arrangement of their own.
pub fn arranged_inputs(operation: &Operation) -> &'static [(usize, Arrangement)] {
    match operation {
        Operation::Known(Function::Affine(_)) => &[(1, Arrangement::Transposed)],
        Operation::Known(Function::BinaryConnectAffine(_) | Function::BinaryWeightAffine(_)) => {
            &[(1, Arrangement::Transposed), (2, Arrangement::Transposed)]
        }
        Operation::Known(Function::BinaryConnectConvolution(_) | Function::BinaryWeightConvolution(_)) => {
            &[(1, Arrangement::CutToOne)]
        }
        _ => &[],
    }
}

/// The arrangement of each variable.
pub fn arrangements(network: &Network) -> Result<Vec<Arrangement>, EncodeError> {
    let mut arrangements: Vec<Option<Arrangement>> = vec![None; network.variables.len()];
    for node in &network.nodes {
        let arranged = arranged_inputs(&node.operation);
        for (index, id) in node.inputs.iter().enumerate() {
            let wanted = arranged.iter().find(|(input, _)| *input == index);
            let wanted = wanted.map_or(Arrangement::Plain, |(_, arrangement)| *arrangement);
            if network.variable(*id).is_buffer() {
                continue;
            }
            let known = &mut arrangements[id.0];
            *known = Some(match *known {
                None => wanted,
                Some(known) if known == wanted => known,
                // A function that reads no values takes any arrangement.
                Some(Arrangement::CutToOne) => wanted,
                Some(known) if wanted == Arrangement::CutToOne => known,
                Some(_) => return Err(EncodeError::SharedWeight(network.variable(*id).name.clone())),
            });
        }
    }
    Ok(arrangements.into_iter().map(|arrangement| arrangement.unwrap_or(Arrangement::Plain)).collect())
}

/// The bytes of values in a number format, rounded to the nearest, ties to even.
pub fn stored(name: &str, values: &[f32], format: NumberFormat) -> Result<Vec<u8>, EncodeError> {
    let integers = || values.iter().map(|&value| format.quantize(value, Rounding::HalfEven));
    Ok(match format {
        NumberFormat::Float32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        // `quantize` saturates at the ends of the type, so that the casts keep every value.
        NumberFormat::Fixed16 { .. } => integers().flat_map(|value| (value as i16).to_le_bytes()).collect(),
        NumberFormat::Fixed8 { .. } => integers().map(|value| value as i8 as u8).collect(),
        NumberFormat::Sign => {
            let mut bytes = vec![0u8; values.len().div_ceil(8)];
            for (index, &value) in values.iter().enumerate() {
                match value {
                    1.0 => bytes[index / 8] |= 1 << (index % 8),
                    // Zeros are weights that were never trained; NNabla stores them as -1.
                    -1.0 | 0.0 => {}
                    value => return Err(EncodeError::NotASign { name: name.into(), value }),
                }
            }
            bytes
        }
    })
}
