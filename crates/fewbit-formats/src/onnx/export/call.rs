//! [`Call`]: a function of the network while ONNX nodes are made of it.

use crate::onnx::emitter::Value;
use fewbit_core::{Network, Node, NumberFormat, Shape, Variable};

/// A node of the network, with the values of the graph that its inputs have become.
pub(super) struct Call<'n> {
    pub(super) network: &'n Network,
    pub(super) node: &'n Node,
    /// The real numbers of each input.
    pub(super) inputs: Vec<Value>,
    /// Whether floats are to be computed as fewbit does, operation by operation: in a network with fixed-point variables a
    /// difference in the last bit can be one of a whole step.
    pub(super) literal: bool,
}

/// The values of the graph that a function becomes; or why ONNX cannot express it.
pub(super) type Expressed = Result<Value, String>;

impl<'n> Call<'n> {
    /// The first input.
    pub(super) fn x(&self) -> &str {
        self.input(0)
    }

    /// An input, which must be there: the network is valid.
    pub(super) fn input(&self, index: usize) -> &str {
        self.inputs.get(index).map_or("", String::as_str)
    }

    /// An input that may be missing.
    pub(super) fn optional(&self, index: usize) -> Option<&str> {
        self.inputs.get(index).map(String::as_str)
    }

    /// The variable that is an input.
    pub(super) fn variable(&self, index: usize) -> &'n Variable {
        self.network.variable(self.node.inputs[index])
    }

    /// The shape of an input.
    pub(super) fn shape(&self, index: usize) -> Shape {
        self.variable(index).shape
    }

    /// The shapes of all inputs.
    pub(super) fn shapes(&self) -> Vec<Shape> {
        (0..self.node.inputs.len()).map(|index| self.shape(index)).collect()
    }

    /// The shape of the first output.
    pub(super) fn output_shape(&self) -> Shape {
        self.network.variable(self.node.outputs[0]).shape
    }

    /// How the first output is stored.
    pub(super) fn output_format(&self) -> NumberFormat {
        self.network.variable(self.node.outputs[0]).format
    }

    /// The axis that an argument names. The network is valid, so that it exists.
    pub(super) fn axis(&self, axis: i32) -> usize {
        self.shape(0).axis(axis).unwrap_or(0)
    }

    /// The axes that an argument names.
    pub(super) fn axes(&self, axes: &[i32]) -> Vec<usize> {
        axes.iter().map(|&axis| self.axis(axis)).collect()
    }
}
