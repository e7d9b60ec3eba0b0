//! [`compress()`]: from a float network to a fixed-point file, measured.

mod buffers;
mod finish;
mod positions;
mod report;
mod weights;

pub use report::{Compressed, Measurement, Use, VariableReport};

use crate::assign::{AssignOptions, Assigned, Width, assign, widen_outputs};
use crate::calibrate::{Calibration, calibrate};
use crate::equalize::equalize;
use crate::error::CompressError;
use crate::evaluate::{Evaluation, Likeness, Score, ValueScore, evaluate, liken};
use crate::memory::rows::RowOptions;
use crate::passes::{has_rounding, remove_identities, remove_rounding, simplify};
use crate::position::PositionMethod;
use crate::progress::Progress;
use crate::rounding::Rounding;
use crate::widths::Context;
use buffers::Buffers;
use fewbit_core::Network;
use fewbit_core::spec::LATEST_API_LEVEL;
use fewbit_data::{Inputs, Task};
use fewbit_formats::Settings;
use fewbit_nnb::{EncodeOptions, Encoded, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
use finish::Finished;
use std::time::Instant;

/// How to compress.
#[derive(Clone, Debug, PartialEq)]
pub struct CompressOptions {
    /// The narrowest format of parameters.
    pub parameters: Width,
    /// The narrowest format of buffers, the network's inputs and outputs among them.
    pub buffers: Width,
    /// The least ratio of signal to quantisation noise in decibels: a variable that would have less gets a wider format.
    pub least_sqnr_db: f64,
    /// What positions are chosen by.
    pub positions: PositionMethod,
    /// Whether to scale channels and layers by powers of two, so that they lose less in 8 bits.
    pub equalize: bool,
    /// Whether biases make up for what rounding the weights shifts.
    pub correct_biases: bool,
    /// How weights are rounded.
    pub rounding: Rounding,
    /// What the result must keep to. With it the widths of weights are chosen, from [`CompressOptions::parameters`] on.
    pub budget: Budget,
    /// The version of `.nnb` to write.
    pub version: Version,
    /// The newest function definitions to use.
    pub api_level: u8,
    /// Whether to compute row by row what needs less memory then, and how small the arena is to become; in version 4 only.
    pub rows: Option<RowOptions>,
}

/// What a compressed network must keep to. With a loss it is the smallest network that loses no more; without, the one
/// within the sizes that loses least.
#[derive(Clone, Copy, Debug, PartialEq, Default)]
pub struct Budget {
    /// Bytes of the file.
    pub flash: Option<usize>,
    /// Bytes of the arena.
    pub ram: Option<usize>,
    /// Points of top-1 that may be lost, measured on the calibration samples.
    pub max_loss: Option<f64>,
}

/// Parameters and buffers in 8 bits wherever they keep 20 dB, in fewbit's own version of the format, which takes the
/// least memory.
impl Default for CompressOptions {
    fn default() -> Self {
        Self {
            parameters: Width::Fixed8,
            buffers: Width::Fixed8,
            least_sqnr_db: 20.0,
            positions: PositionMethod::default(),
            equalize: true,
            correct_biases: true,
            rounding: Rounding::default(),
            budget: Budget::default(),
            version: Version::V4,
            api_level: LATEST_API_LEVEL,
            rows: None,
        }
    }
}

/// Compresses a float network: simplifies the graph, calibrates on the samples of `calibration`, gives every variable a
/// format, and measures the float and the compressed network on `evaluation`. For version 4, functions are fused and the
/// arena is packed; NNabla's runtime has neither fused functions nor a place for the packing.
///
/// Inputs and outputs are typed like all buffers. Who gives a session floats need not know: they are quantised as they
/// are stored, and outputs are read as the numbers that they stand for.
///
/// Of a network that was quantised elsewhere, the rounding is replaced by the formats; what is measured as the float network is
/// the network as it was, with its rounding. A dataset that does not say what is right is enough: then the compressed network is
/// measured against the outputs of the float one.
///
/// # Errors
/// When the network cannot be run or written, a sample cannot be read, or network and datasets do not fit.
pub fn compress(
    network: &Network,
    calibration: &Inputs,
    evaluation: &Inputs,
    options: &CompressOptions,
    progress: &dyn Progress,
) -> Result<Compressed, CompressError> {
    let start = Instant::now();
    network.validate()?;
    // Without identities it is what a person would convert; some of them have no place in a file at all.
    let float = encode(&remove_identities(network)?, &encode_options(Version::V3, options))?;
    let mut simple = simplify(network)?;
    let mut statistics = calibrate(&simple, calibration, progress)?;
    if has_rounding(&simple) {
        simple = simplify(&remove_rounding(&simple, &statistics)?)?;
        statistics = calibrate(&simple, calibration, progress)?;
    }
    if options.equalize {
        simple = equalize(&simple, &statistics, options.version)?;
        statistics = calibrate(&simple, calibration, progress)?;
    }
    let assigned = formats(&simple, &statistics, calibration, options, progress)?;
    let Finished { network, file: Encoded { bytes, warnings } } = Finished::new(&assigned.network, options)?;
    let seconds = start.elapsed().as_secs_f64();
    let likeness = liken(&float.bytes, &bytes, evaluation, progress)?;
    let itself = Likeness { mse: 0.0, ..likeness };
    Ok(Compressed {
        float: measure(&float.bytes, evaluation, itself, progress)?,
        compressed: measure(&bytes, evaluation, likeness, progress)?,
        output_sqnr_db: likeness.sqnr_db,
        settings: Settings::of_network(&network),
        variables: report::variables(&assigned, &network),
        network,
        reference: simple,
        calibration: statistics,
        file: bytes,
        warnings,
        seconds,
    })
}

/// A format for every variable of a float network, within the budget. `samples` are those that it was calibrated on.
fn formats(
    network: &Network,
    statistics: &Calibration,
    samples: &Inputs,
    options: &CompressOptions,
    progress: &dyn Progress,
) -> Result<Assigned, CompressError> {
    let assign_options = assign_options(options);
    let arena_bytes = |network: &Network| arena_bytes(network, options);
    let apart = weights::are_apart(options);
    // Layers that are stored apart correct their biases themselves.
    let now = AssignOptions { correct_biases: assign_options.correct_biases && !apart, ..assign_options };
    let assigned = assign(network, statistics, &now);
    let mut assigned = match options.budget.ram {
        Some(ram) => {
            let (calibration, options) = (statistics, &assign_options);
            let buffers = Buffers { network, calibration, inputs: samples, options, progress };
            buffers.choose(assigned, ram, &arena_bytes)?
        }
        None => {
            let arena = arena_bytes(&assigned.network)?;
            let fits = |network: &Network| arena_bytes(network).is_ok_and(|bytes| bytes <= arena);
            widen_outputs(assigned, statistics, &assign_options, fits)
        }
    };
    if options.positions == PositionMethod::Output {
        assigned = positions::move_for_output(network, assigned, statistics, samples, options.version, progress)?;
    }
    if apart {
        let context = Context {
            network,
            calibration: statistics,
            inputs: samples,
            rounding: options.rounding,
            options: &assign_options,
            progress,
        };
        assigned = weights::store(&context, &assigned, options, &|network| file_bytes(network, options))?;
    }
    Ok(assigned)
}

fn assign_options(options: &CompressOptions) -> AssignOptions {
    let CompressOptions { parameters, buffers, least_sqnr_db, positions, correct_biases, version, .. } = *options;
    AssignOptions { parameters, buffers, least_sqnr_db, positions, correct_biases, version }
}

fn encode_options(version: Version, options: &CompressOptions) -> EncodeOptions {
    EncodeOptions { version, api_level: options.api_level, ..EncodeOptions::default() }
}

/// Bytes of a network's file.
fn file_bytes(network: &Network, options: &CompressOptions) -> Result<usize, CompressError> {
    Ok(Finished::new(network, options)?.file.bytes.len())
}

/// Bytes of the arena that a network needs.
pub(crate) fn arena_bytes(network: &Network, options: &CompressOptions) -> Result<usize, CompressError> {
    let file = Finished::new(network, options)?.file.bytes;
    Ok(Model::open(&file)?.arena_bytes())
}

/// Sizes of a file, and how well it does: on what the dataset asks for, or else by how it comes near to the float network.
fn measure(
    file: &[u8],
    inputs: &Inputs,
    likeness: Likeness,
    progress: &dyn Progress,
) -> Result<Measurement, CompressError> {
    let model = Model::open(file)?;
    let evaluation = match inputs.dataset().task() {
        Task::Unlabelled => {
            let Likeness { images, mse, seconds, .. } = likeness;
            Evaluation { images, score: Score::Values(ValueScore { mse }), seconds }
        }
        _ => evaluate(file, inputs, Semantics::Integer, progress)?,
    };
    Ok(Measurement {
        model_bytes: file.len(),
        arena_bytes: model.arena_bytes(),
        state_bytes: size_of::<Model>() + size_of::<Session>(),
        evaluation,
    })
}
