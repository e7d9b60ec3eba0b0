//! [`Layer`]: what belongs to a layer, and networks in which it alone has, or lacks, its formats.
//!
//! A layer is a function with its fixed-point parameters and the buffers that it writes in fixed point, or an input of the
//! network, which is rounded too. A function that only moves values, between buffers of one format, rounds nothing and is
//! no layer of its own: what it writes belongs to the layer that computed the values.

use super::{Subject, make_float};
use crate::groups::{is_source, moved_on};
use fewbit_core::{Network, Node, VariableId};

/// A layer that has something in fixed point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The name of the function; of an input, that of the variable.
    pub name: String,
    /// The type of the function; `Input` for an input.
    pub function: &'static str,
    /// Its parameters in fixed point.
    pub parameters: Vec<VariableId>,
    /// The buffers that it writes in fixed point.
    pub outputs: Vec<VariableId>,
}

/// The layers of a network with formats, in the order of execution.
pub fn layers(network: &Network) -> Vec<Layer> {
    let has_format = |id: &&VariableId| network.variable(**id).format.is_fixed();
    let inputs = network.inputs.iter().filter(has_format).map(|&id| Layer {
        name: network.variable(id).name.clone(),
        function: "Input",
        parameters: Vec::new(),
        outputs: vec![id],
    });
    let layer = |node: &Node| {
        let read = node.inputs.iter().filter(|id| !network.variable(**id).is_buffer());
        // Signs are what a binary network was trained with: they lose nothing.
        let parameters: Vec<VariableId> = read.filter(has_format).copied().collect();
        let formats = || node.inputs.iter().map(|id| network.variable(*id)).filter(|variable| variable.is_buffer());
        let rounds = |id: &&VariableId| {
            let format = network.variable(**id).format;
            format.is_fixed() && (is_source(network, **id) || formats().any(|input| input.format != format))
        };
        let outputs: Vec<VariableId> = node.outputs.iter().filter(rounds).copied().collect();
        let function = node.operation.spec().name;
        let any = !parameters.is_empty() || !outputs.is_empty();
        any.then(|| Layer { name: node.name.clone(), function, parameters, outputs })
    };
    inputs.chain(network.nodes.iter().filter_map(layer)).collect()
}

impl Layer {
    /// The float network with this layer alone in fixed point.
    pub fn alone(&self, subject: &Subject<'_>) -> Network {
        let mut network = self.parameters_alone(subject);
        for id in &self.outputs {
            let variable = subject.fixed.variable(*id);
            if let Some(counterpart) = network.find(&variable.name) {
                network.variable_mut(counterpart).format = variable.format;
            }
        }
        network
    }

    /// The float network with only the parameters of this layer in fixed point.
    pub fn parameters_alone(&self, subject: &Subject<'_>) -> Network {
        let mut network = subject.float.clone();
        for id in &self.parameters {
            let variable = subject.fixed.variable(*id);
            if let Some(counterpart) = network.find(&variable.name) {
                *network.variable_mut(counterpart) = variable.clone();
            }
        }
        network
    }

    /// The fixed-point network with this layer in floats: its parameters as they were, and its values wherever they are
    /// moved.
    pub fn without(&self, subject: &Subject<'_>) -> Network {
        let mut network = subject.fixed.clone();
        for id in &self.parameters {
            make_float(&mut network, *id);
            if let Some(counterpart) = subject.float.find(&subject.fixed.variable(*id).name) {
                network.variable_mut(*id).kind = subject.float.variable(counterpart).kind.clone();
            }
        }
        for moved in self.outputs.iter().flat_map(|id| moved_on(subject.fixed, *id)) {
            make_float(&mut network, moved);
        }
        network
    }
}
