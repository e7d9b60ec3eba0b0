//! The inputs of functions that sum products, by their meaning instead of their place.

use crate::plan::{Call, Planner, Reason};
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::shape_rule::{FusedConvolutionInputs, Shapes};
use fewbit_core::{Function, Shape};

/// What is multiplied, and what follows: `nonlinearity(normalized(alpha * sum + bias) + residual)`. What a function lacks is
/// left out.
#[derive(Clone, Debug)]
pub(super) struct Operands {
    pub x: usize,
    pub weights: usize,
    pub alpha: Option<usize>,
    pub bias: Option<usize>,
    pub normalization: Option<Normalization>,
    pub residual: Option<usize>,
    pub nonlinearity: Nonlinearity,
    /// The slope or the limit of a nonlinearity that has one.
    pub nonlinearity_alpha: f32,
}

/// Batch normalisation within a convolution.
#[derive(Clone, Debug)]
pub(super) struct Normalization {
    /// The variables of beta, gamma, mean and variance.
    pub parameters: [usize; 4],
    pub eps: f32,
}

/// The shapes of a function's inputs.
struct InputShapes(Vec<Shape>);

impl Shapes for InputShapes {
    fn count(&self) -> usize {
        self.0.len()
    }

    fn shape(&self, index: usize) -> Shape {
        self.0[index]
    }
}

impl Operands {
    /// The operands of a convolution, a deconvolution or an affine function.
    pub fn new(planner: &Planner<'_, '_>, call: &Call) -> Result<Self, Reason> {
        let optional = |index: usize| call.inputs.get(index).copied();
        let needed = |index: usize| optional(index).ok_or("lacks an input");
        // What comes before a fused ReLU is nothing, or one itself.
        let limited = |nonlinearity| if call.relu { Nonlinearity::ReLU } else { nonlinearity };
        let plain = Self {
            x: needed(0)?,
            weights: needed(1)?,
            alpha: None,
            bias: None,
            normalization: None,
            residual: None,
            nonlinearity: limited(Nonlinearity::Identity),
            nonlinearity_alpha: 0.0,
        };
        Ok(match &call.function {
            Function::BinaryConnectConvolution(_) | Function::BinaryConnectAffine(_) => {
                Self { weights: needed(2)?, bias: optional(3), ..plain }
            }
            Function::BinaryWeightConvolution(_) | Function::BinaryWeightAffine(_) => {
                Self { weights: needed(2)?, alpha: optional(3), bias: optional(4), ..plain }
            }
            Function::FusedConvolution(arguments) => {
                let shapes = InputShapes(call.inputs.iter().map(|&input| planner.shape(input)).collect());
                let places = FusedConvolutionInputs::new(&shapes).map_err(|error| error.to_string())?;
                let input = |place: Option<usize>| place.and_then(optional);
                let normalization = places.normalization.map(|first| Normalization {
                    parameters: [0, 1, 2, 3].map(|place| call.inputs[first + place]),
                    eps: arguments.eps,
                });
                Self {
                    bias: input(places.bias),
                    normalization,
                    residual: input(places.residual),
                    nonlinearity: limited(arguments.nonlinearity),
                    nonlinearity_alpha: arguments.nonlinearity_args.first().copied().unwrap_or_default(),
                    ..plain
                }
            }
            _ => Self { bias: optional(2), ..plain },
        })
    }
}
