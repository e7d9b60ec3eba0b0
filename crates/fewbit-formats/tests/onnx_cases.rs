//! Single operators read from ONNX files, against the outputs of ONNX's own tests and of ONNX Runtime.

mod common;

use common::{Case, cases, compare, numbered, read, run};
use fewbit_formats::onnx::{self, OnnxOptions};
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs all cases of an archive, and names those that fail.
fn check(archive: &str, count: usize) {
    let cases = cases(archive);
    assert_eq!(cases.len(), count, "cases in {archive}");
    let mut failures = Vec::new();
    for (name, case) in &cases {
        let failure = catch_unwind(AssertUnwindSafe(|| check_case(case)))
            .unwrap_or_else(|panic| Err(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| "a panic".into())));
        if let Err(failure) = failure {
            failures.push(format!("{name}: {failure}"));
        }
    }
    assert!(failures.is_empty(), "{} of {count} cases fail:\n{}", failures.len(), failures.join("\n"));
}

fn check_case(case: &Case) -> Result<(), String> {
    let import = read(case);
    let found = run(&import.network, &numbered(case, "input"));
    compare(&found, &numbered(case, "output"), 1e-5)
}

/// Constants in every form in which files store them, those in a file of their own among them.
#[test]
fn constants_in_every_form() {
    let cases = cases("stored.zip");
    assert_eq!(cases.len(), 30);
    for (name, case) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        for (file, content) in &case {
            fs::write(folder.path().join(file), content).expect("written");
        }
        let import = onnx::open(&folder.path().join("model.onnx"), &OnnxOptions::default());
        let network = import.unwrap_or_else(|error| panic!("{name}: {error}")).network;
        compare(&run(&network, &numbered(&case, "input")), &numbered(&case, "output"), 0.0)
            .unwrap_or_else(|difference| panic!("{name}: {difference}"));
    }
}

#[test]
fn operators_of_the_onnx_project_s_tests() {
    check("node.zip", 858);
}

#[test]
fn operators_of_older_versions() {
    check("old.zip", 78);
}

#[test]
fn operators_in_all_their_forms() {
    check("forms.zip", 508);
}
