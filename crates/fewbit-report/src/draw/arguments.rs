//! [`arguments`]: the arguments of a function in words.

use fewbit_core::Operation;
use fewbit_core::argument::ArgumentValue;
use fewbit_core::spec::{ArgumentKind, ArgumentSpec, DefaultValue};

/// Arguments that the shapes show, or that matter in training only.
const SILENT: [&str; 8] =
    ["inplace", "base_axis", "eps", "decay_rate", "shape", "ignore_border", "batch_stat", "quantize_zero_to"];

/// The arguments that are not as usual: `stride 2x2, pad 1x1`.
pub fn arguments(operation: &Operation) -> String {
    let normalizes = operation.spec().name.contains("Normalization");
    let specs = operation.spec().arguments.iter();
    let unusual = specs
        .zip(operation.arguments())
        .filter(|(spec, value)| !(is_usual(spec, value) || normalizes && spec.name == "axes"));
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
    default
        || match spec.name {
            "pad" | "output_padding" => all(0),
            "stride" | "dilation" | "step" => all(1),
            "nonlinearity" => word(spec, value) == "nonlinearity identity",
            name => SILENT.contains(&name),
        }
}

fn word(spec: &ArgumentSpec, value: &ArgumentValue) -> String {
    let name = spec.name.replace('_', " ");
    let join = |values: Vec<String>| values.join("x");
    match value {
        ArgumentValue::Bool(true) => name,
        ArgumentValue::Bool(false) => format!("no {name}"),
        ArgumentValue::Int(value) => format!("{name} {value}"),
        ArgumentValue::Float(value) => format!("{name} {value}"),
        ArgumentValue::Ints(values) => format!("{name} {}", join(values.iter().map(i32::to_string).collect())),
        ArgumentValue::Floats(values) => format!("{name} {}", join(values.iter().map(f32::to_string).collect())),
        ArgumentValue::Choice(place) => match spec.kind {
            ArgumentKind::Choice(words) => format!("{name} {}", words.get(usize::from(*place)).unwrap_or(&"?")),
            _ => format!("{name} {place}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::Function;
    use fewbit_core::argument::ArgumentError;
    use fewbit_core::spec;

    fn words(function: &str, values: &[ArgumentValue]) -> String {
        let mut values = values.iter().copied();
        let take = |_: &'static ArgumentSpec| Ok::<_, ArgumentError>(values.next().unwrap());
        let function = Function::from_arguments(spec::by_name(function).unwrap(), take).unwrap().unwrap();
        arguments(&Operation::Known(function))
    }

    #[test]
    fn only_what_is_unusual_is_told() {
        let ints = |values: &[i32]| ArgumentValue::Ints(fewbit_core::IntList::from_slice(values).unwrap());
        let convolution = |pad, stride, group| {
            let (one, last) = (ints(&[1, 1]), ArgumentValue::Bool(false));
            words(
                "Convolution",
                &[ArgumentValue::Int(1), ints(pad), ints(stride), one, ArgumentValue::Int(group), last],
            )
        };
        assert_eq!(convolution(&[0, 0], &[1, 1], 1), "");
        assert_eq!(convolution(&[1, 2], &[2, 2], 4), "pad 1x2, stride 2x2, group 4");
        assert_eq!(words("LeakyReLU", &[ArgumentValue::Float(0.3), ArgumentValue::Bool(false)]), "alpha 0.3");
    }
}
