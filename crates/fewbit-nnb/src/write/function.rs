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
    let name = || node.name.clone();
    let layout = layout_for(spec, api_level).ok_or_else(|| match spec.layout(api_level) {
        Some(_) => EncodeError::Arguments { node: name(), function: spec.name, api_level },
        None => EncodeError::Function { node: name(), function: spec.name, api_level },
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
        code = code.strip_prefix(argument.kind.code()).unwrap_or_default();
        write_argument(file, &mut record, value);
    }
    Ok(record)
}

/// The layout to write at an API level: the newest that the function's arguments fill, which is not the newest of all
/// where a later level added arguments that the function no longer has (`HardSigmoid`). Where NNabla gave a function an
/// id but no level, that one.
fn layout_for(spec: &'static FunctionSpec, api_level: u8) -> Option<&'static Layout> {
    let released = spec.layouts.iter().any(|layout| layout.since != Layout::UNRELEASED);
    let of_level = spec.layouts.iter().filter(|layout| !released || layout.since <= api_level);
    of_level.filter(|layout| is_filled(layout.code, spec)).max_by_key(|layout| layout.since)
}

/// Whether a code is that of the first of a function's arguments.
fn is_filled(code: &str, spec: &FunctionSpec) -> bool {
    let mut rest = Some(code);
    for argument in spec.arguments {
        rest = match rest {
            Some("") => break,
            rest => rest.and_then(|rest| rest.strip_prefix(argument.kind.code())),
        };
    }
    rest == Some("")
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
