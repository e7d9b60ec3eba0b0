//! Reports, as commands write them about real networks, opened in a browser; and `profile` and `draw`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "../../fewbit-report/tests/chromium/mod.rs"]
mod chromium;
mod common;

use chromium::check::check;
use common::{fewbit, project, reference, stdout};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// Opens a page that a command wrote, and gives its text.
fn open(name: &str, path: &Path) -> String {
    let html = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    check(name, &html);
    html
}

fn number(object: &Value, key: &str) -> f64 {
    object[key].as_f64().unwrap_or_else(|| panic!("{key}: {object}"))
}

#[test]
fn reports_of_resnet23_open() {
    let folder = tempfile::tempdir().unwrap();
    let (out, page) = (folder.path().join("small"), folder.path().join("page.html"));
    let data = project("testdata/cifar10");
    let mut compress = fewbit();
    compress.args(["compress", "--calibrate", "16", "--limit", "60", "--explain=3", "--json", "--data"]).arg(&data);
    compress.arg(project("models/resnet23_trained.nnp")).arg("-o").arg(&out);
    let assert = compress.assert().success();
    let printed = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    assert!(printed.contains("of the noise") && printed.contains("What to do"), "{printed}");
    let object: Value = serde_json::from_slice(&assert.get_output().stdout).unwrap();

    // Layers come worst first, and what to do about them is in the rows of their variables too.
    let layers = object["explanation"]["layers"].as_array().unwrap();
    let shares: Vec<f64> = layers.iter().map(|layer| number(layer, "noise_share")).collect();
    assert!(shares.is_sorted_by(|a, b| a >= b) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{shares:?}");
    assert_eq!(object["explanation"]["samples"], 3);
    let variables = object["variables"].as_array().unwrap();
    let advice = layers[0]["advice"].as_str().unwrap();
    assert!(variables.iter().any(|variable| variable["advice"] == advice), "{advice}");
    for variable in variables.iter().filter(|variable| variable["kind"] == "buffer") {
        assert!(number(variable, "network_sqnr_db") > 5.0 && variable["saturated"].is_u64(), "{variable}");
    }
    let html = open("compress-resnet23", &out.join("report.html"));
    for part in ["Memory map over time", "Where the noise at the output comes from", "Wrong examples", "airplane"] {
        assert!(html.contains(part), "{part}");
    }

    let model = out.join("model.nnb");
    let mut evaluate = fewbit();
    evaluate.args(["evaluate", "--limit", "60", "--data"]).arg(&data).arg(&model).arg("--report").arg(&page);
    evaluate.assert().success();
    assert!(open("evaluate-resnet23", &page).contains("Confusion matrix"));

    let mut profile = fewbit();
    profile.args(["profile", "--runs", "1"]).arg(&model).arg("--report").arg(&page).assert().success();
    assert!(open("profile-resnet23", &page).contains("Cortex-M4"));

    let dump: Value = serde_json::from_str(&stdout(fewbit().args(["dump", "--json"]).arg(&model))).unwrap();
    assert!(dump["functions"].as_array().unwrap().iter().all(|function| function["arithmetic"] == "integers"));
}

/// A dataset of six samples, of values that fit no class, for a network with so many inputs and outputs.
fn values(inputs: usize, outputs: usize) -> String {
    let columns = |name: &str, count: usize| (0..count).map(|index| format!("{name}__{index}")).collect::<Vec<_>>();
    let mut rows = vec![[columns("x", inputs), columns("y", outputs)].concat().join(",")];
    for row in 0..6 {
        let value = |item: usize| format!("{}", ((item * 37 + row * 11) % 101) as f64 / 50.0 - 0.99);
        rows.push((0..inputs + outputs).map(value).collect::<Vec<_>>().join(","));
    }
    rows.join("\n")
}

#[test]
fn reports_of_other_networks_open() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lenet", "mixed", "mlp_regression", "binary_mlp"] {
        let network = reference("networks").join(name).join("net.nnp");
        let dump: Value = serde_json::from_str(&stdout(fewbit().args(["dump", "--json"]).arg(&network))).unwrap();
        let items = |kind: &str| -> usize {
            let variables = dump["variables"].as_array().unwrap();
            let end = variables.iter().find(|variable| variable["kind"] == kind).unwrap();
            end["shape"].as_array().unwrap().iter().map(|extent| extent.as_u64().unwrap() as usize).product()
        };
        let data = folder.path().join(format!("{name}.csv"));
        fs::write(&data, values(items("input"), items("output"))).unwrap();
        let (out, page) = (folder.path().join(name), folder.path().join("page.html"));
        let mut compress = fewbit();
        compress.args(["compress", "--preprocess", "raw", "--target-kind", "values", "--explain=2", "-d", "nnb_4"]);
        compress.arg(&network).arg("--data").arg(&data).arg("-o").arg(&out).arg("--report").arg(&page);
        compress.assert().success();
        assert!(!out.join("report.html").exists(), "it was wanted elsewhere");
        assert!(open(&format!("compress-{name}"), &page).contains("mean squared error"));
        fewbit().args(["profile", "--runs", "1"]).arg(&network).arg("--report").arg(&page).assert().success();
        open(&format!("profile-{name}"), &page);
    }
}

/// Every function is in one layer, and the work is that of the network, however it is run.
#[test]
fn profiles_account_for_all_functions() {
    let mut work = Vec::new();
    for format in ["FLOAT32", "FIXED8_4"] {
        let mut command = fewbit();
        command.args(["profile", "--json", "--runs", "1", "-T", format]);
        command.arg(project("models/resnet23_trained.nnp"));
        let profile: Value = serde_json::from_str(&stdout(&mut command)).unwrap();
        let layers = profile["layers"].as_array().unwrap();
        let functions = layers.iter().flat_map(|layer| layer["functions"].as_array().unwrap());
        let mut functions: Vec<u64> = functions.map(|function| function.as_u64().unwrap()).collect();
        functions.sort_unstable();
        assert!(functions.iter().enumerate().all(|(place, function)| place as u64 == *function), "{functions:?}");
        for key in ["seconds", "portable_seconds", "multiply_accumulates", "bytes_moved"] {
            let sum: f64 = layers.iter().map(|layer| number(layer, key)).sum();
            assert!((sum - number(&profile, key)).abs() <= 1e-9 * sum && sum > 0.0, "{key}: {profile}");
        }
        work.push(number(&profile, "multiply_accumulates"));
        // Floats have no estimate; whole numbers have one.
        let cycles = &profile["estimated_cycles"]["Cortex-M4"];
        assert_eq!(cycles.is_u64(), format != "FLOAT32", "{cycles}");
    }
    assert_eq!(work, [37_765_760.0; 2]);
}

#[test]
fn drawings_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("net.svg");
    let mut draw = fewbit();
    draw.args(["draw", "-T", "FIXED8_5"]).arg(reference("networks/lenet/net.nnp")).arg("-o").arg(&out);
    assert!(stdout(&mut draw).starts_with(&format!("{}: ", out.display())));
    let svg = fs::read_to_string(&out).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("FIXED8_5") && svg.contains("MaxPooling"));
}
