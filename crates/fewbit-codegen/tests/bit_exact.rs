//! Generated code gives the bytes of the runtime, compiled by the system's compiler without a warning.

mod common;

use common::compiled::{check, compiler, report};
use common::networks::{file, references};
use fewbit_nnb::Version;

#[test]
fn every_reference_network_in_every_variant() {
    let Some(compiler) = compiler() else { return };
    let mut failures = Vec::new();
    for (name, network) in references() {
        if let Err(error) = check(&file(&network, Version::V3), compiler, &["-O2"], 6) {
            failures.push((name, error));
        }
    }
    report(&failures);
}
