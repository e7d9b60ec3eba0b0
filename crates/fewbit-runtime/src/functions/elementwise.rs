//! The loops of functions that compute each value of their output from one value of each operand.
//!
//! They go over runs of values and are compiled once for each number of operands; what a function adds is a loop over
//! one run, which the compiler can vectorise.

use super::RUN;
use super::groups::Groups;
use super::layout::Layout;
use crate::values::ValuesMut;
use core::array;
use fewbit_core::Shape;
use fewbit_nnb::{Element, Values};

/// An input as it is read: its values, and where in them the places of the output lie.
#[derive(Clone, Copy)]
pub(super) struct Operand<'a> {
    /// The values.
    pub values: Values<'a>,
    /// Their places.
    pub layout: Layout,
}

impl<'a> Operand<'a> {
    /// All values in their order.
    pub fn whole(values: Values<'a>) -> Self {
        Self { values, layout: Layout::row(0, values.len()) }
    }

    /// Values stretched to a shape.
    pub fn broadcast(values: Values<'a>, shape: Shape) -> Self {
        Self { values, layout: Layout::broadcast(values.shape(), shape) }
    }

    /// Values that have some of the axes of a shape and are the same along the others; a single value is the same along
    /// all.
    pub fn over(values: Values<'a>, shape: Shape, has: impl Fn(usize) -> bool) -> Self {
        Groups::new(&shape, |_| true).operand(values, has)
    }

    /// Reads the values at consecutive places from `place` on.
    pub fn read<E: Element>(&self, place: usize, out: &mut [E]) {
        self.layout.read(&self.values, place, out);
    }

    /// [`Operand::read`] for values that may lie where the output does, of which these places are not written yet.
    pub fn read_beside<E: Element>(&self, output: &ValuesMut<'_>, place: usize, out: &mut [E]) {
        self.layout.read(&output.beside(&self.values), place, out);
    }

    /// The value at a place.
    pub fn get(&self, place: usize) -> f32 {
        let mut value = [0.0];
        self.read(place, &mut value);
        value[0]
    }

    /// Joins the values at consecutive places from `place` on to those of a run.
    pub fn change(&self, place: usize, run: &mut [f32], function: impl Fn(f32, f32) -> f32) {
        change(run, |own| self.read(place, own), function);
    }

    /// [`Operand::change`] for values that may lie where the output does, of which these places are not written yet.
    pub fn change_beside(
        &self,
        output: &ValuesMut<'_>,
        place: usize,
        run: &mut [f32],
        function: impl Fn(f32, f32) -> f32,
    ) {
        change(run, |own| self.read_beside(output, place, own), function);
    }
}

/// Joins values that are read to those of a run.
fn change(run: &mut [f32], read: impl FnOnce(&mut [f32]), function: impl Fn(f32, f32) -> f32) {
    let mut own = [0.0; RUN];
    let own = &mut own[..run.len().min(RUN)];
    read(own);
    for (value, own) in run.iter_mut().zip(&*own) {
        *value = function(*value, *own);
    }
}

/// Computes every value of the output from those of the operands at the same place.
pub(super) fn join<const N: usize>(
    operands: [Operand<'_>; N],
    output: &mut ValuesMut<'_>,
    function: impl Fn([f32; N]) -> f32,
) {
    let to = Layout::row(0, output.len());
    join_to(operands, output, &to, function);
}

/// [`join`] for a part of the output: its places are those of `to`.
pub(super) fn join_to<const N: usize>(
    operands: [Operand<'_>; N],
    output: &mut ValuesMut<'_>,
    to: &Layout,
    function: impl Fn([f32; N]) -> f32,
) {
    join_runs(&operands, output, to, &|runs, out| {
        // The limit tells the compiler that no index is beyond a run.
        for (index, value) in out.iter_mut().enumerate().take(RUN) {
            *value = function(array::from_fn(|operand| runs[operand][index]));
        }
    });
}

/// Computes a run of values from a run of each operand.
type RunFunction<'f, const N: usize> = dyn Fn(&[[f32; RUN]; N], &mut [f32]) + 'f;

fn join_runs<const N: usize>(
    operands: &[Operand<'_>; N],
    output: &mut ValuesMut<'_>,
    to: &Layout,
    function: &RunFunction<'_, N>,
) {
    let mut runs = [[0.0; RUN]; N];
    let mut out = [0.0; RUN];
    let items = to.items();
    for place in (0..items).step_by(RUN) {
        let count = RUN.min(items - place);
        for (operand, run) in operands.iter().zip(&mut runs) {
            operand.read_beside(output, place, &mut run[..count]);
        }
        function(&runs, &mut out[..count]);
        to.write(output, place, &out[..count]);
    }
}
