//! The memory map: where the buffers of a network lie in the arena, and when.

use fewbit_compress::memory;
use fewbit_core::Network;
use fewbit_nnb::write::buffers::lives;
use fewbit_report::{ArenaMap, Place};
use fewbit_runtime::Model;

/// The arena of a model that was made from `network`, whose variables are in the order of the model's.
pub fn arena(network: &Network, model: &Model<'_>) -> ArenaMap {
    let last = network.nodes.len().saturating_sub(1);
    let variables = network.variables.iter().zip(lives(network)).enumerate();
    let places = variables.filter_map(|(index, (variable, life))| {
        let (life, range) = (life?, model.arena_range(index)?);
        Some(Place {
            name: variable.name.clone(),
            offset: range.start as u64,
            bytes: range.len() as u64,
            first_step: *life.start(),
            // Outputs live on behind the last function.
            last_step: (*life.end()).min(last),
        })
    });
    ArenaMap {
        places: places.collect(),
        steps: network.nodes.iter().map(|node| node.name.clone()).collect(),
        arena_bytes: model.arena_bytes() as u64,
        lower_bound: memory::plan(network).lower_bound as u64,
    }
}
