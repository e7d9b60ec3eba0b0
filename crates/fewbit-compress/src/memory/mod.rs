//! Memory planning: one array of bytes for all buffers of a network, as small as it can be.
//!
//! Each variable is alive from the function that writes it to the last one that reads it; variables that are alive at
//! the same time lie apart, and a function that works in place gives its input's memory to its output. [`plan`]
//! returns offsets for version 4 of `.nnb`, and the lower bound beside them: the largest sum of bytes alive at any
//! function, which no plan that keeps whole variables can go below.
//!
//! | module | what it does |
//! |---|---|
//! | [`cell`] | which variables share a place, and when each place is in use |
//! | [`pack`] | offsets for places with sizes and times of use |

pub mod cell;
pub mod pack;

use cell::cells;
use fewbit_core::Network;
use fewbit_nnb::ArenaPlan;
use pack::{Block, lower_bound, pack};

/// Where each buffer lies, and how good that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryPlan {
    /// The offsets.
    pub arena: ArenaPlan,
    /// Bytes of the arena.
    pub bytes: usize,
    /// The largest sum of bytes that are alive at once.
    pub lower_bound: usize,
}

/// Plans the arena of a network whose variables have their formats.
pub fn plan(network: &Network) -> MemoryPlan {
    let cells = cells(network);
    let blocks: Vec<Block> = cells.iter().map(|cell| Block { life: cell.life.clone(), size: cell.bytes }).collect();
    let packing = pack(&blocks);
    let mut arena = ArenaPlan { offsets: vec![None; network.variables.len()] };
    for (cell, &offset) in cells.iter().zip(&packing.offsets) {
        for variable in &cell.variables {
            arena.offsets[variable.0] = Some(offset);
        }
    }
    MemoryPlan { arena, bytes: packing.bytes, lower_bound: lower_bound(&blocks) }
}
