//! Functions that make one value of all values along some axes. Without axes each value stays by itself, as in NNabla.

use super::RUN;
use super::groups::Groups;
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::IntList;
use fewbit_core::function::arguments::{ExtremeReduction, Reduction};
use fewbit_nnb::Values;

/// The sum.
pub(super) fn sum(arguments: &Reduction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    reduce(&arguments.axes, call, output, &|groups, values, group| groups.sum(values, group));
}

/// The mean.
pub(super) fn mean(arguments: &Reduction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    reduce(&arguments.axes, call, output, &|groups, values, group| groups.mean(values, group));
}

/// The product.
pub(super) fn prod(arguments: &Reduction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    reduce(&arguments.axes, call, output, &|groups, values, group| {
        groups.fold(values, group, 1.0, |product, _, run| run.iter().fold(product, |product, value| product * value))
    });
}

/// The greatest value, or its place along the axes.
pub(super) fn max(arguments: &ExtremeReduction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    extreme(arguments, call, output, greatest);
}

/// The least value, or its place along the axes.
pub(super) fn min(arguments: &ExtremeReduction, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    extreme(arguments, call, output, least);
}

fn extreme(
    arguments: &ExtremeReduction,
    call: &Call<'_, '_>,
    output: &mut ValuesMut<'_>,
    find: fn(&Groups, &Values<'_>, usize) -> (f32, usize),
) {
    let wants_place = arguments.only_index || call.output_index() == 1;
    reduce(&arguments.axes, call, output, &|groups, values, group| {
        let (value, place) = find(groups, values, group);
        if wants_place { place as f32 } else { value }
    });
}

/// The greatest value of a group and its place. As in NNabla, the search begins with -1e8 at place 0, so that values
/// that are not greater, or not numbers, are never found.
pub(super) fn greatest(groups: &Groups, values: &Values<'_>, group: usize) -> (f32, usize) {
    find(groups, values, group, -1e8, |value, best| value > best)
}

/// The least value of a group and its place; the search begins with 1e8 at place 0.
pub(super) fn least(groups: &Groups, values: &Values<'_>, group: usize) -> (f32, usize) {
    find(groups, values, group, 1e8, |value, best| value < best)
}

fn find(
    groups: &Groups,
    values: &Values<'_>,
    group: usize,
    first: f32,
    better: impl Fn(f32, f32) -> bool,
) -> (f32, usize) {
    groups.fold(values, group, (first, 0), |found, start, run| {
        run.iter().zip(start..).fold(
            found,
            |found, (&value, place)| {
                if better(value, found.0) { (value, place) } else { found }
            },
        )
    })
}

/// Computes each value of the output from a group of the input.
fn reduce(
    axes: &IntList,
    call: &Call<'_, '_>,
    output: &mut ValuesMut<'_>,
    value: &dyn Fn(&Groups, &Values<'_>, usize) -> f32,
) {
    let input = call.input(0);
    let groups = Groups::reducing(input.shape(), axes);
    let mut run = [0.0; RUN];
    for start in (0..groups.count).step_by(RUN) {
        let run = &mut run[..RUN.min(groups.count - start)];
        for (result, group) in run.iter_mut().zip(start..) {
            *result = value(&groups, &input, group);
        }
        output.write(start, run);
    }
}
