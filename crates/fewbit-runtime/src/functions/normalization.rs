//! Normalisations whose statistics come from the input itself: group, instance, layer, tensor; and mean subtraction.
//!
//! They differ in the axes that the statistics belong to, and in those of their parameters `beta` and `gamma`.

use super::elementwise::{Operand, join};
use super::groups::{Groups, names};
use super::layout::PerAxis;
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{
    GroupNormalization, InstanceNormalization, LayerNormalization, MeanSubtraction, TensorNormalization,
};
use fewbit_nnb::Values;

/// Statistics belong to a batch item and a group of channels.
///
/// As in NNabla, the axis of the channels is split in two, and batch axes are counted after the split.
pub(super) fn group(arguments: &GroupNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let Some(channel) = shape.axis(arguments.channel_axis) else { return };
    let count = usize::try_from(arguments.num_groups).unwrap_or(0);
    let Some(per_group) = shape[channel].checked_div(count) else { return };
    let mut extents = PerAxis::new();
    for extent in shape[..channel].iter().chain(&[count, per_group]).chain(&shape[channel + 1..]) {
        // The list holds twice the axes of a shape.
        _ = extents.push(*extent);
    }
    let groups = Groups::new(&extents, |axis| axis == channel || names(shape, &arguments.batch_axis, axis));
    let affine = Affine::new(call, arguments.no_bias, arguments.no_scale, |values| {
        groups.operand(values, |axis| axis == channel || axis == channel + 1)
    });
    normalize(&groups, &affine, arguments.eps, call, output);
}

/// Statistics belong to a batch item and a channel.
pub(super) fn instance(arguments: &InstanceNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let Some(channel) = shape.axis(arguments.channel_axis) else { return };
    let batch = |axis: usize| names(shape, &arguments.batch_axis, axis);
    let groups = Groups::new(&shape, |axis| axis == channel || batch(axis));
    // Parameters belong to a channel, or like the statistics to a batch item and a channel.
    let affine = Affine::new(call, arguments.no_bias, arguments.no_scale, |values| {
        groups.operand(values, |axis| axis == channel || (values.len() != shape[channel] && batch(axis)))
    });
    normalize(&groups, &affine, arguments.eps, call, output);
}

/// Statistics belong to a batch item, parameters to a place within it.
pub(super) fn layer(arguments: &LayerNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let groups = Groups::keeping(shape, &arguments.batch_axis);
    let affine = Affine::new(call, arguments.no_bias, arguments.no_scale, |values| {
        groups.operand(values, |axis| !names(shape, &arguments.batch_axis, axis))
    });
    normalize(&groups, &affine, arguments.eps, call, output);
}

/// Statistics and parameters belong to a list of axes.
pub(super) fn tensor(arguments: &TensorNormalization, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let shape = call.input_shape(0);
    let groups = Groups::keeping(shape, &arguments.axes);
    let affine = Affine::new(call, arguments.no_bias, arguments.no_scale, |values| {
        groups.operand(values, |axis| names(shape, &arguments.axes, axis))
    });
    normalize(&groups, &affine, arguments.eps, call, output);
}

/// Subtracts each group's mean and divides by its standard deviation.
fn normalize(groups: &Groups, affine: &Affine<'_>, eps: f32, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    for group in 0..groups.count {
        let mean = groups.mean(&x, group);
        let factor = 1.0 / libm::sqrtf(groups.variance(&x, group, mean) + eps);
        groups.map(&x, output, group, |_, place, run| {
            standardize(run, mean, factor);
            affine.apply(place, run);
        });
    }
}

/// Subtracts `mean` from each value and multiplies by `factor`.
pub(super) fn standardize(run: &mut [f32], mean: f32, factor: f32) {
    for value in run {
        *value = (*value - mean) * factor;
    }
}

/// The parameters of a normalisation, as they are read group after group.
pub(super) struct Affine<'a> {
    /// Added last.
    beta: Option<Operand<'a>>,
    /// The factor.
    gamma: Option<Operand<'a>>,
}

impl<'a> Affine<'a> {
    /// The inputs after the first, as far as the function has them. `operand` says how they are read.
    pub fn new(
        call: &Call<'a, '_>,
        no_bias: bool,
        no_scale: bool,
        operand: impl Fn(Values<'a>) -> Operand<'a>,
    ) -> Self {
        let input = |missing: bool, index| if missing { None } else { call.optional_input(index) };
        Self { beta: input(no_bias, 1).map(&operand), gamma: input(no_scale, 2 - usize::from(no_bias)).map(&operand) }
    }

    /// Applies the parameters to the values at consecutive places from `place` on.
    pub fn apply(&self, place: usize, run: &mut [f32]) {
        self.scale(place, run);
        self.shift(place, run);
    }

    /// Multiplies by `gamma`.
    pub fn scale(&self, place: usize, run: &mut [f32]) {
        if let Some(gamma) = &self.gamma {
            gamma.change(place, run, |value, gamma| value * gamma);
        }
    }

    /// Adds `beta`.
    pub fn shift(&self, place: usize, run: &mut [f32]) {
        if let Some(beta) = &self.beta {
            beta.change(place, run, |value, beta| value + beta);
        }
    }
}

/// Subtracts a mean over the batch: the running one, or, where the function updates it, the running one after the update.
///
/// The file cannot be written to, so that each run begins with the mean that it holds.
pub(super) fn mean_subtraction(arguments: &MeanSubtraction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (x, running) = (call.input(0), call.input(1));
    let Some(base) = x.shape().axis(arguments.base_axis) else { return };
    if !arguments.update_running_mean {
        let mean = Operand::over(running, x.shape(), |axis| axis >= base);
        return join([Operand::whole(x), mean], output, |[x, mean]| x - mean);
    }
    let groups = Groups::new(&x.shape(), |axis| axis >= base);
    let updates = call.optional_input(2).map_or(0.0, |count| libm::truncf(count.get(0)));
    for group in 0..groups.count {
        let mean = running.get(group);
        let mean = mean + (groups.mean(&x, group) - mean) / (updates + 1.0);
        groups.map(&x, output, group, |_, _, run| standardize(run, mean, 1.0));
    }
}
