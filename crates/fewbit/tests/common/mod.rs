//! What the tests of the command line share: the program, and where the reference files are.

// Each test file is a program of its own and uses its part of this.
#![allow(dead_code)]

use assert_cmd::Command;
use std::fs;
use std::path::{Path, PathBuf};

/// The program, ready for arguments.
pub fn fewbit() -> Command {
    assert_cmd::cargo_bin_cmd!("fewbit")
}

/// A file or folder of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A file or folder of the reference data.
pub fn reference(path: &str) -> PathBuf {
    project("testdata/reference").join(path)
}

/// What a command that succeeds prints on standard output.
pub fn stdout(command: &mut Command) -> String {
    let output = command.assert().success().get_output().stdout.clone();
    String::from_utf8(output).expect("text")
}

/// What a command that fails with `code` prints on standard error.
pub fn failure(command: &mut Command, code: i32) -> String {
    let assert = command.assert().code(code);
    let output = assert.get_output();
    assert!(output.stdout.is_empty(), "a failure prints nothing on standard output");
    String::from_utf8(output.stderr.clone()).expect("text")
}

/// The float32 numbers in a file.
pub fn floats(path: &Path) -> Vec<f32> {
    let bytes = fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// The names in a folder, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}
