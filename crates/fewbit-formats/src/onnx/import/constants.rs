//! [`Constants`]: an operator whose inputs are all known, to be computed while the file is read.

use super::arguments::Arguments;
use crate::onnx::error::NodeError;
use crate::onnx::graph::Node;
use crate::onnx::tensor::Tensor;
use fewbit_core::Shape;

/// A node with its known inputs.
pub(crate) struct Constants<'n> {
    pub(super) node: &'n Node,
    pub(super) opset: i64,
    /// `None` for optional inputs that are missing.
    pub(super) inputs: Vec<Option<Tensor>>,
    /// The most items that its results may have.
    pub(super) limit: usize,
}

impl Arguments for Constants<'_> {
    fn node(&self) -> &Node {
        self.node
    }

    fn opset(&self) -> i64 {
        self.opset
    }

    fn known(&self, input: usize) -> Option<&Tensor> {
        self.inputs.get(input)?.as_ref()
    }
}

impl Constants<'_> {
    /// An input that must be given.
    pub(crate) fn input(&self, index: usize) -> Result<&Tensor, NodeError> {
        self.known(index).ok_or_else(|| NodeError::invalid(format!("input {index} is missing")))
    }

    /// All inputs that are given.
    pub(crate) fn inputs(&self) -> Vec<&Tensor> {
        self.inputs.iter().flatten().collect()
    }

    /// A shape of the result, before memory is taken for it.
    ///
    /// # Errors
    /// When it is no shape, or too large for what is known of the network.
    pub(crate) fn shape(&self, dims: &[usize]) -> Result<Shape, NodeError> {
        let shape = Shape::new(dims)?;
        if shape.items() > self.limit { Err(NodeError::TooManyConstants) } else { Ok(shape) }
    }
}
