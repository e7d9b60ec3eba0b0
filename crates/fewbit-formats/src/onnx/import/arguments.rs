//! What an operator knows of itself when a file is read: attributes, version, and inputs with known values.

use crate::onnx::attributes::Attributes;
use crate::onnx::error::NodeError;
use crate::onnx::graph::Node;
use crate::onnx::tensor::Tensor;

type Result<T> = std::result::Result<T, NodeError>;

/// The arguments of an operator, whether its constant result is computed at once or functions are made of it.
pub(crate) trait Arguments {
    /// The node.
    fn node(&self) -> &Node;

    /// The version of the operators.
    fn opset(&self) -> i64;

    /// The value of an input that is known; `None` for one that is computed or missing.
    fn known(&self, input: usize) -> Option<&Tensor>;

    /// The node's attributes.
    fn attributes(&self) -> &Attributes {
        &self.node().attributes
    }

    /// Whether an input is given.
    fn has(&self, input: usize) -> bool {
        self.node().inputs.get(input).is_some_and(|name| !name.is_empty())
    }

    /// The value of an input that must be known if it is given. `what` it is, for people.
    fn constant(&self, input: usize, what: &str) -> Result<Option<&Tensor>> {
        match self.known(input) {
            None if self.has(input) => Err(NodeError::unsupported(format!("{what} must be a constant"))),
            known => Ok(known),
        }
    }

    /// The integers of an input that must be known if it is given.
    fn integers(&self, input: usize, what: &str) -> Result<Option<&[i64]>> {
        let Some(tensor) = self.constant(input, what)? else { return Ok(None) };
        let wrong = || NodeError::invalid(format!("{what} must be integers"));
        tensor.as_integers().ok_or_else(wrong).map(Some)
    }

    /// A list that was an attribute until a version of the operators, and is an input since.
    fn list(&self, name: &str, input: usize, input_since: i64) -> Result<Option<&[i64]>> {
        if self.opset() < input_since { self.attributes().ints(name) } else { self.integers(input, name) }
    }
}

/// The axis that a number names, where negative numbers count from the end; `rank` itself only if `end_allowed`.
fn place(axis: i64, rank: usize, end_allowed: bool) -> Result<usize> {
    let bound = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_front = if axis < 0 { axis.saturating_add(bound) } else { axis };
    usize::try_from(from_front)
        .ok()
        .filter(|&place| place < rank + usize::from(end_allowed))
        .ok_or_else(|| NodeError::invalid(format!("axis {axis} does not exist in a tensor with {rank} axes")))
}

/// The axis of a tensor with `rank` axes.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize> {
    place(axis, rank, false)
}

/// The axis, or the end behind the last.
pub(crate) fn axis_or_end(axis: i64, rank: usize) -> Result<usize> {
    place(axis, rank, true)
}

/// Axes, each at most once, in the order given.
pub(crate) fn axes(list: &[i64], rank: usize) -> Result<Vec<usize>> {
    let mut axes = Vec::with_capacity(list.len().min(rank));
    for &entry in list {
        let axis = axis(entry, rank)?;
        if axes.contains(&axis) {
            return Err(NodeError::invalid(format!("axis {entry} is named twice")));
        }
        axes.push(axis);
    }
    Ok(axes)
}
