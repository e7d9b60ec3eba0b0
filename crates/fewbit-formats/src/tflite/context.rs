//! [`Context`]: an operator while nodes of ONNX's are made of it.

use super::flatbuffer::Record;
use super::graph::Graph;
use super::model::{Operator, Tensor};
use super::schema::options;
use crate::onnx::emitter::{Emitter, Value, float, int};
use crate::onnx::error::NodeError;
use crate::onnx::message::AttributeProto;
use crate::onnx::message::tensor_proto::DataType;
use planus::TableRead;

type Result<T> = std::result::Result<T, NodeError>;

/// From channels last to channels first, and back.
const CHANNELS_FIRST: [usize; 4] = [0, 3, 1, 2];
const CHANNELS_LAST: [usize; 4] = [0, 2, 3, 1];

/// An operator, and the graph that its nodes go to.
pub(super) struct Context<'c, 'm, 'f> {
    pub(super) graph: &'c mut Graph<'m, 'f>,
    pub(super) operator: &'c Operator<'f>,
}

impl<'f> Context<'_, '_, 'f> {
    /// How many inputs there are.
    pub(super) fn input_count(&self) -> usize {
        self.operator.inputs.len()
    }

    /// How many outputs there are.
    pub(super) fn output_count(&self) -> usize {
        self.operator.outputs.len()
    }

    /// Whether an input is given.
    pub(super) fn has(&self, input: usize) -> bool {
        self.place(input).is_some()
    }

    fn place(&self, input: usize) -> Option<usize> {
        self.operator.inputs.get(input).copied().flatten()
    }

    fn required(&self, input: usize) -> Result<usize> {
        self.place(input).ok_or_else(|| NodeError::invalid(format!("input {input} is missing")))
    }

    fn tensor(&self, input: usize) -> Result<&Tensor<'f>> {
        Ok(&self.graph.model.tensors[self.required(input)?])
    }

    /// The real numbers of an input.
    pub(super) fn input(&mut self, input: usize) -> Result<Value> {
        let place = self.required(input)?;
        self.graph.value(place)
    }

    /// All inputs.
    pub(super) fn inputs(&mut self) -> Result<Vec<Value>> {
        (0..self.input_count()).map(|input| self.input(input)).collect()
    }

    /// An input with its axes in another order, weights for example.
    pub(super) fn turned(&mut self, input: usize, order: &[usize]) -> Result<Value> {
        let place = self.required(input)?;
        if self.graph.model.tensors[place].dims.len() != order.len() {
            let rank = order.len();
            return Err(NodeError::invalid(format!("input {input} must have {rank} axes")));
        }
        match self.graph.model.tensors[place].bytes {
            Some(_) => self.graph.turned_constant(place, order),
            None => {
                let value = self.graph.value(place)?;
                Ok(self.emitter().transpose(&value, order))
            }
        }
    }

    /// An image with its channels first.
    pub(super) fn image(&mut self, input: usize) -> Result<Value> {
        self.turned(input, &CHANNELS_FIRST)
    }

    /// An image with its channels last again.
    pub(super) fn channels_last(&mut self, image: &str) -> Value {
        self.emitter().transpose(image, &CHANNELS_LAST)
    }

    /// The shape that the file states for an input. Its first extent need not be the one of the network, whose batch size can
    /// be changed.
    pub(super) fn dims(&self, input: usize) -> Result<Vec<usize>> {
        dims(self.tensor(input)?)
    }

    /// How many axes an input has.
    pub(super) fn rank(&self, input: usize) -> Result<usize> {
        Ok(self.tensor(input)?.dims.len())
    }

    /// The shape that the file states for the first output.
    pub(super) fn output_dims(&self) -> Result<Vec<usize>> {
        let output = self.operator.outputs.first().ok_or_else(|| NodeError::invalid("it has no output"))?;
        dims(&self.graph.model.tensors[*output])
    }

    /// The type of the first output.
    pub(super) fn output_type(&self) -> Result<DataType> {
        let output = self.operator.outputs.first().ok_or_else(|| NodeError::invalid("it has no output"))?;
        self.graph.model.tensors[*output].data_type.clone().map_err(NodeError::unsupported)
    }

    /// The integers of an input that must be constant. `what` it is, for people.
    pub(super) fn integers(&self, input: usize, what: &str) -> Result<Vec<i64>> {
        let tensor = self.tensor(input)?;
        let Some(bytes) = tensor.bytes else {
            return Err(NodeError::unsupported(format!("{what} must be constant")));
        };
        /// The values of a type of `N` bytes.
        fn all<const N: usize>(bytes: &[u8], value: impl Fn([u8; N]) -> i64) -> Vec<i64> {
            bytes.chunks_exact(N).map(|chunk| value(chunk.try_into().unwrap_or([0; N]))).collect()
        }
        match tensor.data_type {
            Ok(DataType::Int32) => Ok(all(bytes, |word| i32::from_le_bytes(word).into())),
            Ok(DataType::Int64) => Ok(all(bytes, i64::from_le_bytes)),
            _ => Err(NodeError::unsupported(format!("{what} must be integers of 32 or 64 bits"))),
        }
    }

    /// The axis that an input names, which must be constant.
    pub(super) fn axis(&self, input: usize) -> Result<i64> {
        match self.integers(input, "the axis")?[..] {
            [axis] => Ok(axis),
            _ => Err(NodeError::invalid("its axis must be a single number")),
        }
    }

    /// The nodes so far.
    pub(super) fn emitter(&mut self) -> &mut Emitter {
        &mut self.graph.emitter
    }

    /// Adds a node.
    pub(super) fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> Value {
        self.emitter().node(operator, inputs, attributes)
    }

    /// An option, or its default value.
    pub(super) fn option<T: TableRead<'f>>(&self, field: usize, default: T) -> Result<T> {
        let damaged = |error: planus::Error| NodeError::invalid(error.to_string());
        match &self.operator.options {
            Some(options) => options.get_or(field, default).map_err(damaged),
            None => Ok(default),
        }
    }

    /// The options, if there are any.
    pub(super) fn options(&self) -> Option<Record<'f>> {
        self.operator.options
    }

    /// An option that is an integer, or zero.
    pub(super) fn int_option(&self, field: usize) -> Result<i64> {
        Ok(self.option(field, 0i32)?.into())
    }

    /// An option that is yes or no.
    pub(super) fn flag(&self, field: usize) -> Result<bool> {
        self.option(field, false)
    }

    /// How a window is padded, as an attribute.
    pub(super) fn auto_pad(&self) -> Result<AttributeProto> {
        let name = match self.option(options::PADDING, 0i8)? {
            0 => "SAME_UPPER",
            1 => "VALID",
            other => return Err(NodeError::unsupported(format!("padding number {other} is not known"))),
        };
        Ok(crate::onnx::emitter::word("auto_pad", name))
    }

    /// The steps of a window, as an attribute.
    pub(super) fn strides(&self) -> Result<AttributeProto> {
        Ok(ints("strides", &[self.int_option(options::STRIDE_H)?, self.int_option(options::STRIDE_W)?]))
    }

    /// Applies the function that an operator has built in.
    pub(super) fn activated(&mut self, value: Value, field: usize) -> Result<Value> {
        match self.option(field, 0i8)? {
            0 => Ok(value),
            1 => Ok(self.node("Relu", &[&value], Vec::new())),
            2 => Ok(self.clipped(&value, -1.0, 1.0)),
            3 => Ok(self.clipped(&value, 0.0, 6.0)),
            4 => Ok(self.node("Tanh", &[&value], Vec::new())),
            other => Err(NodeError::unsupported(format!("its activation, number {other}, is not supported"))),
        }
    }

    /// A value brought into a range.
    pub(super) fn clipped(&mut self, value: &str, low: f32, high: f32) -> Value {
        let (low, high) = (self.emitter().number(low), self.emitter().number(high));
        self.node("Clip", &[value, &low, &high], Vec::new())
    }

    /// An operator of two values.
    pub(super) fn pair(&mut self, operator: &str) -> Result<Value> {
        let (a, b) = (self.input(0)?, self.input(1)?);
        Ok(self.node(operator, &[&a, &b], Vec::new()))
    }

    /// A value without axes that have one item.
    pub(super) fn squeezed(&mut self, value: &str, axes: &[i64]) -> Value {
        let axes = self.emitter().integers(axes);
        self.node("Squeeze", &[value, &axes], Vec::new())
    }

    /// A value with more axes, of one item each.
    pub(super) fn unsqueezed(&mut self, value: &str, axes: &[i64]) -> Value {
        let axes = self.emitter().integers(axes);
        self.node("Unsqueeze", &[value, &axes], Vec::new())
    }
}

fn dims(tensor: &Tensor<'_>) -> Result<Vec<usize>> {
    let dims: Option<Vec<usize>> = tensor.dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
    dims.ok_or_else(|| NodeError::invalid(format!("tensor '{}' has a negative extent", tensor.name)))
}

/// A list of integers as an attribute.
pub(super) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    use crate::onnx::message::attribute_proto::AttributeType;
    AttributeProto {
        name: name.into(),
        ints: values.to_vec(),
        r#type: AttributeType::Ints.into(),
        ..AttributeProto::default()
    }
}

/// An axis as an attribute.
pub(super) fn axis(axis: i64) -> Vec<AttributeProto> {
    vec![int("axis", axis)]
}

/// A slope or the like as an attribute.
pub(super) fn alpha(alpha: f32) -> Vec<AttributeProto> {
    vec![float("alpha", alpha)]
}
