//! `fewbit dump`: nnablart's text, JSON for programs, tables for people.

mod common;

use common::{fewbit, reference, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn convert(network: &Path, settings: Option<&Path>, out: &Path) {
    let mut command = fewbit();
    command.args(["convert", "-d", "nnb_3", "--api", "44"]);
    if let Some(settings) = settings {
        command.arg("-s").arg(settings);
    }
    command.arg(network).arg(out).assert().success();
}

#[test]
fn the_text_is_that_of_nnablart() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.nnb");
    for (network, variant) in [("lenet", None), ("resnet23_bin_w", None), ("resnet23_float", Some("mix"))] {
        let network = reference("networks").join(network);
        let settings = variant.map(|variant| network.join(variant).join("settings.yaml"));
        convert(&network.join("net.nnp"), settings.as_deref(), &out);
        let expected = network.join(format!("dump_{}.txt", variant.unwrap_or("float_v3")));
        let expected = fs::read_to_string(expected).unwrap();
        assert_eq!(stdout(fewbit().args(["dump", "--nnablart"]).arg(&out)), expected);
    }
}

#[test]
fn json_has_the_keys_that_programs_rely_on() {
    let network = reference("networks/resnet23_float");
    let mut command = fewbit();
    command.args(["dump", "--json", "-s"]).arg(network.join("mix/settings.yaml")).arg(network.join("net.nnp"));
    let dump: Value = serde_json::from_str(&stdout(&mut command)).unwrap();
    let list = |key: &str| dump[key].as_array().unwrap_or_else(|| panic!("{key}")).clone();
    assert_eq!(list("variables").len(), 191);
    assert_eq!(dump["variables"][0]["name"], "x0");
    assert_eq!(dump["variables"][0]["kind"], "input");
    assert_eq!(dump["variables"][0]["shape"], serde_json::json!([1, 3, 32, 32]));
    let first = list("functions")[0].clone();
    assert_eq!(first["name"], "@net/Convolution");
    assert_eq!(first["type"], "Convolution");
    assert_eq!(first["arguments"]["pad"], serde_json::json!([1, 1]));
    let fixed = list("variables").into_iter().find(|variable| variable["type"] == "FIXED8").unwrap();
    assert!(fixed["position"].is_i64(), "{fixed}");

    let buffers: u64 = list("buffers").iter().map(|buffer| buffer["bytes"].as_u64().unwrap()).sum();
    let arena = dump["arena_bytes"].as_u64().unwrap();
    let bound = dump["arena_lower_bound"].as_u64().unwrap();
    assert!(bound <= buffers && buffers <= arena && arena < buffers + 16 * 3, "{bound} {buffers} {arena}");
}

#[test]
fn a_file_without_names_gets_some() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a.nnb");
    convert(&reference("networks/lenet/net.nnp"), None, &out);
    let text = stdout(fewbit().arg("dump").arg(&out));
    for part in
        ["Arena: 45.0 KB (46,080 bytes), lower bound 45.0 KB (46,080 bytes)", "MaxPooling", "16x1x5x5", " v0 ", " f0 "]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(text.lines().all(|line| line == line.trim_end()), "no blanks at the ends of lines");
}
