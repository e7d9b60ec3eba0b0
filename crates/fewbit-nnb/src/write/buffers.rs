//! The buffer list: which variables share which memory, and how large each piece is.
//!
//! It is NNabla's own plan, since runtimes of NNabla take the list from the file and tests compare files byte for byte.
//! A runtime that is free to choose offsets can do better.
//!
//! An output never gets the buffer of an input of its function. NNabla's C runtime 1.2 would compute some functions right
//! there: its ReLU and its float arithmetic read each value just before they write it. But its fixed-point `Add2`, which
//! is where memory is short in a network with shortcuts, first rescales both inputs where they lie, and convolutions sum
//! in their output.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::RangeInclusive;
use fewbit_core::{Network, VariableId};

/// The buffers of a network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BufferPlan {
    /// The size of each buffer, in the unit that the plan was made with.
    pub sizes: Vec<usize>,
    /// The buffer of each variable; none for parameters and for variables that no function touches.
    pub buffer_of: Vec<Option<usize>>,
}

impl BufferPlan {
    /// Plans the buffers of a network whose variables have the sizes that `size` gives.
    pub fn new(network: &Network, size: impl Fn(VariableId) -> usize) -> Self {
        let lives = lives(network);
        let alive: Vec<Vec<usize>> = alive_at(&lives, network.nodes.len());
        let size = |index: usize| size(VariableId(index));
        let mut sizes = initial_sizes(&alive, size);
        let mut buffer_of = vec![None; network.variables.len()];
        for alive in &alive {
            let mut taken: BTreeSet<usize> = alive.iter().filter_map(|&index| buffer_of[index]).collect();
            for &index in alive {
                if buffer_of[index].is_some() {
                    continue;
                }
                let needed = size(index);
                let mut free = (0..sizes.len()).filter(|buffer| !taken.contains(buffer));
                // The first free one that is large enough; else the first free one grows. There is always a free one,
                // since there are as many buffers as variables alive at once.
                let fitting = free.clone().find(|&buffer| sizes[buffer] >= needed);
                let Some(buffer) = fitting.or_else(|| free.next()) else { continue };
                sizes[buffer] = sizes[buffer].max(needed);
                taken.insert(buffer);
                buffer_of[index] = Some(buffer);
            }
        }
        Self { sizes, buffer_of }
    }

    /// The sum of all sizes.
    pub fn total(&self) -> usize {
        self.sizes.iter().sum()
    }
}

/// The functions during which each buffer variable holds a value, from the first that touches it to the last. Inputs
/// hold theirs from the beginning, outputs beyond the end. `None` for parameters and for variables that no function
/// touches.
pub fn lives(network: &Network) -> Vec<Option<RangeInclusive<usize>>> {
    let inputs: BTreeSet<_> = network.inputs.iter().collect();
    let outputs: BTreeSet<_> = network.outputs.iter().collect();
    let mut lives: Vec<Option<RangeInclusive<usize>>> = vec![None; network.variables.len()];
    for (place, node) in network.nodes.iter().enumerate() {
        for id in node.inputs.iter().chain(&node.outputs).filter(|id| network.variable(**id).is_buffer()) {
            let start = match &lives[id.0] {
                Some(life) => *life.start(),
                None if inputs.contains(id) => 0,
                None => place,
            };
            let end = if outputs.contains(id) { network.nodes.len() } else { place };
            lives[id.0] = Some(start..=end);
        }
    }
    lives
}

/// For each function, the variables that hold a value during it, in the order of the network's list.
fn alive_at(lives: &[Option<RangeInclusive<usize>>], functions: usize) -> Vec<Vec<usize>> {
    let mut alive = vec![Vec::new(); functions];
    for (index, life) in lives.iter().enumerate() {
        let Some(life) = life else { continue };
        // The life of an output ends behind the last function.
        for alive in alive.iter_mut().take(life.end() + 1).skip(*life.start()) {
            alive.push(index);
        }
    }
    alive
}

/// As many buffers as variables are alive at once, the i-th as large as the i-th smallest ever is, counted from the
/// largest.
fn initial_sizes(alive: &[Vec<usize>], size: impl Fn(usize) -> usize) -> Vec<usize> {
    let count = alive.iter().map(Vec::len).max().unwrap_or(0);
    let mut sizes = vec![0; count];
    for alive in alive {
        let mut needed: Vec<usize> = alive.iter().map(|&index| size(index)).collect();
        needed.sort_unstable();
        for (slot, needed) in sizes[count - needed.len()..].iter_mut().zip(needed) {
            *slot = needed.max(*slot);
        }
    }
    sizes
}
