//! Network to ONNX file.
//!
//! A network of floats becomes a file of ONNX's plain operators. Of a network with fixed-point variables, the file holds
//! each stored variable as the integers that fewbit stores, between `QuantizeLinear` and `DequantizeLinear` with a power
//! of two as the scale, and computes between them so that these integers are the ones of fewbit's *integer*
//! semantics (see [`fixed`]).
//!
//! | module | what it does |
//! |---|---|
//! | `call` | one function while nodes are made of it |
//! | `functions` | functions on real numbers, a module a family |
//! | `fixed` | stored integers, and exact sums |

mod call;
mod fixed;
mod functions;

use super::error::{OnnxError, UnsupportedNode, UnsupportedNodes};
use super::message::tensor_proto::DataType;
use super::message::tensor_shape_proto::{Dimension, dimension};
use super::message::{
    GraphProto, ModelProto, OperatorSetIdProto, TensorShapeProto, TypeProto, ValueInfoProto, type_proto,
};
use crate::onnx::emitter::{Emitter, Value, size};
use call::Call;
use fewbit_core::{Network, NumberFormat, Operation, Variable, VariableId, VariableKind};
use std::collections::HashMap;

/// The version of the operators that files of floats use: since then, all reductions take their axes alike.
const OPSET: i64 = 18;

/// The version for files of fixed-point networks: the first with integers of 16 bits in `QuantizeLinear`.
const FIXED_OPSET: i64 = 21;

/// The version of the format with those operators.
const IR_VERSION: i64 = 8;
const FIXED_IR_VERSION: i64 = 10;

/// The message of a network, which must be valid.
///
/// # Errors
/// When the network has functions that ONNX cannot express: all of them at once.
pub(super) fn export(network: &Network) -> Result<ModelProto, OnnxError> {
    let mut e = Emitter::default();
    e.reserve(network.variables.iter().map(|variable| &variable.name));
    let used = used(network);
    // The real numbers of each variable.
    let mut values: HashMap<usize, Value> = HashMap::new();
    for (place, variable) in network.variables.iter().enumerate() {
        if let (VariableKind::Parameter(parameter), true) = (&variable.kind, used[place]) {
            e.enter(&variable.name);
            values.insert(place, parameter_value(&mut e, network, VariableId(place), parameter));
        }
    }
    for &input in &network.inputs {
        let variable = network.variable(input);
        e.enter(&variable.name);
        values.insert(input.0, fixed::stored_input(&mut e, variable));
    }
    let literal = is_fixed(network);
    let mut unsupported = UnsupportedNodes::default();
    for node in &network.nodes {
        e.enter(&node.name);
        let mut refuse = |reason: String| {
            let (node, operator) = (node.name.clone(), node.operation.spec().name.to_owned());
            unsupported.0.push(UnsupportedNode { node, operator, reason });
        };
        let Operation::Known(function) = &node.operation else {
            refuse("fewbit only carries this function along".into());
            continue;
        };
        // Values of functions that cannot be expressed have no name, which is never looked at: there is an error.
        let inputs = node.inputs.iter().map(|id| values.get(&id.0).cloned().unwrap_or_default()).collect();
        let call = Call { network, node, inputs, literal };
        match fixed::express(&mut e, &call, function) {
            Ok(results) => {
                for (id, result) in node.outputs.iter().zip(results) {
                    e.name(&result, &network.variable(*id).name);
                    values.insert(id.0, network.variable(*id).name.clone());
                }
            }
            Err(reason) => refuse(reason),
        }
    }
    if !unsupported.0.is_empty() {
        return Err(OnnxError::NotInOnnx(unsupported));
    }
    Ok(model(e, network, &values))
}

/// Whether a variable of the network is not a float.
fn is_fixed(network: &Network) -> bool {
    network.variables.iter().any(|variable| variable.format != NumberFormat::Float32)
}

/// Which variables a function reads or the caller wants.
fn used(network: &Network) -> Vec<bool> {
    let mut used = vec![false; network.variables.len()];
    for id in network.nodes.iter().flat_map(|node| &node.inputs).chain(&network.outputs) {
        used[id.0] = true;
    }
    used
}

/// The real numbers of a parameter: a constant, or the stored integers times their step.
fn parameter_value(e: &mut Emitter, network: &Network, id: VariableId, values: &[f32]) -> Value {
    let variable = network.variable(id);
    match variable.format {
        NumberFormat::Float32 => {
            let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            e.constant_named(&variable.name, DataType::Float, &variable.shape, bytes)
        }
        _ => fixed::stored_parameter(e, network, id),
    }
}

fn model(mut e: Emitter, network: &Network, values: &HashMap<usize, Value>) -> ModelProto {
    let mut outputs = Vec::new();
    for (index, id) in network.outputs.iter().enumerate() {
        let variable = network.variable(*id);
        let value = values.get(&id.0).unwrap_or(&variable.name);
        // An output has a name of its own: one that is an input or a constant is copied.
        let written = network.nodes.iter().any(|node| node.outputs.contains(id));
        let name = if written && !network.outputs[..index].contains(id) {
            value.clone()
        } else {
            e.enter(&variable.name);
            e.node("Identity", &[value], vec![])
        };
        outputs.push(value_info(&name, variable));
    }
    let inputs =
        network.inputs.iter().map(|id| value_info(&network.variable(*id).name, network.variable(*id))).collect();
    let graph = GraphProto {
        node: e.nodes,
        name: if network.name.is_empty() { "network".into() } else { network.name.clone() },
        initializer: e.initializers,
        input: inputs,
        output: outputs,
        sparse_initializer: Vec::new(),
    };
    let (opset, ir_version) = if is_fixed(network) { (FIXED_OPSET, FIXED_IR_VERSION) } else { (OPSET, IR_VERSION) };
    ModelProto {
        ir_version,
        producer_name: "fewbit".into(),
        producer_version: env!("CARGO_PKG_VERSION").into(),
        graph: Some(graph),
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: opset }],
        metadata_props: Vec::new(),
    }
}

fn value_info(name: &str, variable: &Variable) -> ValueInfoProto {
    let dim = |&dim: &usize| Dimension { value: Some(dimension::Value::DimValue(size(dim))) };
    let shape = TensorShapeProto { dim: variable.shape.iter().map(dim).collect() };
    let tensor = type_proto::Tensor { elem_type: DataType::Float.into(), shape: Some(shape) };
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type: Some(tensor) }) }
}
