//! Real numbers to stored integers, and back.

use crate::onnx::emitter::{Emitter, Value, int, size};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::{Function, Network, Node, NumberFormat, Operation, Rounding, Shape, Variable, VariableId};

/// In which precision values are before they are rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Precision {
    /// Single, in which the value and a half more are exact.
    ExactSingle,
    /// Single: half more needs double precision.
    Double,
    /// Double already.
    IsDouble,
}

/// Stores real numbers in a format: the numbers that are read of it. Floats stay as they are.
pub(super) fn store(e: &mut Emitter, value: &str, format: NumberFormat, precision: Precision) -> Value {
    let Some(position) = format.position() else {
        return match precision {
            Precision::IsDouble => e.cast(value, DataType::Float),
            _ => value.to_owned(),
        };
    };
    let step = f64::from(position).exp2();
    let number = |e: &mut Emitter, number: f64| match precision {
        Precision::ExactSingle => e.number(number as f32),
        _ => e.constant(DataType::Double, &[], number.to_le_bytes().to_vec()),
    };
    let mut y = match precision {
        Precision::Double => e.cast(value, DataType::Double),
        _ => value.to_owned(),
    };
    if step != 1.0 {
        let step = number(e, step);
        y = e.node("Mul", &[&y, &step], vec![]);
    }
    let half = number(e, 0.5);
    y = e.node("Add", &[&y, &half], vec![]);
    y = e.node("Floor", &[&y], vec![]);
    if precision != Precision::ExactSingle {
        // Whole numbers that single precision does not hold are beyond the range of every format.
        y = e.cast(&y, DataType::Float);
    }
    let (one, step) = (e.number(1.0), e.number(format.step()));
    let zero = buffer_zero(e, format);
    let integers = e.node("QuantizeLinear", &[&y, &one, &zero], vec![]);
    e.node("DequantizeLinear", &[&integers, &step, &zero], vec![])
}

/// The zero point of a buffer's integers, which says their type too. Bytes are without a sign, with 128 for zero: others ONNX
/// Runtime changes into such on some processors, and breaks files of this version of the operators on the way.
fn buffer_zero(e: &mut Emitter, format: NumberFormat) -> Value {
    match data_type(format) {
        DataType::Int8 => e.constant(DataType::Uint8, &[], vec![128]),
        wide => e.constant(wide, &[], integer_bytes(wide, 0)),
    }
}

/// The type of the integers of a format; those of less than a byte take a byte.
fn data_type(format: NumberFormat) -> DataType {
    if format.bits() > 8 { DataType::Int16 } else { DataType::Int8 }
}

/// A number of a format's range in the bytes of its type.
fn integer_bytes(data_type: DataType, value: i32) -> Vec<u8> {
    match data_type {
        DataType::Int16 => (value as i16).to_le_bytes().to_vec(),
        _ => vec![value as i8 as u8],
    }
}

/// The input of the network as it is stored before anything reads it.
pub(in super::super) fn stored_input(e: &mut Emitter, variable: &Variable) -> Value {
    store(e, &variable.name, variable.format, Precision::Double)
}

/// The real numbers of a parameter: its stored integers times their steps.
pub(in super::super) fn stored_parameter(e: &mut Emitter, network: &Network, id: VariableId) -> Value {
    let variable = network.variable(id);
    let channels = Channels::new(network, id);
    let integers = stored_integers(network, id);
    let axis = usize::from(channels.transposed);
    let along_axis = variable.shape.get(axis).filter(|&&dim| dim.is_multiple_of(channels.formats.len()));
    let value = match (&channels.formats[..], along_axis) {
        ([format], _) => {
            let (constant, step) = (integer_constant(e, variable, &integers), e.number(format.step()));
            e.node("DequantizeLinear", &[&constant, &step], vec![])
        }
        (_, Some(&dim)) => {
            let constant = integer_constant(e, variable, &integers);
            let steps: Vec<f32> = (0..dim).map(|place| channels.of_output(place, dim).step()).collect();
            let steps = e.floats(&[dim], &steps);
            e.node("DequantizeLinear", &[&constant, &steps], vec![int("axis", size(axis))])
        }
        // Channels that are no axis by themselves: the numbers without their integers.
        (_, None) => {
            let real =
                integers.iter().enumerate().map(|(item, &integer)| integer as f32 * channels.of_item(item).step());
            e.floats(&variable.shape, &real.collect::<Vec<_>>())
        }
    };
    e.name(&value, &variable.name);
    variable.name.clone()
}

fn integer_constant(e: &mut Emitter, variable: &Variable, integers: &[i32]) -> Value {
    let data_type = data_type(variable.format);
    let bytes = integers.iter().flat_map(|&integer| integer_bytes(data_type, integer)).collect();
    e.constant(data_type, &variable.shape, bytes)
}

/// The formats of the channels of a variable, which are the outermost axis of its values as they are stored.
pub(super) struct Channels {
    shape: Shape,
    /// Whether it is stored transposed: the weights of an affine function are.
    transposed: bool,
    /// One for each channel, or one for all.
    formats: Vec<NumberFormat>,
}

impl Channels {
    pub(super) fn new(network: &Network, id: VariableId) -> Self {
        let variable = network.variable(id);
        let formats = match &variable.channel_positions {
            Some(positions) if !positions.is_empty() => {
                positions.iter().map(|&position| variable.format.with_position(position)).collect()
            }
            _ => vec![variable.format],
        };
        let reads_transposed = |node: &Node| {
            let weights = match &node.operation {
                Operation::Known(Function::Affine(_)) => 1..2,
                Operation::Known(Function::BinaryConnectAffine(_) | Function::BinaryWeightAffine(_)) => 1..3,
                _ => 0..0,
            };
            node.inputs.iter().enumerate().any(|(index, other)| *other == id && weights.contains(&index))
        };
        // Only where channels differ it matters.
        let transposed = formats.len() > 1 && network.nodes.iter().any(reads_transposed);
        Self { shape: variable.shape, transposed, formats }
    }

    /// The one format of all channels, if they have the same.
    pub(super) fn single(&self) -> Option<NumberFormat> {
        if let [format] = self.formats[..] { Some(format) } else { None }
    }

    /// The format of one of so many outputs of the function that multiplies by the variable.
    pub(super) fn of_output(&self, output: usize, outputs: usize) -> NumberFormat {
        self.formats[(output * self.formats.len() / outputs.max(1)).min(self.formats.len() - 1)]
    }

    /// The format of an item of the variable.
    fn of_item(&self, item: usize) -> NumberFormat {
        let (rows, columns) = self.shape.split_items(1);
        let stored = match self.transposed {
            true => item % columns.max(1) * rows + item / columns.max(1),
            false => item,
        };
        self.of_output(stored, self.shape.items())
    }
}

/// The integers that are stored for a parameter: rounded to the nearest, halves to even. None for a buffer.
pub(super) fn stored_integers(network: &Network, id: VariableId) -> Vec<i32> {
    let channels = Channels::new(network, id);
    let stored = |(item, &value): (usize, &f32)| match channels.of_item(item) {
        // What was never trained is zero, which is stored as -1.
        NumberFormat::Sign if value > 0.0 => 1,
        NumberFormat::Sign => -1,
        format => format.quantize(value, Rounding::HalfEven),
    };
    network.variable(id).values().unwrap_or(&[]).iter().enumerate().map(stored).collect()
}
