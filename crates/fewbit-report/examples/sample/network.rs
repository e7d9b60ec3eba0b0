//! The trained ResNet23, as it is and with 8-bit parameters and buffers, and what can be said of it without running it.

use fewbit_compress::memory;
use fewbit_core::{Network, NumberFormat, Rounding, VariableKind};
use fewbit_formats::nnp::{ImportOptions, Nnp};
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_report::{ArenaMap, Bins, Place, VariableReport};
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

/// The network with every parameter in 8 bits, at the position that its largest value allows, and every buffer in
/// `buffers`.
pub fn fixed(network: &Network, buffers: NumberFormat) -> Network {
    let mut network = network.clone();
    for variable in &mut network.variables {
        variable.format = match &variable.kind {
            VariableKind::Buffer => buffers,
            VariableKind::Parameter(values) => {
                let largest = values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
                let fits = |position: &i8| largest * f32::from(*position).exp2() < 127.5;
                NumberFormat::Fixed8 { position: (0..=7).rev().find(fits).unwrap_or(0) }
            }
        };
    }
    network
}

/// Bytes of the network's file.
pub fn file_bytes(network: &Network) -> u64 {
    let options = EncodeOptions { version: Version::V3, ..EncodeOptions::default() };
    encode(network, &options).expect("the network can be encoded").bytes.len() as u64
}

/// Where the network's buffers lie.
pub fn arena(network: &Network) -> ArenaMap {
    let plan = memory::plan(network);
    let lives = fewbit_nnb::write::buffers::lives(network);
    let variables = network.variables.iter().zip(&plan.arena.offsets).zip(lives);
    let places = variables.filter_map(|((variable, offset), life)| {
        let life = life?;
        Some(Place {
            name: variable.name.clone(),
            offset: (*offset)? as u64,
            bytes: variable.bytes() as u64,
            first_step: *life.start(),
            last_step: (*life.end()).min(network.nodes.len().saturating_sub(1)),
        })
    });
    ArenaMap {
        places: places.collect(),
        steps: network.nodes.iter().map(|node| node.name.clone()).collect(),
        arena_bytes: plan.bytes as u64,
        lower_bound: plan.lower_bound as u64,
    }
}

/// What can be said of the variables, buffers in the order of execution.
pub fn variables(network: &Network) -> Vec<VariableReport> {
    let mut reports: Vec<VariableReport> = network.variables.iter().map(VariableReport::new).collect();
    for (report, variable) in reports.iter_mut().zip(&network.variables) {
        let VariableKind::Parameter(values) = &variable.kind else { continue };
        report.histogram = Some(histogram(values));
        report.sqnr_db = Some(sqnr_db(variable.format, values));
        let (low, high) = variable.format.integer_range().expect("a fixed-point format");
        let scaled = values.iter().map(|value| value / variable.format.step());
        report.saturated =
            Some(scaled.filter(|value| *value < low as f32 - 0.5 || *value > high as f32 + 0.5).count() as u64);
    }
    reports
}

/// The power of values over that of the error in them, when they are stored in `format`.
pub fn sqnr_db(format: NumberFormat, values: &[f32]) -> f64 {
    let step = f64::from(format.step());
    let error = |value: &f32| f64::from(format.quantize(*value, Rounding::HalfEven)) * step - f64::from(*value);
    let noise: f64 = values.iter().map(|value| error(value) * error(value)).sum();
    let power: f64 = values.iter().map(|value| f64::from(*value) * f64::from(*value)).sum();
    10.0 * (power / noise).log10()
}

fn histogram(values: &[f32]) -> Bins {
    let (low, high) =
        values.iter().fold((f32::MAX, f32::MIN), |(low, high), value| (low.min(*value), high.max(*value)));
    let (low, high) = (f64::from(low), f64::from(high).max(f64::from(low) + 1e-6));
    let mut counts = vec![0; 256];
    for value in values {
        let bin = (f64::from(*value) - low) / (high - low) * counts.len() as f64;
        let last = counts.len() - 1;
        counts[(bin as usize).min(last)] += 1;
    }
    Bins { low, high, counts }
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
