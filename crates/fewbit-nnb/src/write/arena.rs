//! [`ArenaPlan`]: where each buffer of a network lies in one array of bytes.

use alloc::vec::Vec;

/// Offsets of the buffers in the arena. Buffers may overlap where their variables are not alive together, and where a
/// function works in place.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ArenaPlan {
    /// For each variable of the network where it begins, in bytes; `None` for parameters.
    pub offsets: Vec<Option<usize>>,
}
