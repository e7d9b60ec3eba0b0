//! Networks of a single function.

use fewbit_core::{Function, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId, VariableKind};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, OpenError, Semantics, Session};

pub fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).expect("a small shape")
}

/// A network of one function with these inputs and outputs, which may break every rule.
pub fn network(function: Function, inputs: Vec<Variable>, outputs: Vec<Variable>) -> Network {
    let mut network = Network::default();
    let mut add = |variables: Vec<Variable>, letter: char| -> Vec<VariableId> {
        let named = variables.into_iter().enumerate();
        named.map(|(index, variable)| network.add(Variable { name: format!("{letter}{index}"), ..variable })).collect()
    };
    let (inputs, outputs) = (add(inputs, 'x'), add(outputs, 'y'));
    network.inputs = inputs.iter().copied().filter(|&id| network.variable(id).is_buffer()).collect();
    network.outputs = outputs.clone();
    let operation = Operation::Known(function);
    network.nodes = vec![Node { name: "f".into(), operation, inputs, outputs, implementation: 0 }];
    network
}

/// The bytes of a file, in the version that holds every number format.
pub fn file(network: &Network) -> Vec<u8> {
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    encode(network, &options).expect("formats that version 4 holds").bytes
}

/// What an input of a network is given.
pub enum Given<'v> {
    /// Real numbers, to be stored in the format of the input.
    Values(&'v [f32]),
    /// Any bytes.
    Bytes(&'v [u8]),
}

/// Runs a file: the values of all variables afterwards.
pub fn run(file: &[u8], semantics: Semantics, given: &[Given<'_>]) -> Result<Vec<Vec<f32>>, OpenError> {
    let model = Model::open(file)?;
    // A function that leaves something unwritten shall not be lucky.
    let mut arena = vec![0xa5; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, semantics).expect("an arena of the model's size");
    for (index, given) in given.iter().enumerate() {
        match given {
            Given::Values(values) => session.set_input(index, values),
            Given::Bytes(bytes) => {
                let mut input = session.input_mut(index).expect("an input");
                let place = input.bytes();
                let count = place.len().min(bytes.len());
                place[..count].copy_from_slice(&bytes[..count]);
            }
        }
    }
    session.run();
    let variables = 0..model.nnb().variable_count();
    Ok(variables
        .map(|variable| {
            let values = session.variable(variable);
            let mut read = vec![0.0; values.len()];
            values.read(0, &mut read);
            read
        })
        .collect())
}

/// The outputs of a function for float inputs; its shape rule must take them.
pub fn compute(function: Function, inputs: &[(&[usize], &[f32])]) -> Vec<Vec<f32>> {
    let shapes: Vec<Shape> = inputs.iter().map(|(dims, _)| shape(dims)).collect();
    let output = function.output_shape(&&shapes[..]).expect("shapes that the function takes");
    let count = function.output_count(&&shapes[..]).expect("shapes that the function takes");
    let network = network(
        function,
        shapes.iter().map(|&shape| Variable::buffer("", shape)).collect(),
        vec![Variable::buffer("", output); count],
    );
    network.validate().expect("the shape rule's own shapes");
    let given: Vec<_> = inputs.iter().map(|(_, values)| Given::Values(values)).collect();
    let mut variables = run(&file(&network), Semantics::Reference, &given).expect("a valid network");
    variables.split_off(inputs.len())
}

/// A variable in a format; parameters get values.
pub fn variable(shape: Shape, format: NumberFormat, parameter: Option<Vec<f32>>) -> Variable {
    let kind = parameter.map_or(VariableKind::Buffer, |values| VariableKind::Parameter(values.into()));
    Variable { format, kind, ..Variable::buffer("", shape) }
}
