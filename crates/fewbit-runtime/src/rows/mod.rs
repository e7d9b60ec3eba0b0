//! Functions that are computed row by row: which part of which variable a step reads and writes.
//!
//! A variable in a group is held as a *ring*: its buffer has room for a few rows, and row `y` lies in the place of row
//! `y - rows` of the ring, which nothing reads any more. Within a ring a row is contiguous, so that most kernels compute a
//! row as they would compute a variable with one row. Those with a window find their input's rows by [`InputRows`].
//!
//! | module | what it does |
//! |---|---|
//! | [`check`] | refuses groups whose steps read what is not there |
//! | [`run`] | takes the steps |
//! | [`push`] | takes them as rows of an input come |

pub(crate) mod check;
pub(crate) mod push;
pub(crate) mod run;

use crate::model::Model;
use core::ops::Range;
use fewbit_core::Shape;
use fewbit_core::shape_rule::RowRule;
use fewbit_nnb::VariableRecord;

/// One step of a function in a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// The row axis.
    pub axis: usize,
    /// How the function's rows depend on its inputs.
    pub rule: RowRule,
    /// The row of the output.
    pub output: usize,
    /// For folds: the row of the first input.
    pub input: usize,
    /// The shape of the output as a whole.
    pub shape: Shape,
}

/// A part of a variable: its bytes in the arena, and its shape.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub bytes: Range<usize>,
    pub shape: Shape,
}

/// What a window needs to know of rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InputRows {
    /// The row of the output to compute.
    pub output: usize,
    /// For folds: the only row of the input to look at.
    pub input: Option<usize>,
    /// The rows of the input's ring; `None` if the input is there as a whole, in its natural order.
    pub ring: Option<usize>,
}

/// Where the rows of a variable lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowPlaces {
    /// How many there are at a time.
    pub ring: usize,
    /// Bytes of one.
    pub bytes: usize,
}

impl RowPlaces {
    /// Where the rows of a variable lie, each in one piece; `None` if they do not.
    pub fn new(variable: &VariableRecord<'_>, axis: usize) -> Option<Self> {
        let &rows = variable.shape.get(axis)?;
        let bytes = variable.format.bytes(variable.shape.row(axis).items());
        match variable.ring {
            // A whole variable lies as a ring of all rows does, if nothing stands before its rows or there is only one.
            0 => (rows == 1 || variable.shape.split_items(axis).0 == 1).then_some(Self { ring: rows, bytes }),
            ring => Some(Self { ring, bytes }),
        }
    }

    /// The bytes of a row in the variable's buffer.
    pub fn row(&self, row: usize) -> Option<Range<usize>> {
        let start = row.checked_rem(self.ring)?.checked_mul(self.bytes)?;
        Some(start..start.checked_add(self.bytes)?)
    }
}

impl Step {
    /// The part of the output to write.
    pub fn output_part(&self, model: &Model<'_>, number: usize) -> Option<Part> {
        let variable = model.nnb().variable(number);
        let buffer = model.buffer_range(number)?;
        if let RowRule::Fold(window) = self.rule
            && window.output == 1
        {
            // Sums that are not complete take more memory than the row.
            return Some(Part { bytes: buffer, shape: variable.shape });
        }
        match RowPlaces::new(&variable, self.axis) {
            Some(places) => Some(row_part(places, &buffer, &variable, self.axis, self.output)?),
            None => Some(Part { bytes: model.arena_range(number)?, shape: variable.shape }),
        }
    }

    /// The part to read of an input that is in the arena; `None` if all of it.
    pub fn input_part(&self, model: &Model<'_>, index: usize, number: usize) -> Option<Part> {
        let variable = model.nnb().variable(number);
        let buffer = model.buffer_range(number)?;
        if index == 0 && !matches!(self.rule, RowRule::InStep) {
            return Some(Part { bytes: buffer, shape: variable.shape });
        }
        if !self.rule.reads_rows(index, variable.shape, self.shape, self.axis) {
            return None;
        }
        row_part(RowPlaces::new(&variable, self.axis)?, &buffer, &variable, self.axis, self.output)
    }

    /// What a window needs to know of the rows of the first input.
    pub fn input_rows(&self, model: &Model<'_>, number: usize) -> InputRows {
        let ring = model.nnb().variable(number).ring;
        InputRows {
            output: self.output,
            input: matches!(self.rule, RowRule::Fold(_)).then_some(self.input),
            ring: (ring > 0).then_some(ring),
        }
    }
}

fn row_part(
    places: RowPlaces,
    buffer: &Range<usize>,
    variable: &VariableRecord<'_>,
    axis: usize,
    row: usize,
) -> Option<Part> {
    let row = places.row(row)?;
    let bytes = buffer.start.checked_add(row.start)?..buffer.start.checked_add(row.end)?;
    Some(Part { bytes, shape: variable.shape.row(axis) })
}
