//! [`Sum`]: what a function adds up in fixed point, and whether 64 bits hold it.

use crate::linear::Linear;
use fewbit_core::{Network, Node, VariableId};
use fewbit_runtime::requantize::{Magnitude, is_exact, magnitude, position};

/// Products of inputs and weights, and what is added to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The input.
    pub x: VariableId,
    /// The weights.
    pub weights: VariableId,
    /// The scale of each output channel.
    pub alpha: Option<VariableId>,
    /// What is added: a bias, a shortcut.
    pub added: Vec<VariableId>,
    /// Where the sums are stored.
    pub output: VariableId,
    /// How many output channels there are.
    pub channels: usize,
}

impl Sum {
    /// That of a linear function.
    pub fn of(node: &Node, linear: &Linear) -> Option<Self> {
        Some(Self {
            x: *node.inputs.first()?,
            weights: *node.inputs.get(linear.weight)?,
            alpha: linear.alpha.and_then(|alpha| node.inputs.get(alpha)).copied(),
            added: node.inputs.get(linear.bias).into_iter().copied().collect(),
            output: *node.outputs.first()?,
            channels: linear.outputs,
        })
    }

    /// Whether the runtime, which refuses other files, can add it up exactly. With a float among them, sums are floats.
    pub fn is_exact(&self, network: &Network) -> bool {
        let Some(to) = position(network.variable(self.output).format) else { return true };
        (0..self.channels).filter_map(|channel| self.addends(network, channel)).all(|it| is_exact(it.into_iter(), to))
    }

    /// The addends of a channel; `None` if one of them is a float.
    fn addends(&self, network: &Network, channel: usize) -> Option<Vec<Magnitude>> {
        let term = |id: VariableId| {
            let variable = network.variable(id);
            let own = variable.channel_positions.as_deref().and_then(|positions| positions.get(channel));
            let position = own.map(|&own| own.into()).or(position(variable.format))?;
            Some(Magnitude { largest: magnitude(variable.format)?, position })
        };
        let items = network.variable(self.weights).shape.items();
        let mut product = Magnitude { largest: items.checked_div(self.channels)? as u64, position: 0 };
        for factor in [self.x, self.weights].into_iter().chain(self.alpha) {
            let factor = term(factor)?;
            product.largest = product.largest.saturating_mul(factor.largest);
            product.position += factor.position;
        }
        core::iter::once(Some(product)).chain(self.added.iter().map(|&id| term(id))).collect()
    }
}
