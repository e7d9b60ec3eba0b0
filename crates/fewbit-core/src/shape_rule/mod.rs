//! The shapes that each function demands of its inputs and gives to its outputs.
//!
//! The rules are NNabla's. They also check arguments against shapes (strides above zero, groups that divide the
//! channels, axes that exist), so that after [`Function::check_shapes`] a kernel can rely on them.
//!
//! Weights have the shapes of NNabla's networks. A `.nnb` file stores the values of `Affine` weights transposed, but
//! under the same shapes.

mod arrays;
mod convolution;
mod elementwise;
mod fused_convolution;
mod in_place;
mod product;
mod reduction;
mod rows;
mod window;

use crate::function::Function;
use crate::list::IntList;
use crate::shape::{Shape, ShapeError};

pub use arrays::SliceAxis;
pub use convolution::{ConvolutionGeometry, ConvolutionKind, SpatialAxis};
pub use fused_convolution::FusedConvolutionInputs;
pub use product::ProductSize;
pub use rows::{RowRule, RowWindow};
pub use window::{PoolingAxis, PoolingGeometry};

/// The shapes of some variables, wherever they are kept.
pub trait Shapes {
    /// How many variables there are.
    fn count(&self) -> usize;

    /// The shape of the variable at `index`, which is below [`Shapes::count`].
    fn shape(&self, index: usize) -> Shape;
}

impl Shapes for &[Shape] {
    fn count(&self) -> usize {
        self.len()
    }

    fn shape(&self, index: usize) -> Shape {
        self[index]
    }
}

/// Shapes or arguments that a function does not take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShapeRuleError {
    /// Too few or too many inputs.
    #[error("it has {found} inputs, but takes {least} to {most}")]
    InputCount {
        /// How many it has.
        found: usize,
        /// The fewest it takes.
        least: usize,
        /// The most it takes.
        most: usize,
    },
    /// Too few or too many outputs.
    #[error("it has {found} outputs, but gives {expected}")]
    OutputCount {
        /// How many it has.
        found: usize,
        /// How many it gives.
        expected: usize,
    },
    /// An input of a shape that does not fit the others or the arguments.
    #[error("input {index} has the shape {shape}, {demand}")]
    Input {
        /// Which input, from 0.
        index: usize,
        /// Its shape.
        shape: Shape,
        /// What is demanded of it.
        demand: &'static str,
    },
    /// An argument that does not fit the shapes.
    #[error("argument '{argument}' {demand}")]
    Argument {
        /// Its name.
        argument: &'static str,
        /// What is demanded of it.
        demand: &'static str,
    },
    /// An output declared with another shape than the function gives.
    #[error("output {index} is declared with the shape {declared}, but the function gives {given}")]
    Output {
        /// Which output, from 0.
        index: usize,
        /// The shape in the network.
        declared: Shape,
        /// The shape by the rule.
        given: Shape,
    },
    /// An output that would be too large or have too many axes.
    #[error("its output would not be a shape: {0}")]
    TooLarge(#[from] ShapeError),
}

/// The outcome of a rule.
pub type Result<T> = core::result::Result<T, ShapeRuleError>;

/// An error about an argument.
fn bad_argument(argument: &'static str, demand: &'static str) -> ShapeRuleError {
    ShapeRuleError::Argument { argument, demand }
}

/// An error about an input.
fn bad_input(inputs: &dyn Shapes, index: usize, demand: &'static str) -> ShapeRuleError {
    ShapeRuleError::Input { index, shape: inputs.shape(index), demand }
}

/// The axis that an argument names.
fn axis_of(shape: &Shape, axis: i32, argument: &'static str) -> Result<usize> {
    shape.axis(axis).ok_or(bad_argument(argument, "names an axis that its input does not have"))
}

/// One flag for each axis that a list names; a list may not name an axis twice.
fn axis_set(shape: &Shape, axes: &IntList, argument: &'static str) -> Result<[bool; crate::shape::MAX_RANK]> {
    let mut set = [false; crate::shape::MAX_RANK];
    for &axis in axes {
        let flag = &mut set[axis_of(shape, axis, argument)?];
        if *flag {
            return Err(bad_argument(argument, "names an axis twice"));
        }
        *flag = true;
    }
    Ok(set)
}

/// The value of an entry that must be above zero.
fn positive(value: i32, argument: &'static str) -> Result<usize> {
    usize::try_from(value).ok().filter(|&value| value > 0).ok_or(bad_argument(argument, "must be above zero"))
}

/// The value of an entry that must not be below zero.
fn not_negative(value: i32, argument: &'static str) -> Result<usize> {
    usize::try_from(value).map_err(|_| bad_argument(argument, "must not be below zero"))
}

/// The fewest and the most inputs that a function takes.
fn input_limits(function: &Function) -> (usize, usize) {
    match function {
        Function::Affine(_) | Function::Convolution(_) | Function::DepthwiseConvolution(_) => (2, 3),
        Function::Deconvolution(_) | Function::DepthwiseDeconvolution(_) => (2, 3),
        Function::FusedConvolution(_) => (2, 7),
        Function::BinaryConnectAffine(_) | Function::BinaryConnectConvolution(_) => (3, 4),
        Function::BinaryWeightAffine(_) | Function::BinaryWeightConvolution(_) => (4, 5),
        Function::INQAffine(_) | Function::INQConvolution(_) => (3, 4),
        Function::BatchNormalization(arguments) => {
            // Without `beta` or `gamma` the inputs after them move up.
            let affine = 2 - usize::from(arguments.no_bias) - usize::from(arguments.no_scale);
            let statistics = if arguments.batch_stat { 0 } else { 2 };
            (1 + affine + statistics, 5)
        }
        Function::FusedBatchNormalization(_) => (5, 6),
        Function::GroupNormalization(_)
        | Function::InstanceNormalization(_)
        | Function::LayerNormalization(_)
        | Function::TensorNormalization(_) => (1, 3),
        // How often the mean was updated is not needed where it is not.
        Function::MeanSubtraction(arguments) => (2 + usize::from(arguments.update_running_mean), 3),
        Function::MinMaxQuantize(_) => (5, 5),
        Function::QuantizeLinear(_) | Function::DequantizeLinear | Function::Where => (3, 3),
        Function::Constant(_) => (0, 0),
        Function::AddN | Function::MulN | Function::Concatenate(_) | Function::Stack(_) => (1, usize::MAX),
        Function::PReLU(_) | Function::Embed | Function::BatchMatmul(_) | Function::BroadcastTo(_) => (2, 2),
        Function::Gather(_) => (2, 2),
        function if elementwise::is_binary(function) => (2, 2),
        _ => (1, 1),
    }
}

impl Function {
    /// How many outputs the function gives, where its arguments and inputs alone tell; `Split` gives as many as its
    /// axis has items.
    pub fn output_count(&self, inputs: &dyn Shapes) -> Result<usize> {
        match self {
            Self::Split(arguments) if inputs.count() == 1 => {
                let shape = inputs.shape(0);
                Ok(shape[axis_of(&shape, arguments.axis, "axis")?])
            }
            Self::Max(arguments) | Self::Min(arguments) if arguments.with_index && !arguments.only_index => Ok(2),
            _ => Ok(1),
        }
    }

    /// The shape of each output of the function; most give just one, those that give several give all alike.
    ///
    /// # Errors
    /// When the inputs or the arguments break a rule of the function.
    pub fn output_shape(&self, inputs: &dyn Shapes) -> Result<Shape> {
        self.check_input_count(inputs)?;
        match self {
            Self::Affine(arguments) => convolution::affine(self, inputs, arguments.base_axis),
            Self::BinaryConnectAffine(arguments) | Self::BinaryWeightAffine(arguments) => {
                convolution::affine(self, inputs, arguments.base_axis)
            }
            Self::INQAffine(arguments) => convolution::affine(self, inputs, arguments.base_axis),
            Self::FusedConvolution(_) => convolution::fused(self, inputs),
            Self::Convolution(_)
            | Self::DepthwiseConvolution(_)
            | Self::Deconvolution(_)
            | Self::DepthwiseDeconvolution(_)
            | Self::BinaryConnectConvolution(_)
            | Self::BinaryWeightConvolution(_)
            | Self::INQConvolution(_) => ConvolutionGeometry::of_inputs(self, inputs)?.output_shape(inputs.shape(0)),
            Self::MaxPooling(_) | Self::AveragePooling(_) | Self::SumPooling(_) => {
                PoolingGeometry::new(self, inputs.shape(0))?.output_shape(inputs.shape(0))
            }
            Self::GlobalAveragePooling => window::global_average_pooling(inputs),
            Self::Unpooling(arguments) => window::unpooling(inputs, arguments),
            Self::Interpolate(arguments) => window::interpolate(inputs, arguments),

            Self::Sum(arguments) | Self::Mean(arguments) | Self::Prod(arguments) => {
                reduction::reduce(inputs, &arguments.axes, arguments.keep_dims)
            }
            Self::Max(arguments) | Self::Min(arguments) => {
                reduction::reduce(inputs, &arguments.axes, arguments.keep_dims)
            }
            Self::BatchNormalization(arguments) => reduction::normalization(inputs, &arguments.axes, 1..inputs.count()),
            Self::FusedBatchNormalization(arguments) => reduction::fused_normalization(inputs, &arguments.axes),
            Self::GroupNormalization(arguments) => reduction::group_normalization(inputs, arguments),
            Self::InstanceNormalization(arguments) => reduction::instance_normalization(inputs, arguments),
            Self::LayerNormalization(arguments) => reduction::layer_normalization(inputs, arguments),
            Self::TensorNormalization(arguments) => reduction::tensor_normalization(inputs, arguments),
            Self::MeanSubtraction(arguments) => reduction::mean_subtraction(inputs, arguments.base_axis),

            Self::BatchMatmul(arguments) => arrays::batch_matmul(inputs, arguments),
            Self::Embed => arrays::embed(inputs),
            Self::Concatenate(arguments) => arrays::concatenate(inputs, arguments.axis),
            Self::Split(arguments) => arrays::split(inputs, arguments.axis),
            Self::Stack(arguments) => arrays::stack(inputs, arguments.axis),
            Self::Slice(arguments) => arrays::slice(inputs, arguments),
            Self::Pad(arguments) => arrays::pad(inputs, arguments),
            Self::Transpose(arguments) => arrays::transpose(inputs, &arguments.axes),
            Self::Broadcast(arguments) => arrays::broadcast(inputs, &arguments.shape),
            Self::BroadcastTo(arguments) => arrays::broadcast_to(inputs, arguments.axis),
            Self::Tile(arguments) => arrays::tile(inputs, &arguments.reps),
            Self::OneHot(arguments) => arrays::one_hot(inputs, &arguments.shape),
            Self::Flip(arguments) => arrays::flip(inputs, &arguments.axes),
            Self::Shift(arguments) => arrays::shift(inputs, &arguments.shifts),
            Self::Reshape(arguments) => arrays::reshape(inputs, &arguments.shape),
            Self::Constant(arguments) => Ok(Shape::from_signed(arguments.shape.iter().copied())?),
            Self::MatrixDiag => arrays::matrix_diag(inputs),
            Self::MatrixDiagPart => arrays::matrix_diag_part(inputs),
            Self::Trilu(_) => arrays::at_least_a_matrix(inputs),
            Self::Gather(arguments) => arrays::gather(inputs, arguments),

            function => elementwise::output_shape(function, inputs),
        }
    }

    /// Checks the declared shapes of a function's inputs and outputs against its rule.
    ///
    /// # Errors
    /// When they break it.
    pub fn check_shapes(&self, inputs: &dyn Shapes, outputs: &dyn Shapes) -> Result<()> {
        self.check_input_count(inputs)?;
        let expected = self.output_count(inputs)?;
        if outputs.count() != expected {
            return Err(ShapeRuleError::OutputCount { found: outputs.count(), expected });
        }
        for index in 0..expected {
            let declared = outputs.shape(index);
            let fits = match self {
                // Their shape argument was written for the batch size of the file, which a person may have changed:
                // what is declared counts, as long as it can be made of the input.
                Self::Reshape(_) => declared.items() == inputs.shape(0).items(),
                Self::Broadcast(_) => arrays::can_broadcast(inputs.shape(0), declared),
                _ => declared == self.output_shape(inputs)?,
            };
            if !fits {
                let given = self.output_shape(inputs)?;
                return Err(ShapeRuleError::Output { index, declared, given });
            }
        }
        Ok(())
    }

    fn check_input_count(&self, inputs: &dyn Shapes) -> Result<()> {
        let (least, most) = input_limits(self);
        let found = inputs.count();
        match (least..=most).contains(&found) {
            true => Ok(()),
            false => Err(ShapeRuleError::InputCount { found, least, most }),
        }
    }
}
