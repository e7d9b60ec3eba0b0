//! Generated code gives the bytes of the runtime, compiled by the system's compiler without a warning.

mod common;

use common::compiled::{Program, check, compare, compiler, expected, report, samples};
use common::networks::{file, references, resnet23};
use fewbit_nnb::Version;
use fewbit_runtime::Model;
use std::process::Command;

/// Compiles those reference networks that are wanted with some flags and compares outputs.
fn try_references(flags: &[&str], wanted: impl Fn(&str) -> bool) {
    let Some(compiler) = compiler() else { return };
    let mut failures = Vec::new();
    for (name, network) in references().into_iter().filter(|(name, _)| wanted(name)) {
        let count = if is_large(&name) { 1 } else { 10 };
        if let Err(error) = check(&file(&network, Version::V3), compiler, flags, count) {
            failures.push((name, error));
        }
    }
    report(&failures);
}

/// Whether a network takes long to run.
fn is_large(name: &str) -> bool {
    name.starts_with("resnet")
}

#[test]
fn every_reference_network_in_every_variant() {
    try_references(&["-O2"], |_| true);
}

#[test]
fn reference_networks_with_sanitizers_and_pairs_of_numbers() {
    let flags = ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DFEWBIT_DSP=1"];
    try_references(&flags, |name| !is_large(name) || ["resnet23_float/all8", "resnet23_bin_w/sign"].contains(&name));
}

#[test]
fn resnet23_uses_exactly_its_arena() {
    let Some(compiler) = compiler() else { return };
    let file = resnet23(Version::V3);
    let model = Model::open(&file).expect("just written");
    let program = Program::new(&model).expect("every function has a form in C");
    assert!(!program.generated.stats.uses_floats, "a fully fixed-point network");
    assert!(!program.generated.source.contains("float"), "a fully fixed-point network has no float in its code");
    program.compile(compiler, &["-O2"]).expect("code without warnings");
    let samples = samples(&model, 5, 5);
    let mut command = Command::new(program.path().join("program"));
    let (used, found) = program.run(&mut command, &samples).expect("a program that ends");
    assert_eq!(used, model.arena_bytes());
    compare(&found, &expected(&model, &samples)).expect("the runtime's bytes");
}
