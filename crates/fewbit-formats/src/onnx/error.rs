//! What can be wrong with an ONNX file, or with a network that is to become one.

use fewbit_core::shape_rule::ShapeRuleError;
use fewbit_core::{ShapeError, list::ListTooLong};
use std::fmt;

/// Why an ONNX file cannot be read or written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum OnnxError {
    /// Bytes that are no ONNX file.
    #[error("not an ONNX file: {0}")]
    Decode(String),
    /// A file without a graph, or without outputs.
    #[error("the file holds no network: {0}")]
    NoNetwork(&'static str),
    /// Operators of a version that is too old.
    #[error(
        "the file uses version {found} of ONNX's operators; fewbit reads versions {oldest} and later: convert it with onnx.version_converter"
    )]
    Opset {
        /// The file's version.
        found: i64,
        /// The oldest that is read.
        oldest: i64,
    },
    /// A tensor whose values cannot be read.
    #[error("tensor '{name}': {reason}")]
    Tensor {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// An input whose shape is not known.
    #[error("input '{name}' {reason}; export the network with a fixed shape")]
    Input {
        /// Its name.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// Two things that give the same value.
    #[error("the value '{0}' is given twice")]
    Duplicate(String),
    /// A value that nothing gives.
    #[error("{place} reads the value '{name}', which no node, input or initializer gives")]
    Missing {
        /// Who reads it.
        place: String,
        /// The value.
        name: String,
    },
    /// Nodes that wait for each other.
    #[error("the nodes form a circle through '{0}'")]
    Circle(String),
    /// Constants that would fill the memory.
    #[error("the constants of the network have more than {limit} values; a network for small devices has not")]
    TooManyConstants {
        /// The most that is read.
        limit: usize,
    },
    /// A node that does not hold together.
    #[error("node '{node}' ({operator}): {reason}")]
    Node {
        /// The node.
        node: String,
        /// Its operator.
        operator: String,
        /// What is wrong.
        reason: String,
    },
    /// Nodes that fewbit cannot compute: all that there are.
    #[error("fewbit cannot compute {}", .0)]
    Unsupported(UnsupportedNodes),
    /// Functions that ONNX cannot express: all that there are.
    #[error("ONNX cannot express {}", .0)]
    NotInOnnx(UnsupportedNodes),
}

/// Nodes that cannot be translated, each with its reason.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct UnsupportedNodes(pub Vec<UnsupportedNode>);

/// A node that cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedNode {
    /// The node's name.
    pub node: String,
    /// Its operator or function.
    pub operator: String,
    /// What about it is not supported.
    pub reason: String,
}

/// Groups the nodes by operator and reason: `LSTM 'a' and 'b' (not supported); MaxPool 'c' (...)`.
impl fmt::Display for UnsupportedNodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups: Vec<((&str, &str), Vec<&str>)> = Vec::new();
        for node in &self.0 {
            let key = (node.operator.as_str(), node.reason.as_str());
            match groups.iter_mut().find(|(group, _)| *group == key) {
                Some((_, names)) => names.push(&node.node),
                None => groups.push((key, vec![&node.node])),
            }
        }
        for (index, ((operator, reason), names)) in groups.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{operator} '{}' ({reason})", names.join("', '"))?;
        }
        Ok(())
    }
}

/// Why one node cannot be translated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NodeError {
    /// It is right, but fewbit has no function for it: the others are still looked at.
    Unsupported(String),
    /// It breaks ONNX's rules.
    Invalid(String),
    /// The constants of the network grew beyond the limit.
    TooManyConstants,
}

impl NodeError {
    pub(crate) fn unsupported(reason: impl Into<String>) -> Self {
        Self::Unsupported(reason.into())
    }

    pub(crate) fn invalid(reason: impl Into<String>) -> Self {
        Self::Invalid(reason.into())
    }
}

impl From<ShapeRuleError> for NodeError {
    fn from(error: ShapeRuleError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ShapeError> for NodeError {
    fn from(error: ShapeError) -> Self {
        Self::Invalid(error.to_string())
    }
}

impl From<ListTooLong> for NodeError {
    fn from(error: ListTooLong) -> Self {
        Self::Unsupported(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_unsupported_nodes_are_named_once() {
        let node = |node: &str, operator: &str, reason: &str| UnsupportedNode {
            node: node.into(),
            operator: operator.into(),
            reason: reason.into(),
        };
        let nodes =
            vec![node("a", "LSTM", "no function"), node("p", "MaxPool", "dilations"), node("b", "LSTM", "no function")];
        assert_eq!(
            OnnxError::Unsupported(UnsupportedNodes(nodes)).to_string(),
            "fewbit cannot compute LSTM 'a', 'b' (no function); MaxPool 'p' (dilations)"
        );
    }
}
