//! TensorFlow Lite's operators, one row each: which of ONNX's operators are made of it.
//!
//! Rows stand in the module of their family, which has the code for them. A new operator is a new row. The table in
//! `docs/tflite.md` is made of the rows.

mod activation;
mod arithmetic;
mod convolution;
mod images;
mod joining;
mod logic;
mod matrix;
mod padding;
mod pooling;
mod quantization;
mod reduction;
mod shape;
mod slice;
mod softmax;

use super::context::Context;
use crate::onnx::emitter::Value;
use crate::onnx::error::NodeError;

/// The outcome of looking at an operator.
type Result<T> = std::result::Result<T, NodeError>;

/// Adds nodes, and gives a value for each output.
type Translate = fn(&mut Context<'_, '_, '_>) -> Result<Vec<Value>>;

/// What fewbit does with an operator.
pub(super) struct Operator {
    /// TensorFlow Lite's name.
    pub(super) name: &'static str,
    pub(super) translate: Translate,
    /// Whether each value that it gives is one of those that it reads, so that it needs no rounding again.
    pub(super) moves: bool,
    /// ONNX's operators that are made of it, for the documentation.
    becomes: &'static str,
    /// What is not supported, for the documentation.
    limits: &'static str,
}

impl Operator {
    /// An operator that computes.
    const fn new(name: &'static str, becomes: &'static str, translate: Translate) -> Self {
        Self { name, translate, moves: false, becomes, limits: "" }
    }

    /// An operator that only moves or picks values.
    const fn moving(name: &'static str, becomes: &'static str, translate: Translate) -> Self {
        Self { name, translate, moves: true, becomes, limits: "" }
    }

    /// The operator with what is not supported of it.
    const fn limits(self, limits: &'static str) -> Self {
        Self { limits, ..self }
    }
}

/// All operators by family.
static FAMILIES: &[(&str, &[Operator])] = &[
    ("Convolutions", convolution::OPERATORS),
    ("Matrix products", matrix::OPERATORS),
    ("Pooling", pooling::OPERATORS),
    ("Activations", activation::OPERATORS),
    ("Softmax and norms", softmax::OPERATORS),
    ("Arithmetic", arithmetic::OPERATORS),
    ("Logic", logic::OPERATORS),
    ("Reductions", reduction::OPERATORS),
    ("Shapes and types", shape::OPERATORS),
    ("Joining, dividing, repeating", joining::OPERATORS),
    ("Slices and items by index", slice::OPERATORS),
    ("Padding", padding::OPERATORS),
    ("Images", images::OPERATORS),
    ("Quantisation", quantization::OPERATORS),
];

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<&'static Operator> {
    FAMILIES.iter().flat_map(|(_, operators)| *operators).find(|operator| operator.name == name)
}

/// What fewbit does with an operator of TensorFlow Lite, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The family that it belongs to.
    pub family: &'static str,
    /// TensorFlow Lite's name.
    pub operator: &'static str,
    /// ONNX's operators that are made of it.
    pub becomes: &'static str,
    /// What is not supported; empty if nothing.
    pub limits: &'static str,
}

/// All operators that fewbit reads, family by family.
pub fn supported() -> impl Iterator<Item = Support> {
    FAMILIES.iter().flat_map(|&(family, operators)| {
        operators.iter().map(move |&Operator { name: operator, becomes, limits, .. }| Support {
            family,
            operator,
            becomes,
            limits,
        })
    })
}
