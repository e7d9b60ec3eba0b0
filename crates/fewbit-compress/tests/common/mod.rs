//! Small networks and datasets for the tests.

#![allow(dead_code, reason = "each test uses some of it")]

use fewbit_core::{Function, Network, Node, Operation, Shape, Variable, VariableId};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
use fewbit_nnb::{EncodeOptions, Version, encode};

/// A shape.
pub fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

/// A network under construction.
#[derive(Default)]
pub struct Builder(pub Network);

impl Builder {
    /// A network with an input `x`.
    pub fn new(dims: &[usize]) -> (Self, VariableId) {
        let mut builder = Self::default();
        let x = builder.0.add(Variable::buffer("x", shape(dims)));
        builder.0.inputs.push(x);
        (builder, x)
    }

    /// A parameter.
    pub fn parameter(&mut self, name: &str, dims: &[usize], values: &[f32]) -> VariableId {
        self.0.add(Variable::parameter(name, shape(dims), values))
    }

    /// A function whose output has the shape that its rule gives.
    pub fn apply(&mut self, function: Function, inputs: &[VariableId]) -> VariableId {
        let shapes: Vec<Shape> = inputs.iter().map(|&input| self.0.variable(input).shape).collect();
        let output = function.output_shape(&&shapes[..]).unwrap();
        let number = self.0.nodes.len();
        let output = self.0.add(Variable::buffer(format!("h{number}"), output));
        self.0.nodes.push(Node {
            name: format!("{}{number}", function.name()),
            operation: Operation::Known(function),
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        output
    }

    /// The network, with these outputs.
    pub fn finish(mut self, outputs: &[VariableId]) -> Network {
        self.0.outputs = outputs.to_vec();
        self.0.validate().unwrap();
        self.0
    }
}

/// The file of a network.
pub fn file(network: &Network) -> Vec<u8> {
    encode(network, &EncodeOptions { version: Version::V3, ..EncodeOptions::default() }).unwrap().bytes
}

/// The samples of a CSV dataset, as they are, for an input of this shape (without the batch).
pub fn csv(text: &str, dims: &[usize]) -> Inputs {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data.csv");
    std::fs::write(&path, text).unwrap();
    let dataset = Dataset::open(&path, &OpenOptions::default()).unwrap();
    Inputs::new(dataset, dims, Preprocess::Raw, Fit::Exact).unwrap()
}
