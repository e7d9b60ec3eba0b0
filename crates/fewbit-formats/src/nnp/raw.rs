//! A network as the file states it: names instead of references, before repeats are unrolled and shapes are known.

use super::fields::{integer, messages, shape, text, texts};
use crate::schema;
use prost_reflect::{DynamicMessage, Value};

/// A network of a document.
#[derive(Clone, Debug)]
pub struct RawNetwork {
    pub name: String,
    pub batch_size: i64,
    pub repeats: Vec<Repeat>,
    pub variables: Vec<RawVariable>,
    pub functions: Vec<RawFunction>,
}

/// A part of the network that occurs several times.
#[derive(Clone, Debug)]
pub struct Repeat {
    pub id: String,
    pub times: usize,
}

#[derive(Clone, Debug)]
pub struct RawVariable {
    pub name: String,
    pub is_parameter: bool,
    /// The repeats that it lies in.
    pub repeat_ids: Vec<String>,
    /// Extents; a negative one is the batch size.
    pub dims: Vec<i64>,
}

#[derive(Clone, Debug)]
pub struct RawFunction {
    pub name: String,
    pub kind: String,
    /// The repeats that it lies in.
    pub repeat_ids: Vec<String>,
    pub inputs: Vec<String>,
    pub outputs: Vec<String>,
    /// The message in its `..._param` field.
    pub arguments: Option<DynamicMessage>,
}

impl RawNetwork {
    /// Takes a `Network` message apart.
    pub fn new(network: &DynamicMessage) -> Self {
        Self {
            name: text(network, "name").into(),
            batch_size: integer(network, "batch_size"),
            repeats: messages(network, "repeat_info")
                .map(|info| Repeat {
                    id: text(info, "id").into(),
                    times: usize::try_from(integer(info, "times")).unwrap_or(0),
                })
                .collect(),
            variables: messages(network, "variable").map(RawVariable::new).collect(),
            functions: messages(network, "function").map(RawFunction::new).collect(),
        }
    }
}

impl RawVariable {
    fn new(variable: &DynamicMessage) -> Self {
        Self {
            name: text(variable, "name").into(),
            is_parameter: text(variable, "type") == "Parameter",
            repeat_ids: texts(variable, "repeat_id").map(str::to_owned).collect(),
            dims: shape(variable, "shape"),
        }
    }
}

impl RawFunction {
    fn new(function: &DynamicMessage) -> Self {
        // The arguments are the one message of the oneof that is set.
        let arguments = function
            .fields()
            .find(|(field, _)| field.containing_oneof().is_some())
            .and_then(|(_, value)| value.as_message().cloned());
        Self {
            name: text(function, "name").into(),
            kind: text(function, "type").into(),
            repeat_ids: texts(function, "repeat_id").map(str::to_owned).collect(),
            inputs: texts(function, "input").map(str::to_owned).collect(),
            outputs: texts(function, "output").map(str::to_owned).collect(),
            arguments,
        }
    }

    /// Whether this is a construct of the given kind that belongs to a repeat.
    pub fn marks(&self, kind: &str, repeat: &str) -> bool {
        self.kind == kind && self.repeat_id() == Some(repeat)
    }

    /// The repeat that a repeat or recurrent construct belongs to.
    fn repeat_id(&self) -> Option<&str> {
        self.arguments.as_ref().map(|arguments| text(arguments, "repeat_id"))
    }

    /// Makes it a function that has an axis as its only argument.
    pub fn become_axis_function(&mut self, kind: &str) {
        let axis = self.arguments.as_ref().map_or(0, |arguments| integer(arguments, "axis"));
        let mut arguments = DynamicMessage::new(schema::message(&format!("{kind}Parameter")));
        arguments.set_field_by_name("axis", Value::I64(axis));
        self.arguments = Some(arguments);
        self.kind = kind.into();
    }
}
