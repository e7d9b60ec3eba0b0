//! [`Groups`]: the values of a variable in groups, each of which has one statistic: a sum, a maximum, a mean.

use super::RUN;
use super::elementwise::Operand;
use super::layout::{Axis, Layout, PerAxis, strides_over};
use crate::values::ValuesMut;
use fewbit_core::list::LIST_CAPACITY;
use fewbit_core::{IntList, Shape};
use fewbit_nnb::Values;

/// A variable whose values belong to the same group if they agree in their place along the kept axes.
///
/// Groups are in row-major order of the kept axes, the values of a group in row-major order of the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    /// How many groups there are.
    pub count: usize,
    /// How many values each has.
    pub size: usize,
    /// The extents of the variable.
    extents: PerAxis<usize>,
    /// Its axes, the kept ones first.
    order: PerAxis<usize>,
    /// Its places, group after group.
    layout: Layout,
}

impl Groups {
    /// A variable with these extents.
    pub fn new(extents: &[usize], kept: impl Fn(usize) -> bool) -> Self {
        let axes = || 0..extents.len().min(LIST_CAPACITY);
        let mut order = PerAxis::new();
        for axis in axes().filter(|&axis| kept(axis)).chain(axes().filter(|&axis| !kept(axis))) {
            // There are no more than fit.
            _ = order.push(axis);
        }
        let product = |wanted: bool| axes().filter(|&axis| kept(axis) == wanted).map(|axis| extents[axis]).product();
        let extents = PerAxis::from_slice(&extents[axes()]).unwrap_or_default();
        let layout = ordered(&extents, &order, &strides_over(&extents, |_| true));
        Self { count: product(true), size: product(false), extents, order, layout }
    }

    /// A variable of this shape, where a list of axes says which are kept.
    pub fn keeping(shape: Shape, axes: &IntList) -> Self {
        Self::new(&shape, |axis| names(shape, axes, axis))
    }

    /// A variable of this shape, where a list of axes says which are not kept.
    pub fn reducing(shape: Shape, axes: &IntList) -> Self {
        Self::new(&shape, |axis| !names(shape, axes, axis))
    }

    /// A variable that has some of the axes of this one and is the same along the others, to be read group after
    /// group. One that has a single value is the same along all.
    pub fn operand<'a>(&self, values: Values<'a>, has: impl Fn(usize) -> bool) -> Operand<'a> {
        let single = values.len() == 1;
        let strides = strides_over(&self.extents, |axis| !single && has(axis));
        Operand { values, layout: ordered(&self.extents, &self.order, &strides) }
    }

    /// Reads the values of a group in runs and folds them into one.
    pub fn fold<T>(
        &self,
        values: &Values<'_>,
        group: usize,
        first: T,
        mut join: impl FnMut(T, usize, &mut [f32]) -> T,
    ) -> T {
        let mut run = [0.0; RUN];
        (0..self.size).step_by(RUN).fold(first, |total, start| {
            let run = &mut run[..RUN.min(self.size - start)];
            self.layout.read(values, group * self.size + start, run);
            join(total, start, run)
        })
    }

    /// Changes the values of a group in runs and stores them at the same places of the output. `change` is given the
    /// output before it is written, and the place of the run among those of all groups.
    pub fn map(
        &self,
        values: &Values<'_>,
        output: &mut ValuesMut<'_>,
        group: usize,
        mut change: impl FnMut(&ValuesMut<'_>, usize, &mut [f32]),
    ) {
        let mut run = [0.0; RUN];
        for start in (0..self.size).step_by(RUN) {
            let run = &mut run[..RUN.min(self.size - start)];
            let place = group * self.size + start;
            self.layout.read(&output.beside(values), place, run);
            change(output, place, run);
            self.layout.write(output, place, run);
        }
    }

    /// The sum of a group.
    pub fn sum(&self, values: &Values<'_>, group: usize) -> f32 {
        self.fold(values, group, 0.0, |total, _, run| total + sum(run))
    }

    /// The mean of a group.
    pub fn mean(&self, values: &Values<'_>, group: usize) -> f32 {
        self.sum(values, group) / self.size as f32
    }

    /// The mean of the squared distances of a group from its mean.
    pub fn variance(&self, values: &Values<'_>, group: usize, mean: f32) -> f32 {
        let total = self.fold(values, group, 0.0, |total, _, run| {
            for value in &mut *run {
                *value = (*value - mean) * (*value - mean);
            }
            total + sum(run)
        });
        total / self.size as f32
    }
}

/// Whether a list of axes, some perhaps counted from the end, names an axis.
pub(super) fn names(shape: Shape, axes: &IntList, axis: usize) -> bool {
    axes.iter().any(|&named| shape.axis(named) == Some(axis))
}

fn ordered(extents: &[usize], order: &[usize], strides: &[isize]) -> Layout {
    Layout::new(0, order.iter().map(|&axis| Axis { extent: extents[axis], stride: strides[axis] }))
}

/// The sum of a run, in lanes that a vector unit can add.
fn sum(run: &[f32]) -> f32 {
    let (chunks, rest) = run.as_chunks::<8>();
    let mut lanes = [0.0; 8];
    for chunk in chunks {
        for (lane, value) in lanes.iter_mut().zip(chunk) {
            *lane += value;
        }
    }
    lanes.iter().chain(rest).sum()
}
