//! Whole networks read from ONNX files, against the outputs of ONNX Runtime.

mod common;

use common::{Case, cases, compare, floats, numbered, run, test_data};
use fewbit_core::{Function, Network, Operation};
use fewbit_formats::onnx::{self, OnnxOptions};
use std::fs;

fn model(name: &str) -> Case {
    cases("models.zip").remove(name).unwrap_or_else(|| panic!("{name} is not in the archive"))
}

fn network(case: &Case, batch: Option<usize>) -> Network {
    let import = onnx::read(&case["model.onnx"], &OnnxOptions { batch, ..OnnxOptions::default() });
    import.unwrap_or_else(|error| panic!("{error}")).network
}

/// How often a network has each function.
fn count(network: &Network, wanted: &str) -> usize {
    network.nodes.iter().filter(|node| node.operation.spec().name == wanted).count()
}

fn check(network: &Network, inputs: &[Vec<f32>], expected: &[Vec<f32>], name: &str) {
    if let Err(difference) = compare(&run(network, inputs), expected, 1e-5) {
        panic!("{name}: {difference}");
    }
}

#[test]
fn networks_of_both_exporters_of_pytorch() {
    let mut found = 0;
    for (name, case) in cases("models.zip") {
        if !name.ends_with("/script") && !name.ends_with("/dynamo") {
            continue;
        }
        check(&network(&case, None), &numbered(&case, "input"), &numbered(&case, "output"), &name);
        found += 1;
    }
    assert_eq!(found, 18, "networks in the archive");
}

#[test]
fn a_batch_size_that_the_file_leaves_open_is_given() {
    let mut found = 0;
    for (name, case) in cases("models.zip") {
        if let Some(input) = case.get("batch_input_0.bin") {
            let expected = floats(&case["batch_output_0.bin"]);
            check(&network(&case, Some(3)), &[floats(input)], &[expected], &name);
            found += 1;
        }
    }
    assert_eq!(found, 9, "networks in the archive");
}

/// A batch size that the file states is written into the shapes of its reshapes too.
#[test]
fn a_batch_size_that_the_file_states_is_changed() {
    for name in ["attention", "keywords", "resnet", "unet"] {
        let open = model(&format!("{name}/script"));
        let stated = model(&format!("{name}/dynamo"));
        // The weights of both are the same.
        let expected = floats(&open["batch_output_0.bin"]);
        check(&network(&stated, Some(3)), &[floats(&open["batch_input_0.bin"])], &[expected], name);
    }
}

#[test]
fn models_of_scikit_learn() {
    let mut found = 0;
    for (name, case) in cases("models.zip").iter().filter(|(name, _)| name.starts_with("sklearn/")) {
        check(&network(case, Some(4)), &numbered(case, "input"), &numbered(case, "output"), name);
        found += 1;
    }
    assert_eq!(found, 5, "models in the archive");
}

/// Integers in the middle of a network may differ by one where a value lies on the edge between two of them, which is a
/// step of the scale that is left at the output.
#[test]
fn quantised_networks() {
    let mut found = 0;
    for (name, case) in cases("models.zip").iter().filter(|(name, _)| name.starts_with("quantised/")) {
        let network = network(case, None);
        let quantised = count(&network, "QuantizeLinear");
        assert!(quantised > 0 && count(&network, "DequantizeLinear") >= quantised, "{name}");
        check(&network, &numbered(case, "input"), &numbered(case, "output"), name);
        found += 1;
    }
    assert_eq!(found, 4, "networks in the archive");
}

#[test]
fn transposes_that_cancel_each_other_are_gone() {
    let case = model("channels_last/cancel");
    let network = network(&case, None);
    check(&network, &numbered(&case, "input"), &numbered(&case, "output"), "cancel");
    // The caller gives channels last, and gets the mean so.
    assert!(count(&network, "Transpose") <= 2, "{network:?}");
    let affine = network.nodes.iter().find(|node| matches!(node.operation, Operation::Known(Function::Affine(_))));
    let affine = affine.expect("the matrix product");
    assert_eq!(network.variable(affine.inputs[0]).shape.rank(), 4, "its weights are in the order of what it reads");
    assert_eq!(network.variable(affine.inputs[1]).name, "w2");
}

#[test]
fn inputs_can_take_channels_first() {
    let case = model("channels_last/cancel");
    let options = OnnxOptions { channels_first: true, ..OnnxOptions::default() };
    let network = onnx::read(&case["model.onnx"], &options).expect("a good file").network;
    let input = network.variable(network.inputs[0]);
    assert_eq!((input.name.as_str(), input.shape.to_string().as_str()), ("x", "1x2x5x7"));
    assert_eq!(count(&network, "Transpose"), 1, "that of the mean");
    let last = &numbered(&case, "input")[0];
    let first: Vec<f32> = (0..2).flat_map(|channel| (0..35).map(move |place| last[place * 2 + channel])).collect();
    check(&network, &[first], &numbered(&case, "output"), "cancel");
}

#[test]
fn the_keyword_spotting_network_of_mlperf_tiny() {
    let path = test_data().join("kws_float.onnx");
    let network = onnx::open(&path, &OnnxOptions::default()).expect("a file of tf2onnx").network;
    let part = |name: &str| floats(&fs::read(test_data().join(name)).expect("a file beside the network"));
    let (input, output) = (part("kws_float.input_0.bin"), part("kws_float.output_0.bin"));
    check(&network, &[input], &[output], "kws");
    // A layer a function, and nothing else: the transpose before the first convolution moves nothing.
    let names: Vec<&str> = network.nodes.iter().map(|node| node.operation.spec().name).collect();
    assert_eq!(names[..3], ["Reshape", "FusedConvolution", "ReLU"]);
    assert_eq!(names[names.len() - 3..], ["AveragePooling", "Affine", "Softmax"]);
    assert_eq!(names.len(), 22);
}
