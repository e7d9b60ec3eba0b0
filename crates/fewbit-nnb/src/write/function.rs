//! Function records: the newest layout of the API level, with the arguments that it has.

use super::EncodeError;
use super::file::{FileWriter, Record};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use fewbit_core::spec::{FunctionSpec, Layout};
use fewbit_core::{ArgumentValue, Node};

/// The record of a node; blocks of its lists are appended to the file.
pub fn record(
    file: &mut FileWriter,
    node: &Node,
    api_level: u8,
    warnings: &mut Vec<String>,
) -> Result<Record, EncodeError> {
    let spec = node.operation.spec();
    let layout = layout_for(spec, api_level).ok_or_else(|| EncodeError::Function {
        node: node.name.clone(),
        function: spec.name,
        api_level,
    })?;
    if layout.since == Layout::UNRELEASED {
        warnings.push(format!(
            "function '{}': {} is in no API level of NNabla's converter yet; its runtime may not know it",
            node.name, spec.name
        ));
    }
    let inputs = file.list(node.inputs.iter().map(|id| id.0));
    let outputs = file.list(node.outputs.iter().map(|id| id.0));
    let mut record = Record::default();
    record.half(layout.id).half(node.implementation).list(inputs).list(outputs);

    let mut code = layout.code;
    for (argument, value) in spec.arguments.iter().zip(node.operation.arguments()) {
        if code.is_empty() {
            warnings.push(format!(
                "function '{}': {}.{} is left out, since API level {api_level} does not have it",
                node.name, spec.name, argument.name
            ));
            continue;
        }
        code = code.strip_prefix(argument.kind.code()).ok_or_else(|| changed(node, spec, api_level))?;
        write_argument(file, &mut record, value);
    }
    // Letters that are left belong to arguments that the function no longer has.
    if code.is_empty() { Ok(record) } else { Err(changed(node, spec, api_level)) }
}

/// The layout to write at an API level; where NNabla gave a function an id but no level, that one.
fn layout_for(spec: &'static FunctionSpec, api_level: u8) -> Option<&'static Layout> {
    let released = spec.layouts.iter().any(|layout| layout.since != Layout::UNRELEASED);
    if released { spec.layout(api_level) } else { spec.layouts.last() }
}

fn changed(node: &Node, spec: &'static FunctionSpec, api_level: u8) -> EncodeError {
    EncodeError::Arguments { node: node.name.clone(), function: spec.name, api_level }
}

fn write_argument(file: &mut FileWriter, record: &mut Record, value: ArgumentValue) {
    match value {
        ArgumentValue::Bool(value) => record.byte(u8::from(value)),
        ArgumentValue::Int(value) => record.signed(value),
        ArgumentValue::Float(value) => record.float(value),
        ArgumentValue::Choice(place) => record.word(usize::from(place)),
        ArgumentValue::Ints(values) => {
            let list = file.words(values.iter().map(|&value| value as u32));
            record.list(list)
        }
        ArgumentValue::Floats(values) => {
            let list = file.words(values.iter().map(|value| value.to_bits()));
            record.list(list)
        }
    };
}
