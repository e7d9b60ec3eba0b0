//! Networks of the reference, prepared for a host with each instruction set, against the outputs of NNabla, and in their
//! fixed-point variants against the portable runtime.

use fewbit_core::{Network, NumberFormat, VariableId, VariableKind};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_runtime::host::{InstructionSet, Prepared};
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::{Path, PathBuf};

fn networks() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference/networks");
    fs::read_dir(folder).expect("the networks").flatten().map(|entry| entry.path()).collect()
}

fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn network(folder: &Path) -> Network {
    let nnp = Nnp::open(&folder.join("net.nnp")).expect("a file of NNabla's");
    nnp.network(&ImportOptions::default()).expect("a network of NNabla's")
}

/// Runs the network on each input of a folder and compares with the outputs in another.
fn compare(network: &Network, inputs: &Path, outputs: &Path, name: &str) {
    let file = encode(network, &EncodeOptions::default()).expect("a network that can be written").bytes;
    let model = Model::open(&file).expect("just written");
    for set in InstructionSet::ALL {
        let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Reference, set) else { continue };
        let mut runner = prepared.runner();
        for number in 0..3 {
            let expected = floats(&outputs.join(format!("{name}{number}.bin")));
            runner.set_input(0, &floats(&inputs.join(format!("in{number}.bin"))));
            runner.run();
            let mut found = vec![0.0; expected.len()];
            runner.read_output(0, &mut found);
            let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
            for (found, expected) in found.iter().zip(&expected) {
                let error = (found - expected).abs();
                assert!(error <= 1e-5 * largest, "{}, {set:?}: {found} is not {expected}", outputs.display());
            }
        }
    }
}

#[test]
fn float_networks_agree_with_nnabla() {
    let networks = networks();
    assert!(networks.len() >= 7);
    for folder in networks {
        compare(&network(&folder), &folder, &folder, "nnabla_out");
    }
}

/// Parameters as stored, all else in floats: the fast kernels take weights of every format.
#[test]
fn networks_with_fixed_point_parameters_agree_with_nnabla() {
    let mut count = 0;
    for folder in networks() {
        for variant in ["p8", "p16", "sign"] {
            // NNabla makes binary weights anew from the float weights, the smallest of which were rounded to zero here, where
            // a file keeps both: its outputs for these variants are those of other weights.
            let is_binary =
                ["binary_mlp", "resnet23_bin_c", "resnet23_bin_w"].iter().any(|name| folder.ends_with(name));
            let outputs = folder.join(variant);
            if !outputs.join("expected_float_out0.bin").is_file() || (is_binary && variant != "sign") {
                continue;
            }
            let settings = fs::read_to_string(outputs.join("settings.yaml")).expect("the settings of the variant");
            let mut network = network(&folder);
            let settings = Settings::parse(&settings).expect("settings of NNabla's");
            settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
            compare(&network, &folder, &outputs, "expected_float_out");
            count += 1;
        }
    }
    assert_eq!(count, 11);
}

/// Every variant of number formats, with each instruction set: the bits of the portable runtime.
#[test]
fn fixed_point_networks_equal_the_portable_runtime() {
    let mut count = 0;
    for folder in networks() {
        for variant in fs::read_dir(&folder).expect("the variants").flatten().map(|entry| entry.path()) {
            let Ok(settings) = fs::read_to_string(variant.join("settings.yaml")) else { continue };
            let mut network = network(&folder);
            let settings = Settings::parse(&settings).expect("settings of NNabla's");
            settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
            let file = encode(&network, &EncodeOptions::default()).expect("a network that can be written").bytes;
            let model = Model::open(&file).expect("just written");
            // Floats between functions are summed in another order; at the ends they come from exact integers.
            let at_the_ends = |id: VariableId| network.inputs.contains(&id) || network.outputs.contains(&id);
            let is_float = |id: VariableId| {
                let variable = network.variable(id);
                variable.format == NumberFormat::Float32 && variable.kind == VariableKind::Buffer
            };
            if (0..network.variables.len()).map(VariableId).any(|id| is_float(id) && !at_the_ends(id)) {
                continue;
            }
            for number in 0..3 {
                let input = floats(&folder.join(format!("in{number}.bin")));
                let mut arena = vec![0; model.arena_bytes()];
                let mut session = Session::new(&model, &mut arena, Semantics::Integer).expect("enough");
                session.set_input(0, &input);
                session.run();
                let mut expected = vec![0.0; session.output(0).len()];
                session.output(0).read(0, &mut expected);
                for set in InstructionSet::ALL {
                    let Some(prepared) = Prepared::with_instruction_set(&model, Semantics::Integer, set) else {
                        continue;
                    };
                    let mut runner = prepared.runner();
                    runner.set_input(0, &input);
                    runner.run();
                    let mut found = vec![0.0; expected.len()];
                    runner.read_output(0, &mut found);
                    assert_eq!(found, expected, "{}, input {number}, {set:?}", variant.display());
                }
            }
            count += 1;
        }
    }
    assert!(count >= 14, "{count} variants");
}
