//! Networks written as ONNX files: read again, they compute the same.

mod common;

use common::fixed::Fixed;
use common::{compare, floats, run};
use fewbit_core::{Network, Operation};
use fewbit_formats::onnx::{self, OnnxOptions};
use fewbit_formats::{ImportOptions, Nnp};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn reference(part: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference").join(part);
    let mut cases: Vec<PathBuf> =
        fs::read_dir(folder).expect("the reference").flatten().map(|case| case.path()).collect();
    cases.sort();
    cases
}

/// A network with the batch size that its first input has.
fn network(case: &Path) -> Network {
    let nnp = Nnp::open(&case.join("net.nnp")).expect("a file of NNabla's");
    let read =
        |batch| nnp.network(&ImportOptions { batch, ..ImportOptions::default() }).expect("a network of NNabla's");
    let network = read(None);
    match (network.inputs.first(), numbered(case, "in").first()) {
        (Some(x), Some(input)) => match input.len() / network.variable(*x).shape.items() {
            1 => network,
            batch => read(Some(batch)),
        },
        _ => network,
    }
}

fn numbered(case: &Path, name: &str) -> Vec<Vec<f32>> {
    let file = |number: usize| fs::read(case.join(format!("{name}{number}.bin"))).ok();
    (0..).map_while(file).map(|bytes| floats(&bytes)).collect()
}

/// Functions that ONNX has no operators for, or not for all that they do: several axes at once, statistics of the batch.
const NOT_IN_ONNX: [&str; 16] = [
    "ATan2",
    "BatchNormalization",
    "FusedBatchNormalization",
    "FusedConvolution",
    "Gather",
    "INQAffine",
    "INQConvolution",
    "MatrixDiag",
    "MatrixDiagPart",
    "Max",
    "MeanSubtraction",
    "Min",
    "MinMaxQuantize",
    "OneHot",
    "Pow2Quantize",
    "Prune",
];

#[test]
fn every_function_of_the_reference_survives() {
    let (mut survived, mut refused, mut failures) = (0, BTreeSet::new(), Vec::new());
    for case in reference("functions") {
        let name = case.file_name().and_then(|name| name.to_str()).expect("a plain name").to_owned();
        let network = network(&case);
        if !network.nodes.iter().all(|node| matches!(node.operation, Operation::Known(_))) {
            continue;
        }
        let file = match onnx::write(&network) {
            Ok(file) => file,
            Err(error) => {
                let function = network.nodes[0].operation.spec().name;
                assert!(error.to_string().contains(&format!("{function} '{}'", network.nodes[0].name)), "{error}");
                refused.insert(function);
                continue;
            }
        };
        let again =
            onnx::read(&file, &OnnxOptions::default()).unwrap_or_else(|error| panic!("{name}: {error}")).network;
        let expected = numbered(&case, "nnabla_out");
        let found = run(&again, &numbered(&case, "in"));
        // What NNabla itself computes, not what the network computed before.
        match compare(&found, &expected, 1e-5) {
            Ok(()) => survived += 1,
            Err(difference) => failures.push(format!("{name}: {difference}")),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(Vec::from_iter(refused), NOT_IN_ONNX);
    assert_eq!(survived, 504, "cases");
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes)[..8].iter().map(|byte| format!("{byte:02x}")).collect()
}

/// ONNX Runtime computed the sums in the list from files that this crate wrote.
#[test]
fn fixed_point_networks_give_the_same_integers_as_onnx_runtime() {
    let list = fs::read_to_string(common::test_data().join("fixed.txt")).expect("the list of sums");
    let mut expected = list.lines().peekable();
    let mut failures = Vec::new();
    let mut networks = common::fixed::networks();
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    for Fixed { name, network, inputs } in networks {
        let file = onnx::write(&network).unwrap_or_else(|error| panic!("{name}: {error}"));
        // The sums below hold for this very file: after a change of the writer, make.py must be run again.
        assert_eq!(expected.next(), Some(format!("{name} {}", sum(&file)).as_str()), "the file of {name}");
        let found = run(&network, &inputs);
        let same = network.outputs.iter().zip(found).enumerate().all(|(index, (id, values))| {
            let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let variable = network.variable(*id);
            let same = expected.next() == Some(format!("  {} {}", variable.name, sum(&bytes)).as_str());
            if !same {
                failures.push(format!("{name}: '{}' ({}), output {index}", variable.name, variable.format));
            }
            same
        });
        if !same {
            // What follows from it differs as well.
            while expected.next_if(|line| line.starts_with(' ')).is_some() {}
        }
    }
    assert!(failures.is_empty(), "these differ first in their networks:\n{}", failures.join("\n"));
    assert_eq!(expected.next(), None);
}
