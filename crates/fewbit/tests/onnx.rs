//! ONNX files wherever NNabla's are taken, and written by `convert`.

mod common;

use common::{failure, fewbit, floats, project, reference, stdout};
use std::path::Path;

fn keywords() -> std::path::PathBuf {
    project("testdata/onnx/kws_float.onnx")
}

#[track_caller]
fn assert_near(found: &Path, expected: &Path) {
    let (found, expected) = (floats(found), floats(expected));
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-5, "{found} instead of {expected}");
    }
}

#[test]
fn a_network_is_run_and_converted() {
    let folder = tempfile::tempdir().unwrap();
    let input = project("testdata/onnx/kws_float.input_0.bin");
    let expected = project("testdata/onnx/kws_float.output_0.bin");
    let file = |name: &str| folder.path().join(name);
    stdout(fewbit().arg("infer").arg(keywords()).arg(&input).arg("-o").arg(file("onnx")));
    assert_near(&file("onnx_0.bin"), &expected);

    stdout(fewbit().args(["convert", "-d", "nnb_3"]).arg(keywords()).arg(file("net.nnb")));
    stdout(fewbit().arg("convert").arg(keywords()).arg(file("net.nnp")));
    stdout(fewbit().arg("convert").arg(file("net.nnp")).arg(file("again.onnx")));
    for name in ["net.nnb", "net.nnp", "again.onnx"] {
        stdout(fewbit().arg("infer").arg(file(name)).arg(&input).arg("-o").arg(file("again")));
        assert_near(&file("again_0.bin"), &expected);
    }
}

#[test]
fn networks_of_nnabla_become_onnx_files_with_their_formats() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("lenet.onnx");
    let lenet = reference("networks/lenet");
    stdout(fewbit().arg("convert").arg(lenet.join("net.nnp")).arg(&out));
    let float = std::fs::metadata(&out).unwrap().len();
    let settings = lenet.join("all8/settings.yaml");
    stdout(fewbit().arg("convert").arg("-s").arg(settings).arg(lenet.join("net.nnp")).arg(&out));
    let fixed = std::fs::metadata(&out).unwrap().len();
    assert!(3 * fixed < float, "weights take a byte each: {fixed} and {float} bytes");
}

#[test]
fn the_batch_size_is_chosen() {
    let shown = stdout(fewbit().args(["dump", "--json", "-b", "3"]).arg(keywords()));
    let dump: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let variables = dump["variables"].as_array().unwrap();
    let input = variables.iter().find(|variable| variable["name"] == "input_1").unwrap();
    assert_eq!(input["shape"], serde_json::json!([3, 49, 10, 1]));
}

#[test]
fn what_an_onnx_file_does_not_have_is_said() {
    let message = failure(fewbit().args(["dump", "-E", "1"]).arg(keywords()), 1);
    assert!(message.ends_with("the file holds one network, and no executors to choose from with -E\n"), "{message}");
    let message = failure(fewbit().args(["dump", "--channels-first"]).arg(reference("networks/lenet/net.nnp")), 1);
    assert!(message.contains("--channels-first is for .onnx and .tflite files"), "{message}");
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.onnx");
    std::fs::write(&broken, b"not a network").unwrap();
    let message = failure(fewbit().arg("dump").arg(&broken), 1);
    assert!(message.contains("broken.onnx: not an ONNX file: "), "{message}");
}
