//! Bad input, one case after the other: one clear sentence, the right exit code, and no file touched.

mod common;

use common::{failure, fewbit, project, reference};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A network with one affine function, as text with its parameters.
const NETWORK: &str = r#"
network {
  name: "net" batch_size: 1
  variable { name: "x" type: "Buffer" shape { dim: -1 dim: 3 } }
  variable { name: "y" type: "Buffer" shape { dim: -1 dim: 2 } }
  variable { name: "W" type: "Parameter" shape { dim: 3 dim: 2 } }
  variable { name: "b" type: "Parameter" shape { dim: 2 } }
  function {
    name: "f" type: "Affine" input: "x" input: "W" input: "b" output: "y"
    affine_param { base_axis: 1 }
  }
}
parameter { variable_name: "W" shape { dim: 3 dim: 2 } data: [1, 2, 3, 4, 5, 300] }
parameter { variable_name: "b" shape { dim: 2 } data: [0.5, -0.5] }
executor {
  name: "runtime" network_name: "net"
  data_variable { variable_name: "x" } output_variable { variable_name: "y" }
}
"#;

/// A folder with good and bad files.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &[u8]| fs::write(folder.path().join(name), content).expect("a new file");
    write("good.nntxt", NETWORK.as_bytes());
    write("nan.nntxt", NETWORK.replace("300]", "nan]").as_bytes());
    write("short.nntxt", NETWORK.replace(", 300]", "]").as_bytes());
    write("shape.nntxt", NETWORK.replace("dim: -1 dim: 3", "dim: -1 dim: 5").as_bytes());
    write("unknown.nntxt", NETWORK.replace("\"Affine\"", "\"Nonsense\"").as_bytes());
    write("syntax.nntxt", b"network { name: ");
    write("empty.nntxt", b"");
    write("dangling.nntxt", NETWORK.replace("input: \"b\"", "input: \"c\"").as_bytes());
    write("bare.nntxt", NETWORK.split("parameter {").next().expect("what stands before").as_bytes());
    write("noise.nnp", b"this is no archive");
    write("noise.nnb", b"this is no model for a device, but it is as long as a header of one would be");
    write("notes.md", b"# Notes\n");
    write("noise.yaml", b"variables: [a, b]\n");
    write("position.yaml", b"variables: {x: FIXED8_9}\n");
    write("buffer.yaml", b"variables: {x: FIXED8}\n");
    write("range.yaml", b"variables: {W: FIXED8}\n");
    write("sign.yaml", b"variables: {W: SIGN}\n");
    write("x.bin", &[0; 12]);
    write("x8.bin", &[0; 3]);
    write("x1.bin", &[0; 13]);
    write("old.nnb", b"what was there before");
    fs::create_dir(folder.path().join("folder.nnp")).expect("a new folder");
    fs::create_dir(folder.path().join("folder.nnb")).expect("a new folder");
    let mut convert = fewbit();
    convert.current_dir(&folder).args(["convert", "-d", "nnb_3", "good.nntxt", "good.nnb"]).assert().success();
    let good = fs::read(folder.path().join("good.nnb")).expect("just written");
    write("cut.nnb", &good[..good.len() - 40]);
    folder
}

/// Every file with its content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let files = fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path());
    files.map(|path| (path.clone(), fs::read(&path).unwrap_or_default())).collect()
}

/// Runs each line of arguments in the folder and compares what it says: exactly, or up to the reason that the operating
/// system or a parser gives, which stands as `...`.
fn check(cases: &[(&str, &str)], code: i32) {
    let folder = folder();
    let before = content(folder.path());
    for (arguments, expected) in cases {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let message = failure(fewbit().current_dir(&folder).args(&arguments), code);
        let line = message.strip_suffix('\n').unwrap_or(&message);
        match expected.split_once("...") {
            Some((start, end)) => assert!(
                line.starts_with(start) && line.ends_with(end),
                "{arguments:?}\n said: {line}\n not:  {expected}"
            ),
            None => assert_eq!(line, *expected, "{arguments:?}"),
        }
        assert_eq!(line.lines().count(), 1, "one sentence: {line}");
        assert!(content(folder.path()) == before, "{arguments:?} changed a file");
    }
}

#[test]
fn models_that_cannot_be_read() {
    check(
        &[
            ("convert none.nnp old.nnb", "error: cannot read none.nnp: No such file or directory (os error 2)"),
            ("convert folder.nnp old.nnb", "error: cannot read folder.nnp: Is a directory (os error 21)"),
            ("convert noise.nnp old.nnb", "error: noise.nnp: not a readable .nnp archive: ..."),
            (
                "convert notes.md old.nnb",
                "error: notes.md: neither its ending nor its first bytes tell that it is a model; known are .nnp, .nntxt, .prototxt, .protobuf, .onnx, .tflite and .nnb",
            ),
            ("convert syntax.nntxt old.nnb", "error: 'syntax.nntxt' is not a network in protobuf text format: ..."),
            (
                "convert empty.nntxt old.nnb",
                "error: empty.nntxt: the file holds no network; an .nnp archive must contain a .nntxt, .prototxt or .protobuf file with one",
            ),
            (
                "convert bare.nntxt old.nnb",
                "error: bare.nntxt: parameter 'W' has no values in the file; save the network together with its parameters",
            ),
            (
                "convert nan.nntxt old.nnb",
                "error: nan.nntxt: parameter 'W' contains 1 values that are not finite numbers; train or export the network again",
            ),
            (
                "convert short.nntxt old.nnb",
                "error: short.nntxt: parameter 'W' has 5 values, but its shape 3x2 has 6 items",
            ),
            ("convert shape.nntxt old.nnb", "error: shape.nntxt: function 'f' (Affine): ..."),
            (
                "convert unknown.nntxt old.nnb",
                "error: unknown.nntxt: function 'f' is a 'Nonsense', which is not a function of NNabla that fewbit knows",
            ),
            (
                "convert dangling.nntxt old.nnb",
                "error: dangling.nntxt: function 'f' refers to the variable 'c', which the network does not declare",
            ),
            (
                "convert -E nobody good.nntxt old.nnb",
                "error: good.nntxt: there is no executor 'nobody'; the file has: runtime",
            ),
            ("convert -E 3 good.nntxt old.nnb", "error: good.nntxt: there is no executor '3'; the file has: runtime"),
            ("template none.nnp a.yaml", "error: cannot read none.nnp: No such file or directory (os error 2)"),
            ("dump noise.nnb", "error: noise.nnb: not an .nnb file that fewbit reads: ..."),
            ("dump cut.nnb", "error: cut.nnb: the file is cut short: it has ..."),
        ],
        1,
    );
}

#[test]
fn settings_that_cannot_be_met() {
    check(
        &[
            (
                "convert -s none.yaml good.nntxt old.nnb",
                "error: cannot read none.yaml: No such file or directory (os error 2)",
            ),
            ("convert -s noise.yaml good.nntxt old.nnb", "error: noise.yaml: settings: ..."),
            (
                "convert -s position.yaml good.nntxt old.nnb",
                "error: good.nntxt: variable 'x': version 2 of .nnb cannot hold FIXED8_9; ...",
            ),
            (
                "convert -s buffer.yaml good.nntxt old.nnb",
                "error: buffer.yaml: settings: variable 'x': FIXED8 of a buffer needs a position, as in FIXED8_4",
            ),
            (
                "convert -s range.yaml good.nntxt old.nnb",
                "error: range.yaml: settings: variable 'W': its largest value 300 does not fit FIXED8; choose FIXED16 or FLOAT32, or give a position",
            ),
            (
                "convert -s sign.yaml good.nntxt old.nnb",
                "error: sign.yaml: settings: variable 'W': SIGN holds +1 and -1, but a value is 2; choose another type",
            ),
            (
                "convert -T FIXED8 good.nntxt old.nnb",
                "error: settings: variable 'x': FIXED8 of a buffer needs a position, as in FIXED8_4",
            ),
            (
                "convert --api 46 good.nntxt old.nnb",
                "error: good.nntxt: API level 46 does not exist; levels go from 1 to 45",
            ),
            (
                "convert -T FIXED8_2 good.nntxt a.nnp",
                "error: network files hold no number formats: leave -s and -T out, or write an .nnb file",
            ),
            (
                "convert -b 2 good.nnb old.nnb",
                "error: good.nnb: an .nnb file holds one network with a fixed batch size; give -b and -E to `fewbit convert` when it is made",
            ),
            (
                "dump -T FIXED8_2 good.nnb",
                "error: good.nnb: the number formats of an .nnb file are fixed; change them with `fewbit convert`",
            ),
        ],
        1,
    );
}

#[test]
fn files_that_cannot_be_written() {
    check(
        &[
            (
                "convert good.nntxt none/out.nnb",
                "error: cannot write none/out.nnb: No such file or directory (os error 2)",
            ),
            ("convert good.nntxt folder.nnb", "error: cannot write folder.nnb: it is a folder"),
            (
                "convert good.nntxt out.txt",
                "error: out.txt: the ending is none of .nnb, .nnp, .protobuf, .nntxt, .onnx; choose one, or give the format with -O",
            ),
            (
                "template good.nntxt none/a.yaml",
                "error: cannot write none/a.yaml: No such file or directory (os error 2)",
            ),
            (
                "infer good.nntxt x.bin -o none/out",
                "error: cannot write none/out_0.bin: No such file or directory (os error 2)",
            ),
        ],
        1,
    );
}

#[test]
fn inputs_of_the_wrong_size() {
    check(
        &[
            ("infer good.nntxt", "error: good.nntxt needs a file for each of its inputs (1), but 0 are given"),
            (
                "infer good.nntxt x.bin x.bin",
                "error: good.nntxt needs a file for each of its inputs (1), but 2 are given",
            ),
            ("infer good.nntxt none.bin", "error: cannot read none.bin: No such file or directory (os error 2)"),
            (
                "infer good.nntxt x1.bin",
                "error: x1.bin has 13 bytes, but input 0 'x' of shape 1x3 takes 12 bytes as float32",
            ),
            (
                "infer -b 2 good.nntxt x.bin",
                "error: x.bin has 12 bytes, but input 0 'x' of shape 2x3 takes 24 bytes as float32",
            ),
            ("infer good.nnb x8.bin", "error: x8.bin has 3 bytes, but input 0 of shape 1x3 takes 12 bytes as float32"),
            (
                "infer -T FIXED16_4 good.nntxt x1.bin",
                "error: x1.bin has 13 bytes, but input 0 'x' of shape 1x3 takes 12 bytes as float32, or 6 bytes in its own type FIXED16_4",
            ),
        ],
        1,
    );
}

#[test]
fn data_that_does_not_fit() {
    check(
        &[
            ("evaluate good.nntxt --data none", "error: cannot read none: No such file or directory (os error 2)"),
            ("evaluate good.nntxt --data x.bin", "error: x.bin is 12 bytes long where ..."),
            (
                "evaluate good.nntxt --data folder.nnp",
                "error: folder.nnp is not a dataset that fewbit knows: the folder is empty; ...",
            ),
            ("data pack none out.fbds", "error: cannot read none: No such file or directory (os error 2)"),
        ],
        1,
    );
    let cifar = project("testdata/cifar10");
    let network = reference("networks/lenet/net.nnp");
    let message = failure(fewbit().arg("evaluate").arg(network).arg("--data").arg(cifar), 1);
    assert!(message.contains("is 3x32x32 where 1x28x28 is needed: ") && message.contains("--resize"), "{message}");
}

#[test]
fn a_model_that_no_machine_can_hold() {
    const OUTPUTS: usize = 500;
    let list = |entry: &dyn Fn(usize) -> String| (0..OUTPUTS).map(entry).collect::<String>();
    let variables = list(&|i| format!(r#"variable {{ name: "y{i}" type: "Buffer" shape {{ dim: 1073741823 }} }}"#));
    let functions = list(&|i| {
        let shape = "broadcast_param { shape { dim: 1073741823 } }";
        format!(r#"function {{ name: "f{i}" type: "Broadcast" input: "x" output: "y{i}" {shape} }}"#)
    });
    let outputs = list(&|i| format!(r#"output_variable {{ variable_name: "y{i}" }}"#));
    let network = format!(
        r#"network {{ name: "net" variable {{ name: "x" type: "Buffer" shape {{ dim: 1 }} }} {variables} {functions} }}
        executor {{ name: "e" network_name: "net" data_variable {{ variable_name: "x" }} {outputs} }}"#
    );
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("net.nntxt"), network).unwrap();
    fs::write(folder.path().join("x.bin"), [0; 4]).unwrap();
    let message = failure(fewbit().current_dir(&folder).args(["infer", "net.nntxt", "x.bin"]), 1);
    assert!(message.starts_with("error: the model's buffers need 2000.0 GB ("), "{message}");
    assert!(message.ends_with(" bytes), which this machine does not have\n"), "{message}");
}

#[test]
fn wrong_usage() {
    let folder = folder();
    let before = content(folder.path());
    for (arguments, expected) in [
        ("", "Usage: fewbit <COMMAND>"),
        ("fly", "unrecognized subcommand 'fly'"),
        ("convert", "required arguments were not provided"),
        ("convert good.nntxt", "a file to read and a file to write are needed, in this order"),
        ("convert --nonsense good.nntxt old.nnb", "unexpected argument '--nonsense'"),
        ("convert -b 0 good.nntxt old.nnb", "it must be a whole number of at least 1, or -1 for what the file says"),
        ("convert -b many good.nntxt old.nnb", "it must be a whole number of at least 1"),
        ("convert -T FIXED7_2 good.nntxt old.nnb", "'FIXED7_2' is no number format"),
        ("convert -d nnb_9 good.nntxt old.nnb", "known are nnb, nnb_2, nnb_3 and nnb_4"),
        ("convert -O exe good.nntxt old", "[possible values: nnb, nnp, protobuf, nntxt, onnx, c]"),
        ("template good.nntxt", "a file to read and a file to write are needed, in this order"),
        ("infer good.nntxt x.bin --semantics magic", "[possible values: integer, reference]"),
        ("infer good.nntxt x.bin --raw", "--output <PREFIX>"),
        ("dump", "required arguments were not provided"),
        ("dump --json --nnablart good.nntxt", "cannot be used with"),
        ("evaluate good.nntxt", "--data <DATA>"),
        ("evaluate good.nntxt --data x.bin --preprocess magic", "it is one of standardize, unit, raw, or mean="),
        ("evaluate good.nntxt --data x.bin --limit 0", "invalid value '0' for '--limit <N>'"),
        ("compress good.nntxt --data x.bin -o a --calibrate 0", "invalid value '0' for '--calibrate <N>'"),
        ("compress good.nntxt --data x.bin -o a --max-loss nan", "it must be a number"),
        ("compress good.nntxt --data x.bin -o a --ram 64q", "'64q' is no size; write bytes, or as in 64k, 1M, 1.5M"),
        ("compress good.nntxt --data x.bin -o a --buffers FIXED4", "[possible values: FLOAT32, FIXED16, FIXED8]"),
        ("data", "Usage: fewbit data <COMMAND>"),
    ] {
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let message = failure(fewbit().current_dir(&folder).args(&arguments), 2);
        assert!(message.contains(expected), "{arguments:?}: {message}");
        assert!(content(folder.path()) == before, "{arguments:?} changed a file");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    use std::io::Read;
    use std::process::{Command, Stdio};
    let mut child = Command::new(fewbit().get_program())
        .arg("dump")
        .arg(reference("networks/resnet23_float/net.nnp"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    // The pipe is closed now.
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
