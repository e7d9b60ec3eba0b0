//! Every `.nnb` file of the reference, reproduced byte for byte from its `.nnp` and settings, and read back.

use fewbit_core::Network;
use fewbit_formats::{FormatSetting, ImportOptions, Nnp, Settings};
use fewbit_nnb::{EncodeOptions, Nnb, Version, decode, encode};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/reference")
}

fn hex_sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of the network that a file belongs to.
fn network_folder(file: &Path) -> PathBuf {
    file.ancestors().skip(1).find(|folder| folder.join("net.nnp").is_file()).expect("a folder with net.nnp").into()
}

fn typed_network(file: &Path) -> Network {
    let nnp = Nnp::open(&network_folder(file).join("net.nnp")).expect("a file of NNabla's");
    let mut network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
    let settings = match fs::read_to_string(file.with_file_name("settings.yaml")) {
        Ok(text) => Settings::parse(&text).expect("settings of NNabla's"),
        Err(_) => Settings::default(),
    };
    settings.apply(&mut network, FormatSetting::Float32).expect("formats that NNabla takes");
    network
}

fn options(file: &Path) -> EncodeOptions {
    let name = file.file_stem().and_then(|name| name.to_str()).expect("a plain name");
    EncodeOptions {
        version: if name.contains("v3") { Version::V3 } else { Version::V2 },
        api_level: if name.contains("api45") { 45 } else { 44 },
        ..EncodeOptions::default()
    }
}

#[test]
fn every_reference_file_is_reproduced_and_survives_reading() {
    let sums = fs::read_to_string(reference().join("SHA256SUMS")).expect("the list of sums");
    let mut count = 0;
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").expect("a sum and a path");
        let file = reference().join(path);
        let options = options(&file);
        let written = encode(&typed_network(&file), &options).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(hex_sum(&written.bytes), sum, "{path}");

        let read = Nnb::new(&written.bytes).unwrap_or_else(|error| panic!("{path}: {error}"));
        let network = decode(&read).unwrap_or_else(|error| panic!("{path}: {error}"));
        network.validate().unwrap_or_else(|error| panic!("{path}: {error}"));
        let again = encode(&network, &options).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert!(again.bytes == written.bytes, "{path} changes when it is read and written again");
        count += 1;
    }
    assert_eq!(count, 231, "files in the list");
}

#[test]
fn templates_are_those_of_nnabla() {
    for entry in fs::read_dir(reference().join("networks")).expect("the networks").flatten() {
        let folder = entry.path();
        let nnp = Nnp::open(&folder.join("net.nnp")).expect("a file of NNabla's");
        let network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
        let expected = fs::read_to_string(folder.join("template.yaml")).expect("a template");
        assert_eq!(Settings::template(&network, FormatSetting::Float32).to_yaml(), expected, "{}", folder.display());
    }
}

#[test]
fn dumps_are_those_of_nnablart() {
    let cases = [("dump_float_v3.txt", "float_v3.nnb"), ("dump_mix.txt", "mix/v3.nnb")];
    let mut count = 0;
    for entry in fs::read_dir(reference().join("networks")).expect("the networks").flatten() {
        for (dump, file) in cases {
            let Ok(expected) = fs::read_to_string(entry.path().join(dump)) else { continue };
            let file = entry.path().join(file);
            let written = encode(&typed_network(&file), &options(&file)).expect("a network that can be written");
            let read = Nnb::new(&written.bytes).expect("just written");
            assert_eq!(fewbit_nnb::dump::dump(&read), expected, "{}", file.display());
            count += 1;
        }
    }
    assert_eq!(count, 9, "dumps in the reference");
}

#[test]
fn documents_survive_writing_and_reading() {
    for name in ["lenet", "mixed", "binary_mlp"] {
        let nnp = Nnp::open(&reference().join("networks").join(name).join("net.nnp")).expect("a file of NNabla's");
        let again = Nnp::from_archive(&nnp.to_archive().expect("names of NNabla's")).expect("just written");
        assert_eq!(again, nnp, "{name}: as an archive");

        let network = nnp.network(&ImportOptions::default()).expect("a network of NNabla's");
        let fresh = Nnp::from_network(&network).network(&ImportOptions::default()).expect("just made");
        assert_eq!(fresh.variables, network.variables, "{name}: as a fresh document");
        // Sorting for execution is free to order branches anew; what is there must be the same.
        let by_name = |network: &Network| {
            let mut nodes = network.nodes.clone();
            nodes.sort_by(|a, b| a.name.cmp(&b.name));
            nodes
        };
        assert_eq!(by_name(&fresh), by_name(&network), "{name}: as a fresh document");
    }
}
