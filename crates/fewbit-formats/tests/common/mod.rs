//! Networks in test archives, with their inputs and outputs, and a way to run them.

// Each test uses a part of it.
#![allow(dead_code)]

pub mod damage;
pub mod fixed;

use fewbit_core::{Network, VariableId};
use fewbit_formats::onnx::{self, Import, OnnxOptions};
use fewbit_nnb::{EncodeOptions, Values, Version, encode};
use fewbit_runtime::{Model, Observer, Semantics, Session};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use zip::ZipArchive;

/// The files of one case by name.
pub type Case = BTreeMap<String, Vec<u8>>;

/// The folder of ONNX's test data.
pub fn test_data() -> PathBuf {
    folder("onnx")
}

/// A folder of the test data.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(name)
}

/// The cases of an archive of ONNX's test data.
pub fn cases(archive: &str) -> BTreeMap<String, Case> {
    cases_in(&test_data().join(archive))
}

/// The cases of an archive that a `make.py` wrote.
pub fn cases_in(archive: &Path) -> BTreeMap<String, Case> {
    let file = File::open(archive).expect("an archive of the test data");
    let mut archive = ZipArchive::new(file).expect("a zip file");
    let mut entry = |name: &str| {
        let mut content = Vec::new();
        archive.by_name(name).expect("an entry").read_to_end(&mut content).expect("a readable entry");
        content
    };
    let (index, blobs) = (String::from_utf8(entry("index.txt")).expect("text"), entry("blobs.bin"));
    let mut cases = BTreeMap::<String, Case>::new();
    for line in index.lines() {
        let [path, start, len] = line.split(' ').collect::<Vec<_>>()[..] else { panic!("not a place: {line}") };
        let (case, name) = path.rsplit_once('/').expect("a file of a case");
        let (start, len): (usize, usize) = (start.parse().expect("a number"), len.parse().expect("a number"));
        cases.entry(case.into()).or_default().insert(name.into(), blobs[start..start + len].to_vec());
    }
    cases
}

/// Floats of four bytes each.
pub fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.chunks_exact(4).map(|word| f32::from_le_bytes(word.try_into().expect("four bytes"))).collect()
}

/// The files of a case that are called `input_0.bin`, `input_1.bin`, or likewise.
pub fn numbered(case: &Case, name: &str) -> Vec<Vec<f32>> {
    (0..).map_while(|number| case.get(&format!("{name}_{number}.bin"))).map(|bytes| floats(bytes)).collect()
}

pub fn read(case: &Case) -> Import {
    onnx::read(&case["model.onnx"], &OnnxOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// Runs a network in *integer* semantics.
pub fn run(network: &Network, inputs: &[Vec<f32>]) -> Vec<Vec<f32>> {
    if network.nodes.is_empty() {
        // All was computed when the file was read.
        let output = |id: &VariableId| network.variable(*id).values().expect("a known output").to_vec();
        return network.outputs.iter().map(output).collect();
    }
    run_observed(network, inputs, |_, _| {})
}

/// Runs a network, and shows the values of each variable as it is written.
pub fn run_observed(network: &Network, inputs: &[Vec<f32>], observer: impl FnMut(usize, &[f32])) -> Vec<Vec<f32>> {
    // Version 4 holds all formats.
    let options = EncodeOptions { version: Version::V4, ..EncodeOptions::default() };
    let file = encode(network, &options).expect("a network that can be encoded").bytes;
    let model = Model::open(&file).expect("a file that can be run");
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("an arena that is large enough");
    let readers = network.readers();
    for (index, input) in inputs.iter().enumerate() {
        // What nothing reads has no memory of its own.
        if !readers[network.inputs[index].0].is_empty() {
            session.set_input(index, input);
        }
    }
    session.run_observed(&mut Shown(observer));
    (0..network.outputs.len()).map(|index| all(session.output(index))).collect()
}

struct Shown<F>(F);

impl<F: FnMut(usize, &[f32])> Observer for Shown<F> {
    fn written(&mut self, variable: usize, values: Values<'_>) {
        (self.0)(variable, &all(values));
    }
}

fn all(values: Values<'_>) -> Vec<f32> {
    (0..values.len()).map(|place| values.get(place)).collect()
}

/// Holds outputs against the expected ones, within a share of the largest value.
pub fn compare(found: &[Vec<f32>], expected: &[Vec<f32>], tolerance: f32) -> Result<(), String> {
    if found.len() != expected.len() {
        return Err(format!("{} outputs instead of {}", found.len(), expected.len()));
    }
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        if found.len() != expected.len() {
            return Err(format!("output {index} has {} values instead of {}", found.len(), expected.len()));
        }
        let largest = expected.iter().filter(|value| value.is_finite()).fold(1.0f32, |max, value| max.max(value.abs()));
        for (place, (&found, &expected)) in found.iter().zip(expected).enumerate() {
            let same = found == expected
                || (found.is_nan() && expected.is_nan())
                || (found - expected).abs() <= tolerance * largest;
            if !same {
                return Err(format!("output {index}, value {place}: {found} instead of {expected}"));
            }
        }
    }
    Ok(())
}
