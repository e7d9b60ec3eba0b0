//! The inputs of functions that sum products, by their meaning instead of their place.

use crate::call::Inputs;
use fewbit_core::function::arguments::{FusedConvolution, Nonlinearity};
use fewbit_core::shape_rule::{FusedConvolutionInputs, Shapes};
use fewbit_core::{Function, IntList, Shape};
use fewbit_nnb::Values;

/// What is multiplied, and what follows.
pub(in super::super) struct Operands<'v> {
    pub x: Values<'v>,
    pub weights: Values<'v>,
    /// Whether the weights are in the file, not computed by the network.
    pub weights_are_stored: bool,
    /// Where weights are rounded to powers of two: how.
    pub powers: Option<Powers<'v>>,
    pub terms: Terms<'v>,
}

/// How weights of incremental quantisation are rounded.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Powers<'v> {
    /// One for those weights that are rounded; `None` if all are.
    pub indicators: Option<Values<'v>>,
    /// Bits of a rounded weight.
    pub num_bits: i32,
}

/// What follows a sum of products, in this order; what a function lacks is left out:
/// `y = nonlinearity(normalized(alpha * sum + bias) + residual)`.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Terms<'v> {
    /// The scale of binary weights, one a channel.
    pub alpha: Option<Values<'v>>,
    /// One a channel.
    pub bias: Option<Values<'v>>,
    /// Batch normalisation.
    pub normalization: Option<Normalization<'v>>,
    /// A variable of the output's shape that is added.
    pub residual: Option<Values<'v>>,
    /// What is applied last.
    pub nonlinearity: Nonlinearity,
    /// The slope or the limit of a nonlinearity that has one.
    pub nonlinearity_alpha: f32,
}

/// Batch normalisation: `gamma * (x - mean) / sqrt(variance + eps) + beta`, one of each a channel.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Normalization<'v> {
    pub beta: Values<'v>,
    pub gamma: Values<'v>,
    pub mean: Values<'v>,
    pub variance: Values<'v>,
    pub eps: f32,
    /// Whether mean and variance are those of the batch, not those that are given.
    pub of_batch: bool,
}

impl<'v> Operands<'v> {
    /// The operands of a convolution, a deconvolution or an affine function; `None` if inputs are missing, which the shape
    /// rule forbids.
    pub fn new(function: &Function, inputs: &dyn Inputs<'v>) -> Option<Self> {
        let optional = |index| (index < inputs.count()).then(|| inputs.values(index));
        let powers = |num_bits, iterations: &IntList| {
            // A list of iterations that ends at zero has NNabla fix all weights before it computes the first output.
            let all = iterations.last() == Some(&0);
            Some(Powers { indicators: if all { None } else { optional(2) }, num_bits })
        };
        let plain = Terms::default();
        let (weights_index, powers, terms) = match function {
            Function::BinaryConnectConvolution(_) | Function::BinaryConnectAffine(_) => {
                (2, None, Terms { bias: optional(3), ..plain })
            }
            Function::BinaryWeightConvolution(_) | Function::BinaryWeightAffine(_) => {
                (2, None, Terms { alpha: optional(3), bias: optional(4), ..plain })
            }
            Function::INQConvolution(arguments) => {
                let powers = powers(arguments.num_bits, &arguments.inq_iterations);
                (1, powers, Terms { bias: optional(3), ..plain })
            }
            Function::INQAffine(arguments) => {
                let powers = powers(arguments.num_bits, &arguments.inq_iterations);
                (1, powers, Terms { bias: optional(3), ..plain })
            }
            Function::FusedConvolution(arguments) => (1, None, Terms::of_fused(arguments, inputs)?),
            _ => (1, None, Terms { bias: optional(2), ..plain }),
        };
        let (x, weights) = (optional(0)?, optional(weights_index)?);
        Some(Self { x, weights, weights_are_stored: inputs.is_stored(weights_index), powers, terms })
    }
}

impl Default for Terms<'_> {
    /// Nothing follows.
    fn default() -> Self {
        Self {
            alpha: None,
            bias: None,
            normalization: None,
            residual: None,
            nonlinearity: Nonlinearity::Identity,
            nonlinearity_alpha: 0.0,
        }
    }
}

impl<'v> Terms<'v> {
    fn of_fused(arguments: &FusedConvolution, inputs: &dyn Inputs<'v>) -> Option<Self> {
        let places = FusedConvolutionInputs::new(&ShapesOf(inputs)).ok()?;
        Some(Self {
            alpha: None,
            bias: places.bias.map(|index| inputs.values(index)),
            normalization: places.normalization.map(|first| Normalization {
                beta: inputs.values(first),
                gamma: inputs.values(first + 1),
                mean: inputs.values(first + 2),
                variance: inputs.values(first + 3),
                eps: arguments.eps,
                of_batch: arguments.batch_stat,
            }),
            residual: places.residual.map(|index| inputs.values(index)),
            nonlinearity: arguments.nonlinearity,
            nonlinearity_alpha: arguments.nonlinearity_args.first().copied().unwrap_or_default(),
        })
    }
}

/// The shapes of inputs.
struct ShapesOf<'i, 'v>(&'i dyn Inputs<'v>);

impl Shapes for ShapesOf<'_, '_> {
    fn count(&self) -> usize {
        self.0.count()
    }

    fn shape(&self, index: usize) -> Shape {
        self.0.values(index).shape()
    }
}
