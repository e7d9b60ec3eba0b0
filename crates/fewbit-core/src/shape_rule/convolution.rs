//! Functions that multiply by weights: affine, convolution, deconvolution and their binary relatives.

use super::{FusedConvolutionInputs, Result, Shapes, bad_argument, bad_input, not_negative, positive};
use crate::function::Function;
use crate::list::{InlineList, IntList};
use crate::shape::{MAX_RANK, Shape};

/// One spatial axis of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpatialAxis {
    /// Extent of the input.
    pub input: usize,
    /// Extent of the output.
    pub output: usize,
    /// Number of taps of the kernel.
    pub kernel: usize,
    /// Step of the kernel over the (dilated, padded) input; over the output for deconvolutions.
    pub stride: usize,
    /// Distance between the taps.
    pub dilation: usize,
    /// Padding in front; for deconvolutions what is cut off in front.
    pub pad: usize,
    /// Padding behind.
    pub pad_end: usize,
    /// Items added behind the output of a deconvolution.
    pub output_padding: usize,
}

/// What kind of convolution a geometry describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvolutionKind {
    /// Each output channel sums over the input channels of its group.
    Convolution,
    /// The transpose of a convolution: each input value is spread over the output.
    Deconvolution,
}

/// A convolution over an input of a known shape, checked: how channels and groups divide, and where the kernel goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvolutionGeometry {
    /// Which way it goes.
    pub kind: ConvolutionKind,
    /// Product of the extents before the channels.
    pub batch: usize,
    /// Channels of the input.
    pub input_channels: usize,
    /// Channels of the output.
    pub output_channels: usize,
    /// Groups that do not mix.
    pub groups: usize,
    /// The spatial axes, outermost first.
    pub axes: InlineList<SpatialAxis, MAX_RANK>,
    /// Whether the channels are the last axis, of variables and weights.
    pub channel_last: bool,
    /// The first axis that is not of the batch.
    pub base_axis: usize,
}

/// The arguments that all convolutions have.
struct Common {
    base_axis: i32,
    pad: IntList,
    stride: IntList,
    dilation: IntList,
    channel_last: bool,
}

/// How weights and groups are arranged.
enum Weights {
    /// `(out, in / group, kernel...)`, or `(out, kernel..., in / group)` with channels last.
    Grouped { group: i32 },
    /// `(in, out / group, kernel...)`, or `(in, kernel..., out / group)` with channels last.
    TransposedGrouped { group: i32, output_padding: IntList },
    /// `(in * multiplier, kernel...)`.
    Depthwise { multiplier: i32 },
    /// `(in, kernel...)`, where `divisor` channels are summed.
    DepthwiseTransposed { divisor: i32 },
}

macro_rules! common {
    ($arguments:expr, $channel_last:expr) => {
        Common {
            base_axis: $arguments.base_axis,
            pad: $arguments.pad,
            stride: $arguments.stride,
            dilation: $arguments.dilation,
            channel_last: $channel_last,
        }
    };
}

/// The parts of a function's arguments that make a geometry; `None` for functions that are no convolutions.
fn parts(function: &Function) -> Option<(Common, Weights)> {
    Some(match function {
        Function::Convolution(a) => (common!(a, a.channel_last), Weights::Grouped { group: a.group }),
        Function::FusedConvolution(a) => (common!(a, a.channel_last), Weights::Grouped { group: a.group }),
        Function::BinaryConnectConvolution(a) | Function::BinaryWeightConvolution(a) => {
            (common!(a, false), Weights::Grouped { group: a.group })
        }
        Function::INQConvolution(a) => (common!(a, false), Weights::Grouped { group: a.group }),
        Function::DepthwiseConvolution(a) => (common!(a, false), Weights::Depthwise { multiplier: a.multiplier }),
        Function::Deconvolution(a) => (
            common!(a, a.channel_last),
            Weights::TransposedGrouped { group: a.group, output_padding: a.output_padding },
        ),
        Function::DepthwiseDeconvolution(a) => (common!(a, false), Weights::DepthwiseTransposed { divisor: a.divisor }),
        _ => return None,
    })
}

impl ConvolutionGeometry {
    /// The geometry of a convolution over an input of shape `x` with weights of shape `weight`.
    ///
    /// # Errors
    /// When arguments and shapes do not fit, and for functions that are no convolutions.
    pub fn new(function: &Function, x: Shape, weight: Shape) -> Result<Self> {
        let (common, weights) = parts(function).ok_or(bad_argument("pad", "belongs to convolutions only"))?;
        let no_axis = bad_argument("base_axis", "names an axis that its input does not have");
        let base_axis = x.axis(common.base_axis).ok_or(no_axis)?;
        let spatial = x.rank() - base_axis - 1;
        let channel_axis = if common.channel_last { x.rank() - 1 } else { base_axis };
        let first_spatial = if common.channel_last { base_axis } else { base_axis + 1 };
        let input_channels = x[channel_axis];

        let kernel_rank = match weights {
            Weights::Grouped { .. } | Weights::TransposedGrouped { .. } => spatial + 2,
            Weights::Depthwise { .. } | Weights::DepthwiseTransposed { .. } => spatial + 1,
        };
        let bad_weight = |demand| super::ShapeRuleError::Input { index: 1, shape: weight, demand };
        if weight.rank() != kernel_rank {
            return Err(bad_weight("which has not the rank of weights for input 0"));
        }
        let first_tap = if common.channel_last { 1 } else { kernel_rank - spatial };
        let inner_channels = if common.channel_last { kernel_rank - 1 } else { 1 };

        let (kind, output_channels, groups) = match weights {
            Weights::Grouped { group } => {
                let groups = positive(group, "group")?;
                if weight[inner_channels].checked_mul(groups) != Some(input_channels) {
                    return Err(bad_weight("which does not fit the channels of input 0 divided by 'group'"));
                }
                (ConvolutionKind::Convolution, weight[0], groups)
            }
            Weights::TransposedGrouped { group, .. } => {
                let groups = positive(group, "group")?;
                if weight[0] != input_channels {
                    return Err(bad_weight("which does not fit the channels of input 0"));
                }
                (ConvolutionKind::Deconvolution, weight[inner_channels].saturating_mul(groups), groups)
            }
            Weights::Depthwise { multiplier } => {
                let output_channels = input_channels.saturating_mul(positive(multiplier, "multiplier")?);
                if weight[0] != output_channels {
                    return Err(bad_weight("which does not fit the channels of input 0 times 'multiplier'"));
                }
                (ConvolutionKind::Convolution, output_channels, input_channels)
            }
            Weights::DepthwiseTransposed { divisor } => {
                let divisor = positive(divisor, "divisor")?;
                if weight[0] != input_channels || !input_channels.is_multiple_of(divisor) {
                    return Err(bad_weight("which does not fit the channels of input 0 and 'divisor'"));
                }
                (ConvolutionKind::Deconvolution, input_channels / divisor, input_channels / divisor)
            }
        };
        if groups > 0 && (!input_channels.is_multiple_of(groups) || !output_channels.is_multiple_of(groups)) {
            return Err(bad_argument("group", "must divide the channels of the input and of the output"));
        }

        let output_padding = match weights {
            Weights::TransposedGrouped { output_padding, .. } => output_padding,
            _ => IntList::new(),
        };
        let both_sides = matches!(function, Function::FusedConvolution(_)) && common.pad.len() == 2 * spatial;
        if (common.pad.len() != spatial && !both_sides)
            || common.stride.len() != spatial
            || common.dilation.len() != spatial
            || ![0, spatial].contains(&output_padding.len())
        {
            return Err(bad_argument("pad", "and 'stride' and 'dilation' must have one entry for each spatial axis"));
        }
        let mut axes = InlineList::new();
        for axis in 0..spatial {
            let (pad, pad_end) = match both_sides {
                true => (common.pad[2 * axis], common.pad[2 * axis + 1]),
                false => (common.pad[axis], common.pad[axis]),
            };
            let mut entry = SpatialAxis {
                input: x[first_spatial + axis],
                output: 0,
                kernel: weight[first_tap + axis],
                stride: positive(common.stride[axis], "stride")?,
                dilation: positive(common.dilation[axis], "dilation")?,
                pad: not_negative(pad, "pad")?,
                pad_end: not_negative(pad_end, "pad")?,
                output_padding: not_negative(output_padding.get(axis).copied().unwrap_or(0), "output_padding")?,
            };
            entry.output = match kind {
                ConvolutionKind::Convolution => convolved_extent(&entry),
                ConvolutionKind::Deconvolution => deconvolved_extent(&entry),
            }
            .ok_or(bad_argument("pad", "leaves less than one position of the kernel"))?;
            axes.push(entry).map_err(|_| bad_argument("stride", "has too many entries"))?;
        }
        let batch = x[..base_axis].iter().product();
        Ok(Self {
            kind,
            batch,
            input_channels,
            output_channels,
            groups,
            axes,
            channel_last: common.channel_last,
            base_axis,
        })
    }

    /// The geometry for a function's inputs, with the rule for the bias; not for `FusedConvolution`, whose inputs differ.
    pub(super) fn of_inputs(function: &Function, inputs: &dyn Shapes) -> Result<Self> {
        let geometry = Self::new(function, inputs.shape(0), inputs.shape(1))?;
        check_binary(function, inputs, geometry.output_channels)?;
        Ok(geometry)
    }

    /// The shape of the output for an input of shape `x`, the one that the geometry was made of.
    pub(super) fn output_shape(&self, x: Shape) -> Result<Shape> {
        let mut dims = InlineList::<usize, MAX_RANK>::new();
        let spatial = || self.axes.iter().map(|axis| axis.output);
        let batch = x[..self.base_axis].iter().copied();
        let channels = || core::iter::once(self.output_channels);
        let push = |dim| dims.push(dim).map_err(|_| crate::ShapeError::Rank { rank: x.rank() });
        if self.channel_last {
            batch.chain(spatial()).chain(channels()).try_for_each(push)?;
        } else {
            batch.chain(channels()).chain(spatial()).try_for_each(push)?;
        }
        Ok(Shape::new(&dims)?)
    }
}

/// `(in + pads - dilated kernel) / stride + 1`.
fn convolved_extent(axis: &SpatialAxis) -> Option<usize> {
    let padded = axis.input.checked_add(axis.pad)?.checked_add(axis.pad_end)?;
    let window = axis.kernel.checked_sub(1)?.checked_mul(axis.dilation)?.checked_add(1)?;
    Some(padded.checked_sub(window)? / axis.stride + 1)
}

/// `stride * (in - 1) + dilated kernel - pads + output padding`.
fn deconvolved_extent(axis: &SpatialAxis) -> Option<usize> {
    let window = axis.kernel.checked_sub(1)?.checked_mul(axis.dilation)?.checked_add(1)?;
    let spread = axis.input.checked_sub(1)?.checked_mul(axis.stride)?.checked_add(window)?;
    spread
        .checked_sub(axis.pad.checked_add(axis.pad_end)?)?
        .checked_add(axis.output_padding)
        .filter(|&extent| extent > 0)
}

pub(super) fn fused(function: &Function, inputs: &dyn Shapes) -> Result<Shape> {
    let x = inputs.shape(0);
    let geometry = ConvolutionGeometry::new(function, x, inputs.shape(1))?;
    let output = geometry.output_shape(x)?;
    FusedConvolutionInputs::new(inputs)?.check(inputs, output, geometry.output_channels)?;
    Ok(output)
}

/// The rules for the inputs after the weights: binary weights like the weights, one scale and one bias a channel.
fn check_binary(function: &Function, inputs: &dyn Shapes, output_channels: usize) -> Result<()> {
    let one_a_channel = |index: usize, demand| {
        if index < inputs.count() && inputs.shape(index).items() != output_channels {
            return Err(bad_input(inputs, index, demand));
        }
        Ok(())
    };
    let same_as_weights = |index: usize| {
        if inputs.shape(index) != inputs.shape(1) {
            return Err(bad_input(inputs, index, "but must have the shape of the weights"));
        }
        Ok(())
    };
    let bias = "but the bias must have one value for each output channel";
    match function {
        Function::BinaryWeightConvolution(_) | Function::BinaryWeightAffine(_) => {
            same_as_weights(2)?;
            one_a_channel(3, "but alpha must have one value for each output channel")?;
            one_a_channel(4, bias)
        }
        Function::BinaryConnectConvolution(_)
        | Function::BinaryConnectAffine(_)
        | Function::INQAffine(_)
        | Function::INQConvolution(_) => {
            same_as_weights(2)?;
            one_a_channel(3, bias)
        }
        _ => one_a_channel(2, bias),
    }
}

/// Affine and its relatives: everything from `base_axis` on is one vector, the weights are `(in, out...)`.
pub(super) fn affine(function: &Function, inputs: &dyn Shapes, base_axis: i32) -> Result<Shape> {
    let (x, weight) = (inputs.shape(0), inputs.shape(1));
    let rank = i32::try_from(x.rank()).unwrap_or(i32::MAX);
    // NNabla counts a negative base axis from the end.
    let base = if base_axis < 0 { base_axis.saturating_add(rank) } else { base_axis };
    let base = usize::try_from(base).ok().filter(|&axis| axis <= x.rank());
    let base = base.ok_or(bad_argument("base_axis", "names an axis that its input does not have"))?;
    let inner = x.split_items(base).1;
    let Some((&rows, outputs)) = weight.split_first() else {
        return Err(bad_input(inputs, 1, "but weights must have at least one axis"));
    };
    if rows != inner {
        return Err(bad_input(inputs, 1, "but its first axis must fit the items of input 0 from base_axis on"));
    }
    check_binary(function, inputs, outputs.iter().product())?;
    let mut dims = InlineList::<usize, MAX_RANK>::new();
    for &dim in x[..base].iter().chain(outputs) {
        dims.push(dim).map_err(|_| crate::ShapeError::Rank { rank: base + outputs.len() })?;
    }
    Ok(Shape::new(&dims)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::arguments::{Convolution, Deconvolution};

    fn ints(values: &[i32]) -> IntList {
        IntList::from_slice(values).expect("few values")
    }

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("a small shape")
    }

    fn convolution(pad: &[i32], stride: &[i32], dilation: &[i32], group: i32, channel_last: bool) -> Function {
        let (pad, stride, dilation) = (ints(pad), ints(stride), ints(dilation));
        Function::Convolution(Convolution { base_axis: 1, pad, stride, dilation, group, channel_last })
    }

    #[test]
    fn output_extents_of_convolutions() {
        let plain = convolution(&[1, 0], &[2, 1], &[1, 2], 1, false);
        let inputs = [shape(&[4, 3, 32, 30]), shape(&[8, 3, 3, 5]), shape(&[8])];
        assert_eq!(plain.output_shape(&&inputs[..]), Ok(shape(&[4, 8, 16, 22])));

        let last = convolution(&[1, 1], &[1, 1], &[1, 1], 2, true);
        let inputs = [shape(&[1, 9, 9, 4]), shape(&[6, 3, 3, 2])];
        assert_eq!(last.output_shape(&&inputs[..]), Ok(shape(&[1, 9, 9, 6])));
    }

    #[test]
    fn a_negative_base_axis_counts_from_the_end() {
        let mut function = convolution(&[1, 1], &[1, 1], &[1, 1], 1, false);
        if let Function::Convolution(arguments) = &mut function {
            arguments.base_axis = -3;
        }
        let inputs = [shape(&[2, 5, 3, 8, 8]), shape(&[4, 3, 3, 3])];
        assert_eq!(function.output_shape(&&inputs[..]), Ok(shape(&[2, 5, 4, 8, 8])));
    }

    #[test]
    fn output_extents_of_a_deconvolution() {
        let function = Function::Deconvolution(Deconvolution {
            base_axis: 1,
            pad: ints(&[1]),
            stride: ints(&[2]),
            dilation: ints(&[1]),
            group: 1,
            channel_last: false,
            output_padding: ints(&[1]),
        });
        let inputs = [shape(&[1, 4, 10]), shape(&[4, 6, 3])];
        assert_eq!(function.output_shape(&&inputs[..]), Ok(shape(&[1, 6, 20])));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let x = shape(&[1, 4, 8, 8]);
        let refused = [
            (convolution(&[0, 0], &[0, 1], &[1, 1], 1, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0, 0], &[1, 1], &[1, 1], 0, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0, 0], &[1, 1], &[1, 1], 3, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0], &[1, 1], &[1, 1], 1, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0, 0], &[1, 1], &[1, 1], 1, false), shape(&[8, 4, 9, 3])),
            (convolution(&[0, -1], &[1, 1], &[1, 1], 1, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0, 0], &[1, 1], &[i32::MAX, 1], 1, false), shape(&[8, 4, 3, 3])),
            (convolution(&[0, 0], &[1, 1], &[1, 1], 1, false), shape(&[8, 4, 0, 3])),
        ];
        for (function, weight) in refused {
            assert!(function.output_shape(&&[x, weight][..]).is_err(), "{function:?}");
        }
        let wrong_bias = [x, shape(&[8, 4, 3, 3]), shape(&[7])];
        assert!(convolution(&[0, 0], &[1, 1], &[1, 1], 1, false).output_shape(&&wrong_bias[..]).is_err());
    }
}
