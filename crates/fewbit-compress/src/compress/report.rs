//! What [`compress()`](super::compress) gives back.

use crate::assign::Assigned;
use crate::calibrate::Calibration;
use crate::evaluate::Evaluation;
use fewbit_core::{Network, NumberFormat, VariableId};
use fewbit_formats::Settings;

/// A compressed network, and what is to be known about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Compressed {
    /// The simplified network with its formats. Its parameters are still real numbers; they are rounded as they are
    /// written. It belongs to [`Compressed::settings`], whose names are its names.
    pub network: Network,
    /// The simplified network in floats that the formats were chosen for, with the same names. [`Compressed::network`]
    /// differs from it in formats, and in biases that make up for rounded weights.
    pub reference: Network,
    /// What values the variables of the reference have.
    pub calibration: Calibration,
    /// The bytes of its `.nnb` file.
    pub file: Vec<u8>,
    /// Its formats in the form of a settings file, to be edited and applied again.
    pub settings: Settings,
    /// What to know about the file, a sentence each.
    pub warnings: Vec<String>,
    /// The network as it was.
    pub float: Measurement,
    /// The file.
    pub compressed: Measurement,
    /// Every variable of the network.
    pub variables: Vec<VariableReport>,
    /// How long compressing took, without the measurements.
    pub seconds: f64,
}

/// How large a network is and how well it does.
#[derive(Clone, Debug, PartialEq)]
pub struct Measurement {
    /// Bytes of the file: flash.
    pub model_bytes: usize,
    /// Bytes of the arena: RAM.
    pub arena_bytes: usize,
    /// Bytes that the runtime keeps beside the arena on this machine: RAM. Less where addresses are shorter.
    pub state_bytes: usize,
    /// What it did on the evaluation data.
    pub evaluation: Evaluation,
}

/// What a variable is in the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// An input of the network.
    Input,
    /// An output of the network.
    Output,
    /// Computed for each run.
    Buffer,
    /// Given with the network.
    Parameter,
}

/// A variable and its format.
#[derive(Clone, Debug, PartialEq)]
pub struct VariableReport {
    /// Its name.
    pub name: String,
    /// What it is.
    pub used_as: Use,
    /// How it is stored.
    pub format: NumberFormat,
    /// The ratio of its signal to the noise of storing it, in decibels; `None` for floats.
    pub sqnr_db: Option<f64>,
}

impl Compressed {
    /// The loss in points of top-1, where the data has classes.
    pub fn loss_points(&self) -> Option<f64> {
        let top1 = |measurement: &Measurement| measurement.evaluation.score.top1();
        Some(100.0 * (top1(&self.float)? - top1(&self.compressed)?))
    }
}

impl Measurement {
    /// All memory of the network: file, arena and state.
    pub fn footprint(&self) -> usize {
        self.model_bytes + self.arena_bytes + self.state_bytes
    }
}

pub(super) fn variables(assigned: &Assigned) -> Vec<VariableReport> {
    let network = &assigned.network;
    let used_as = |id: VariableId| match network.variable(id).is_buffer() {
        false => Use::Parameter,
        true if network.inputs.contains(&id) => Use::Input,
        true if network.outputs.contains(&id) => Use::Output,
        true => Use::Buffer,
    };
    let variables = network.variables.iter().zip(&assigned.sqnr_db).enumerate();
    variables
        .map(|(index, (variable, &sqnr_db))| VariableReport {
            name: variable.name.clone(),
            used_as: used_as(VariableId(index)),
            format: variable.format,
            sqnr_db,
        })
        .collect()
}
