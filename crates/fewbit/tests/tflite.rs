//! TensorFlow Lite files wherever NNabla's are taken.

mod common;

use common::{failure, fewbit, floats, project, stdout};
use serde_json::Value;
use std::fs;
use std::path::PathBuf;

fn keywords() -> PathBuf {
    project("testdata/tflite/kws_int8.tflite")
}

#[test]
fn a_quantised_network_is_run_and_converted() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let samples = fs::read(project("testdata/tflite/kws_int8.inputs.bin")).unwrap();
    fs::write(file("sample.bin"), &samples[..490 * 4]).unwrap();
    let expected = floats(&project("testdata/tflite/kws_int8.outputs.bin"));
    stdout(fewbit().args(["convert", "-d", "nnb_3"]).arg(keywords()).arg(file("net.nnb")));
    stdout(fewbit().arg("convert").arg(keywords()).arg(file("net.nnp")));
    for model in [keywords(), file("net.nnb"), file("net.nnp")] {
        stdout(fewbit().arg("infer").arg(model).arg(file("sample.bin")).arg("-o").arg(file("out")));
        assert_eq!(floats(&file("out_0.bin")), expected[..12]);
    }
}

#[test]
fn a_network_without_data_is_compressed_on_noise() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("small");
    let preprocess = ["--preprocess", "mean=0.8,std=0.0067"];
    let shown = stdout(
        (fewbit().arg("compress").arg(keywords()).args(["--data", "noise:3", "--json", "-d", "nnb_4"]))
            .args(preprocess)
            .args(["--calibrate", "16", "--limit", "16", "-o"])
            .arg(&out),
    );
    let object: Value = serde_json::from_str(&shown).unwrap();
    assert!(object["output_sqnr_db"].as_f64().unwrap() > 10.0, "{object}");
    assert!(object["loss_points"].is_null());
    assert_eq!(object["float"]["mse"], 0.0);
    // The rounding of the file has made room for formats.
    let dump = stdout(fewbit().args(["dump", "--json"]).arg(out.join("model.nnb")));
    assert!(!dump.contains("QuantizeLinear"), "{dump}");
    let template = folder.path().join("settings.yaml");
    stdout(fewbit().arg("template").arg(keywords()).arg(&template));
    assert!(fs::read_to_string(template).unwrap().contains("functional_1/dense/BiasAdd"));
}

#[test]
fn a_file_is_told_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join("model.bin");
    fs::copy(keywords(), &copy).unwrap();
    assert!(stdout(fewbit().arg("dump").arg(&copy)).contains("Convolution"));
    fs::write(folder.path().join("cut.tflite"), &fs::read(keywords()).unwrap()[..3000]).unwrap();
    let error = failure(fewbit().arg("dump").arg("cut.tflite").current_dir(folder.path()), 1);
    assert!(error.contains("cut.tflite: not a readable .tflite file"), "{error}");
}
