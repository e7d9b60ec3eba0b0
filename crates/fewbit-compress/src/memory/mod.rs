//! Memory planning: one array of bytes for all buffers of a network, as small as it can be.
//!
//! Each variable is alive from the function that writes it to the last one that reads it; variables that are alive at
//! the same time lie apart, but for the output of a function that works in place, which takes the memory of an input
//! that nothing reads later: the sum of a residual block accumulates into its shortcut. [`plan`] returns offsets for
//! version 4 of `.nnb`, and the lower bound beside them: the largest sum of bytes alive at any function. No plan that
//! keeps whole variables can go below it.
//!
//! | module | what it does |
//! |---|---|
//! | [`cell`] | which variables share a place, and when each place is in use |
//! | [`pack`] | offsets for places with sizes and times of use |
//! | [`rows`] | plans that keep only rows of variables |

pub mod cell;
pub mod pack;
pub mod rows;

pub use cell::InPlace;
use cell::{Cell, cells};
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
    let shared = plan_with(network, InPlace::Shared);
    if shared.bytes == shared.lower_bound {
        return shared;
    }
    // Variables that share memory stay where they are all the time; now and then they lie better apart.
    let apart = plan_with(network, InPlace::Apart);
    if apart.bytes < shared.bytes { MemoryPlan { lower_bound: shared.lower_bound, ..apart } } else { shared }
}

/// Plans the arena with functions in place or not; the lower bound is that of such plans.
pub fn plan_with(network: &Network, in_place: InPlace) -> MemoryPlan {
    let cells = cells(network, in_place);
    let blocks = blocks(&cells);
    let packing = pack(&blocks);
    let mut arena = ArenaPlan { offsets: vec![None; network.variables.len()], ..ArenaPlan::default() };
    for (cell, &offset) in cells.iter().zip(&packing.offsets) {
        for variable in &cell.variables {
            arena.offsets[variable.0] = Some(offset);
        }
    }
    MemoryPlan { arena, bytes: packing.bytes, lower_bound: lower_bound(&blocks) }
}

fn blocks(cells: &[Cell]) -> Vec<Block> {
    cells.iter().map(|cell| Block { lives: vec![cell.life.clone()], size: cell.bytes }).collect()
}
