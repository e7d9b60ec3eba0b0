//! `fewbit infer` against NNabla's numbers.

mod common;

use common::{fewbit, floats, names, reference, stdout};
use std::fs;
use std::path::{Path, PathBuf};

/// The files `<prefix>0.bin`, `<prefix>1.bin`, ... of a folder.
fn numbered(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    (0..).map(|index| folder.join(format!("{prefix}{index}.bin"))).take_while(|path| path.is_file()).collect()
}

/// Compares numbers with a tolerance relative to the largest of those expected.
#[track_caller]
fn assert_near(found: &[f32], expected: &[f32], tolerance: f32, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let equal = found == expected || (found.is_nan() && expected.is_nan());
        assert!(equal || (found - expected).abs() <= tolerance * largest, "{what}: {found} is not {expected}");
    }
}

#[test]
fn functions_give_the_numbers_of_nnabla() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    for case in names(&reference("functions")) {
        let case = reference("functions").join(case);
        let (inputs, expected) = (numbered(&case, "in"), numbered(&case, "nnabla_out"));
        fewbit().arg("infer").arg(case.join("net.nnp")).args(inputs).arg("-o").arg(&out).assert().success();
        for (index, expected) in expected.iter().enumerate() {
            let found = floats(&folder.path().join(format!("out_{index}.bin")));
            assert_near(&found, &floats(expected), 1e-5, &case.display().to_string());
        }
    }
}

#[test]
fn networks_give_the_numbers_of_nnabla_whatever_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let [nnb, out] = ["net.nnb", "out"].map(|name| folder.path().join(name));
    for network in ["lenet", "mixed", "mlp_regression", "binary_mlp", "resnet23_float", "resnet23_bin_w"] {
        let network = reference("networks").join(network);
        let nnp = network.join("net.nnp");
        fewbit().arg("convert").arg(&nnp).arg(&nnb).assert().success();
        for (input, expected) in numbered(&network, "in").iter().zip(numbered(&network, "nnabla_out")) {
            for model in [&nnp, &nnb] {
                fewbit().arg("infer").arg(model).arg(input).arg("-o").arg(&out).assert().success();
                let found = floats(&folder.path().join("out_0.bin"));
                assert_near(&found, &floats(&expected), 1e-4, &network.display().to_string());
            }
        }
    }
}

#[test]
fn typed_networks_give_the_numbers_of_their_types() {
    let folder = tempfile::tempdir().unwrap();
    let [nnb, out] = ["net.nnb", "out"].map(|name| folder.path().join(name));
    for network in ["lenet", "mlp_regression"] {
        let network = reference("networks").join(network);
        let settings = network.join("io8/settings.yaml");
        let mut convert = fewbit();
        convert.args(["convert", "-d", "nnb_3", "-s"]).arg(&settings).arg(network.join("net.nnp")).arg(&nnb);
        convert.assert().success();
        for (semantics, expected) in [("reference", "expected_trunc_out"), ("integer", "expected_round_out")] {
            let inputs = (0..3).map(|index| network.join(format!("io8/in{index}.int8.bin")));
            for (input, expected) in inputs.zip(numbered(&network.join("io8"), expected)) {
                let mut infer = fewbit();
                infer.args(["infer", "--semantics", semantics]).arg(&nnb).arg(&input).arg("-o").arg(&out);
                infer.assert().success();
                let found = floats(&folder.path().join("out_0.bin"));
                // A sum on a rounding edge can move a value by one step, and that the values behind it by some.
                assert_near(&found, &floats(&expected), 0.05, &format!("{semantics} {}", network.display()));
            }
        }
    }
}

#[test]
fn files_of_floats_and_of_stored_numbers_mean_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let network = reference("networks/mlp_regression");
    let stored = network.join("io8/in0.int8.bin");
    let to_floats = |stored: &[u8]| -> Vec<u8> {
        stored.iter().flat_map(|&byte| (f32::from(byte as i8) / 16.0).to_le_bytes()).collect()
    };
    let typed = folder.path().join("floats.bin");
    fs::write(&typed, to_floats(&fs::read(&stored).unwrap())).unwrap();
    let infer = |input: &Path, prefix: &str, options: &[&str]| {
        let mut infer = fewbit();
        infer.args(["infer", "-T", "FIXED8_4"]).args(options).arg(network.join("net.nnp")).arg(input);
        infer.arg("-o").arg(folder.path().join(prefix)).assert().success();
        fs::read(folder.path().join(format!("{prefix}_0.bin"))).unwrap()
    };
    let floats = infer(&stored, "a", &[]);
    assert_eq!(infer(&typed, "b", &[]), floats);
    assert_eq!(to_floats(&infer(&stored, "c", &["--raw"])), floats);
    assert_eq!(names(folder.path()), ["a_0.bin", "b_0.bin", "c_0.bin", "floats.bin"]);
}

#[test]
fn the_batch_is_as_large_as_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let network = reference("networks/mlp_regression");
    let inputs: Vec<u8> = numbered(&network, "in").iter().flat_map(|path| fs::read(path).unwrap()).collect();
    let file = folder.path().join("three.bin");
    fs::write(&file, inputs).unwrap();
    let out = folder.path().join("out");
    fewbit().arg("infer").arg(network.join("net.nnp")).arg(&file).arg("-o").arg(&out).assert().success();
    let expected: Vec<f32> = numbered(&network, "nnabla_out").iter().flat_map(|path| floats(path)).collect();
    assert_near(&floats(&folder.path().join("out_0.bin")), &expected, 1e-5, "three samples");
}

#[test]
fn numbers_are_printed_where_no_file_is_wanted() {
    let network = reference("networks/mlp_regression");
    let printed = stdout(fewbit().arg("infer").arg(network.join("net.nnp")).arg(network.join("in0.bin")));
    let numbers = printed.strip_prefix("output 0 'y0' 1x2: ").unwrap().trim_end();
    let numbers: Vec<f32> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
    assert_near(&numbers, &floats(&network.join("nnabla_out0.bin")), 1e-5, "printed");
}
