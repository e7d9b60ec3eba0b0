//! [`ArenaPlan`]: where each buffer of a network lies in one array of bytes.

use alloc::vec::Vec;
use core::ops::Range;
use fewbit_core::VariableId;

/// Offsets of the buffers in the arena. Buffers may overlap where their variables are not alive together, and where a
/// function works in place.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ArenaPlan {
    /// For each variable of the network where it begins, in bytes; `None` for parameters.
    pub offsets: Vec<Option<usize>>,
    /// The variables whose buffers have another size than they have themselves.
    pub rings: Vec<Ring>,
    /// The functions that are computed row by row, in their order.
    pub groups: Vec<RowGroup>,
}

/// The buffer of a variable that is computed row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ring {
    /// The variable.
    pub variable: VariableId,
    /// How many of its rows the buffer holds, each in the place of the one so many rows before; 0 for the whole variable.
    pub rows: u16,
    /// Bytes of the buffer.
    pub bytes: usize,
}

/// Nodes that follow each other and are computed together, a row at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowGroup {
    /// The nodes.
    pub nodes: Range<usize>,
    /// The axis along which rows follow each other, in all variables.
    pub axis: usize,
    /// Where in the arena the counters of the steps lie, two bytes for each node and two more.
    pub counters: usize,
    /// The steps: nodes, counted from the first of the group, or [`PUSH`](crate::layout::group::PUSH).
    pub steps: Vec<u8>,
}
