//! Programs in C, compiled with the headers and linked with the library, static and shared, give the bytes of the runtime.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use common::{FLAGS, check, compiler, crate_path, expected, file, inputs, references, run};
use fewbit_nnb::Version;
use fewbit_runtime::{Model, Semantics};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What Rust's standard library needs of the system.
const SYSTEM: [&str; 3] = ["-lpthread", "-ldl", "-lm"];

/// How a program gets the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Static,
    Shared,
}

/// The folder in which Cargo has put the library.
fn library() -> PathBuf {
    env::current_exe().unwrap().parent().unwrap().to_path_buf()
}

/// Compiles the program beside the tests to `program` in a folder.
fn compile(compiler: &str, source: &str, link: Link, folder: &Path) {
    let mut command = Command::new(compiler);
    command.args(FLAGS).arg("-I").arg(crate_path("include")).arg(crate_path("tests").join(source));
    match link {
        Link::Static => command.arg(library().join("libfewbit_capi.a")),
        Link::Shared => {
            command.arg(library().join("libfewbit_capi.so")).arg(format!("-Wl,-rpath,{}", library().display()))
        }
    };
    let output = command.args(SYSTEM).arg("-o").arg(folder.join("program")).output().unwrap();
    assert!(output.status.success(), "{source}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A command that runs the program of a folder.
fn program(folder: &tempfile::TempDir) -> Command {
    let mut command = Command::new(folder.path().join("program"));
    command.args(["file", "input", "output"]);
    command
}

/// Compares a program's outputs with the runtime's on all reference networks.
fn check_references(source: &str, link: Link) {
    let Some(compiler) = compiler() else { return };
    let folder = tempfile::tempdir().unwrap();
    compile(compiler, source, link, folder.path());
    let networks = references();
    assert!(networks.len() > 20, "{}", networks.len());
    check(&networks, folder.path(), || program(&folder));
}

#[test]
fn sessions_give_the_bytes_of_the_runtime() {
    check_references("session.c", Link::Static);
}

#[test]
fn programs_for_nnablas_runtime_give_the_bytes_of_the_runtime() {
    check_references("nnablart.c", Link::Static);
    check_references("nnablart.c", Link::Shared);
}

#[test]
fn callbacks_take_the_functions_of_their_type_and_implementation() {
    let Some(compiler) = compiler() else { return };
    let folder = tempfile::tempdir().unwrap();
    compile(compiler, "nnablart.c", Link::Static, folder.path());
    let (_, mut network) = references().into_iter().find(|(name, _)| name == "lenet").unwrap();
    let affine = |node: &fewbit_core::Node| node.operation.spec().name == "Affine";
    let last = network.nodes.iter().rposition(affine).unwrap();
    network.nodes[last].implementation = 1;
    let file = file(&network, Version::V3);
    let model = Model::open(&file).unwrap();
    let output = run(program(&folder).arg("affine"), folder.path(), &file, &inputs(&model));
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(told.trim(), "1 taken, 1 freed, 0 blocks, context gone", "{output:?}");
    let values = fs::read(folder.path().join("output")).unwrap();
    // Softmax of ones, or ones.
    let first = f32::from_le_bytes(values[..4].try_into().unwrap());
    assert!(values.chunks(4).all(|value| value == first.to_le_bytes()), "{values:?}");
    assert_ne!(values, expected(&model, &inputs(&model), Semantics::Integer));
}

#[test]
fn bad_files_are_told_not_run() {
    let Some(compiler) = compiler() else { return };
    let folder = tempfile::tempdir().unwrap();
    let (_, network) = references().into_iter().find(|(name, _)| name == "lenet").unwrap();
    let good = file(&network, Version::V3);
    let mut version = good.clone();
    version[0] = 9;
    // The list of functions, whose block is then none.
    let mut functions = good.clone();
    functions[28..32].copy_from_slice(&u32::MAX.to_le_bytes());

    compile(compiler, "session.c", Link::Static, folder.path());
    for (bytes, part) in [(&version, "first word is 9"), (&functions, "functions"), (&good[..20].to_vec(), "bytes")] {
        let output = run(&mut program(&folder), folder.path(), bytes, &[]);
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(4), "{part}: {output:?}");
        assert!(told.starts_with("the bytes are no .nnb file") && told.contains(part), "{part}: {told}");
    }
    compile(compiler, "nnablart.c", Link::Static, folder.path());
    for (bytes, code) in [(&version, "-899"), (&functions, "-894")] {
        let output = run(&mut program(&folder), folder.path(), bytes, &[]);
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stdout).trim()), (Some(4), code));
    }
}
