use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::Function;

pub(super) fn run(_function: &Function, _call: &Call<'_, '_>, _output: &mut ValuesMut<'_>) {}
