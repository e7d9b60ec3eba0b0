//! What a model is made of, gathered for printing. The field names are the keys of `fewbit dump --json`.

use fewbit_compress::memory;
use fewbit_core::spec::ArgumentKind;
use fewbit_core::{ArgumentValue, Network, Node, NumberFormat, Shape, VariableId};
use fewbit_nnb::{Data, Group, Nnb};
use fewbit_runtime::Model;
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Map, Value, json};

/// A model as an `.nnb` file.
#[derive(Debug, serde::Serialize)]
pub struct Overview {
    pub version: u32,
    pub api_level: u32,
    pub model_bytes: usize,
    pub arena_bytes: usize,
    pub arena_lower_bound: usize,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub variables: Vec<VariableEntry>,
    pub functions: Vec<FunctionEntry>,
    pub buffers: Vec<BufferEntry>,
    pub groups: Vec<GroupEntry>,
}

/// A variable.
#[derive(Debug, serde::Serialize)]
pub struct VariableEntry {
    pub name: String,
    /// `input`, `output`, `buffer` or `parameter`.
    pub kind: &'static str,
    #[serde(serialize_with = "extents")]
    pub shape: Shape,
    #[serde(flatten, serialize_with = "type_and_position")]
    pub format: NumberFormat,
    pub bytes: usize,
    /// The buffer that it lies in.
    pub buffer: Option<usize>,
    /// How many of its rows the buffer holds at a time; 0 if it holds the whole variable.
    pub rows: usize,
}

/// A function.
#[derive(Debug, serde::Serialize)]
pub struct FunctionEntry {
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: &'static str,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    pub arguments: Map<String, Value>,
    /// What it computes in, `integers` or `floats`; unknown for a model that cannot be run.
    pub arithmetic: Option<&'static str>,
}

/// A piece of the arena.
#[derive(Debug, serde::Serialize)]
pub struct BufferEntry {
    pub bytes: usize,
    /// The variables that lie in it, one after the other.
    pub variables: Vec<String>,
}

/// Functions that are computed row by row.
#[derive(Debug, serde::Serialize)]
pub struct GroupEntry {
    /// The places of the first and of the last.
    pub first: usize,
    pub last: usize,
    /// The axis along which rows follow each other.
    pub axis: usize,
    /// How many rows are computed or folded in.
    pub steps: usize,
}

fn extents<S: Serializer>(shape: &Shape, serializer: S) -> Result<S::Ok, S::Error> {
    shape[..].serialize(serializer)
}

/// The keys `type` and `position`; no position is null.
fn type_and_position<S: Serializer>(format: &NumberFormat, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(2))?;
    map.serialize_entry("type", format.type_name())?;
    map.serialize_entry("position", &format.position())?;
    map.end()
}

impl Overview {
    /// `network` is what `nnb` holds, and `model` if it can be run, with the names that people know.
    pub fn new(
        network: &Network,
        nnb: &Nnb<'_>,
        model: Option<&Model<'_>>,
        model_bytes: usize,
        arena_bytes: usize,
    ) -> Self {
        let names = |ids: &[VariableId]| ids.iter().map(|&id| network.variable(id).name.clone()).collect();
        let variables: Vec<VariableEntry> =
            (0..network.variables.len()).map(|index| variable(network, nnb, VariableId(index))).collect();
        let arithmetic = |index: usize| model.map(|model| if model.is_integer(index) { "integers" } else { "floats" });
        let functions = network.nodes.iter().enumerate().map(|(index, node)| FunctionEntry {
            name: node.name.clone(),
            type_name: node.operation.spec().name,
            inputs: names(&node.inputs),
            outputs: names(&node.outputs),
            arguments: arguments(node),
            arithmetic: arithmetic(index),
        });
        let buffers = (0..nnb.buffers().len()).map(|index| BufferEntry {
            bytes: nnb.buffer_bytes(index),
            variables: variables
                .iter()
                .filter(|entry| entry.buffer == Some(index))
                .map(|entry| entry.name.clone())
                .collect(),
        });
        Self {
            version: nnb.version().number(),
            api_level: nnb.api_level(),
            model_bytes,
            arena_bytes,
            arena_lower_bound: memory::plan(network).lower_bound,
            inputs: names(&network.inputs),
            outputs: names(&network.outputs),
            functions: functions.collect(),
            buffers: buffers.collect(),
            groups: nnb.groups().map(group).collect(),
            variables,
        }
    }
}

fn group(group: Group<'_>) -> GroupEntry {
    let Group { functions, axis, steps, .. } = group;
    GroupEntry { first: functions.start, last: functions.end.saturating_sub(1), axis, steps: steps.len() }
}

fn variable(network: &Network, nnb: &Nnb<'_>, id: VariableId) -> VariableEntry {
    let variable = network.variable(id);
    let kind = match variable.is_buffer() {
        false => "parameter",
        true if network.inputs.contains(&id) => "input",
        true if network.outputs.contains(&id) => "output",
        true => "buffer",
    };
    VariableEntry {
        name: variable.name.clone(),
        kind,
        shape: variable.shape,
        format: variable.format,
        bytes: variable.bytes(),
        rows: nnb.variable(id.0).ring,
        buffer: match nnb.variable(id.0).data {
            Data::Buffer(buffer) => Some(buffer),
            Data::File(_) => None,
        },
    }
}

fn arguments(node: &Node) -> Map<String, Value> {
    let specs = node.operation.spec().arguments;
    specs
        .iter()
        .zip(node.operation.arguments())
        .map(|(spec, value)| {
            let value = match (value, spec.kind) {
                (ArgumentValue::Bool(value), _) => json!(value),
                (ArgumentValue::Int(value), _) => json!(value),
                (ArgumentValue::Float(value), _) => json!(value),
                (ArgumentValue::Ints(values), _) => json!(values[..]),
                (ArgumentValue::Floats(values), _) => json!(values[..]),
                (ArgumentValue::Choice(place), ArgumentKind::Choice(words)) => json!(words.get(usize::from(place))),
                (ArgumentValue::Choice(place), _) => json!(place),
            };
            (spec.name.to_owned(), value)
        })
        .collect()
}
