//! Whole networks against NNabla, in floats and in every variant of number formats.
//!
//! # When outputs agree
//! What NNabla computed differs from what the runtime computes in the order of float sums alone, and, in *integer*
//! semantics, in sums that are exact. Where a sum lies on a rounding edge of a typed buffer, that moves a value by one step,
//! and a deep network can make much of one step: in the binary one here it moves outputs by a tenth. How much is measured:
//! the network runs again on inputs that were moved by some rounding errors, and an output may differ from NNabla's by a
//! small multiple of what that changes. Sums of 8-bit values are exact in floats, so that networks of 8 bits have no such
//! excuse: their outputs agree as those of float networks do.

use fewbit_core::{Function, Network, NumberFormat, Operation, VariableId};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::{Path, PathBuf};

/// The largest difference of float outputs, relative to the largest output.
const TOLERANCE: f32 = 1e-5;

/// How much more an output may differ than it does when inputs are moved by rounding errors: those that are tried need not
/// find the most sensitive value.
const SENSITIVITY_FACTOR: f32 = 3.0;

/// Relative changes of the inputs.
const CHANGES: [f32; 6] = [1e-6, -1e-6, 3e-6, -3e-6, 1e-5, -1e-5];

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/networks")
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(parent).expect("a folder").flatten().map(|entry| entry.path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    folders
}

fn floats(path: &Path) -> Option<Vec<f32>> {
    let bytes = fs::read(path).ok()?;
    Some(bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
}

/// The network of a folder in the formats of a variant, which is the folder itself for floats.
fn network(folder: &Path, variant: &Path) -> Network {
    let nnp = Nnp::open(&folder.join("net.nnp")).expect("a file of NNabla's");
    let mut network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
    if let Ok(settings) = fs::read_to_string(variant.join("settings.yaml")) {
        let settings = Settings::parse(&settings).expect("settings of NNabla's");
        settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
        with_exact_signs(&mut network);
    }
    network
}

/// NNabla computes binary weights anew whenever it runs, so that they are +1 and -1 in its outputs whatever the variant
/// says. Its converter may store them as 127/128 and -1: the position that it chooses for them does not always have room for
/// +1.
fn with_exact_signs(network: &mut Network) {
    for node in network.nodes.clone() {
        if let Operation::Known(
            Function::BinaryConnectConvolution(_)
            | Function::BinaryWeightConvolution(_)
            | Function::BinaryConnectAffine(_)
            | Function::BinaryWeightAffine(_),
        ) = node.operation
        {
            network.variable_mut(node.inputs[2]).format = NumberFormat::Sign;
        }
    }
}

/// A network with its outputs for three inputs.
struct Case<'f> {
    folder: &'f Path,
    variant: &'f Path,
    file: Vec<u8>,
}

impl Case<'_> {
    /// The output for the input of this number, the input changed relatively.
    fn run(&self, number: usize, semantics: Semantics, change: f32) -> Vec<f32> {
        let model = Model::open(&self.file).expect("a valid file");
        let mut arena = vec![0; model.arena_bytes()];
        let mut session = Session::new(&model, &mut arena, semantics).expect("an arena of the model's size");
        if let Ok(stored) = fs::read(self.variant.join(format!("in{number}.int8.bin"))) {
            let mut input = session.input_mut(0).expect("an input");
            input.bytes().copy_from_slice(&stored);
        } else {
            let values = floats(&self.folder.join(format!("in{number}.bin"))).expect("an input");
            let changed: Vec<f32> = values.iter().map(|value| value * (1.0 + change)).collect();
            session.set_input(0, &changed);
        }
        session.run();
        let output = session.output(0);
        let mut values = vec![0.0; output.len()];
        output.read(0, &mut values);
        values
    }
}
/// The largest difference of two outputs.
fn distance(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    // A value that is not a number is infinitely far from every other.
    let far = |(a, b): (&f32, &f32)| if a == b { 0.0 } else { (a - b).abs().max(f32::MIN_POSITIVE) };
    a.iter()
        .zip(b)
        .map(far)
        .fold(0.0, |most, distance| if distance.is_nan() { f32::INFINITY } else { most.max(distance) })
}

/// Whether all values but those of inputs and outputs have at most 8 bits.
fn is_narrow(network: &Network) -> bool {
    let at_the_ends = |id: VariableId| network.inputs.contains(&id) || network.outputs.contains(&id);
    (0..network.variables.len()).map(VariableId).all(|id| at_the_ends(id) || network.variable(id).format.bits() <= 8)
}

/// What is wrong with the outputs of a variant: each a sentence. `compared` counts outputs.
fn failures(folder: &Path, variant: &Path, compared: &mut usize) -> Vec<String> {
    let network = network(folder, variant);
    let options = EncodeOptions { version: Version::V3, ..EncodeOptions::default() };
    let file = encode(&network, &options).expect("a network that can be written").bytes;
    let case = Case { folder, variant, file };
    let expectations = [
        ("nnabla_out", Semantics::Reference),
        ("nnabla_out", Semantics::Integer),
        ("expected_float_out", Semantics::Reference),
        ("expected_trunc_out", Semantics::Reference),
        ("expected_round_out", Semantics::Integer),
    ];
    let mut failures = Vec::new();
    for (name, semantics) in expectations {
        for number in 0..3 {
            let Some(expected) = floats(&variant.join(format!("{name}{number}.bin"))) else { continue };
            let found = case.run(number, semantics, 0.0);
            let largest = expected.iter().fold(0.0f32, |most, value| most.max(value.abs()));
            let difference = distance(&found, &expected) / largest;
            *compared += 1;
            if difference <= TOLERANCE {
                continue;
            }
            let moved = CHANGES.map(|change| distance(&found, &case.run(number, semantics, change)) / largest);
            let sensitivity = moved.into_iter().fold(0.0, f32::max);
            if is_narrow(&network) || difference > SENSITIVITY_FACTOR * sensitivity {
                failures.push(format!(
                    "{} {name}{number}: differs by {difference:e} of the largest output, and rounding errors change {sensitivity:e}",
                    variant.display()
                ));
            }
        }
    }
    failures
}

#[test]
fn every_variant_of_every_network_agrees_with_nnabla() {
    let mut compared = 0;
    let mut all = Vec::new();
    for folder in folders(&reference()) {
        all.extend(failures(&folder, &folder, &mut compared));
        for variant in folders(&folder) {
            all.extend(failures(&folder, &variant, &mut compared));
        }
    }
    assert!(all.is_empty(), "{} of {compared} outputs differ:\n{}", all.len(), all.join("\n"));
    assert!(compared >= 290, "only {compared} outputs were compared");
}
