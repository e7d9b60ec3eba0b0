//! [`Emitter`]: the graph of an ONNX file while it is written.

use crate::onnx::import::names::Names;
use crate::onnx::message::attribute_proto::AttributeType;
use crate::onnx::message::tensor_proto::DataType;
use crate::onnx::message::{AttributeProto, NodeProto, TensorProto};
use std::collections::HashSet;

/// The name of a value of the graph.
pub(crate) type Value = String;

/// Nodes and constants, with their names.
#[derive(Debug, Default)]
pub(crate) struct Emitter {
    pub(crate) nodes: Vec<NodeProto>,
    pub(crate) initializers: Vec<TensorProto>,
    names: Names,
    /// What new values are called after.
    scope: String,
    /// Values that have their final names.
    named: HashSet<Value>,
}

/// An integer as an attribute.
pub(crate) fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto { name: name.into(), i: Some(value), r#type: AttributeType::Int.into(), ..AttributeProto::default() }
}

/// A list of sizes, axes or the like as an attribute.
pub(crate) fn sizes(name: &str, values: &[usize]) -> AttributeProto {
    let ints = values.iter().map(|&value| size(value)).collect();
    AttributeProto { name: name.into(), ints, r#type: AttributeType::Ints.into(), ..AttributeProto::default() }
}

/// A real number as an attribute.
pub(crate) fn float(name: &str, value: f32) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        f: Some(value),
        r#type: AttributeType::Float.into(),
        ..AttributeProto::default()
    }
}

/// A word as an attribute.
pub(crate) fn word(name: &str, value: &str) -> AttributeProto {
    let s = Some(value.as_bytes().to_vec());
    AttributeProto { name: name.into(), s, r#type: AttributeType::String.into(), ..AttributeProto::default() }
}

/// A size as ONNX holds it. Sizes of networks fit an `i32`.
pub(crate) fn size(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Emitter {
    /// Keeps names for the variables of the network.
    pub(crate) fn reserve<'n>(&mut self, names: impl IntoIterator<Item = &'n String>) {
        self.names.reserve(names);
    }

    /// What values are called after from now on.
    pub(crate) fn enter(&mut self, scope: &str) {
        self.scope = scope.into();
    }

    /// Adds a node with one output.
    pub(crate) fn node(&mut self, operator: &str, inputs: &[&str], attributes: Vec<AttributeProto>) -> Value {
        let [output] = self.node_with(operator, inputs, attributes);
        output
    }

    /// Adds a node with several outputs.
    pub(crate) fn node_with<const N: usize>(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
    ) -> [Value; N] {
        let mut outputs = self.node_with_outputs(operator, inputs, attributes, N).into_iter();
        std::array::from_fn(|_| outputs.next().unwrap_or_default())
    }

    /// Adds a node with a number of outputs that is not known beforehand.
    pub(crate) fn node_with_outputs(
        &mut self,
        operator: &str,
        inputs: &[&str],
        attributes: Vec<AttributeProto>,
        count: usize,
    ) -> Vec<Value> {
        let outputs: Vec<Value> = (0..count).map(|_| self.names.fresh(&self.scope)).collect();
        self.nodes.push(NodeProto {
            input: inputs.iter().map(|&name| name.into()).collect(),
            output: outputs.clone(),
            name: outputs.first().cloned().unwrap_or_default(),
            op_type: operator.into(),
            attribute: attributes,
            domain: String::new(),
        });
        outputs
    }

    /// Gives a value its final name. One that has a final name already, or comes from no node, is copied.
    pub(crate) fn name(&mut self, value: &str, name: &str) {
        // What was added since the last value was named is not named yet.
        let writer = self.nodes.iter().rposition(|node| node.output.iter().any(|output| output == value));
        match writer.filter(|_| !self.named.contains(value)) {
            Some(writer) => {
                let places =
                    self.nodes[writer..].iter_mut().flat_map(|node| node.input.iter_mut().chain(&mut node.output));
                places.filter(|place| *place == value).for_each(|place| *place = name.into());
                self.named.insert(name.into());
            }
            None => {
                let copy = self.node("Identity", &[value], Vec::new());
                self.name(&copy, name);
            }
        }
    }

    /// Adds a constant under a name that is known to be free.
    pub(crate) fn constant_named(
        &mut self,
        name: &str,
        data_type: DataType,
        dims: &[usize],
        raw_data: Vec<u8>,
    ) -> Value {
        self.initializers.push(TensorProto {
            name: name.into(),
            data_type: data_type.into(),
            dims: dims.iter().map(|&dim| size(dim)).collect(),
            raw_data,
            ..TensorProto::default()
        });
        name.into()
    }

    /// Adds a constant.
    pub(crate) fn constant(&mut self, data_type: DataType, dims: &[usize], raw_data: Vec<u8>) -> Value {
        let name = self.names.fresh(&self.scope);
        self.constant_named(&name, data_type, dims, raw_data)
    }

    /// Adds real numbers.
    pub(crate) fn floats(&mut self, dims: &[usize], values: &[f32]) -> Value {
        self.constant(DataType::Float, dims, values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    /// Adds a real number without axes.
    pub(crate) fn number(&mut self, value: f32) -> Value {
        self.floats(&[], &[value])
    }

    /// Adds a list of integers.
    pub(crate) fn integers(&mut self, values: &[i64]) -> Value {
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.constant(DataType::Int64, &[values.len()], bytes)
    }

    /// Adds a list of sizes.
    pub(crate) fn size_list(&mut self, values: &[usize]) -> Value {
        let values: Vec<i64> = values.iter().map(|&value| size(value)).collect();
        self.integers(&values)
    }

    /// The value in another shape.
    pub(crate) fn reshape(&mut self, value: &str, dims: &[usize]) -> Value {
        let shape = self.size_list(dims);
        self.node("Reshape", &[value, &shape], Vec::new())
    }

    /// The value with its axes in another order.
    pub(crate) fn transpose(&mut self, value: &str, order: &[usize]) -> Value {
        self.node("Transpose", &[value], vec![sizes("perm", order)])
    }

    /// The value as another type.
    pub(crate) fn cast(&mut self, value: &str, to: DataType) -> Value {
        self.node("Cast", &[value], vec![int("to", i32::from(to).into())])
    }

    /// An operator of a value and a real number.
    pub(crate) fn with_number(&mut self, operator: &str, value: &str, number: f32) -> Value {
        let number = self.number(number);
        self.node(operator, &[value, &number], Vec::new())
    }
}
