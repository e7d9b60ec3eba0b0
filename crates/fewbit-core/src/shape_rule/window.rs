//! Functions that move a window over the spatial axes: pooling, unpooling, interpolation.

use super::{Result, Shapes, bad_argument, bad_input, not_negative, positive};
use crate::function::Function;
use crate::function::arguments::{Interpolate, Pooling, Unpooling};
use crate::list::InlineList;
use crate::shape::{MAX_RANK, Shape};

/// One spatial axis of a pooling function.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PoolingAxis {
    /// Extent of the input.
    pub input: usize,
    /// Extent of the output.
    pub output: usize,
    /// Extent of the window.
    pub kernel: usize,
    /// Step of the window.
    pub stride: usize,
    /// Padding in front.
    pub pad: usize,
}

/// A pooling function over an input of a known shape, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolingGeometry {
    /// The spatial axes, outermost first.
    pub axes: InlineList<PoolingAxis, MAX_RANK>,
    /// The first spatial axis.
    pub first_axis: usize,
    /// Product of the extents before the spatial axes.
    pub outer: usize,
    /// Product of the extents after them: the channels when they are the last axis, else 1.
    pub inner: usize,
}

impl PoolingGeometry {
    /// The geometry of `MaxPooling`, `AveragePooling` or `SumPooling` over an input of this shape.
    ///
    /// # Errors
    /// When the arguments do not fit the shape, and for other functions.
    pub fn new(function: &Function, x: Shape) -> Result<Self> {
        let arguments = match function {
            Function::MaxPooling(arguments) | Function::SumPooling(arguments) => *arguments,
            Function::AveragePooling(arguments) => Pooling {
                kernel: arguments.kernel,
                stride: arguments.stride,
                ignore_border: arguments.ignore_border,
                pad: arguments.pad,
                channel_last: arguments.channel_last,
            },
            _ => return Err(bad_argument("kernel", "belongs to pooling functions only")),
        };
        let spatial = arguments.kernel.len();
        let first_axis = first_spatial_axis(x, spatial, arguments.channel_last, "kernel")?;
        if arguments.stride.len() != spatial || arguments.pad.len() != spatial {
            return Err(bad_argument("stride", "and 'pad' must have as many entries as 'kernel'"));
        }
        let mut axes = InlineList::new();
        for axis in 0..spatial {
            let entry = PoolingAxis {
                input: x[first_axis + axis],
                output: 0,
                kernel: positive(arguments.kernel[axis], "kernel")?,
                stride: positive(arguments.stride[axis], "stride")?,
                pad: not_negative(arguments.pad[axis], "pad")?,
            };
            let output = pooled_extent(&entry, arguments.ignore_border)?;
            axes.push(PoolingAxis { output, ..entry }).map_err(|_| bad_argument("kernel", "has too many entries"))?;
        }
        // Averages divide by their number.
        let taps = axes.iter().try_fold(1usize, |taps, axis: &PoolingAxis| taps.checked_mul(axis.kernel));
        taps.filter(|&taps| i32::try_from(taps).is_ok())
            .ok_or(bad_argument("kernel", "has more than 2147483647 items"))?;
        let outer = x[..first_axis].iter().product();
        let inner = x[first_axis + spatial..].iter().product();
        Ok(Self { axes, first_axis, outer, inner })
    }

    /// The shape of the output for an input of shape `x`, the one that the geometry was made of.
    pub(super) fn output_shape(&self, x: Shape) -> Result<Shape> {
        with_spatial(x, self.first_axis, self.axes.iter().map(|axis| axis.output))
    }
}

/// `x` with other extents from the axis `first` on.
fn with_spatial(x: Shape, first: usize, extents: impl Iterator<Item = usize>) -> Result<Shape> {
    let mut dims = [0; MAX_RANK];
    let dims = &mut dims[..x.rank()];
    dims.copy_from_slice(&x);
    for (dim, extent) in dims[first..].iter_mut().zip(extents) {
        *dim = extent;
    }
    Ok(Shape::new(dims)?)
}

/// How many positions the window has along an axis.
fn pooled_extent(axis: &PoolingAxis, ignore_border: bool) -> Result<usize> {
    let too_small = bad_argument("kernel", "does not fit into its padded input");
    let padded = axis.pad.checked_mul(2).and_then(|pad| axis.input.checked_add(pad)).ok_or(too_small)?;
    // The last window may begin at the border and reach beyond it: kernels rely on its end being a number.
    padded.checked_add(axis.kernel).ok_or(too_small)?;
    if ignore_border {
        Ok(padded.checked_sub(axis.kernel).ok_or(too_small)? / axis.stride + 1)
    } else {
        // Every window that begins within the input and the padding in front of it.
        let last = axis.input.checked_add(axis.pad).and_then(|end| end.checked_sub(1)).ok_or(too_small)?;
        Ok(last / axis.stride + 1)
    }
}

/// The first spatial axis of a variable whose `spatial` axes are the last ones, or stand before the channels.
fn first_spatial_axis(x: Shape, spatial: usize, channel_last: bool, argument: &'static str) -> Result<usize> {
    (x.rank().checked_sub(spatial + usize::from(channel_last)))
        .ok_or(bad_argument(argument, "has more entries than its input has axes"))
}

/// NNabla's output has four axes whatever the input has.
pub(super) fn global_average_pooling(inputs: &dyn Shapes) -> Result<Shape> {
    let x = inputs.shape(0);
    if x.rank() < 2 {
        return Err(bad_input(inputs, 0, "but must have at least a batch and a channel axis"));
    }
    Ok(Shape::new(&[x[0], x[1], 1, 1])?)
}

pub(super) fn unpooling(inputs: &dyn Shapes, arguments: &Unpooling) -> Result<Shape> {
    let x = inputs.shape(0);
    let first = first_spatial_axis(x, arguments.kernel.len(), arguments.channel_last, "kernel")?;
    let mut extents = InlineList::<usize, MAX_RANK>::new();
    for (&dim, &factor) in x[first..].iter().zip(&arguments.kernel) {
        let extent = dim.saturating_mul(positive(factor, "kernel")?);
        extents.push(extent).map_err(|_| bad_argument("kernel", "has too many entries"))?;
    }
    with_spatial(x, first, extents.iter().copied())
}

pub(super) fn interpolate(inputs: &dyn Shapes, arguments: &Interpolate) -> Result<Shape> {
    let x = inputs.shape(0);
    let first = first_spatial_axis(x, arguments.output_size.len(), arguments.channel_last, "output_size")?;
    let mut extents = InlineList::<usize, MAX_RANK>::new();
    for (&dim, &size) in x[first..].iter().zip(&arguments.output_size) {
        if dim == 0 {
            return Err(bad_input(inputs, 0, "but a spatial axis must not be empty"));
        }
        extents
            .push(positive(size, "output_size")?)
            .map_err(|_| bad_argument("output_size", "has too many entries"))?;
    }
    with_spatial(x, first, extents.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::list::IntList;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("a small shape")
    }

    fn max_pooling(kernel: &[i32], pad: &[i32], ignore_border: bool) -> Function {
        let ints = |values: &[i32]| IntList::from_slice(values).expect("few values");
        let (kernel, pad, stride) = (ints(kernel), ints(pad), ints(&[2, 2]));
        Function::MaxPooling(Pooling { kernel, stride, ignore_border, pad, channel_last: false })
    }

    #[test]
    fn windows_at_the_border_count_if_wanted() {
        let x = [shape(&[1, 3, 7, 8])];
        assert_eq!(max_pooling(&[3, 4], &[1, 0], true).output_shape(&&x[..]), Ok(shape(&[1, 3, 4, 3])));
        assert_eq!(max_pooling(&[3, 4], &[1, 0], false).output_shape(&&x[..]), Ok(shape(&[1, 3, 4, 4])));
    }

    #[test]
    fn windows_of_too_many_items_are_refused() {
        let x = [shape(&[1, 3, 7, 8])];
        let (kernel, pad) = ([1 << 16, 1 << 15], [1 << 16, 1 << 16]);
        assert!(max_pooling(&kernel, &pad, false).output_shape(&&x[..]).is_err());
        assert!(max_pooling(&[8, 4], &[0, 0], true).output_shape(&&x[..]).is_err());
    }

    #[test]
    fn global_average_pooling_gives_four_axes() {
        for x in [shape(&[2, 3, 7]), shape(&[2, 3]), shape(&[2, 3, 4, 5, 6])] {
            assert_eq!(Function::GlobalAveragePooling.output_shape(&&[x][..]), Ok(shape(&[2, 3, 1, 1])));
        }
    }
}
