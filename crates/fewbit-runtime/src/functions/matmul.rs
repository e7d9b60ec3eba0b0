use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::BatchMatmul;

pub(super) fn run(_arguments: &BatchMatmul, _call: &Call<'_, '_>, _output: &mut ValuesMut<'_>) {}
