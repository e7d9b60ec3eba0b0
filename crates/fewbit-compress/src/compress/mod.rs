//! [`compress()`]: from a float network to a fixed-point file, measured.

mod report;

pub use report::{Compressed, Measurement, Use, VariableReport};

use crate::assign::{AssignOptions, Width, assign, widen_outputs};
use crate::calibrate::calibrate;
use crate::equalize::equalize;
use crate::error::CompressError;
use crate::evaluate::evaluate;
use crate::memory;
use crate::memory::rows::{RowOptions, RowPlan};
use crate::passes::{remove_identities, simplify};
use crate::progress::Progress;
use fewbit_core::Network;
use fewbit_core::spec::LATEST_API_LEVEL;
use fewbit_data::Inputs;
use fewbit_formats::Settings;
use fewbit_nnb::{EncodeOptions, Encoded, Version, encode};
use fewbit_runtime::{Model, Semantics, Session};
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
    /// Whether to scale channels and layers by powers of two, so that they lose less in 8 bits.
    pub equalize: bool,
    /// Whether biases make up for what rounding the weights shifts.
    pub correct_biases: bool,
    /// The version of `.nnb` to write.
    pub version: Version,
    /// The newest function definitions to use.
    pub api_level: u8,
    /// Whether to compute row by row what needs less memory then, and how small the arena is to become; in version 4 only.
    pub rows: Option<RowOptions>,
}

/// Parameters and buffers in 8 bits wherever they keep 20 dB, in a file that NNabla reads too.
impl Default for CompressOptions {
    fn default() -> Self {
        Self {
            parameters: Width::Fixed8,
            buffers: Width::Fixed8,
            least_sqnr_db: 20.0,
            equalize: true,
            correct_biases: true,
            version: Version::V3,
            api_level: LATEST_API_LEVEL,
            rows: None,
        }
    }
}

/// Compresses a float network: simplifies the graph, calibrates on the samples of `calibration`, gives every variable a
/// format, and measures the float and the compressed network on `evaluation`.
///
/// Inputs and outputs are typed like all buffers. Who gives a session floats need not know: they are quantised as they
/// are stored, and outputs are read as the numbers that they stand for.
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
    if options.equalize {
        simple = equalize(&simple, &statistics, options.version)?;
        statistics = calibrate(&simple, calibration, progress)?;
    }
    let assign_options = assign_options(options);
    let assigned = assign(&simple, &statistics, &assign_options);
    let arena = arena_bytes(&assigned.network, options)?;
    let fits = |network: &Network| arena_bytes(network, options).is_ok_and(|bytes| bytes <= arena);
    let assigned = widen_outputs(assigned, &statistics, &assign_options, fits);
    let Encoded { bytes, warnings } = write(&assigned.network, options)?;
    let seconds = start.elapsed().as_secs_f64();
    Ok(Compressed {
        float: measure(&float.bytes, evaluation, progress)?,
        compressed: measure(&bytes, evaluation, progress)?,
        settings: Settings::of_network(&assigned.network),
        variables: report::variables(&assigned),
        network: assigned.network,
        reference: simple,
        calibration: statistics,
        file: bytes,
        warnings,
        seconds,
    })
}

fn assign_options(options: &CompressOptions) -> AssignOptions {
    let CompressOptions { parameters, buffers, least_sqnr_db, correct_biases, version, .. } = *options;
    AssignOptions { parameters, buffers, least_sqnr_db, correct_biases, version }
}

fn encode_options(version: Version, options: &CompressOptions) -> EncodeOptions {
    EncodeOptions { version, api_level: options.api_level, ..EncodeOptions::default() }
}

/// The file of a network; its arena is packed where the version has places for that.
fn write(network: &Network, options: &CompressOptions) -> Result<Encoded, CompressError> {
    if let Some(rows) = options.rows.filter(|_| options.version == Version::V4) {
        let RowPlan { network, arena, .. } = memory::rows::plan(network, &rows);
        let arena = Some(arena);
        return Ok(encode(&network, &EncodeOptions { arena, ..encode_options(options.version, options) })?);
    }
    let arena = (options.version == Version::V4).then(|| memory::plan(network).arena);
    Ok(encode(network, &EncodeOptions { arena, ..encode_options(options.version, options) })?)
}

/// Bytes of the arena that a network needs.
pub(crate) fn arena_bytes(network: &Network, options: &CompressOptions) -> Result<usize, CompressError> {
    let file = write(network, options)?.bytes;
    Ok(Model::open(&file)?.arena_bytes())
}

/// Sizes of a file, and how well it does.
fn measure(file: &[u8], inputs: &Inputs, progress: &dyn Progress) -> Result<Measurement, CompressError> {
    let model = Model::open(file)?;
    let evaluation = evaluate(file, inputs, Semantics::Integer, progress)?;
    Ok(Measurement {
        model_bytes: file.len(),
        arena_bytes: model.arena_bytes(),
        state_bytes: size_of::<Model>() + size_of::<Session>(),
        evaluation,
    })
}
