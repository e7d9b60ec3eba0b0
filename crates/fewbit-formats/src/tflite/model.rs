//! [`Model`]: what a file holds, its records checked and its tensors and operators counted.

use super::builtin::BUILTIN_OPERATORS;
use super::element;
use super::error::TfliteError;
use super::flatbuffer::{Record, Records};
use super::schema;
use crate::onnx::message::tensor_proto::DataType;
use std::borrow::Cow;
use std::collections::HashSet;

/// What a file begins with, behind the place of its root.
const IDENTIFIER: &[u8] = b"TFL3";

/// The main network of a file.
#[derive(Clone, Debug)]
pub(super) struct Model<'f> {
    pub(super) name: String,
    pub(super) tensors: Vec<Tensor<'f>>,
    /// Places of tensors.
    pub(super) inputs: Vec<usize>,
    pub(super) outputs: Vec<usize>,
    /// In an order in which they can run.
    pub(super) operators: Vec<Operator<'f>>,
    pub(super) warnings: Vec<String>,
}

/// A tensor, whether constant or computed.
#[derive(Clone, Debug)]
pub(super) struct Tensor<'f> {
    /// Its name, which no other tensor has.
    pub(super) name: String,
    pub(super) dims: Vec<i32>,
    /// The type of its values; or what is to be said of one that is not supported.
    pub(super) data_type: Result<DataType, String>,
    /// The values of a constant.
    pub(super) bytes: Option<&'f [u8]>,
    /// Which real numbers its integers stand for.
    pub(super) quantization: Option<Quantization>,
}

/// Which real numbers integers stand for: `scale * (integer - zero point)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Quantization {
    /// One for the whole tensor, or one for each place along the axis.
    pub(super) scales: Vec<f32>,
    /// As many as there are scales.
    pub(super) zero_points: Vec<i64>,
    pub(super) axis: usize,
}

/// An operator applied to tensors.
#[derive(Clone, Debug)]
pub(super) struct Operator<'f> {
    /// TensorFlow Lite's name; `CUSTOM` and a name for one of somebody else's.
    pub(super) name: Cow<'static, str>,
    /// Places of tensors; `None` for an optional one that is missing.
    pub(super) inputs: Vec<Option<usize>>,
    pub(super) outputs: Vec<usize>,
    pub(super) options: Option<Record<'f>>,
}

/// How many bytes may still be taken for what the file says: records can be shared, so that a small file could otherwise
/// claim any amount of memory.
struct Budget(usize);

impl Budget {
    fn of_file(bytes: &[u8]) -> Self {
        Self(bytes.len().saturating_mul(16).saturating_add(1 << 20))
    }

    fn take(&mut self, bytes: usize) -> Result<(), TfliteError> {
        self.0 = self.0.checked_sub(bytes).ok_or(TfliteError::TooLarge)?;
        Ok(())
    }
}

impl<'f> Model<'f> {
    /// Reads the records of a file.
    pub(super) fn new(bytes: &'f [u8]) -> Result<Self, TfliteError> {
        if bytes.get(4..8) != Some(IDENTIFIER) {
            return Err(TfliteError::Decode("its bytes 4 to 7 are not 'TFL3'".into()));
        }
        let root = Record::root(bytes)?;
        let subgraphs = root.records(schema::model::SUBGRAPHS)?;
        let graph = subgraphs.get(0)?.ok_or(TfliteError::NoNetwork("it has no graph"))?;
        let mut warnings = Vec::new();
        if subgraphs.len() > 1 {
            warnings.push(format!("the file has {} graphs; the first is read", subgraphs.len()));
        }
        let mut budget = Budget::of_file(bytes);
        let buffers = root.records(schema::model::BUFFERS)?;
        let tensors = tensors(graph, bytes, buffers, &mut budget)?;
        let places = |field: usize, budget: &mut Budget| -> Result<Vec<usize>, TfliteError> {
            let list = graph.ints(field)?;
            budget.take(list.len() * size_of::<usize>())?;
            list.into_iter().map(|place| tensor_place(place, tensors.len())).collect()
        };
        let inputs = places(schema::subgraph::INPUTS, &mut budget)?;
        let outputs = places(schema::subgraph::OUTPUTS, &mut budget)?;
        if outputs.is_empty() {
            return Err(TfliteError::NoNetwork("its graph has no outputs"));
        }
        let codes = root.records(schema::model::OPERATOR_CODES)?;
        let operators = operators(graph, codes, tensors.len(), &mut budget)?;
        Ok(Self { name: graph.text(schema::subgraph::NAME)?, tensors, inputs, outputs, operators, warnings })
    }
}

/// A place in the list of tensors, checked.
fn tensor_place(place: i32, count: usize) -> Result<usize, TfliteError> {
    let error = || TfliteError::Decode(format!("it refers to tensor {place}, but has {count}"));
    usize::try_from(place).ok().filter(|&place| place < count).ok_or_else(error)
}

fn tensors<'f>(
    graph: Record<'f>,
    file: &'f [u8],
    buffers: Records<'f>,
    budget: &mut Budget,
) -> Result<Vec<Tensor<'f>>, TfliteError> {
    let mut tensors = Vec::new();
    let mut names = HashSet::new();
    for (place, record) in graph.records(schema::subgraph::TENSORS)?.iter().enumerate() {
        let record = record?;
        let mut name = record.text(schema::tensor::NAME)?;
        budget.take(2 * name.len() + size_of::<Tensor<'_>>())?;
        // Converters put the names of all that they join in one operator one behind the other.
        name.truncate(name.find(';').unwrap_or(name.len()));
        if name.is_empty() {
            name = format!("tensor_{place}");
        }
        while !names.insert(name.clone()) {
            name = format!("{name}_{place}");
        }
        let error = |reason: String| TfliteError::Tensor { name: name.clone(), reason };
        let code: i8 = record.get_or(schema::tensor::TYPE, 0)?;
        let data_type = match element::data_type(code) {
            Some(_) if record.get::<Record<'f>>(schema::tensor::SPARSITY)?.is_some() => {
                Err(format!("its tensor '{name}' is sparse"))
            }
            Some(_) if record.get_or(schema::tensor::IS_VARIABLE, false)? => {
                Err(format!("its tensor '{name}' is a state that is kept from run to run"))
            }
            Some(data_type) => Ok(data_type),
            None => Err(format!("its tensor '{name}' is of type number {code}, which is not supported")),
        };
        let dims = record.ints(schema::tensor::SHAPE)?;
        budget.take(dims.len() * size_of::<i32>())?;
        let bytes = match record.get_or(schema::tensor::BUFFER, 0u32)? as usize {
            // The first buffer is that of all tensors without values.
            0 => None,
            place => {
                let buffer = buffers.get(place)?.ok_or_else(|| error(format!("its buffer {place} is not there")))?;
                values(buffer, file)?
            }
        };
        budget.take(bytes.map_or(0, <[u8]>::len))?;
        let quantization = match record.get(schema::tensor::QUANTIZATION)? {
            Some(record) => quantization(record, budget)?.map_err(error)?,
            None => None,
        };
        tensors.push(Tensor { name, dims, data_type, bytes, quantization });
    }
    Ok(tensors)
}

/// The bytes of a buffer; `None` for one without values.
fn values<'f>(buffer: Record<'f>, file: &'f [u8]) -> Result<Option<&'f [u8]>, TfliteError> {
    let data = buffer.bytes(schema::buffer::DATA)?;
    let offset: u64 = buffer.get_or(schema::buffer::OFFSET, 0)?;
    // Writers put 1 where they do not know the place yet.
    if !data.is_empty() || offset <= 1 {
        return Ok(Some(data).filter(|data| !data.is_empty()));
    }
    let size: u64 = buffer.get_or(schema::buffer::SIZE, 0)?;
    let range = usize::try_from(offset).ok().zip(offset.checked_add(size).and_then(|end| usize::try_from(end).ok()));
    let data = range.and_then(|(start, end)| file.get(start..end));
    data.map(Some).ok_or_else(|| TfliteError::Decode("a buffer lies outside of it".into()))
}

/// The quantisation of a tensor, if it has one; or what is wrong with it.
fn quantization(record: Record<'_>, budget: &mut Budget) -> Result<Result<Option<Quantization>, String>, TfliteError> {
    let scales = record.floats(schema::quantization::SCALE)?;
    let mut zero_points = record.longs(schema::quantization::ZERO_POINT)?;
    budget.take(scales.len() * size_of::<f32>() + zero_points.len() * size_of::<i64>())?;
    let details: u8 = record.get_or(schema::quantization::DETAILS_TYPE, 0)?;
    if details != 0 {
        return Ok(Err("its values are quantised in a way of which fewbit does not know".into()));
    }
    if scales.is_empty() {
        return Ok(Ok(None));
    }
    if zero_points.is_empty() {
        zero_points = vec![0];
    }
    if let [zero] = zero_points[..] {
        zero_points = vec![zero; scales.len()];
    }
    if zero_points.len() != scales.len() {
        return Ok(Err(format!("it has {} scales, but {} zero points", scales.len(), zero_points.len())));
    }
    if scales.iter().any(|scale| !scale.is_finite() || *scale < 0.0) {
        return Ok(Err("it has a scale that is no positive number".into()));
    }
    let axis: i32 = record.get_or(schema::quantization::QUANTIZED_DIMENSION, 0)?;
    let axis =
        usize::try_from(axis).map_err(|_| TfliteError::Decode(format!("a tensor is quantised along axis {axis}")));
    Ok(Ok(Some(Quantization { scales, zero_points, axis: axis? })))
}

fn operators<'f>(
    graph: Record<'f>,
    codes: Records<'f>,
    tensors: usize,
    budget: &mut Budget,
) -> Result<Vec<Operator<'f>>, TfliteError> {
    let mut operators = Vec::new();
    for record in graph.records(schema::subgraph::OPERATORS)?.iter() {
        let record = record?;
        let code: u32 = record.get_or(schema::operator::OPCODE_INDEX, 0)?;
        let missing = || TfliteError::Decode(format!("it refers to operator code {code}, which is not there"));
        let name = operator_name(codes.get(code as usize)?.ok_or_else(missing)?)?;
        let (inputs, outputs) = (record.ints(schema::operator::INPUTS)?, record.ints(schema::operator::OUTPUTS)?);
        budget.take(name.len() + (inputs.len() + outputs.len()) * size_of::<Option<usize>>())?;
        budget.take(size_of::<Operator<'_>>())?;
        let place = |place: i32| tensor_place(place, tensors);
        let optional = |it: i32| if it == -1 { Ok(None) } else { place(it).map(Some) };
        operators.push(Operator {
            name,
            inputs: inputs.into_iter().map(optional).collect::<Result<_, _>>()?,
            outputs: outputs.into_iter().map(place).collect::<Result<_, _>>()?,
            options: record.get(schema::operator::BUILTIN_OPTIONS)?,
        });
    }
    Ok(operators)
}

/// The name of an operator. Old files have its number in a byte, newer ones where it does not fit elsewhere.
fn operator_name(code: Record<'_>) -> Result<Cow<'static, str>, TfliteError> {
    let byte: i8 = code.get_or(schema::operator_code::DEPRECATED_BUILTIN_CODE, 0)?;
    let word: i32 = code.get_or(schema::operator_code::BUILTIN_CODE, 0)?;
    let number = word.max(byte.into());
    let name = usize::try_from(number).ok().and_then(|number| BUILTIN_OPERATORS.get(number));
    Ok(match name.copied() {
        Some("CUSTOM") => format!("CUSTOM {}", code.text(schema::operator_code::CUSTOM_CODE)?).into(),
        Some(name) => name.into(),
        None => format!("operator number {number}").into(),
    })
}
