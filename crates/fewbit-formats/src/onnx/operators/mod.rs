//! ONNX's operators, one row each: how a constant result is computed, and which functions of NNabla's are made of it
//! otherwise.
//!
//! Rows stand in the module of their family, which has the code for them. A new operator is a new row. The table in
//! `docs/onnx.md` is made of the rows.

mod activation;
mod binary;
mod classical;
mod constant;
mod convolution;
mod functions;
mod gather;
mod joining;
mod logic;
mod matrix;
mod normalization;
mod pad;
mod pooling;
mod quantization;
mod quantized_layers;
mod reduction;
mod resample;
mod resize;
mod shape;
mod slice;
mod softmax;
mod transpose;
mod unary;
mod window;

use super::error::NodeError;
use super::import::constants::Constants;
use super::import::context::{Context, Outputs};
use super::tensor::Tensor;

/// The outcome of looking at a node.
type Result<T> = std::result::Result<T, NodeError>;

/// Computes the outputs of an operator where all inputs are known.
type Fold = fn(&Constants<'_>) -> Result<Vec<Tensor>>;

/// Makes functions of an operator.
type Map = fn(&mut Context<'_>) -> Result<Outputs>;

/// What fewbit does with an operator.
pub(crate) struct Operator {
    /// ONNX's name, after its domain and a dot if that is not ONNX's own.
    pub(crate) name: &'static str,
    /// Computes the outputs where all inputs are known.
    pub(crate) fold: Option<Fold>,
    /// Makes functions of it.
    pub(crate) map: Option<Map>,
    /// Which functions, for the documentation.
    pub(crate) becomes: &'static str,
    /// What is not supported, for the documentation.
    pub(crate) limits: &'static str,
}

impl Operator {
    /// An operator that functions are made of.
    const fn map(name: &'static str, becomes: &'static str, map: Map) -> Self {
        Self { name, fold: None, map: Some(map), becomes, limits: "" }
    }

    /// An operator that is only computed on constants.
    const fn constant(name: &'static str, fold: Fold) -> Self {
        Self { name, fold: Some(fold), map: None, becomes: "a constant", limits: "" }
    }

    /// The operator with a way to compute it on constants.
    const fn fold(self, fold: Fold) -> Self {
        Self { fold: Some(fold), ..self }
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
    ("Normalisation", normalization::OPERATORS),
    ("Activations", activation::OPERATORS),
    ("Softmax", softmax::OPERATORS),
    ("Arithmetic on one tensor", unary::OPERATORS),
    ("Arithmetic on several tensors", binary::OPERATORS),
    ("Logic", logic::OPERATORS),
    ("Reductions", reduction::OPERATORS),
    ("Shapes and types", shape::OPERATORS),
    ("Joining, dividing, repeating", joining::OPERATORS),
    ("Slices", slice::OPERATORS),
    ("Items by index", gather::OPERATORS),
    ("Orders of axes", transpose::OPERATORS),
    ("Padding", pad::OPERATORS),
    ("Other sizes", resize::OPERATORS),
    ("Constants", constant::OPERATORS),
    ("Quantisation", quantization::OPERATORS),
    ("Quantised layers", quantized_layers::OPERATORS),
    ("Around models of scikit-learn", classical::OPERATORS),
];

/// The operator of this name.
pub(crate) fn find(name: &str) -> Option<&'static Operator> {
    FAMILIES.iter().flat_map(|(_, operators)| *operators).find(|operator| operator.name == name)
}

/// What fewbit does with an operator of ONNX, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Support {
    /// The family that it belongs to.
    pub family: &'static str,
    /// ONNX's name, after its domain and a dot if that is not ONNX's own.
    pub operator: &'static str,
    /// The functions that are made of it.
    pub becomes: &'static str,
    /// What is not supported; empty if nothing.
    pub limits: &'static str,
    /// Whether it is computed at once where all its inputs are known.
    pub folded: bool,
}

/// All operators that fewbit reads, family by family.
pub fn supported() -> impl Iterator<Item = Support> {
    FAMILIES.iter().flat_map(|&(family, operators)| {
        operators.iter().map(move |&Operator { name: operator, fold, becomes, limits, .. }| Support {
            family,
            operator,
            becomes,
            limits,
            folded: fold.is_some(),
        })
    })
}
