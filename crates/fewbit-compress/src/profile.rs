//! [`profile()`]: what the layers of a network cost on this machine: time, multiplications, bytes.
//!
//! Two ways to run are timed, as devices and hosts have them: function by function with the portable kernels
//! ([`Session`]), and step by step as prepared for this processor ([`Prepared`]), where a step is often several functions.
//! Of several runs the least time counts, since whatever else the machine does only adds to it.

use crate::error::CompressError;
use crate::progress::Progress;
use fewbit_core::Function;
use fewbit_core::shape_rule::ProductSize;
use fewbit_runtime::host::{Prepared, Runner};
use fewbit_runtime::{Model, Semantics, Session};
use std::time::Instant;

/// What a network costs.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// What is computed together on this machine, in the order of execution.
    pub layers: Vec<LayerTime>,
    /// How many runs were timed.
    pub runs: usize,
}

/// Functions that this machine computes as one.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct LayerTime {
    /// Their places in the file.
    pub functions: Vec<usize>,
    /// Seconds on this machine as prepared for it, with the conversions that the layer needs. Of a batch whose images are
    /// computed one by one, those of the first.
    pub host_seconds: f64,
    /// Seconds with the portable kernels.
    pub portable_seconds: f64,
    /// Multiplications with an addition.
    pub multiply_accumulates: u64,
    /// Bytes of all inputs and outputs of the functions: what is moved if nothing is read twice.
    pub bytes_moved: u64,
}

impl Profile {
    /// The sum over all layers.
    pub fn total(&self) -> LayerTime {
        let mut total = LayerTime::default();
        for layer in &self.layers {
            total.functions.extend(&layer.functions);
            total.host_seconds += layer.host_seconds;
            total.portable_seconds += layer.portable_seconds;
            total.multiply_accumulates = total.multiply_accumulates.saturating_add(layer.multiply_accumulates);
            total.bytes_moved = total.bytes_moved.saturating_add(layer.bytes_moved);
        }
        total
    }
}

/// Runs the network in `file` (an `.nnb`) `runs` times each way, on inputs of small numbers of both signs.
///
/// # Errors
/// When the file cannot be run.
pub fn profile(file: &[u8], runs: usize, progress: &dyn Progress) -> Result<Profile, CompressError> {
    let model = Model::open(file)?;
    let runs = runs.max(1);
    progress.begin("timing", 2 * runs);
    let prepared = Prepared::new(&model, Semantics::Integer);
    let step_seconds = least(runs, progress, || time_steps(&model, &prepared));
    let mut arena = vec![0; model.arena_bytes()];
    let mut session = Session::new(&model, &mut arena, Semantics::Integer)?;
    let function_seconds = least(runs, progress, || time_functions(&model, &mut session));
    let mut layers = layers(&prepared, &step_seconds, model.nnb().function_count());
    for layer in &mut layers {
        for &function in &layer.functions {
            layer.portable_seconds += function_seconds[function];
            layer.multiply_accumulates += multiply_accumulates(&model, function);
            layer.bytes_moved += bytes_moved(&model, function);
        }
    }
    Ok(Profile { layers, runs })
}

/// The least time of each part over several runs.
fn least(runs: usize, progress: &dyn Progress, mut time: impl FnMut() -> Vec<f64>) -> Vec<f64> {
    let mut least = time();
    progress.advance(1);
    for _ in 1..runs {
        for (least, seconds) in least.iter_mut().zip(time()) {
            *least = least.min(seconds);
        }
        progress.advance(1);
    }
    least
}

fn time_steps(model: &Model<'_>, prepared: &Prepared<'_, '_>) -> Vec<f64> {
    let mut runner: Runner<'_, '_, '_> = prepared.runner();
    for index in 0..model.nnb().inputs().len() {
        runner.set_input(index, &input(model, index));
    }
    // The first run brings code and weights into the caches.
    runner.run();
    for index in 0..model.nnb().inputs().len() {
        runner.set_input(index, &input(model, index));
    }
    (0..prepared.step_count()).map(|step| seconds(|| runner.run_step(step))).collect()
}

fn time_functions(model: &Model<'_>, session: &mut Session<'_, '_>) -> Vec<f64> {
    for index in 0..model.nnb().inputs().len() {
        session.set_input(index, &input(model, index));
    }
    (0..model.nnb().function_count()).map(|function| seconds(|| session.run_function(function))).collect()
}

fn seconds(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Numbers between -1 and 1 for an input.
fn input(model: &Model<'_>, index: usize) -> Vec<f32> {
    let items = model.nnb().variable(model.nnb().inputs().get(index)).shape.items();
    (0..items).map(|item| (item * 37 % 101) as f32 / 50.0 - 1.0).collect()
}

/// The steps of a prepared network as layers. A step without functions converts what the next one reads, or else what the
/// one before it wrote. A function without a step costs nothing.
fn layers(prepared: &Prepared<'_, '_>, step_seconds: &[f64], functions: usize) -> Vec<LayerTime> {
    let mut layers: Vec<LayerTime> = Vec::new();
    let mut conversions = 0.0;
    for (step, &seconds) in step_seconds.iter().enumerate() {
        match prepared.step_functions(step) {
            [] => conversions += seconds,
            functions => {
                let host_seconds = seconds + std::mem::take(&mut conversions);
                layers.push(LayerTime { functions: functions.to_vec(), host_seconds, ..LayerTime::default() });
            }
        }
    }
    if let Some(last) = layers.last_mut() {
        last.host_seconds += conversions;
    }
    for function in 0..functions {
        if !layers.iter().any(|layer| layer.functions.contains(&function)) {
            layers.push(LayerTime { functions: vec![function], ..LayerTime::default() });
        }
    }
    layers.sort_by_key(|layer| layer.functions.iter().copied().min());
    layers
}

fn multiply_accumulates(model: &Model<'_>, function: usize) -> u64 {
    let shapes = model.input_shapes(function);
    let size = model.function(function).and_then(|function| ProductSize::of(&function, &shapes));
    size.map_or(0, |size| size.multiply_accumulates())
}

fn bytes_moved(model: &Model<'_>, function: usize) -> u64 {
    let record = model.nnb().function(function);
    // The float weights of binary functions are for training; nothing reads them.
    let trains = matches!(
        model.function(function),
        Some(
            Function::BinaryConnectAffine(_)
                | Function::BinaryConnectConvolution(_)
                | Function::BinaryWeightAffine(_)
                | Function::BinaryWeightConvolution(_)
        )
    );
    let read = record.inputs.iter().enumerate().filter(|(place, _)| !(trains && *place == 1)).map(|(_, id)| id);
    let bytes = |id: usize| {
        let variable = model.nnb().variable(id);
        variable.format.bytes(variable.shape.items()) as u64
    };
    read.chain(record.outputs.iter()).map(bytes).sum()
}
