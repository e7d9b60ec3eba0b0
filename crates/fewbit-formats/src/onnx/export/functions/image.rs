//! [`Image`]: variables in the form that ONNX's windows need: a batch, channels, and the spatial axes behind them.

use crate::onnx::emitter::{Emitter, Value};
use fewbit_core::Shape;
use fewbit_core::shape_rule::{ConvolutionGeometry, PoolingGeometry};
use std::ops::Range;

/// How a variable is brought into that form, and the result back.
#[derive(Clone, Debug)]
pub(in super::super) struct Image {
    /// The shape of the variable as an image, channels first.
    pub(in super::super) dims: Vec<usize>,
    /// Whether the channels of the variable are its last axis.
    channel_last: bool,
    /// The shape of the variable itself.
    shape: Shape,
}

impl Image {
    /// The image of a convolution's input.
    pub(in super::super) fn of_convolution(geometry: &ConvolutionGeometry, x: Shape) -> Self {
        let spatial = geometry.axes.iter().map(|axis| axis.input);
        let dims = [geometry.batch, geometry.input_channels].into_iter().chain(spatial).collect();
        Self { dims, channel_last: geometry.channel_last, shape: x }
    }

    /// The image of a convolution's output, which has this shape.
    pub(in super::super) fn of_result(geometry: &ConvolutionGeometry, y: Shape) -> Self {
        let spatial = geometry.axes.iter().map(|axis| axis.output);
        let dims = [geometry.batch, geometry.output_channels].into_iter().chain(spatial).collect();
        Self { dims, channel_last: geometry.channel_last, shape: y }
    }

    /// The image of a pooling function's input: what lies before the spatial axes is as good as channels.
    pub(in super::super) fn of_pooling(geometry: &PoolingGeometry, x: Shape) -> Self {
        Self::of_axes(geometry.first_axis..geometry.first_axis + geometry.axes.len(), x)
    }

    /// The image whose spatial axes are these.
    pub(in super::super) fn of_axes(spatial: Range<usize>, x: Shape) -> Self {
        let channel_last = spatial.end < x.rank();
        let before: usize = x[..spatial.start].iter().product();
        let behind: usize = x[spatial.end..].iter().product();
        let channels = if channel_last { [before, behind] } else { two_axes(&x[..spatial.start]) };
        let dims = channels.into_iter().chain(x[spatial].iter().copied()).collect();
        Self { dims, channel_last, shape: x }
    }

    /// The variable as an image.
    pub(in super::super) fn before(&self, e: &mut Emitter, x: &str) -> Value {
        let rank = self.dims.len();
        if !self.channel_last {
            return if self.shape.dims() == self.dims { x.to_owned() } else { e.reshape(x, &self.dims) };
        }
        let mut last = self.dims.clone();
        let channels = last.remove(1);
        last.push(channels);
        let x = if self.shape.dims() == last { x.to_owned() } else { e.reshape(x, &last) };
        let order: Vec<usize> = [0, rank - 1].into_iter().chain(1..rank - 1).collect();
        e.transpose(&x, &order)
    }

    /// A result with the form of an image as a variable of this shape.
    pub(in super::super) fn after(&self, e: &mut Emitter, y: &str, shape: Shape) -> Value {
        let rank = self.dims.len();
        let y = match self.channel_last {
            true => {
                let order: Vec<usize> = [0].into_iter().chain(2..rank).chain([1]).collect();
                e.transpose(y, &order)
            }
            false => y.to_owned(),
        };
        // A variable of the same rank has the axes of the image.
        if shape.rank() == rank { y } else { e.reshape(&y, &shape) }
    }
}

/// The extents as a batch and channels.
fn two_axes(dims: &[usize]) -> [usize; 2] {
    match dims {
        [] => [1, 1],
        [batch, channels @ ..] => [*batch, channels.iter().product()],
    }
}
