//! [`arguments`]: the arguments of a function in words.

use crate::number;
use fewbit_core::Operation;
use fewbit_core::argument::ArgumentValue;
use fewbit_core::spec::{ArgumentKind, ArgumentSpec, DefaultValue};

/// Arguments that the shapes show, or that matter in training only.
const SILENT: [&str; 9] =
    ["inplace", "base_axis", "eps", "decay_rate", "axes", "shape", "ignore_border", "batch_stat", "quantize_zero_to"];

/// The arguments that are not as usual: `stride 2x2, pad 1x1`.
pub fn arguments(operation: &Operation) -> String {
    let specs = operation.spec().arguments.iter();
    let unusual = specs.zip(operation.arguments()).filter(|(spec, value)| !is_usual(spec, value));
    let words: Vec<String> = unusual.map(|(spec, value)| word(spec, &value)).collect();
    words.join(", ")
}

fn is_usual(spec: &ArgumentSpec, value: &ArgumentValue) -> bool {
    let all = |usual: i32| matches!(value, ArgumentValue::Ints(values) if values.iter().all(|value| *value == usual));
    let default = match (spec.default, value) {
        (DefaultValue::Bool(default), ArgumentValue::Bool(value)) => default == *value,
        (DefaultValue::Int(default), ArgumentValue::Int(value)) => default == *value,
        (DefaultValue::Float(default), ArgumentValue::Float(value)) => default == *value,
        (DefaultValue::Ints(default), ArgumentValue::Ints(value)) => default == &value[..],
        (DefaultValue::Floats(default), ArgumentValue::Floats(value)) => default == &value[..],
        (DefaultValue::Choice(default), ArgumentValue::Choice(value)) => default == *value,
        _ => false,
    };
    default || SILENT.contains(&spec.name) || (spec.name == "pad" && all(0)) || (spec.name == "dilation" && all(1)) || (spec.name == "stride" && all(1))
}

fn word(spec: &ArgumentSpec, value: &ArgumentValue) -> String {
    let name = spec.name.replace('_', " ");
    let join = |values: Vec<String>| values.join("x");
    match value {
        ArgumentValue::Bool(true) => name,
        ArgumentValue::Bool(false) => format!("no {name}"),
        ArgumentValue::Int(value) => format!("{name} {value}"),
        ArgumentValue::Float(value) => format!("{name} {}", number::significant(f64::from(*value), 3)),
        ArgumentValue::Ints(values) => format!("{name} {}", join(values.iter().map(i32::to_string).collect())),
        ArgumentValue::Floats(values) => format!("{name} {}", join(values.iter().map(f32::to_string).collect())),
        ArgumentValue::Choice(place) => match spec.kind {
            ArgumentKind::Choice(words) => format!("{name} {}", words.get(usize::from(*place)).unwrap_or(&"?")),
            _ => format!("{name} {place}"),
        },
    }
}
