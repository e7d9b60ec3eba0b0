//! Small changes that passes over a network are made of.

use super::{Network, VariableId};
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

impl Network {
    /// A name that no variable has: `wanted`, or `wanted` with a number behind it.
    pub fn free_name(&self, wanted: &str) -> String {
        let taken = |name: &str| self.find(name).is_some();
        if !taken(wanted) {
            return wanted.into();
        }
        (2..).map(|number| format!("{wanted}_{number}")).find(|name| !taken(name)).unwrap_or_default()
    }

    /// Makes every reader of `old`, functions and the network's outputs, read `new`.
    pub fn redirect(&mut self, old: VariableId, new: VariableId) {
        let inputs = self.nodes.iter_mut().flat_map(|node| &mut node.inputs);
        for id in inputs.chain(&mut self.outputs).filter(|id| **id == old) {
            *id = new;
        }
    }

    /// Removes functions whose outputs nothing reads, then variables that no function touches. Inputs of the network
    /// stay, since the caller gives them. Ids change. References must be valid.
    pub fn remove_unused(&mut self) {
        let mut needed = vec![false; self.variables.len()];
        for id in &self.outputs {
            needed[id.0] = true;
        }
        let mut kept = Vec::with_capacity(self.nodes.len());
        for node in core::mem::take(&mut self.nodes).into_iter().rev() {
            if node.outputs.iter().any(|id| needed[id.0]) {
                for id in node.inputs.iter().chain(&node.outputs) {
                    needed[id.0] = true;
                }
                kept.push(node);
            }
        }
        kept.reverse();
        self.nodes = kept;
        for id in &self.inputs {
            needed[id.0] = true;
        }
        self.keep_variables(&needed);
    }

    /// Removes the variables that are not needed, and gives the others new places.
    fn keep_variables(&mut self, needed: &[bool]) {
        let mut places = Vec::with_capacity(needed.len());
        let mut next = 0;
        for needed in needed {
            places.push(VariableId(next));
            next += usize::from(*needed);
        }
        let mut needed = needed.iter();
        self.variables.retain(|_| needed.next().is_some_and(|needed| *needed));
        let nodes = self.nodes.iter_mut().flat_map(|node| node.inputs.iter_mut().chain(&mut node.outputs));
        for id in nodes.chain(&mut self.inputs).chain(&mut self.outputs) {
            *id = places[id.0];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Node, Operation, Variable};
    use crate::{Function, Shape};

    #[test]
    fn what_nothing_reads_goes_away() {
        let mut network = Network::default();
        let shape = Shape::new(&[2]).expect("a small shape");
        let ids: Vec<VariableId> =
            ["x", "unused", "side", "y", "z"].iter().map(|name| network.add(Variable::buffer(*name, shape))).collect();
        let node = |name: &str, input, output| Node {
            name: name.into(),
            operation: Operation::Known(Function::Abs),
            inputs: vec![input],
            outputs: vec![output],
            implementation: 0,
        };
        network.nodes = vec![node("f", ids[0], ids[3]), node("g", ids[3], ids[2]), node("h", ids[3], ids[4])];
        network.inputs = vec![ids[0]];
        network.outputs = vec![ids[4]];
        network.remove_unused();
        let names: Vec<&str> = network.variables.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["x", "y", "z"]);
        assert_eq!(network.nodes.len(), 2);
        assert_eq!(network.validate(), Ok(()));

        let (y, z) = (network.find("y").expect("kept"), network.find("z").expect("kept"));
        network.redirect(z, y);
        assert_eq!(network.outputs, [y]);
        assert_eq!(network.free_name("y"), "y_2");
        assert_eq!(network.free_name("w"), "w");
    }
}
