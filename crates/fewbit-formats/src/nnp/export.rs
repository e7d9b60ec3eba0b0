//! [`Network`] to document: a fresh `.nnp` with one network and one executor, which NNabla loads and runs.

use super::Nnp;
use crate::parameter::Parameter;
use crate::schema;
use fewbit_core::spec::{ArgumentKind, ArgumentSpec, FunctionSpec};
use fewbit_core::{ArgumentValue, Network, Node, Shape, Variable, VariableId};
use prost_reflect::{DynamicMessage, Kind, Value};

/// The executor's name, as NNabla's examples call it.
const EXECUTOR: &str = "runtime";

impl Nnp {
    /// A document that holds a network. Number formats are not part of `.nnp`: parameters are written as they are.
    pub fn from_network(network: &Network) -> Self {
        let name = if network.name.is_empty() { "network" } else { &network.name };
        let mut document = DynamicMessage::new(schema::document());
        let mut message = DynamicMessage::new(schema::message("Network"));
        message.set_field_by_name("name", string(name));
        message.set_field_by_name("batch_size", Value::I64(batch_size(network)));
        message.set_field_by_name("variable", list(network.variables.iter().map(variable)));
        message.set_field_by_name("function", list(network.nodes.iter().map(|node| function(network, node))));
        document.set_field_by_name("network", list([message]));
        document.set_field_by_name("executor", list([executor(network, name)]));

        let parameters = network.variables.iter().filter_map(|variable| {
            let values = variable.values()?.to_vec();
            Some(Parameter { name: variable.name.clone(), shape: variable.shape.to_vec(), values, need_grad: true })
        });
        Self { message: document, parameters: parameters.collect() }
    }
}

fn string(text: &str) -> Value {
    Value::String(text.into())
}

fn list(messages: impl IntoIterator<Item = DynamicMessage>) -> Value {
    Value::List(messages.into_iter().map(Value::Message).collect())
}

/// The first extent of the first input: the network's shapes hold the batch size already.
fn batch_size(network: &Network) -> i64 {
    let first = network.inputs.first().and_then(|&id| network.variable(id).shape.first().copied());
    first.and_then(|batch| i64::try_from(batch).ok()).unwrap_or(1)
}

fn dims(values: impl IntoIterator<Item = i64>) -> Value {
    let mut message = DynamicMessage::new(schema::message("Shape"));
    message.set_field_by_name("dim", Value::List(values.into_iter().map(Value::I64).collect()));
    Value::Message(message)
}

fn shape(shape: Shape) -> Value {
    dims(shape.iter().map(|&dim| i64::try_from(dim).unwrap_or(i64::MAX)))
}

fn variable(variable: &Variable) -> DynamicMessage {
    let mut message = DynamicMessage::new(schema::message("Variable"));
    message.set_field_by_name("name", string(&variable.name));
    message.set_field_by_name("type", string(if variable.is_buffer() { "Buffer" } else { "Parameter" }));
    message.set_field_by_name("shape", shape(variable.shape));
    message
}

fn function(network: &Network, node: &Node) -> DynamicMessage {
    let names = |ids: &[VariableId]| Value::List(ids.iter().map(|&id| string(&network.variable(id).name)).collect());
    let spec = node.operation.spec();
    let mut message = DynamicMessage::new(schema::message("Function"));
    message.set_field_by_name("name", string(&node.name));
    message.set_field_by_name("type", string(spec.name));
    message.set_field_by_name("input", names(&node.inputs));
    message.set_field_by_name("output", names(&node.outputs));
    if let Some((field, arguments)) = arguments(spec, &node.operation.arguments()) {
        message.set_field_by_name(&field, Value::Message(arguments));
    }
    message
}

/// The `..._param` field of a function and its message; `None` for functions without arguments.
fn arguments(spec: &FunctionSpec, values: &[ArgumentValue]) -> Option<(String, DynamicMessage)> {
    let field = format!("{}_param", spec.snake_name);
    let descriptor = schema::message("Function").get_field_by_name(&field)?;
    let Kind::Message(descriptor) = descriptor.kind() else { return None };
    let mut message = DynamicMessage::new(descriptor.clone());
    for (spec, &value) in spec.arguments.iter().zip(values) {
        let Some(field) = descriptor.get_field_by_name(spec.name) else { continue };
        let double = field.kind() == Kind::Double;
        message.set_field(&field, argument(spec, value, double));
    }
    Some((field, message))
}

fn argument(spec: &ArgumentSpec, value: ArgumentValue, double: bool) -> Value {
    match value {
        ArgumentValue::Bool(value) => Value::Bool(value),
        ArgumentValue::Int(value) => Value::I64(value.into()),
        ArgumentValue::Float(value) if double => Value::F64(value.into()),
        ArgumentValue::Float(value) => Value::F32(value),
        ArgumentValue::Ints(values) if spec.kind == ArgumentKind::Shape => {
            dims(values.iter().map(|&value| i64::from(value)))
        }
        ArgumentValue::Ints(values) => Value::List(values.iter().map(|&value| Value::I64(value.into())).collect()),
        ArgumentValue::Floats(values) => Value::List(values.iter().map(|&value| Value::F32(value)).collect()),
        ArgumentValue::Choice(place) => match spec.kind {
            ArgumentKind::Choice(words) => string(words.get(usize::from(place)).copied().unwrap_or_default()),
            _ => string(""),
        },
    }
}

fn executor(network: &Network, network_name: &str) -> DynamicMessage {
    let entry = |kind: &str, name: &str, data_name: bool| {
        let mut message = DynamicMessage::new(schema::message(kind));
        message.set_field_by_name("variable_name", string(name));
        if data_name {
            message.set_field_by_name("data_name", string(name));
        }
        message
    };
    let entries =
        |kind: &str, ids: &[VariableId]| list(ids.iter().map(|&id| entry(kind, &network.variable(id).name, true)));
    let mut message = DynamicMessage::new(schema::message("Executor"));
    message.set_field_by_name("name", string(EXECUTOR));
    message.set_field_by_name("network_name", string(network_name));
    message.set_field_by_name("data_variable", entries("DataVariable", &network.inputs));
    message.set_field_by_name("output_variable", entries("OutputVariable", &network.outputs));
    let parameters = network.variables.iter().filter(|variable| !variable.is_buffer());
    let parameters = parameters.map(|variable| entry("ParameterVariable", &variable.name, false));
    message.set_field_by_name("parameter_variable", list(parameters));
    message
}
