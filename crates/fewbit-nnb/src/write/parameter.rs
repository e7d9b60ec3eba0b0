//! Parameters as stored: in the arrangement that devices want, and in their number format.

use super::EncodeError;
use alloc::borrow::Cow;
use alloc::vec;
use alloc::vec::Vec;
use fewbit_core::{Function, Network, NumberFormat, Operation, Rounding, Shape, Variable};

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

/// The bytes of a parameter's values, which are in their arrangement: rounded to the nearest, ties to even.
pub fn stored(variable: &Variable, values: &[f32]) -> Result<Vec<u8>, EncodeError> {
    let format = variable.format;
    Ok(match format {
        NumberFormat::Float32 => values.iter().flat_map(|value| value.to_le_bytes()).collect(),
        NumberFormat::Sign => {
            if let Some(&value) = values.iter().find(|value| ![1.0, -1.0, 0.0].contains(*value)) {
                return Err(EncodeError::NotASign { name: variable.name.clone(), value });
            }
            // Zeros are weights that were never trained; NNabla stores them as -1.
            pack(values.iter().map(|&value| i32::from(value == 1.0)), 1)
        }
        // `quantize` saturates at the ends of the type, so that the casts keep every value.
        NumberFormat::Fixed16 { .. } => {
            integers(variable, values).flat_map(|integer| (integer as i16).to_le_bytes()).collect()
        }
        NumberFormat::Fixed8 { .. } => integers(variable, values).map(|integer| integer as i8 as u8).collect(),
        NumberFormat::Fixed4 { .. } | NumberFormat::Fixed2 { .. } => pack(integers(variable, values), format.bits()),
    })
}

/// The integers of fixed-point values, each with the position of its channel.
fn integers(variable: &Variable, values: &[f32]) -> impl Iterator<Item = i32> {
    let positions = variable.channel_positions.as_deref().unwrap_or(&[]);
    // A valid network's positions divide the items.
    let channel_items = values.len().checked_div(positions.len()).unwrap_or(values.len()).max(1);
    values.chunks(channel_items).enumerate().flat_map(move |(channel, values)| {
        let format =
            positions.get(channel).map_or(variable.format, |&position| variable.format.with_position(position));
        values.iter().map(move |&value| format.quantize(value, Rounding::HalfEven))
    })
}

/// Integers of fewer than 8 bits, packed from the lowest bits of each byte on.
fn pack(integers: impl Iterator<Item = i32>, bits: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, integer) in integers.enumerate() {
        let shift = index * bits % 8;
        if shift == 0 {
            bytes.push(0);
        }
        if let Some(byte) = bytes.last_mut() {
            *byte |= (integer as u8 & ((1 << bits) - 1)) << shift;
        }
    }
    bytes
}
