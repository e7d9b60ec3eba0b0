//! Small networks and datasets for the tests.

#![allow(dead_code, reason = "each test uses some of it")]

use fewbit_core::function::arguments::{BatchNormalization, Convolution};
use fewbit_core::{Function, IntList, Network, Node, Operation, Shape, Variable, VariableId};
use fewbit_data::{Dataset, Fit, Inputs, OpenOptions, Preprocess};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};

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

/// Numbers that look random, the same in each run.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number between -1 and 1.
    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    pub fn take(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.next()).collect()
    }
}

impl Builder {
    /// A parameter of numbers between -1 and 1.
    pub fn random(&mut self, name: &str, dims: &[usize], numbers: &mut Numbers) -> VariableId {
        let values = numbers.take(dims.iter().product());
        self.parameter(name, dims, &values)
    }

    /// A batch normalisation over `axis` with statistics of its own.
    pub fn normalize(&mut self, x: VariableId, axis: usize, name: &str, numbers: &mut Numbers) -> VariableId {
        let rank = self.0.variable(x).shape.rank();
        let mut dims = vec![1; rank];
        dims[axis] = self.0.variable(x).shape[axis];
        let mut inputs = vec![x];
        for part in ["beta", "gamma", "mean"] {
            inputs.push(self.random(&format!("{name}/{part}"), &dims, numbers));
        }
        let variance: Vec<f32> = numbers.take(dims[axis]).iter().map(|value| value.abs() + 0.1).collect();
        inputs.push(self.parameter(&format!("{name}/var"), &dims, &variance));
        self.apply(Function::BatchNormalization(normalization(axis)), &inputs)
    }
}

/// The arguments of a batch normalisation with fixed statistics.
pub fn normalization(axis: usize) -> BatchNormalization {
    BatchNormalization {
        axes: ints(&[i32::try_from(axis).unwrap()]),
        decay_rate: 0.9,
        eps: 1e-5,
        batch_stat: false,
        no_scale: false,
        no_bias: false,
    }
}

/// A list of integers.
pub fn ints(values: &[i32]) -> IntList {
    IntList::from_slice(values).unwrap()
}

/// A convolution of images.
pub fn convolution(pad: i32, stride: i32, group: i32) -> Function {
    Function::Convolution(Convolution {
        base_axis: 1,
        pad: ints(&[pad; 2]),
        stride: ints(&[stride; 2]),
        dilation: ints(&[1; 2]),
        group,
        channel_last: false,
    })
}

/// The first output of a network for the values of its input.
pub fn output(network: &Network, input: &[f32]) -> Vec<f32> {
    let file = file(network);
    let model = Model::open(&file).unwrap();
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).unwrap();
    session.set_input(0, input);
    session.run();
    let output = session.output(0);
    (0..output.len()).map(|index| output.get(index)).collect()
}

/// Samples of values that `value` draws, with the network's outputs as targets.
pub fn dataset(network: &Network, count: usize, value: impl Fn(&mut Numbers) -> f32) -> Inputs {
    let mut numbers = Numbers::new(77);
    let [inputs, outputs] = [network.inputs[0], network.outputs[0]].map(|id| network.variable(id).shape.items());
    let names = (0..inputs).map(|index| format!("x__{index}")).chain((0..outputs).map(|index| format!("y__{index}")));
    let mut text = names.collect::<Vec<_>>().join(",");
    for _ in 0..count {
        let x: Vec<f32> = (0..inputs).map(|_| value(&mut numbers)).collect();
        let row = x.iter().copied().chain(output(network, &x));
        text += &format!("\n{}", row.map(|value| value.to_string()).collect::<Vec<_>>().join(","));
    }
    csv(&text, &network.variable(network.inputs[0]).shape[1..])
}

/// Checks that two networks give nearly the same for some inputs, and that it is not all the same.
pub fn assert_equal_outputs(before: &Network, after: &Network) {
    let mut numbers = Numbers::new(99);
    for _ in 0..3 {
        let input = numbers.take(before.variable(before.inputs[0]).shape.items());
        let (expected, found) = (output(before, &input), output(after, &input));
        assert_eq!(expected.len(), found.len());
        let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
        assert!(expected.iter().any(|value| *value != expected[0]), "the test tells nothing: {}", expected[0]);
        for (index, (expected, found)) in expected.iter().zip(&found).enumerate() {
            assert!((expected - found).abs() <= 2e-6 * largest, "{index}: {expected} became {found}");
        }
    }
}

/// The names of a network's functions.
pub fn functions(network: &Network) -> Vec<&'static str> {
    network.nodes.iter().map(|node| node.operation.spec().name).collect()
}
