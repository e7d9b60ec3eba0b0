//! What the tests share: programs in C, networks of the reference, and what the runtime computes of them.
#![allow(dead_code)] // Each test uses its part.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use fewbit_core::{Network, NumberFormat};
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What programs must compile with, without a warning.
pub const FLAGS: [&str; 6] = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-pedantic", "-Werror"];

/// A path within the crate.
pub fn crate_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The compiler of the system, if there is one.
pub fn compiler() -> Option<&'static str> {
    let works = |name: &&str| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success());
    let found = ["cc", "gcc", "clang"].into_iter().find(works).filter(|_| cfg!(target_os = "linux"));
    if found.is_none() {
        eprintln!("skipped: there is no C compiler for Linux");
    }
    found
}

/// Runs the program of a folder on a file and inputs by a command; its outputs are in `output` of the folder.
pub fn run(command: &mut Command, folder: &Path, file: &[u8], input: &[u8]) -> Output {
    fs::write(folder.join("file"), file).unwrap();
    fs::write(folder.join("input"), input).unwrap();
    command.current_dir(folder).output().unwrap()
}

/// Compares a program's outputs with the runtime's on networks of the reference, in all versions.
pub fn check(networks: &[(String, Network)], folder: &Path, command: impl Fn() -> Command) {
    for (name, network) in networks {
        for version in [Version::V2, Version::V3, Version::V4] {
            let file = file(network, version);
            let model = Model::open(&file).unwrap();
            let input = inputs(&model);
            let output = run(&mut command(), folder, &file, &input);
            assert!(output.status.success(), "{name} {version:?}: {output:?}");
            let found = fs::read(folder.join("output")).unwrap();
            assert_eq!(found, expected(&model, &input, Semantics::Integer), "{name} {version:?}");
        }
    }
}

/// The networks of the reference, as floats and with each of their settings.
pub fn references() -> Vec<(String, Network)> {
    let mut networks = Vec::new();
    for name in ["lenet", "mlp_regression", "mixed", "binary_mlp"] {
        let folder = crate_path("../../testdata/reference/networks").join(name);
        let nnp = Nnp::open(&folder.join("net.nnp")).unwrap();
        let network = nnp.network(&ImportOptions::default()).unwrap();
        for variant in fs::read_dir(&folder).unwrap().flatten() {
            let Ok(text) = fs::read_to_string(variant.path().join("settings.yaml")) else { continue };
            let mut typed = network.clone();
            Settings::parse(&text).unwrap().apply(&mut typed, FormatSetting::Float32).unwrap();
            networks.push((format!("{name}/{}", variant.file_name().to_string_lossy()), typed));
        }
        networks.push((name.into(), network));
    }
    networks
}

/// A network as a file.
pub fn file(network: &Network, version: Version) -> Vec<u8> {
    encode(network, &EncodeOptions { version, ..EncodeOptions::default() }).unwrap().bytes
}

/// Inputs of a model as stored: small numbers of both signs.
pub fn inputs(model: &Model<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for number in model.nnb().inputs().iter() {
        let variable = model.nnb().variable(number);
        for item in 0..variable.shape.items() as i32 {
            let value = item * 37 % 101 - 50;
            match variable.format {
                NumberFormat::Float32 => bytes.extend((value as f32 / 40.0).to_le_bytes()),
                NumberFormat::Fixed16 { .. } => bytes.extend((value as i16 * 300).to_le_bytes()),
                _ => bytes.push(value as i8 as u8),
            }
        }
    }
    bytes
}

/// What the runtime computes.
pub fn expected(model: &Model<'_>, input: &[u8], semantics: Semantics) -> Vec<u8> {
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(model, &mut arena, semantics).unwrap();
    let mut rest = input;
    for index in 0..model.nnb().inputs().len() {
        let mut values = session.input_mut(index).unwrap();
        let (own, others) = rest.split_at(values.bytes().len());
        values.bytes().copy_from_slice(own);
        rest = others;
    }
    session.run();
    (0..model.nnb().outputs().len()).flat_map(|index| session.output(index).bytes().to_vec()).collect()
}
