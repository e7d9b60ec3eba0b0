//! Passes that make the network of a foreign file as compact as one of NNabla's own.
//!
//! Other formats have operators that NNabla joins in one function, and tools that translate between them leave behind what
//! has no meaning any more. Each pass leaves a valid network that computes the same.
//!
//! | pass | what it does |
//! |---|---|
//! | `transposes` | orders of axes that cancel each other go away |
//! | `reshapes` | shapes that only the next function sees go away |
//! | `bias` | what is added to a layer becomes its bias |
//! | `padding` | padding before a convolution becomes the convolution's |
//! | `parameter_names` | names become paths, as NNabla's parameter files have them |
//! | `swish` | a value times its logistic function becomes `Swish` |
//!
//! [`turn_inputs`] changes what the caller gives, and is for the caller to choose.
//!
//! What is worth doing to every network, whatever it came from, belongs to `fewbit-compress`.

mod bias;
mod padding;
mod parameter_names;
mod reshapes;
mod swish;
#[cfg(test)]
mod tests;
mod transposes;

pub(crate) use padding::plain_fused;
pub(crate) use transposes::turn_inputs;

use fewbit_core::{Function, Network, Operation, VariableId};

/// Runs all passes. The network must be valid, and its variables floats.
pub(crate) fn tidy(network: &mut Network) {
    transposes::cancel(network);
    network.remove_unused();
    reshapes::bypass(network);
    network.remove_unused();
    // The new order of axes may now reach weights.
    transposes::cancel(network);
    network.remove_unused();
    bias::absorb(network);
    network.remove_unused();
    padding::absorb(network);
    swish::join(network);
    network.remove_unused();
    parameter_names::make_paths(network);
}

/// The function of a node; `None` for one that fewbit only carries along.
fn function(network: &Network, place: usize) -> Option<&Function> {
    match &network.nodes[place].operation {
        Operation::Known(function) => Some(function),
        Operation::Opaque(_) => None,
    }
}

/// Whether a variable is read by one function alone and is no output of the network.
fn has_one_reader(network: &Network, readers: &[Vec<usize>], id: VariableId) -> bool {
    readers[id.0].len() == 1 && !network.outputs.contains(&id)
}
