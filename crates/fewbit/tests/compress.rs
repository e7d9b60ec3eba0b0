//! `fewbit compress` on the bundled network and images.

mod common;

use assert_cmd::Command;
use common::{failure, fewbit, names, project, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn compress(out: &Path) -> Command {
    let mut command = fewbit();
    command.args(["compress", "--calibrate", "16", "--limit", "40", "--data"]).arg(project("testdata/cifar10"));
    command.arg(project("models/resnet23_trained.nnp")).arg("-o").arg(out);
    command
}

#[test]
fn what_is_written_is_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("new/small");
    let object: Value = serde_json::from_str(&stdout(compress(&out).arg("--json"))).unwrap();
    assert_eq!(names(&out), ["model.nnb", "network.nnp", "report.html", "settings.yaml"]);
    let model = out.join("model.nnb");
    let measured = |stage: &str, key: &str| object[stage][key].as_f64().unwrap_or_else(|| panic!("{stage} {key}"));
    assert_eq!(measured("compressed", "model_bytes"), fs::metadata(&model).unwrap().len() as f64);
    assert!(measured("float", "model_bytes") > 3.0 * measured("compressed", "model_bytes"));
    assert!(measured("float", "arena_bytes") > 2.0 * measured("compressed", "arena_bytes"));
    assert!(measured("float", "top1") > 0.7 && measured("compressed", "top1") > 0.6, "{object}");
    assert!(measured("compressed", "state_bytes") > 0.0);
    let loss = object["loss_points"].as_f64().unwrap();
    assert!((loss - 100.0 * (measured("float", "top1") - measured("compressed", "top1"))).abs() < 1e-9);

    let variables = object["variables"].as_array().unwrap();
    let settings = fs::read_to_string(out.join("settings.yaml")).unwrap();
    for variable in variables {
        let (name, kind) = (variable["name"].as_str().unwrap(), variable["type"].as_str().unwrap());
        let format = match variable["position"].as_i64() {
            Some(position) => format!("{kind}_{position}"),
            None => kind.into(),
        };
        let line = settings.lines().find(|line| line.trim().trim_matches('\'').starts_with(name));
        assert!(line.is_some(), "{name} is in the settings");
        assert!(settings.contains(&format!(": {format}\n")), "{name}: {format}");
        assert!(["input", "output", "buffer", "parameter"].contains(&variable["kind"].as_str().unwrap()));
    }

    // Who edits the settings starts from what they belong to.
    let again = folder.path().join("again.nnb");
    let mut convert = fewbit();
    convert.args(["convert", "-d", "nnb_3", "-s"]).arg(out.join("settings.yaml"));
    convert.arg(out.join("network.nnp")).arg(&again).assert().success();
    assert!(fs::read(&again).unwrap() == fs::read(&model).unwrap(), "the settings make the model of the network");

    let mut evaluate = fewbit();
    evaluate.args(["evaluate", "--json", "--limit", "40"]).arg(&model).arg("--data").arg(project("testdata/cifar10"));
    let evaluation: Value = serde_json::from_str(&stdout(&mut evaluate)).unwrap();
    assert_eq!(evaluation["top1"], object["compressed"]["top1"]);
    let dump: Value = serde_json::from_str(&stdout(fewbit().args(["dump", "--json"]).arg(&model))).unwrap();
    assert_eq!(dump["arena_bytes"], object["compressed"]["arena_bytes"]);
    assert_eq!(dump["variables"].as_array().unwrap().len(), variables.len());
}

#[test]
fn limits_that_are_not_kept_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("small");
    for (limit, start, end) in [
        (
            ["--ram", "4k"],
            "error: the arena needs ",
            "more than the 4.0 KB (4,096 bytes) of --ram; nothing is written\n",
        ),
        (
            ["--flash", "50k"],
            "error: the model has ",
            "more than the 50.0 KB (51,200 bytes) of --flash; nothing is written\n",
        ),
    ] {
        let assert = compress(&out).args(limit).assert().code(1);
        let message = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
        assert!(message.starts_with(start) && message.ends_with(end), "{message}");
        assert!(!out.exists());
    }
    let message = failure(compress(&out).args(["--ram", "plenty"]), 2);
    assert!(message.contains("'plenty' is no size; write bytes, or as in 64k, 1M, 1.5M"), "{message}");
}
