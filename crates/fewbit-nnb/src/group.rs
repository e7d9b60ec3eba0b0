//! [`Group`]: functions that are computed row by row, so that their variables never exist as a whole.

use core::ops::Range;

/// Functions that follow each other in the file and are computed together, a row at a time, in a given order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// The functions.
    pub functions: Range<usize>,
    /// The axis along which rows follow each other, in all variables.
    pub axis: usize,
    /// Where in the arena the counters lie that tell how far each function is.
    pub counters: usize,
    /// The steps in order: for each the function that takes one, counted from the first, or
    /// [`PUSH`](crate::layout::group::PUSH). Every step of a function computes its next row, or folds in the next row of
    /// its input.
    pub steps: &'a [u8],
}

impl Group<'_> {
    /// Bytes of the counters: 16 bits for each function, and for the rows that the caller gave.
    pub fn counter_bytes(&self) -> usize {
        2 * (self.functions.len() + 1)
    }

    /// Bytes of the arena up to the end of the counters; `None` if no machine has as many.
    pub fn end(&self) -> Option<usize> {
        self.counters.checked_add(self.counter_bytes())
    }
}
