//! The ONNX graph of a file while it is made.
//!
//! Every tensor is a value of real numbers under its name. Of a quantised tensor, the real numbers are those that its
//! integers stand for: constants go through `DequantizeLinear`, which is computed when the graph is read, and what is computed
//! goes through `QuantizeLinear` and `DequantizeLinear`. Inputs and outputs of the network are real numbers too.

use super::context::Context;
use super::element;
use super::error::TfliteError;
use super::model::{Model, Operator, Quantization};
use super::operators;
use crate::onnx::emitter::{Emitter, Value, int, size};
use crate::onnx::error::NodeError;
use crate::onnx::message::tensor_proto::DataType;
use crate::onnx::message::tensor_shape_proto::{Dimension, dimension};
use crate::onnx::message::{
    GraphProto, ModelProto, OperatorSetIdProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use crate::onnx::{UnsupportedNode, UnsupportedNodes};

/// The version of ONNX's operators that the graph uses.
const OPSET: i64 = 21;

/// A file as ONNX has it.
pub(super) struct Translated {
    pub(super) message: ModelProto,
    /// Operators that are missing from it.
    pub(super) unsupported: UnsupportedNodes,
    pub(super) warnings: Vec<String>,
}

/// The graph while it is made.
pub(super) struct Graph<'m, 'f> {
    pub(super) model: &'m Model<'f>,
    pub(super) emitter: Emitter,
    /// The real numbers of each tensor, once they are there.
    values: Vec<Option<Value>>,
    /// Whether the name of a tensor is in use.
    named: Vec<bool>,
}

/// Translates a file.
///
/// # Errors
/// When an operator does not hold together.
pub(super) fn translate(model: &Model<'_>) -> Result<Translated, TfliteError> {
    let mut emitter = Emitter::default();
    emitter.reserve(model.tensors.iter().map(|tensor| &tensor.name));
    let (values, named) = (vec![None; model.tensors.len()], vec![false; model.tensors.len()]);
    let mut graph = Graph { model, emitter, values, named };
    let mut warnings = model.warnings.clone();
    let inputs = graph.inputs(&mut warnings)?;
    let mut unsupported = UnsupportedNodes::default();
    for (place, operator) in model.operators.iter().enumerate() {
        let output = operator.outputs.first().map_or("", |&output| model.tensors[output].name.as_str()).to_owned();
        match graph.operator(operator, &output) {
            Ok(()) => {}
            Err(NodeError::Unsupported(reason)) => {
                unsupported.0.push(UnsupportedNode { node: output, operator: operator.name.to_string(), reason });
            }
            Err(NodeError::Invalid(reason)) => {
                return Err(TfliteError::Operator { place, operator: operator.name.to_string(), output, reason });
            }
            Err(NodeError::TooManyConstants) => return Err(TfliteError::TooLarge),
        }
    }
    let mut outputs = Vec::new();
    for &output in &model.outputs {
        // What operators give that are missing has no value, and there is an error anyway.
        let value = graph.values[output].clone().unwrap_or_default();
        outputs.push(ValueInfoProto { name: value, r#type: None });
    }
    let message = ModelProto {
        graph: Some(GraphProto {
            node: graph.emitter.nodes,
            name: if model.name.is_empty() { "main".into() } else { model.name.clone() },
            initializer: graph.emitter.initializers,
            input: inputs,
            output: outputs,
            sparse_initializer: Vec::new(),
        }),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
        ..ModelProto::default()
    };
    Ok(Translated { message, unsupported, warnings })
}

impl<'f> Graph<'_, 'f> {
    /// The inputs of the network, which become the values of their tensors.
    fn inputs(&mut self, warnings: &mut Vec<String>) -> Result<Vec<ValueInfoProto>, TfliteError> {
        let model = self.model;
        let mut inputs = Vec::new();
        for &place in &model.inputs {
            let tensor = &model.tensors[place];
            let data_type = tensor.data_type.clone().map_err(|reason| {
                let name = tensor.name.clone();
                TfliteError::Tensor { name, reason }
            })?;
            let dim = |&dim: &i32| Dimension { value: Some(dimension::Value::DimValue(dim.into())) };
            let shape = TensorShapeProto { dim: tensor.dims.iter().map(dim).collect() };
            let quantized = self.is_quantized(place);
            let elem_type = if quantized { DataType::Float } else { data_type };
            let info = type_proto::Tensor { elem_type: elem_type.into(), shape: Some(shape) };
            inputs.push(ValueInfoProto {
                name: tensor.name.clone(),
                r#type: Some(TypeProto { tensor_type: Some(info) }),
            });
            self.named[place] = true;
            let mut value = tensor.name.clone();
            if let Some(quantization) = tensor.quantization.as_ref().filter(|_| quantized) {
                warnings.push(format!(
                    "input '{}' holds integers in the file; fewbit takes the real numbers that they stand for, in steps of {}",
                    tensor.name, quantization.scales[0]
                ));
                self.emitter.enter(&tensor.name);
                value = self.rounded(&value, place, data_type, quantization)?;
            }
            self.values[place] = Some(value);
        }
        Ok(inputs)
    }

    /// Whether a tensor is computed in integers that stand for real numbers.
    pub(super) fn is_quantized(&self, place: usize) -> bool {
        let tensor = &self.model.tensors[place];
        let types = [DataType::Int8, DataType::Uint8, DataType::Int16, DataType::Uint16];
        tensor.quantization.is_some() && tensor.data_type.as_ref().is_ok_and(|it| types.contains(it))
    }

    /// Adds the nodes of an operator.
    fn operator(&mut self, operator: &Operator<'f>, name: &str) -> Result<(), NodeError> {
        let row = operators::find(&operator.name)
            .ok_or_else(|| NodeError::unsupported("fewbit has no function for this operator"))?;
        let tensors = operator.inputs.iter().flatten().chain(&operator.outputs);
        for &place in tensors {
            if let Err(reason) = &self.model.tensors[place].data_type {
                return Err(NodeError::unsupported(reason));
            }
        }
        let first = self.emitter.nodes.len();
        self.emitter.enter(name);
        // What depends on an operator that is missing is left out.
        let missing = |&place: &usize| self.values[place].is_none() && self.model.tensors[place].bytes.is_none();
        if operator.inputs.iter().flatten().any(missing) {
            return Ok(());
        }
        let results = (row.translate)(&mut Context { graph: self, operator })?;
        if results.len() != operator.outputs.len() {
            let (found, expected) = (operator.outputs.len(), results.len());
            return Err(NodeError::invalid(format!("it has {found} outputs, but must have {expected}")));
        }
        for (&place, value) in operator.outputs.iter().zip(results) {
            self.bind(operator, row, place, &value)?;
        }
        // The node that computes is called after what it gives; those around it keep their made-up names.
        let around = ["Transpose", "Reshape", "Squeeze", "Identity", "DequantizeLinear", "QuantizeLinear"];
        let computes = |operator: &str| !around.contains(&operator);
        if let Some(node) = self.emitter.nodes[first..].iter_mut().find(|node| computes(&node.op_type)) {
            node.name = name.into();
        }
        Ok(())
    }

    /// Makes a value that of a tensor, rounded if the tensor is quantised.
    fn bind(
        &mut self,
        operator: &Operator<'_>,
        row: &operators::Operator,
        place: usize,
        value: &str,
    ) -> Result<(), NodeError> {
        let model = self.model;
        if self.values[place].is_some() || model.tensors[place].bytes.is_some() {
            return Err(NodeError::invalid(format!("its output '{}' is given already", model.tensors[place].name)));
        }
        let tensor = &model.tensors[place];
        // Values that are only moved are rounded already.
        let mut sources = operator.inputs.iter().flatten().filter(|&&input| self.is_quantized(input)).peekable();
        let same = |&input: &usize| {
            let input = &model.tensors[input];
            input.data_type == tensor.data_type && input.quantization == tensor.quantization
        };
        let moved = row.moves && sources.peek().is_some() && sources.all(same);
        let value = match (&tensor.quantization, &tensor.data_type) {
            (Some(quantization), Ok(data_type)) if self.is_quantized(place) && !moved => {
                let (data_type, quantization) = (*data_type, quantization.clone());
                self.rounded(value, place, data_type, &quantization)
                    .map_err(|error| NodeError::invalid(error.to_string()))?
            }
            _ => value.to_owned(),
        };
        self.name(&value, place);
        self.values[place] = Some(tensor.name.clone());
        Ok(())
    }

    /// Gives a value the name of a tensor.
    fn name(&mut self, value: &str, place: usize) {
        self.named[place] = true;
        self.emitter.name(value, &self.model.tensors[place].name);
    }

    /// Scales and zero points of a tensor as constants, and the axis that they lie along.
    fn factors(
        &mut self,
        place: usize,
        data_type: DataType,
        quantization: &Quantization,
    ) -> Result<[Value; 2], TfliteError> {
        let Quantization { scales, zero_points, .. } = quantization;
        let error = || TfliteError::Tensor {
            name: self.model.tensors[place].name.clone(),
            reason: "its zero point is no value of its type".into(),
        };
        let zeros = element::to_bytes(data_type, zero_points).ok_or_else(error)?;
        let dims: &[usize] = if scales.len() == 1 { &[] } else { &[scales.len()] };
        let scales = self.emitter.floats(dims, scales);
        Ok([scales, self.emitter.constant(data_type, dims, zeros)])
    }

    /// Real numbers as a tensor holds them: the nearest that its integers stand for.
    fn rounded(
        &mut self,
        value: &str,
        place: usize,
        data_type: DataType,
        quantization: &Quantization,
    ) -> Result<Value, TfliteError> {
        if quantization.scales.contains(&0.0) {
            let name = self.model.tensors[place].name.clone();
            return Err(TfliteError::Tensor { name, reason: "it has the scale 0".into() });
        }
        let [scale, zero] = self.factors(place, data_type, quantization)?;
        let axis = || vec![int("axis", size(quantization.axis))];
        let integers = self.emitter.node("QuantizeLinear", &[value, &scale, &zero], axis());
        Ok(self.emitter.node("DequantizeLinear", &[&integers, &scale, &zero], axis()))
    }

    /// The real numbers of a tensor.
    pub(super) fn value(&mut self, place: usize) -> Result<Value, NodeError> {
        if let Some(value) = &self.values[place] {
            return Ok(value.clone());
        }
        let value = self.constant(place)?;
        self.name(&value, place);
        let name = self.model.tensors[place].name.clone();
        self.values[place] = Some(name.clone());
        Ok(name)
    }

    /// A constant tensor with its axes in another order. It has the tensor's name unless something else has.
    pub(super) fn turned_constant(&mut self, place: usize, order: &[usize]) -> Result<Value, NodeError> {
        let value = match &self.values[place] {
            Some(value) => value.clone(),
            None => self.constant(place)?,
        };
        let turned = self.emitter.transpose(&value, order);
        if self.named[place] {
            return Ok(turned);
        }
        self.name(&turned, place);
        Ok(self.model.tensors[place].name.clone())
    }

    /// The real numbers of a constant, under a name that is made up.
    fn constant(&mut self, place: usize) -> Result<Value, NodeError> {
        let model = self.model;
        let tensor = &model.tensors[place];
        let (Some(bytes), Ok(data_type)) = (tensor.bytes, &tensor.data_type) else {
            return Err(NodeError::invalid(format!("nothing gives its input '{}'", tensor.name)));
        };
        let dims: Option<Vec<usize>> = tensor.dims.iter().map(|&dim| usize::try_from(dim).ok()).collect();
        let dims =
            dims.ok_or_else(|| NodeError::invalid(format!("its input '{}' has a negative extent", tensor.name)))?;
        let stored = self.emitter.constant(*data_type, &dims, bytes.to_vec());
        match &tensor.quantization {
            Some(quantization) if *data_type != DataType::Float => {
                let invalid = |error: TfliteError| NodeError::invalid(error.to_string());
                // Zero points of types that are not computed with are none.
                let wide = [DataType::Int32, DataType::Int64, DataType::Int4, DataType::Int2, DataType::Uint4];
                let axis = vec![int("axis", size(quantization.axis))];
                if wide.contains(data_type) {
                    if quantization.zero_points.iter().any(|&zero| zero != 0) {
                        return Err(NodeError::unsupported(format!("its input '{}' has a zero point", tensor.name)));
                    }
                    let dims: &[usize] =
                        if quantization.scales.len() == 1 { &[] } else { &[quantization.scales.len()] };
                    let scale = self.emitter.floats(dims, &quantization.scales);
                    return Ok(self.emitter.node("DequantizeLinear", &[&stored, &scale], axis));
                }
                let [scale, zero] = self.factors(place, *data_type, quantization).map_err(invalid)?;
                Ok(self.emitter.node("DequantizeLinear", &[&stored, &scale, &zero], axis))
            }
            _ => Ok(self.emitter.node("Identity", &[&stored], Vec::new())),
        }
    }
}
