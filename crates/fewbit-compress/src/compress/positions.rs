//! Positions of buffers by what they do to the network's outputs.

use crate::assign::Assigned;
use crate::calibrate::Calibration;
use crate::error::CompressError;
use crate::groups::groups;
use crate::outcome::Standard;
use crate::position::{allowed_positions, decibels, error_of_histogram};
use crate::progress::Progress;
use fewbit_core::Network;
use fewbit_data::Inputs;
use fewbit_nnb::Version;

/// How many samples the outputs are compared on: each group of buffers takes two or more runs of all of them.
const MEASURED: usize = 64;

/// A move must bring the outputs nearer by this share; less may be chance.
const WORTHWHILE: f64 = 0.01;

/// Moves the positions of single buffers as long as the outputs of the whole fixed-point network come nearer to those of
/// the float network.
pub(super) fn move_for_output(
    float: &Network,
    assigned: Assigned,
    calibration: &Calibration,
    inputs: &Inputs,
    version: Version,
    progress: &dyn Progress,
) -> Result<Assigned, CompressError> {
    let mut assigned = assigned;
    let standard = Standard::new(float, inputs, MEASURED)?;
    let mut least = standard.compare(&assigned.network)?.divergence;
    let groups = groups(&assigned.network);
    progress.begin("moving positions", groups.len());
    for group in &groups {
        for step in [1, -1] {
            loop {
                let mut network = assigned.network.clone();
                let mut moved = false;
                for &id in group {
                    let format = network.variable(id).format;
                    let allowed = allowed_positions(format, version);
                    let position = format.position().and_then(|position| position.checked_add(step));
                    if let Some(position) = position.filter(|position| allowed.contains(position)) {
                        network.variable_mut(id).format = format.with_position(position);
                        moved = true;
                    }
                }
                if !moved {
                    break;
                }
                let found = standard.compare(&network)?.divergence;
                if found >= least * (1.0 - WORTHWHILE) {
                    break;
                }
                (assigned.network, least) = (network, found);
            }
        }
        for &id in group {
            if let (Some(statistics), Some(sqnr)) = (calibration.of(id), &mut assigned.sqnr_db[id.0]) {
                let error = error_of_histogram(&statistics.histogram, assigned.network.variable(id).format);
                *sqnr = decibels(statistics.whole().squares, error);
            }
        }
        progress.advance(1);
    }
    Ok(assigned)
}
