//! The arguments of functions as typed structs, in NNabla's order and under NNabla's names.
//!
//! Functions with the same arguments share a struct. Strides, pads and the like have one entry a spatial axis; axes may
//! be negative and then count from the end.

use crate::argument::{ArgumentError, ArgumentValue, FromArgument, choice};
use crate::list::{FloatList, IntList};
use crate::spec::ArgumentSpec;

/// A struct of arguments that can be read and written one by one, in the order of the function table.
pub(super) trait Arguments: Sized {
    /// The names of the arguments, in order.
    #[cfg(test)]
    const NAMES: &'static [&'static str];

    /// Builds the struct from values that `next` yields in order.
    fn read<E: From<ArgumentError>>(next: &mut impl NextArgument<E>) -> Result<Self, E>;

    /// Calls `visit` with each value in order.
    fn visit(&self, visit: &mut dyn FnMut(ArgumentValue));
}

/// A source of arguments.
pub(super) trait NextArgument<E> {
    fn next<T: FromArgument>(&mut self) -> Result<T, E>;
}

/// The values that a reader yields, matched to the argument specifications in order.
pub(super) struct SpecOrder<'a, F> {
    pub specs: core::slice::Iter<'static, ArgumentSpec>,
    pub value: &'a mut F,
}

impl<E, F> NextArgument<E> for SpecOrder<'_, F>
where
    E: From<ArgumentError>,
    F: FnMut(&'static ArgumentSpec) -> Result<ArgumentValue, E>,
{
    fn next<T: FromArgument>(&mut self) -> Result<T, E> {
        let error = |argument| ArgumentError { argument, expected: T::EXPECTED };
        let spec = self.specs.next().ok_or_else(|| error("(beyond the last)"))?;
        T::from_argument((self.value)(spec)?).ok_or_else(|| error(spec.name).into())
    }
}

macro_rules! arguments {
    ($($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl Arguments for $name {
            #[cfg(test)]
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read<E: From<ArgumentError>>(next: &mut impl NextArgument<E>) -> Result<Self, E> {
                // The fields of a struct expression are evaluated in the order in which they are written.
                Ok(Self { $($field: next.next()?,)* })
            }

            fn visit(&self, visit: &mut dyn FnMut(ArgumentValue)) {
                $(visit(self.$field.into_argument());)*
            }
        }
    )*};
}

choice! {
    /// What [`FusedConvolution`] applies to its sum.
    Nonlinearity {
        /// Nothing.
        Identity,
        /// `max(x, 0)`.
        ReLU,
        /// The logistic function.
        Sigmoid,
        /// The hyperbolic tangent.
        Tanh,
        /// `x` above zero, `alpha * x` below; `alpha` is the first of `nonlinearity_args`.
        LeakyReLU,
        /// `x` above zero, `alpha * (exp(x) - 1)` below; `alpha` is the first of `nonlinearity_args`.
        ELU,
        /// `min(max(x, 0), 6)`.
        ReLU6,
    }
}

choice! {
    /// What [`FusedBatchNormalization`] applies to its sum.
    NormalizationNonlinearity {
        /// `max(x, 0)`.
        ReLU,
    }
}

choice! {
    /// What stands beyond the border of a padded variable.
    PadMode {
        /// A constant.
        Constant,
        /// The mirror image, without repeating the border.
        Reflect,
        /// The value at the border.
        Repeat,
    }
}

choice! {
    /// What [`Shift`] moves in from beyond the border.
    BorderMode {
        /// The value at the border.
        Nearest,
        /// The mirror image, which begins with the value at the border.
        Reflect,
    }
}

choice! {
    /// How [`Interpolate`] finds values between grid points.
    InterpolateMode {
        /// The nearest grid point.
        Nearest,
        /// Linear in each axis.
        Linear,
    }
}

choice! {
    /// Which weights incremental quantisation fixes first.
    SelectionAlgorithm {
        /// The largest in magnitude.
        LargestAbs,
        /// Random ones.
        Random,
    }
}

choice! {
    /// How [`QuantizeLinear`] rounds.
    RoundMode {
        /// To the nearest integer, ties away from zero.
        HalfAwayFromZero,
        /// To the nearest integer, ties to even.
        HalfToEven,
    }
}

arguments! {
    /// Arguments of `Affine`.
    Affine {
        /// The first axis that belongs to the vector; those before it are the batch.
        base_axis: i32,
    }

    /// Arguments of `Convolution`.
    Convolution {
        /// The axis of the channels (the first axis of the image when `channel_last`).
        base_axis: i32,
        /// Zeros on both sides of each spatial axis.
        pad: IntList,
        /// Step of the kernel along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Number of groups of channels that do not mix.
        group: i32,
        /// Whether the channels are the last axis.
        channel_last: bool,
    }

    /// Arguments of `FusedConvolution`.
    FusedConvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Padding on both sides of each spatial axis, or before and after each one when it has twice as many entries.
        pad: IntList,
        /// Step of the kernel along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Number of groups of channels that do not mix.
        group: i32,
        /// Whether the channels are the last axis.
        channel_last: bool,
        /// Decay of the running statistics in training.
        decay_rate: f32,
        /// Added to the variance.
        eps: f32,
        /// Whether statistics come from the batch instead of the running ones.
        batch_stat: bool,
        /// Applied last.
        nonlinearity: Nonlinearity,
        /// The arguments of the nonlinearity.
        nonlinearity_args: FloatList,
        /// What stands in the padding.
        pad_mode: PadMode,
        /// The constant for [`PadMode::Constant`].
        constant_value: f32,
    }

    /// Arguments of `DepthwiseConvolution`.
    DepthwiseConvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Zeros on both sides of each spatial axis.
        pad: IntList,
        /// Step of the kernel along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Output channels for each input channel.
        multiplier: i32,
    }

    /// Arguments of `Deconvolution`.
    Deconvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Border that is cut from both sides of each spatial axis of the output.
        pad: IntList,
        /// Step in the output for each input value along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Number of groups of channels that do not mix.
        group: i32,
        /// Whether the channels are the last axis.
        channel_last: bool,
        /// Items added at the end of each spatial axis of the output.
        output_padding: IntList,
    }

    /// Arguments of `DepthwiseDeconvolution`.
    DepthwiseDeconvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Border that is cut from both sides of each spatial axis of the output.
        pad: IntList,
        /// Step in the output for each input value along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Input channels that are summed into one output channel.
        divisor: i32,
    }

    /// Arguments of `MaxPooling` and `SumPooling`.
    Pooling {
        /// Extent of the window along each spatial axis, which are the last ones.
        kernel: IntList,
        /// Step of the window along each spatial axis.
        stride: IntList,
        /// Whether windows that reach beyond the padded border are left out.
        ignore_border: bool,
        /// Padding on both sides of each spatial axis.
        pad: IntList,
        /// Whether the channels are the last axis.
        channel_last: bool,
    }

    /// Arguments of `AveragePooling`.
    AveragePooling {
        /// Extent of the window along each spatial axis, which are the last ones.
        kernel: IntList,
        /// Step of the window along each spatial axis.
        stride: IntList,
        /// Whether windows that reach beyond the padded border are left out.
        ignore_border: bool,
        /// Padding on both sides of each spatial axis.
        pad: IntList,
        /// Whether the channels are the last axis.
        channel_last: bool,
        /// Whether padding counts in the divisor.
        including_pad: bool,
    }

    /// Arguments of `Unpooling`.
    Unpooling {
        /// How often each value is repeated along each spatial axis.
        kernel: IntList,
        /// Whether the channels are the last axis.
        channel_last: bool,
    }

    /// Arguments of functions that may reuse their input's memory while training; without meaning in a file to be run.
    InPlace {
        /// Whether the output may take the input's memory.
        inplace: bool,
    }

    /// Arguments of `LeakyReLU`.
    LeakyReLU {
        /// Slope below zero.
        alpha: f32,
        /// Whether the output may take the input's memory.
        inplace: bool,
    }

    /// The axis along which a function works.
    Axis {
        /// The axis.
        axis: i32,
    }

    /// Arguments of `ELU` and `Sign`.
    Alpha {
        /// For `ELU` the limit below zero, negated; for `Sign` the result at zero.
        alpha: f32,
    }

    /// Arguments of `SELU`.
    SELU {
        /// Factor of the whole.
        scale: f32,
        /// The limit below zero before `scale`, negated.
        alpha: f32,
    }

    /// Arguments of `CELU`.
    CELU {
        /// The limit below zero, negated.
        alpha: f32,
        /// The axis along which the positive and the negative half are joined.
        axis: i32,
    }

    /// Arguments of `PReLU`.
    PReLU {
        /// The axis that the slopes belong to.
        base_axis: i32,
    }

    /// Arguments of `SoftPlus`.
    SoftPlus {
        /// Sharpness: `log(1 + exp(beta * x)) / beta`.
        beta: f32,
    }

    /// Arguments of `BatchNormalization`.
    BatchNormalization {
        /// The axis that statistics belong to.
        axes: IntList,
        /// Decay of the running statistics in training.
        decay_rate: f32,
        /// Added to the variance.
        eps: f32,
        /// Whether statistics come from the batch instead of the running ones.
        batch_stat: bool,
        /// Whether the input `gamma` is missing.
        no_scale: bool,
        /// Whether the input `beta` is missing.
        no_bias: bool,
    }

    /// Arguments of `FusedBatchNormalization`.
    FusedBatchNormalization {
        /// The axis that statistics belong to.
        axes: IntList,
        /// Decay of the running statistics in training.
        decay_rate: f32,
        /// Added to the variance.
        eps: f32,
        /// Whether statistics come from the batch instead of the running ones.
        batch_stat: bool,
        /// Applied last.
        nonlinearity: NormalizationNonlinearity,
    }

    /// Arguments of `GroupNormalization`.
    GroupNormalization {
        /// Number of groups of channels that share statistics.
        num_groups: i32,
        /// The axis of the channels.
        channel_axis: i32,
        /// The axes of the batch.
        batch_axis: IntList,
        /// Added to the variance.
        eps: f32,
        /// Whether the input `gamma` is missing.
        no_scale: bool,
        /// Whether the input `beta` is missing.
        no_bias: bool,
    }

    /// Arguments of `InstanceNormalization`.
    InstanceNormalization {
        /// The axis of the channels.
        channel_axis: i32,
        /// The axes of the batch.
        batch_axis: IntList,
        /// Added to the variance.
        eps: f32,
        /// Whether the input `gamma` is missing.
        no_scale: bool,
        /// Whether the input `beta` is missing.
        no_bias: bool,
    }

    /// Arguments of `LayerNormalization`.
    LayerNormalization {
        /// The axes of the batch: all others share statistics.
        batch_axis: IntList,
        /// Added to the variance.
        eps: f32,
        /// Whether the input `gamma` is missing.
        no_scale: bool,
        /// Whether the input `beta` is missing.
        no_bias: bool,
    }

    /// Arguments of `TensorNormalization`.
    TensorNormalization {
        /// The axes that statistics belong to.
        axes: IntList,
        /// Added to the variance.
        eps: f32,
        /// Whether the input `gamma` is missing.
        no_scale: bool,
        /// Whether the input `beta` is missing.
        no_bias: bool,
    }

    /// Arguments of `MeanSubtraction`.
    MeanSubtraction {
        /// The first axis that the mean covers.
        base_axis: i32,
        /// Whether training updates the running mean.
        update_running_mean: bool,
    }

    /// Arguments of `Sum`, `Mean` and `Prod`.
    Reduction {
        /// The axes that disappear.
        axes: IntList,
        /// Whether they stay, with extent 1.
        keep_dims: bool,
    }

    /// Arguments of `Max` and `Min`.
    ExtremeReduction {
        /// The axes that disappear.
        axes: IntList,
        /// Whether they stay, with extent 1.
        keep_dims: bool,
        /// Whether a second output holds the place of the extreme value.
        with_index: bool,
        /// Whether the only output holds the place of the extreme value.
        only_index: bool,
    }

    /// Arguments of `AddScalar`, `MulScalar` and `PowScalar`.
    InPlaceScalar {
        /// The second operand.
        val: f32,
        /// Whether the output may take the input's memory.
        inplace: bool,
    }

    /// Arguments of functions of a variable and a number.
    Scalar {
        /// The number.
        val: f32,
    }

    /// Arguments of logical functions of a variable and a constant.
    LogicalScalar {
        /// The constant.
        val: bool,
    }

    /// Arguments of `Constant`.
    Constant {
        /// The value of every item.
        val: f32,
        /// The shape of the output.
        shape: IntList,
    }

    /// Arguments of `BatchMatmul`.
    BatchMatmul {
        /// Whether the last two axes of `a` change places first.
        transpose_a: bool,
        /// Whether the last two axes of `b` change places first.
        transpose_b: bool,
    }

    /// Arguments of `Slice`, one entry an axis, counted from the last axis where there are fewer than axes.
    Slice {
        /// The first item; negative numbers count from the end.
        start: IntList,
        /// The item past the last; negative numbers count from the end.
        stop: IntList,
        /// The step; negative steps walk backwards.
        step: IntList,
    }

    /// Arguments of `Pad`.
    Pad {
        /// Items before and after, for as many of the last axes as there are pairs.
        pad_width: IntList,
        /// What stands in them.
        mode: PadMode,
        /// The constant for [`PadMode::Constant`].
        constant_value: f32,
    }

    /// A list of axes: their order for `Transpose`, those to reverse for `Flip`.
    Axes {
        /// The axes.
        axes: IntList,
    }

    /// A shape: of the output for `Broadcast`, of the classes for `OneHot`.
    ShapeOnly {
        /// The shape.
        shape: IntList,
    }

    /// Arguments of `Tile`.
    Tile {
        /// How often the input is repeated along each of the last axes.
        reps: IntList,
    }

    /// Arguments of `Shift`.
    Shift {
        /// By how many items, for each of the last axes.
        shifts: IntList,
        /// What moves in.
        border_mode: BorderMode,
    }

    /// Arguments of `Reshape`.
    Reshape {
        /// The new shape; one extent may be -1 and is then what remains.
        shape: IntList,
        /// Whether the output may take the input's memory.
        inplace: bool,
    }

    /// Arguments of `Trilu`.
    Trilu {
        /// The diagonal at which the kept triangle begins.
        k: i32,
        /// Whether the upper triangle is kept, else the lower.
        upper: bool,
    }

    /// Arguments of `Gather`.
    Gather {
        /// The axis from which items are taken.
        axis: i32,
        /// How many leading axes of both inputs belong to the batch.
        batch_dims: i32,
    }

    /// Arguments of `Interpolate`.
    Interpolate {
        /// The extents of the output's spatial axes.
        output_size: IntList,
        /// How values between grid points are found.
        mode: InterpolateMode,
        /// Whether the corners of input and output coincide.
        align_corners: bool,
        /// Whether pixels are areas, with their centres at halves.
        half_pixel: bool,
        /// The same for [`InterpolateMode::Nearest`].
        half_pixel_for_nn: bool,
        /// Whether the channels are the last axis.
        channel_last: bool,
    }

    /// Arguments of `BinaryConnectAffine` and `BinaryWeightAffine`.
    BinaryAffine {
        /// The first axis that belongs to the vector; those before it are the batch.
        base_axis: i32,
        /// The sign of a weight of zero.
        quantize_zero_to: f32,
    }

    /// Arguments of `BinaryConnectConvolution` and `BinaryWeightConvolution`.
    BinaryConvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Zeros on both sides of each spatial axis.
        pad: IntList,
        /// Step of the kernel along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Number of groups of channels that do not mix.
        group: i32,
        /// The sign of a weight of zero.
        quantize_zero_to: f32,
    }

    /// Arguments of `INQAffine`.
    INQAffine {
        /// The first axis that belongs to the vector; those before it are the batch.
        base_axis: i32,
        /// Bits of a quantised weight.
        num_bits: i32,
        /// The training steps at which half of the remaining weights are fixed.
        inq_iterations: IntList,
        /// Which weights are fixed first.
        selection_algorithm: SelectionAlgorithm,
        /// Seed of the random selection.
        seed: i32,
    }

    /// Arguments of `INQConvolution`.
    INQConvolution {
        /// The axis of the channels.
        base_axis: i32,
        /// Zeros on both sides of each spatial axis.
        pad: IntList,
        /// Step of the kernel along each spatial axis.
        stride: IntList,
        /// Distance between the kernel's taps along each spatial axis.
        dilation: IntList,
        /// Number of groups of channels that do not mix.
        group: i32,
        /// Bits of a quantised weight.
        num_bits: i32,
        /// The training steps at which half of the remaining weights are fixed.
        inq_iterations: IntList,
        /// Which weights are fixed first.
        selection_algorithm: SelectionAlgorithm,
        /// Seed of the random selection.
        seed: i32,
    }

    /// Arguments of `FixedPointQuantize`.
    FixedPointQuantize {
        /// Whether there are negative numbers.
        sign: bool,
        /// Bits.
        n: i32,
        /// The step.
        delta: f32,
        /// Whether the gradient vanishes outside the range.
        ste_fine_grained: bool,
    }

    /// Arguments of `MinMaxQuantize`.
    MinMaxQuantize {
        /// Decay of the running range in training.
        decay: f32,
        /// Whether the range is that of the input, while training.
        x_min_max: bool,
        /// Whether the range is a moving average, while training.
        ema: bool,
        /// Whether the gradient vanishes outside the range.
        ste_fine_grained: bool,
        /// The least difference between the ends of the range.
        eps: f32,
    }

    /// Arguments of `Pow2Quantize`.
    Pow2Quantize {
        /// Whether there are negative numbers.
        sign: bool,
        /// Whether there is a zero.
        with_zero: bool,
        /// Bits.
        n: i32,
        /// The greatest exponent: the largest value is `2^m`.
        m: i32,
        /// Whether the gradient vanishes outside the range.
        ste_fine_grained: bool,
    }

    /// Arguments of `Prune`.
    Prune {
        /// The share of values, smallest in magnitude first, that become zero.
        rate: f32,
    }

    /// Arguments of `QuantizeLinear`.
    QuantizeLinear {
        /// How values are rounded.
        round_mode: RoundMode,
        /// Whether the lowest integer is left out.
        narrow_range: bool,
        /// NNabla's number of the integer type: 1 for signed, 2 for unsigned bytes.
        dtype: i32,
    }

    /// Arguments of `Dropout`, which does nothing in a network that is run.
    Dropout {
        /// The share of values that training drops.
        p: f32,
        /// Seed of the random choice.
        seed: i32,
    }
}
