//! TensorFlow Lite files, against the outputs of TensorFlow Lite's interpreter.

mod common;

use common::{Case, cases_in, compare, floats, folder, numbered, run};
use fewbit_core::Network;
use fewbit_formats::tflite::{self, TfliteOptions};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

fn network(file: &[u8], options: &TfliteOptions) -> Network {
    tflite::read(file, options).unwrap_or_else(|error| panic!("{error}")).network
}

/// How often a network has each function.
fn count(network: &Network, wanted: &str) -> usize {
    network.nodes.iter().filter(|node| node.operation.spec().name == wanted).count()
}

/// The outputs of a case, within the error of a float or, in integers, within `steps` between neighbours.
fn check(case: &Case, steps: f32) -> Result<(), String> {
    let import = tflite::read(&case["model.tflite"], &TfliteOptions::default()).map_err(|error| error.to_string())?;
    let found = run(&import.network, &numbered(case, "input"));
    let (expected, quanta) = (numbered(case, "output"), numbered(case, "quantum"));
    if quanta.iter().flatten().all(|&quantum| quantum == 0.0) {
        return compare(&found, &expected, 1e-5);
    }
    for ((found, expected), quantum) in found.iter().zip(&expected).zip(quanta.iter().flatten()) {
        let far = found.iter().zip(expected).position(|(a, b)| (a - b).abs() > quantum * (steps + 0.01));
        if let Some(place) = far.or_else(|| (found.len() != expected.len()).then_some(0)) {
            return Err(format!(
                "value {place} is {} instead of {}, by steps of {quantum}",
                found[place], expected[place]
            ));
        }
    }
    Ok(())
}

#[test]
fn operators_in_floats_and_in_integers() {
    let cases = cases_in(&folder("tflite").join("operators.zip"));
    assert_eq!(cases.len(), 376, "cases in the archive");
    let mut failures = Vec::new();
    for (name, case) in &cases {
        // In 16 bits the interpreter interpolates in a table of hyperbolic tangents, some steps off.
        let steps = if name == "TANH/plain/int16" { 4.0 } else { 1.0 };
        let failure = catch_unwind(AssertUnwindSafe(|| check(case, steps)))
            .unwrap_or_else(|panic| Err(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".into())));
        if let Err(failure) = failure {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{} of {} cases fail:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn every_operator_has_a_case() {
    let cases = cases_in(&folder("tflite").join("operators.zip"));
    let tried: BTreeSet<&str> = cases.keys().filter_map(|name| name.split('/').next()).collect();
    let missing: Vec<&str> = tflite::supported().map(|it| it.operator).filter(|name| !tried.contains(name)).collect();
    assert!(missing.is_empty(), "no case for {missing:?}");
}

/// The keyword spotting network of MLPerf Tiny in integers: of four samples of noise, every output is that of the interpreter.
#[test]
fn a_network_in_integers() {
    let part = |name: &str| fs::read(folder("tflite").join(name)).expect("a file of the test data");
    let network = network(&part("kws_int8.tflite"), &TfliteOptions::default());
    let (inputs, outputs) = (floats(&part("kws_int8.inputs.bin")), floats(&part("kws_int8.outputs.bin")));
    for (input, expected) in inputs.chunks_exact(490).zip(outputs.chunks_exact(12)) {
        compare(&run(&network, &[input.to_vec()]), &[expected.to_vec()], 0.0).unwrap_or_else(|error| panic!("{error}"));
    }
    assert_eq!(
        (count(&network, "Transpose"), count(&network, "FusedConvolution") + count(&network, "Convolution")),
        (0, 9)
    );
}
