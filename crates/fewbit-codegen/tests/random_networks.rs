//! Random small networks: every function, mixed formats, odd shapes; their generated code gives the runtime's bytes.

mod common;

use common::builder::{Formats, network};
use common::compiled::{check, compiler, report};
use common::networks::{file, planned};
use common::windows::window;
use fewbit_compress::memory::InPlace;
use fewbit_core::Network;
use fewbit_nnb::Version;

/// Every third network is compiled in each of these ways, so that all take part.
const WAYS: [&[&str]; 3] =
    [&["-O2"], &["-O1", "-DFEWBIT_DSP=1"], &["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]];

fn try_networks(make: fn(u64, Formats) -> Network, formats: Formats, count: u64) {
    let Some(compiler) = compiler() else { return };
    let mut failures = Vec::new();
    for seed in 0..count {
        let network = make(seed, formats);
        let way = WAYS[seed as usize % WAYS.len()];
        // In memory of its own for each buffer, or with functions that write over their inputs.
        let file = if seed % 2 == 0 { file(&network, Version::V4) } else { planned(&network, InPlace::Shared) };
        if let Err(error) = check(&file, compiler, way, 4) {
            let functions: Vec<_> = network.nodes.iter().map(|node| node.name.as_str()).collect();
            failures.push((format!("seed {seed} ({})", functions.join(", ")), error));
        }
    }
    report(&failures);
}

#[test]
fn fixed_point_networks() {
    try_networks(network, Formats::Fixed, 90);
}

#[test]
fn mixed_networks() {
    try_networks(network, Formats::Mixed, 60);
}

#[test]
fn float_networks() {
    try_networks(network, Formats::Float, 45);
}

#[test]
fn windows_of_all_kinds() {
    try_networks(window, Formats::Fixed, 45);
    try_networks(window, Formats::Mixed, 30);
}
