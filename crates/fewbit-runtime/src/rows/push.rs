//! [`Push`]: takes the rows of an input as the caller gives them, and runs the network as far as they allow.

use super::RowPlaces;
use super::run::{Counters, run_function, take_step};
use crate::model::Model;
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_nnb::Group;
use fewbit_nnb::layout::group::PUSH;

/// How far the input is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pushed {
    /// Values that came so far.
    values: usize,
    /// The next step of the group.
    step: usize,
}

/// A network whose input comes row by row.
pub(crate) struct Push<'p, 'a> {
    model: &'p Model<'a>,
    semantics: Semantics,
    arena: &'p mut [u8],
    pushed: &'p mut Pushed,
    input: usize,
    /// The group that reads the input.
    group: Group<'a>,
}

impl<'p, 'a> Push<'p, 'a> {
    /// `None` if the network has no such input.
    pub fn new(
        model: &'p Model<'a>,
        semantics: Semantics,
        arena: &'p mut [u8],
        pushed: &'p mut Pushed,
    ) -> Option<Self> {
        let input = model.pushed_input()?;
        // A group that reads it was found when the model was opened.
        let group = model.nnb().groups().find(|group| group.steps.contains(&PUSH))?;
        Some(Self { model, semantics, arena, pushed, input, group })
    }

    /// Runs what does not depend on the input, if nothing of it has come yet.
    pub fn begin(&mut self) {
        if self.pushed.values > 0 {
            return;
        }
        self.pushed.step = 0;
        self.run_functions(0..self.group.functions.start);
        if let Some(mut counters) = Counters::new(&self.group, self.arena) {
            counters.clear();
        }
        self.advance();
    }

    /// Takes so many values, which `write` puts into a row: it is given the row, the place of the first value, and how many.
    /// Returns whether the outputs are complete.
    pub fn take(&mut self, mut count: usize, write: &mut dyn FnMut(ValuesMut<'_>, usize, usize)) -> bool {
        let record = self.model.nnb().variable(self.input);
        let row_shape = record.shape.row(self.group.axis);
        let (row_items, items) = (row_shape.items(), record.shape.items());
        while count > 0 && row_items > 0 {
            let (row, start) = (self.pushed.values / row_items, self.pushed.values % row_items);
            let now = count.min(row_items - start);
            if let Some(values) = self.row(row) {
                write(values, start, now);
            }
            count -= now;
            self.pushed.values += now;
            if start + now == row_items && self.waits() {
                if let Some(mut counters) = Counters::new(&self.group, self.arena) {
                    counters.next(self.group.functions.len());
                }
                self.pushed.step += 1;
                self.advance();
            }
            if self.pushed.values == items {
                // What follows is the next input.
                self.pushed.values = 0;
                if count > 0 {
                    self.begin();
                }
            }
        }
        self.pushed.step >= self.group.steps.len()
    }

    /// Whether the next step is to take a row.
    fn waits(&self) -> bool {
        self.group.steps.get(self.pushed.step) == Some(&PUSH)
    }

    /// The row of the input that is being filled; `None` if no function needs it.
    fn row(&mut self, row: usize) -> Option<ValuesMut<'_>> {
        if !self.waits() {
            return None;
        }
        let record = self.model.nnb().variable(self.input);
        let bytes = RowPlaces::new(&record, self.group.axis)?.row(row)?;
        let buffer = self.arena.get_mut(self.model.buffer_range(self.input)?)?;
        let shape = record.shape.row(self.group.axis);
        Some(ValuesMut::new(buffer.get_mut(bytes)?, record.format, shape, self.semantics.rounding()))
    }

    /// Takes steps until one waits for a row; after the last, runs the functions behind the group.
    fn advance(&mut self) {
        while let Some(&step) = self.group.steps.get(self.pushed.step) {
            if step == PUSH {
                return;
            }
            take_step(self.model, &self.group, step.into(), self.semantics, self.arena);
            self.pushed.step += 1;
        }
        self.run_functions(self.group.functions.end..self.model.nnb().function_count());
    }

    fn run_functions(&mut self, functions: core::ops::Range<usize>) {
        for index in functions {
            run_function(self.model, index, self.semantics, self.arena);
        }
    }
}
