//! What fixed point costs, and where: first aid for a network that loses too much.
//!
//! Two questions, each with its own cost. [`variable_errors`] runs the float and the fixed-point network side by side and
//! compares every variable, which takes as long as two runs a sample. [`explain`] takes layer by layer: what does it do
//! to the network's output when this layer alone is in fixed point, and when everything but this layer is? That takes
//! three runs a layer and sample, so that few samples must do. Both are streamed: memory does not grow with the samples.
//!
//! | module | what it does |
//! |---|---|
//! | [`errors`] | the error of each variable, saturation, channels that are constant |
//! | [`layer`] | what belongs to a layer, and networks in which it alone has, or lacks, its formats |
//! | [`trial`] | how far a network's output is from that of another, and what it gets right |
//! | [`advice`] | what to do about a layer |
//! | `stored` | parameters as their file holds them |

pub mod advice;
pub mod errors;
pub mod layer;
mod stored;
pub mod trial;

pub use advice::Advice;
pub use errors::{VariableError, VariableErrors, variable_errors};
pub use layer::Layer;
pub use trial::Trial;

use crate::calibrate::Calibration;
use crate::compress::{CompressOptions, Compressed};
use crate::error::CompressError;
use crate::progress::Progress;
use fewbit_core::{Network, NumberFormat, VariableId};
use fewbit_data::Inputs;
use fewbit_nnb::{EncodeOptions, Version, encode};
use trial::Bench;

/// A network in fixed point beside the float network that it stands for.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'n> {
    /// The network in floats.
    pub float: &'n Network,
    /// The network with its formats. Its variables are those of the float network, as far as they have the same names.
    pub fixed: &'n Network,
    /// What values the variables of the float network had when the formats were chosen.
    pub calibration: &'n Calibration,
    /// How the formats were chosen, and what file is to be written.
    pub options: &'n CompressOptions,
}

impl<'n> Subject<'n> {
    /// What [`compress`](crate::compress()) made with these options, beside what it made it of.
    pub fn of(compressed: &'n Compressed, options: &'n CompressOptions) -> Self {
        let Compressed { reference, network, calibration, .. } = compressed;
        Self { float: reference, fixed: network, calibration, options }
    }

    /// For each variable of the fixed-point network, the one of the same name in floats.
    fn counterparts(&self) -> Vec<Option<VariableId>> {
        self.fixed.variables.iter().map(|variable| self.float.find(&variable.name)).collect()
    }
}

/// What the layers of a network cost.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// How many samples were run.
    pub samples: usize,
    /// The whole network in fixed point.
    pub whole: Trial,
    /// The layers that have anything in fixed point, in the order of execution.
    pub layers: Vec<LayerCost>,
}

/// What a layer costs.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerCost {
    /// The layer.
    pub layer: Layer,
    /// The network in floats with this layer alone in fixed point.
    pub alone: Trial,
    /// The same with only its parameters.
    pub parameters: Trial,
    /// The network in fixed point with this layer alone in floats.
    pub without: Trial,
    /// Its part of the noise at the network's output, 0 to 1: that of itself alone among those of all layers alone.
    pub share: f64,
    /// What to do about it; `None` where it does no harm.
    pub advice: Option<Advice>,
}

impl Explanation {
    /// The places of the layers, those with the largest part of the noise first.
    pub fn worst_first(&self) -> Vec<usize> {
        let mut places: Vec<usize> = (0..self.layers.len()).collect();
        places.sort_by(|&a, &b| self.layers[b].share.total_cmp(&self.layers[a].share));
        places
    }
}

/// Finds out what each layer of a network costs, and what to do about it. `errors` are those of the same network.
///
/// # Errors
/// When a network cannot be run, a sample cannot be read, or the two do not fit.
pub fn explain(
    subject: &Subject<'_>,
    errors: &VariableErrors,
    inputs: &Inputs,
    progress: &dyn Progress,
) -> Result<Explanation, CompressError> {
    let layers = layer::layers(subject.fixed);
    // A run of the float network is cheap: only the three networks of each layer, and the whole one, count.
    progress.begin("explaining", inputs.len() * (3 * layers.len() + 1));
    let float = file(subject.float)?;
    let bench = Bench::new(&float, inputs, progress)?;
    let whole = bench.run(subject.fixed)?;
    let mut costs = Vec::new();
    for layer in layers {
        let alone = bench.run(&layer.alone(subject))?;
        let parameters = bench.run(&layer.parameters_alone(subject))?;
        let without = bench.run(&layer.without(subject))?;
        costs.push(LayerCost { layer, alone, parameters, without, share: 0.0, advice: None });
    }
    let noise: f64 = costs.iter().map(|cost| cost.alone.noise).sum();
    for cost in &mut costs {
        cost.share = if noise > 0.0 { cost.alone.noise / noise } else { 0.0 };
        cost.advice = advice::advice(subject, errors, cost);
    }
    Ok(Explanation { samples: inputs.len(), whole, layers: costs })
}

/// The file of a network, to be run and not to be kept.
fn file(network: &Network) -> Result<Vec<u8>, CompressError> {
    Ok(encode(network, &EncodeOptions { version: Version::V4, ..EncodeOptions::default() })?.bytes)
}

/// Gives a variable the format of floats.
fn make_float(network: &mut Network, id: VariableId) {
    let variable = network.variable_mut(id);
    variable.format = NumberFormat::Float32;
    variable.channel_positions = None;
}
