//! `fewbit convert` and `fewbit template` against what NNabla's tools write.

mod common;

use common::{failure, fewbit, names, project, reference, stdout};
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};

/// Compares files without printing them.
#[track_caller]
fn assert_same(a: &Path, b: &Path, what: &str) {
    let [a, b] = [a, b].map(|path| fs::read(path).expect("a file"));
    assert!(a == b, "{what}: {} and {} bytes differ", a.len(), b.len());
}

fn hex_sum(path: &Path) -> String {
    let bytes = fs::read(path).expect("a file");
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The network that a converted file of the reference was made of.
fn network_of(file: &Path) -> PathBuf {
    file.ancestors().skip(1).map(|folder| folder.join("net.nnp")).find(|path| path.is_file()).expect("a network")
}

#[test]
fn converted_files_are_those_of_nnabla() {
    let folder = tempfile::tempdir().unwrap();
    let sums = fs::read_to_string(reference("SHA256SUMS")).unwrap();
    let mut count = 0;
    for line in sums.lines() {
        let (sum, path) = line.split_once("  ").unwrap();
        // Every network with every setting; of the functions, which are as many again, some.
        if path.starts_with("functions/") && !path.starts_with("functions/B") {
            continue;
        }
        let file = reference(path);
        let out = folder.path().join("out.nnb");
        let mut command = fewbit();
        command.arg("convert").arg(network_of(&file)).arg(&out);
        let name = file.file_stem().unwrap().to_str().unwrap();
        if name.contains("v3") {
            command.args(["-d", "nnb_3"]);
        }
        if !name.contains("api45") {
            command.args(["--api", "44"]);
        }
        let settings = file.with_file_name("settings.yaml");
        if settings.is_file() {
            command.arg("-s").arg(settings);
        }
        let printed = stdout(&mut command);
        assert_eq!(hex_sum(&out), sum, "{path}");
        assert!(printed.starts_with(&format!("{}: ", out.display())), "{printed}");
        count += 1;
    }
    assert!(count > 100, "{count} files of the list");
    assert_eq!(names(folder.path()), ["out.nnb"]);
}

#[test]
fn templates_are_those_of_nnabla() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("settings.yaml");
    for network in names(&reference("networks")) {
        let network = reference("networks").join(network);
        fewbit().arg("template").arg(network.join("net.nnp")).arg(&out).assert().success();
        let expected = fs::read_to_string(network.join("template.yaml")).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), expected, "{}", network.display());
    }
    fewbit()
        .args(["template", "-T", "FIXED16_8"])
        .arg(reference("networks/lenet/net.nnp"))
        .arg(&out)
        .assert()
        .success();
    let typed = fs::read_to_string(reference("networks/lenet/template.yaml")).unwrap().replace("FLOAT32", "FIXED16_8");
    assert_eq!(fs::read_to_string(&out).unwrap(), typed);
}

#[test]
fn a_converted_file_converts_again() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, settings] = ["a.nnb", "b.nnb", "s.yaml"].map(|name| folder.path().join(name));
    let network = reference("networks/lenet");
    let typed = network.join("mix/settings.yaml");
    fewbit()
        .args(["convert", "-d", "nnb_3", "-s"])
        .arg(typed)
        .arg(network.join("net.nnp"))
        .arg(&first)
        .assert()
        .success();
    fewbit().args(["convert", "-d", "nnb_3"]).arg(&first).arg(&second).assert().success();
    assert_same(&first, &second, "formats stay as they are");

    fewbit().arg("template").arg(&first).arg(&settings).assert().success();
    fewbit().args(["convert", "-d", "nnb_3", "-s"]).arg(&settings).arg(&first).arg(&second).assert().success();
    assert_same(&first, &second, "its own settings change nothing");

    fewbit().args(["convert", "-d", "nnb_3", "-T", "FLOAT32"]).arg(&first).arg(&second).assert().success();
    assert!(fs::metadata(&second).unwrap().len() > 2 * fs::metadata(&first).unwrap().len(), "other formats are taken");
}

#[test]
fn network_files_go_round_without_loss() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let original = reference("networks/lenet/net.nnp");
    let convert = |arguments: &[&str], input: &Path, output: &Path| {
        fewbit().arg("convert").args(arguments).arg(input).arg(output).assert().success();
    };
    convert(&[], &original, &path("expected.nnb"));
    for (arguments, name) in [
        (&[][..], "a.nnp"),
        (&["-E", "0"], "b.nnp"),
        (&[], "c.protobuf"),
        (&["--nnp-parameter-nntxt"], "d.nntxt"),
        (&["-O", "NNP", "-f", "-I", "NNP"], "e"),
    ] {
        convert(arguments, &original, &path(name));
        convert(&["-b", "-1", "--api", "-1"], &path(name), &path("again.nnb"));
        assert_same(&path("again.nnb"), &path("expected.nnb"), name);
    }
    // The loose files of a network: text with the parameters beside it, found or given.
    convert(&[], &original, &path("net.nntxt"));
    convert(&[], &original, &path("net.protobuf"));
    convert(&[], &path("net.nntxt"), &path("again.nnb"));
    assert_same(&path("again.nnb"), &path("expected.nnb"), "parameters beside the text");
    fs::rename(path("net.protobuf"), path("other.protobuf")).unwrap();
    let message = failure(fewbit().arg("convert").arg(path("net.nntxt")).arg(path("again.nnb")), 1);
    assert!(message.contains("has no values in the file"), "{message}");
}

#[test]
fn the_batch_size_is_for_choosing() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let original = reference("networks/lenet/net.nnp");
    fewbit().args(["convert", "-b", "3"]).arg(&original).arg(path("a.nnb")).assert().success();
    fewbit().args(["convert", "-b", "3"]).arg(&original).arg(path("b.nnp")).assert().success();
    fewbit().arg("convert").arg(path("b.nnp")).arg(path("b.nnb")).assert().success();
    assert_same(&path("a.nnb"), &path("b.nnb"), "with a batch size of 3");
    let text = stdout(fewbit().args(["dump", "--nnablart"]).arg(path("a.nnb")));
    assert!(text.contains("NNB: Variable shape:      ( 3 1 28 28 )"), "{text}");
}

#[test]
fn what_is_left_out_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("settings.yaml");
    fs::write(&settings, "variables: {nowhere: FIXED8_4}\n").unwrap();
    let mut command = fewbit();
    command.args(["convert", "--api", "44", "-s"]).arg(&settings);
    command.arg(reference("networks/lenet/net.nnp")).arg(folder.path().join("a.nnb"));
    let assert = command.assert().success();
    let warnings = String::from_utf8_lossy(&assert.get_output().stderr).into_owned();
    let expected = format!("warning: {} lists 'nowhere', which the network does not have\n", settings.display());
    assert_eq!(warnings, expected);

    let text = folder.path().join("a.nntxt");
    let assert = fewbit().arg("convert").arg(project("models/resnet23_trained.nnp")).arg(&text).assert().success();
    assert!(String::from_utf8_lossy(&assert.get_output().stderr).starts_with("warning: the text holds no parameters"));
}

/// The C of a typed network: with the names of its file, in a folder that is made.
#[test]
fn networks_become_c() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("c");
    let settings = reference("networks/mlp_regression/all8/settings.yaml");
    let mut convert = fewbit();
    convert.args(["convert", "-O", "c", "-d", "nnb_3", "-s"]).arg(settings);
    convert.arg(reference("networks/mlp_regression/net.nnp")).arg(&out).assert().success();
    assert_eq!(names(&out), ["net.c", "net.h"]);
    let header = fs::read_to_string(out.join("net.h")).unwrap();
    assert!(header.contains("NET_ARENA_BYTES"), "{header}");
}

/// Version 4 packs the arena tighter, and computes the same.
#[test]
fn version_4_gives_the_same_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let run = |version: &str| {
        let file = folder.path().join(format!("{version}.nnb"));
        let mut convert = fewbit();
        convert.args(["convert", "-d", version, "-s"]).arg(reference("networks/lenet/all8/settings.yaml"));
        convert.arg(reference("networks/lenet/net.nnp")).arg(&file).assert().success();
        let out = folder.path().join(version);
        fewbit()
            .arg("infer")
            .arg(&file)
            .arg(reference("networks/lenet/in0.bin"))
            .arg("-o")
            .arg(&out)
            .assert()
            .success();
        fs::read(folder.path().join(format!("{version}_0.bin"))).unwrap()
    };
    assert_eq!(run("nnb_3"), run("nnb_4"));
}
