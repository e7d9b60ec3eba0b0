//! Formats of what is computed for each run, by calibration.

use super::groups::{groups, is_rectified};
use super::{AssignOptions, Assigned, Signal};
use crate::calibrate::{Calibration, Statistics};
use crate::position::error_of_histogram;
use fewbit_core::{Function, Network, NumberFormat, Operation, VariableId};

/// Gives every buffer a format, the network's inputs and outputs too: a caller's floats are then rounded as they are
/// stored. Buffers that hold whole numbers by which other values are looked up stay as they are.
pub(super) fn assign(assigned: &mut Assigned, calibration: &Calibration, options: &AssignOptions) {
    for group in groups(&assigned.network) {
        if group.iter().any(|&id| is_index(&assigned.network, id)) {
            continue;
        }
        // Behind a ReLU nobody sees how well negative values are stored, and its output tells about the others.
        let seen = group.iter().filter(|&&id| !is_rectified(&assigned.network, id));
        let statistics: Vec<&Statistics> = seen.filter_map(|&id| calibration.of(id)).collect();
        let Some((format, sqnr)) = signal(&statistics).narrowest(options.buffers, options) else { continue };
        for id in group {
            assigned.network.variable_mut(id).format = format;
            assigned.sqnr_db[id.0] = Some(sqnr);
        }
    }
}

/// All values that these variables had.
fn signal(statistics: &[&Statistics]) -> Signal<impl Fn(NumberFormat) -> f64> {
    let largest = statistics.iter().fold(0.0f32, |largest, one| largest.max(one.histogram.largest()));
    Signal {
        largest: largest.into(),
        power: statistics.iter().map(|one| one.whole().squares).sum(),
        error: |format| statistics.iter().map(|one| error_of_histogram(&one.histogram, format)).sum(),
    }
}

/// Whether a function takes the values of a variable for places.
fn is_index(network: &Network, id: VariableId) -> bool {
    network.nodes.iter().any(|node| {
        let index = match node.operation {
            Operation::Known(Function::Embed | Function::OneHot(_)) => 0,
            Operation::Known(Function::Gather(_)) => 1,
            _ => return false,
        };
        node.inputs.get(index) == Some(&id)
    })
}
