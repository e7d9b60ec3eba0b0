//! Parameters as their file holds them, beside what they are in floats.

use super::errors::{VariableError, rounded_range};
use super::{file, make_float};
use crate::error::CompressError;
use fewbit_core::{Network, VariableId};
use fewbit_nnb::{Data, Values};
use fewbit_runtime::Model;

/// What storing loses of each fixed-point parameter of a network.
///
/// # Errors
/// When the network cannot be written or run.
pub(super) fn parameter_errors(network: &Network) -> Result<Vec<(VariableId, VariableError)>, CompressError> {
    let mut float = network.clone();
    (0..float.variables.len()).for_each(|index| make_float(&mut float, VariableId(index)));
    // Both files hold the values in the same order, whatever it is.
    let (float_file, fixed_file) = (file(&float)?, file(network)?);
    let (float, fixed) = (Model::open(&float_file)?, Model::open(&fixed_file)?);
    let error = |index: usize| {
        let (float, fixed) = (values(&float, index)?, values(&fixed, index)?);
        fixed.format().is_fixed().then(|| (VariableId(index), error(&float, &fixed)))
    };
    Ok((0..network.variables.len()).filter_map(error).collect())
}

fn values<'a>(model: &Model<'a>, index: usize) -> Option<Values<'a>> {
    let variable = model.nnb().variable(index);
    match variable.data {
        Data::File(bytes) => Some(variable.values(bytes)),
        Data::Buffer(_) => None,
    }
}

fn error(float: &Values<'_>, fixed: &Values<'_>) -> VariableError {
    let mut error = VariableError { values: float.len() as u64, ..VariableError::default() };
    for place in 0..float.len() {
        let (exact, stored) = (f64::from(float.get(place)), f64::from(fixed.get(place)));
        error.signal += exact * exact;
        error.noise += (exact - stored) * (exact - stored);
        let format = fixed.format().with_position(fixed.position_at(place));
        let beyond = |(low, high)| exact < low || exact >= high;
        error.saturated += u64::from(rounded_range(format).is_some_and(beyond));
    }
    error
}
