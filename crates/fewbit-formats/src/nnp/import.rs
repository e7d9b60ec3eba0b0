//! Document to [`Network`]: one executor's network with its shapes, arguments and values.

use super::Nnp;
use super::expand::expand;
use super::fields::{message, messages, text};
use super::raw::{RawFunction, RawNetwork};
use crate::error::{ArgumentReason, FormatError, Result};
use fewbit_core::spec::{self, ArgumentKind, ArgumentSpec, DefaultValue, FunctionSpec};
use fewbit_core::{
    ArgumentValue, FloatList, Function, IntList, Network, Node, OpaqueFunction, Operation, Shape, Variable, VariableId,
};
use prost_reflect::{DynamicMessage, Value};
use std::collections::{HashMap, HashSet};

/// Which executor's network to take.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum ExecutorChoice {
    /// The first one.
    #[default]
    First,
    /// The one at this place.
    Index(usize),
    /// The one of this name.
    Name(String),
}

impl ExecutorChoice {
    /// The choice that a person types: a number is a place, anything else a name.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.into()), Self::Index)
    }
}

/// How to take a network out of a document.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ImportOptions {
    /// Which executor's.
    pub executor: ExecutorChoice,
    /// The batch size in place of the file's.
    pub batch: Option<usize>,
}

impl Nnp {
    /// The names of the executors, in order.
    pub fn executors(&self) -> Vec<&str> {
        messages(&self.message, "executor").map(|executor| text(executor, "name")).collect()
    }

    /// Takes a network out of the document, with repeats unrolled.
    ///
    /// # Errors
    /// When the executor, its network or a parameter is missing, a function is unknown, or shapes do not fit.
    pub fn network(&self, options: &ImportOptions) -> Result<Network> {
        let executor = self.executor(&options.executor)?;
        let raw = RawNetwork::new(self.network_message(executor)?);
        let names: HashSet<&str> = self.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        let raw = expand(raw, &names)?;
        let batch = options.batch.or_else(|| usize::try_from(raw.batch_size).ok()).filter(|&batch| batch > 0);
        let mut import = Import { nnp: self, batch: batch.unwrap_or(1), ids: HashMap::new() };
        let mut network = Network { name: raw.name.clone(), ..Network::default() };
        import.variables(&raw, executor, &mut network)?;
        for function in &raw.functions {
            network.nodes.push(import.node(function)?);
        }
        match executor {
            Some(executor) => {
                network.inputs = import.listed(executor, "data_variable")?;
                network.outputs = import.listed(executor, "output_variable")?;
            }
            None => take_open_ends(&mut network),
        }
        network.validate()?;
        Ok(network)
    }

    /// The chosen executor; `None` if the document has none at all.
    fn executor(&self, choice: &ExecutorChoice) -> Result<Option<&DynamicMessage>> {
        let mut executors = messages(&self.message, "executor");
        let found = match choice {
            ExecutorChoice::First => return Ok(executors.next()),
            ExecutorChoice::Index(index) => executors.nth(*index),
            ExecutorChoice::Name(name) => executors.find(|executor| text(executor, "name") == name),
        };
        found.map(Some).ok_or_else(|| FormatError::NoExecutor {
            wanted: match choice {
                ExecutorChoice::First => "first".into(),
                ExecutorChoice::Index(index) => index.to_string(),
                ExecutorChoice::Name(name) => name.clone(),
            },
            available: match self.executors() {
                names if names.is_empty() => "none".into(),
                names => names.join(", "),
            },
        })
    }

    fn network_message(&self, executor: Option<&DynamicMessage>) -> Result<&DynamicMessage> {
        let mut networks = messages(&self.message, "network");
        let Some(executor) = executor else { return networks.next().ok_or(FormatError::NoNetwork) };
        let name = text(executor, "network_name");
        networks.find(|network| text(network, "name") == name).ok_or_else(|| FormatError::NoNetworkOfExecutor {
            executor: text(executor, "name").into(),
            network: name.into(),
        })
    }
}

struct Import<'a> {
    nnp: &'a Nnp,
    batch: usize,
    ids: HashMap<String, VariableId>,
}

impl Import<'_> {
    fn variables(&mut self, raw: &RawNetwork, executor: Option<&DynamicMessage>, network: &mut Network) -> Result<()> {
        let values: HashMap<&str, &[f32]> =
            self.nnp.parameters.iter().map(|parameter| (parameter.name.as_str(), &parameter.values[..])).collect();
        let generators: HashMap<&str, &DynamicMessage> = executor
            .into_iter()
            .flat_map(|executor| messages(executor, "generator_variable"))
            .map(|generator| (text(generator, "variable_name"), generator))
            .collect();
        for variable in &raw.variables {
            let name = variable.name.as_str();
            let batch = i64::try_from(self.batch).unwrap_or(i64::MAX);
            let dims = variable.dims.iter().map(|&dim| if dim < 0 { batch } else { dim });
            let shape = Shape::from_signed(dims).map_err(|error| FormatError::Shape { name: name.into(), error })?;
            let variable = if let Some(generator) = generators.get(name) {
                Variable::parameter(name, shape, generate(name, generator, shape.items())?)
            } else if variable.is_parameter {
                let values = values.get(name).ok_or_else(|| FormatError::MissingParameter(name.into()))?;
                Variable::parameter(name, shape, *values)
            } else {
                Variable::buffer(name, shape)
            };
            let id = network.add(variable);
            self.ids.insert(name.into(), id);
        }
        Ok(())
    }

    fn id(&self, name: &str, place: impl Fn() -> String) -> Result<VariableId> {
        let id = self.ids.get(name).copied();
        id.ok_or_else(|| FormatError::UnknownVariable { place: place(), name: name.into() })
    }

    /// The variables in a list of an executor.
    fn listed(&self, executor: &DynamicMessage, field: &str) -> Result<Vec<VariableId>> {
        let place = || format!("the {field} list of executor '{}'", text(executor, "name"));
        messages(executor, field).map(|entry| self.id(text(entry, "variable_name"), place)).collect()
    }

    fn node(&self, function: &RawFunction) -> Result<Node> {
        let place = || format!("function '{}'", function.name);
        let ids = |names: &[String]| names.iter().map(|name| self.id(name, place)).collect::<Result<Vec<_>>>();
        Ok(Node {
            name: function.name.clone(),
            operation: operation(function)?,
            inputs: ids(&function.inputs)?,
            outputs: ids(&function.outputs)?,
            implementation: 0,
        })
    }
}

/// Makes variables that nothing writes the inputs, and those that nothing reads the outputs: what a person means who
/// hands over a network without an executor.
fn take_open_ends(network: &mut Network) {
    let (readers, writers) = (network.readers(), network.writers());
    for (index, variable) in network.variables.iter().enumerate() {
        match (writers[index], readers[index].is_empty()) {
            _ if !variable.is_buffer() => {}
            (None, false) => network.inputs.push(VariableId(index)),
            (Some(_), true) => network.outputs.push(VariableId(index)),
            _ => {}
        }
    }
}

fn operation(function: &RawFunction) -> Result<Operation> {
    let kind = function.kind.as_str();
    let unknown = || FormatError::UnknownFunction { name: function.name.clone(), kind: kind.into() };
    let spec = spec::by_name(kind).ok_or_else(unknown)?;
    let arguments = function.arguments.as_ref();
    let error = |reason: ArgumentReason| FormatError::Argument {
        name: function.name.clone(),
        kind: kind.into(),
        reason: reason.0,
    };
    match Function::from_arguments(spec, |argument| argument_value(arguments, argument)).map_err(error)? {
        Some(function) => Ok(Operation::Known(function)),
        None => opaque(spec, arguments).map_err(error),
    }
}

fn opaque(
    spec: &'static FunctionSpec,
    arguments: Option<&DynamicMessage>,
) -> std::result::Result<Operation, ArgumentReason> {
    let values = spec.arguments.iter().map(|argument| argument_value(arguments, argument));
    Ok(Operation::Opaque(OpaqueFunction { spec, arguments: values.collect::<std::result::Result<_, _>>()? }))
}

/// The value of one argument; a field that the file does not set has protobuf's default, as NNabla takes it.
fn argument_value(
    arguments: Option<&DynamicMessage>,
    spec: &'static ArgumentSpec,
) -> std::result::Result<ArgumentValue, ArgumentReason> {
    let wrong = |what: &str| ArgumentReason(format!("argument '{}' {what}", spec.name));
    let value = arguments.and_then(|arguments| arguments.get_field_by_name(spec.name));
    let value = value.as_deref();
    let int = |value: i64| i32::try_from(value).map_err(|_| wrong("does not fit 32 bits"));
    let ints = |values: Vec<i64>| {
        let values = values.into_iter().map(int).collect::<std::result::Result<Vec<_>, _>>()?;
        let list = IntList::from_slice(&values).map_err(|error| wrong(&error.to_string()))?;
        Ok(ArgumentValue::Ints(list))
    };
    Ok(match spec.kind {
        ArgumentKind::Bool => ArgumentValue::Bool(value.and_then(Value::as_bool).unwrap_or(false)),
        ArgumentKind::Int => ArgumentValue::Int(int(value.and_then(Value::as_i64).unwrap_or(0))?),
        ArgumentKind::Float => ArgumentValue::Float(match value {
            Some(Value::F64(value)) => *value as f32,
            Some(Value::F32(value)) => *value,
            _ => 0.0,
        }),
        ArgumentKind::Shape => {
            let shape = arguments.and_then(|arguments| message(arguments, spec.name));
            return ints(shape.map(|shape| super::fields::integers(shape, "dim")).unwrap_or_default());
        }
        ArgumentKind::Ints => {
            return ints(arguments.map(|arguments| super::fields::integers(arguments, spec.name)).unwrap_or_default());
        }
        ArgumentKind::Floats => {
            let values = arguments.map(|arguments| super::fields::floats(arguments, spec.name)).unwrap_or_default();
            ArgumentValue::Floats(FloatList::from_slice(&values).map_err(|error| wrong(&error.to_string()))?)
        }
        ArgumentKind::Choice(words) => {
            let word = value.and_then(Value::as_str).unwrap_or("");
            match (words.iter().position(|known| *known == word), spec.default) {
                (Some(place), _) => ArgumentValue::Choice(u8::try_from(place).unwrap_or(u8::MAX)),
                (None, DefaultValue::Choice(place)) if word.is_empty() => ArgumentValue::Choice(place),
                (None, _) => return Err(wrong(&format!("is '{word}'; known are {}", words.join(", ")))),
            }
        }
        ArgumentKind::Communicator | ArgumentKind::Text => {
            return Err(wrong("is of a kind that networks for devices cannot hold"));
        }
    })
}

/// The values of a generator variable. Random ones are the same in each run: a file must not depend on the hour.
fn generate(name: &str, generator: &DynamicMessage, items: usize) -> Result<Vec<f32>> {
    let multiplier = generator.get_field_by_name("multiplier").and_then(|value| value.as_f32()).unwrap_or(0.0);
    let mut uniform = Uniform::new(name);
    Ok(match text(generator, "type") {
        "Constant" => vec![multiplier; items],
        "Uniform" => (0..items).map(|_| multiplier * (2.0 * uniform.next() as f32 - 1.0)).collect(),
        "Normal" => (0..items)
            .map(|_| {
                // Box and Muller (1958), one of the pair.
                let radius = (-2.0 * (1.0 - uniform.next()).ln()).sqrt();
                let angle = std::f64::consts::TAU * uniform.next();
                multiplier * (radius * angle.cos()) as f32
            })
            .collect(),
        kind => return Err(FormatError::Generator { name: name.into(), kind: kind.into() }),
    })
}

/// Random numbers in `[0, 1)`: SplitMix64 (Steele, Lea, Flood 2014), seeded by a name.
struct Uniform(u64);

impl Uniform {
    fn new(name: &str) -> Self {
        Self(name.bytes().fold(0, |seed, byte| seed.wrapping_mul(31).wrapping_add(byte.into())))
    }

    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}
