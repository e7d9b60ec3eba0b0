//! Memory planning: one array of bytes for all buffers of a network, as small as it can be.
//!
//! Each variable is alive from the function that writes it to the last one that reads it; variables that are alive at
//! the same time lie apart. [`plan`] returns offsets for version 4 of `.nnb`, and the lower bound beside them: the
//! largest sum of bytes alive at any function, were every function that can work in place to do so. No plan that keeps
//! whole variables can go below it.
//!
//! | module | what it does |
//! |---|---|
//! | [`cell`] | which variables share a place, and when each place is in use |
//! | [`pack`] | offsets for places with sizes and times of use |
//! | [`rows`] | plans that keep only rows of variables |

pub mod cell;
pub mod pack;
pub mod rows;

use cell::{Cell, InPlace, cells};
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
    /// The largest sum of bytes that are alive at once, with every function in place that can be.
    pub lower_bound: usize,
}

/// Plans the arena of a network whose variables have their formats.
pub fn plan(network: &Network) -> MemoryPlan {
    let cells_apart = cells(network, InPlace::Apart);
    let blocks = blocks(&cells_apart);
    let packing = pack(&blocks);
    let mut arena = ArenaPlan { offsets: vec![None; network.variables.len()], ..ArenaPlan::default() };
    for (cell, &offset) in cells_apart.iter().zip(&packing.offsets) {
        for variable in &cell.variables {
            arena.offsets[variable.0] = Some(offset);
        }
    }
    let lower_bound = lower_bound(&self::blocks(&cells(network, InPlace::Shared)));
    MemoryPlan { arena, bytes: packing.bytes, lower_bound }
}

fn blocks(cells: &[Cell]) -> Vec<Block> {
    cells.iter().map(|cell| Block { lives: vec![cell.life.clone()], size: cell.bytes }).collect()
}
