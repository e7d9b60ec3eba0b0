//! Runs functions: one by one, or the steps of a group.

use super::Step;
use crate::call::Call;
use crate::functions;
use crate::model::{Model, VariableShapes};
use crate::session::Semantics;
use core::ops::Range;
use fewbit_core::shape_rule::RowRule;
use fewbit_nnb::Group;
use fewbit_nnb::layout::group::PUSH;

/// How far the functions of a group are: one number of 16 bits for each in the arena, and one for the rows that the caller
/// gave.
pub(crate) struct Counters<'g> {
    bytes: &'g mut [[u8; 2]],
}

impl<'g> Counters<'g> {
    /// The counters of a group.
    pub fn new(group: &Group<'_>, arena: &'g mut [u8]) -> Option<Self> {
        let bytes = arena.get_mut(group.counters..group.end()?)?;
        Some(Self { bytes: bytes.as_chunks_mut().0 })
    }

    /// Sets all to zero.
    pub fn clear(&mut self) {
        self.bytes.fill([0; 2]);
    }

    /// The counter at `index`, which counts one further.
    pub fn next(&mut self, index: usize) -> usize {
        let Some(counter) = self.bytes.get_mut(index) else { return 0 };
        let count = u16::from_le_bytes(*counter);
        *counter = count.wrapping_add(1).to_le_bytes();
        count.into()
    }
}

/// Runs one function of the file. Functions that are computed row by row run together, with the last of them.
pub(crate) fn run_function(model: &Model<'_>, index: usize, semantics: Semantics, arena: &mut [u8]) {
    if let Some(group) = model.group_of(index) {
        if index + 1 == group.functions.end {
            run_group(model, &group, semantics, arena);
        }
        return;
    }
    // Every function of an opened model is known.
    let Some(function) = model.function(index) else { return };
    let record = model.nnb().function(index);
    for output in 0..record.outputs.len() {
        if let Some((call, mut values)) = Call::new(model, &record, output, semantics, None, arena) {
            functions::run(&function, &call, &mut values);
        }
    }
}

/// Takes all steps of a group.
fn run_group(model: &Model<'_>, group: &Group<'_>, semantics: Semantics, arena: &mut [u8]) {
    if let Some(mut counters) = Counters::new(group, arena) {
        counters.clear();
    }
    for &step in group.steps {
        // Rows that should have been pushed are as they are.
        if step != PUSH {
            take_step(model, group, step.into(), semantics, arena);
        }
    }
}

/// Takes the next step of the function at `place` in a group.
pub(crate) fn take_step(model: &Model<'_>, group: &Group<'_>, place: usize, semantics: Semantics, arena: &mut [u8]) {
    let Some(step) = Counters::new(group, arena).map(|mut counters| counters.next(place)) else { return };
    let index = group.functions.start + place;
    // Every function of an opened model is known, and every one of a group has a rule and an output.
    let Some(function) = model.function(index) else { return };
    let record = model.nnb().function(index);
    let inputs = VariableShapes { nnb: model.nnb(), list: record.inputs };
    let Some(rule) = function.row_rule(&inputs, group.axis) else { return };
    if record.outputs.is_empty() {
        return;
    }
    let shape = model.nnb().variable(record.outputs.get(0)).shape;
    let Range { start, end } = rule.written(step);
    for output in start..end {
        let input = if let RowRule::Fold(_) = rule { step } else { 0 };
        let step = Step { axis: group.axis, rule, output, input, shape };
        if let Some((call, mut values)) = Call::new(model, &record, 0, semantics, Some(step), arena) {
            functions::run(&function, &call, &mut values);
        }
    }
}
