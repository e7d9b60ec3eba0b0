//! Networks of this repository, and what can be said of them without running them.

use fewbit_compress::calibrate::Histogram;
use fewbit_compress::memory;
use fewbit_core::Network;
use fewbit_formats::nnp::{ImportOptions, Nnp};
use fewbit_report::{ArenaMap, Bins, Place};
use fewbit_runtime::Model;
use std::path::{Path, PathBuf};

/// A file of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The network of a `.nnp` file.
pub fn read(path: &Path) -> Network {
    let nnp = Nnp::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    nnp.network(&ImportOptions::default()).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bundled ResNet23.
pub fn resnet23() -> Network {
    read(&repository("models/resnet23_trained.nnp"))
}

/// Where the network's buffers lie when it is run from a file.
pub fn arena_of_file(network: &Network, file: &[u8]) -> ArenaMap {
    let model = Model::open(file).expect("the file can be run");
    let offset = |index| model.arena_range(index).map(|range| range.start);
    arena(network, model.arena_bytes(), memory::plan(network).lower_bound, offset)
}

/// The map of an arena in which each variable has an offset.
pub fn arena(network: &Network, bytes: usize, bound: usize, offset: impl Fn(usize) -> Option<usize>) -> ArenaMap {
    let lives = fewbit_nnb::write::buffers::lives(network);
    let variables = network.variables.iter().zip(lives).enumerate();
    let places = variables.filter_map(|(index, (variable, life))| {
        let life = life?;
        Some(Place {
            name: variable.name.clone(),
            offset: offset(index)? as u64,
            bytes: variable.bytes() as u64,
            first_step: *life.start(),
            last_step: (*life.end()).min(network.nodes.len().saturating_sub(1)),
        })
    });
    ArenaMap {
        places: places.collect(),
        steps: network.nodes.iter().map(|node| node.name.clone()).collect(),
        arena_bytes: bytes as u64,
        lower_bound: bound as u64,
    }
}

/// What calibration saw of a variable; `None` where it was always zero.
pub fn values_in_bins(histogram: &Histogram) -> Option<Bins> {
    let bins = histogram.bins().map(|bin| ((bin.low + bin.high) / 2.0, bin.count));
    Bins::of(bins.chain((histogram.zeros() > 0).then(|| (0.0, histogram.zeros()))))
}

/// Multiplications with an addition in each function: for each output value as many as it has weights.
pub fn multiply_accumulates(network: &Network) -> Vec<u64> {
    let node = |node: &fewbit_core::Node| {
        let items = |id: &fewbit_core::VariableId| network.variable(*id).shape.items() as u64;
        let outputs: u64 = node.outputs.iter().map(items).sum();
        match node.operation.spec().name {
            "Convolution" => outputs * items(&node.inputs[1]) / network.variable(node.inputs[1]).shape[0] as u64,
            "Affine" => items(&node.inputs[1]),
            "BatchNormalization" => outputs,
            _ => 0,
        }
    };
    network.nodes.iter().map(node).collect()
}
