use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::Interpolate;

pub(super) fn run(_arguments: &Interpolate, _call: &Call<'_, '_>, _output: &mut ValuesMut<'_>) {}
