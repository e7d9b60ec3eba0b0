//! What is refused, and what the smallest networks give.

mod common;

use common::compiled::{check, compiler};
use common::networks::file;
use fewbit_codegen::{CodegenError, Options, generate};
use fewbit_core::function::arguments::{InPlace, Reduction};
use fewbit_core::{Function, IntList, Network, Node, NumberFormat, Operation, Shape, Variable, VariableId};
use fewbit_nnb::Version;
use fewbit_runtime::Model;

/// A chain of functions over a variable of two axes.
fn chain(functions: &[Function], format: NumberFormat) -> Network {
    let shape = Shape::new(&[2, 3]).expect("a small shape");
    let mut network = Network::default();
    let mut last = network.add(Variable { format, ..Variable::buffer("x", shape) });
    network.inputs = vec![last];
    for (index, &function) in functions.iter().enumerate() {
        let shape = function.output_shape(&&[network.variable(last).shape][..]).expect("a fitting shape");
        let output = network.add(Variable { format, ..Variable::buffer(format!("h{index}"), shape) });
        network.nodes.push(Node {
            name: format!("f{index}"),
            operation: Operation::Known(function),
            inputs: vec![last],
            outputs: vec![output],
            implementation: 0,
        });
        last = output;
    }
    network.outputs = vec![last];
    network
}

fn generated(network: &Network, name: &str) -> Result<String, CodegenError> {
    let file = file(network, Version::V4);
    let model = Model::open(&file).expect("just written");
    generate(&model, &Options { name: name.into() }).map(|generated| generated.source)
}

#[test]
fn all_functions_without_a_form_in_c_are_named_at_once() {
    let relu = Function::ReLU(InPlace { inplace: false });
    let sum = Reduction { axes: IntList::from_slice(&[1]).expect("one fits"), keep_dims: true };
    let network = chain(&[Function::Sin, relu, Function::Sum(sum)], NumberFormat::Float32);
    let error = generated(&network, "net").expect_err("two of three have none").to_string();
    let lines: Vec<&str> = error.lines().collect();
    assert_eq!(lines.len(), 3, "{error}");
    assert!(lines[1].starts_with("  function 0 (Sin) has a formula in generated code only for inputs of FIXED8"));
    assert!(lines[2].starts_with("  function 2 (Sum) is a function that generated code does not compute"));
}

#[test]
fn names_that_c_does_not_allow_are_refused() {
    let network = chain(&[Function::Abs], NumberFormat::Float32);
    for name in ["", "1net", "my net", "int"] {
        assert_eq!(generated(&network, name), Err(CodegenError::Name(name.into())));
    }
    assert!(generated(&network, "net_1").is_ok());
}

#[test]
fn the_smallest_networks() {
    let Some(compiler) = compiler() else { return };
    let fixed = NumberFormat::Fixed8 { position: 3 };
    for network in [chain(&[], fixed), chain(&[Function::Identity], fixed), chain(&[Function::Sin], fixed)] {
        check(&file(&network, Version::V4), compiler, &["-O2"], 3).expect("the runtime's bytes");
    }
}

#[test]
fn outputs_may_be_parameters() {
    let Some(compiler) = compiler() else { return };
    let mut network = chain(&[Function::Abs], NumberFormat::Float32);
    let shape = Shape::new(&[3]).expect("a small shape");
    let parameter: VariableId = network.add(Variable::parameter("p", shape, vec![0.5, -1.0, 2.0]));
    network.outputs.push(parameter);
    check(&file(&network, Version::V4), compiler, &["-O2"], 3).expect("the runtime's bytes");
}
