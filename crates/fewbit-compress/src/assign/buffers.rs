//! Formats of what is computed for each run, by calibration.

use super::{AssignOptions, Assigned, Signal, Width};
use crate::calibrate::{Calibration, Histogram, Statistics};
use crate::groups::{groups, is_rectified};
use crate::position::{Values, error_of_histogram};
use fewbit_core::{Function, Network, NumberFormat, Operation, VariableId};
use std::borrow::Cow;

/// Gives every buffer a format, the network's inputs and outputs too: a caller's floats are then rounded as they are
/// stored. Buffers that hold whole numbers by which other values are looked up stay as they are.
pub(super) fn assign(assigned: &mut Assigned, calibration: &Calibration, options: &AssignOptions) {
    for group in groups(&assigned.network) {
        assign_group(assigned, &group, calibration, options);
    }
}

/// Gives outputs of the network that have 8 bits 16, where the network still `fits`. Nothing averages out what an output
/// loses, and classes of equal values cannot be told apart.
pub fn widen_outputs(
    assigned: Assigned,
    calibration: &Calibration,
    options: &AssignOptions,
    fits: impl Fn(&Network) -> bool,
) -> Assigned {
    let mut assigned = assigned;
    let wider = AssignOptions { buffers: Width::Fixed16, ..*options };
    for group in groups(&assigned.network) {
        let is_output = |id: &VariableId| assigned.network.outputs.contains(id);
        let is_byte = |id: &VariableId| matches!(assigned.network.variable(*id).format, NumberFormat::Fixed8 { .. });
        if group.iter().any(is_output) && group.iter().any(is_byte) {
            let mut widened = assigned.clone();
            assign_group(&mut widened, &group, calibration, &wider);
            if fits(&widened.network) {
                assigned = widened;
            }
        }
    }
    assigned
}

/// Gives buffers that share a format the narrowest that `options` allow; none if all lose too much.
pub fn assign_group(assigned: &mut Assigned, group: &[VariableId], calibration: &Calibration, options: &AssignOptions) {
    if group.iter().any(|&id| is_index(&assigned.network, id)) {
        return;
    }
    // Behind a ReLU nobody sees how well negative values are stored, and its output tells about the others.
    let seen = group.iter().filter(|&&id| !is_rectified(&assigned.network, id));
    let statistics: Vec<&Statistics> = seen.filter_map(|&id| calibration.of(id)).collect();
    let Some((format, sqnr)) = signal(&statistics).narrowest(options.buffers, options) else { return };
    for &id in group {
        assigned.network.variable_mut(id).format = format;
        assigned.sqnr_db[id.0] = Some(sqnr);
    }
}

/// All values that these variables had.
fn signal<'s>(
    statistics: &'s [&'s Statistics],
) -> Signal<impl Fn(NumberFormat) -> f64, impl Fn() -> Cow<'s, Histogram>> {
    let largest = statistics.iter().fold(0.0f32, |largest, one| largest.max(one.histogram.largest()));
    let whole = || match statistics {
        [one] => Cow::Borrowed(&one.histogram),
        _ => Cow::Owned(statistics.iter().fold(Histogram::default(), |mut whole, one| {
            whole.merge(&one.histogram);
            whole
        })),
    };
    Signal {
        power: statistics.iter().map(|one| one.whole().squares).sum(),
        values: Values {
            largest: largest.into(),
            error: |format| statistics.iter().map(|one| error_of_histogram(&one.histogram, format)).sum(),
            histogram: whole,
        },
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
