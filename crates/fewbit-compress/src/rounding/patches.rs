//! [`Patches`]: what stands under the window of a convolution for each of its outputs, as vectors that its weights are
//! multiplied with.

use crate::linear::Linear;
use fewbit_core::function::arguments::PadMode;
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind};
use fewbit_core::{Function, Network, Node, Operation};

/// How the vectors of a linear function are found in its input.
#[derive(Clone, Debug)]
pub struct Patches {
    /// Convolutions that do not mix, one behind the other; 1 for affine functions.
    pub groups: usize,
    /// The length of a vector: weights of an output channel.
    pub columns: usize,
    /// Vectors of each group in the input, those of the whole batch.
    pub places: usize,
    /// `None` for affine functions, whose vectors follow one another.
    window: Option<ConvolutionGeometry>,
}

impl Patches {
    /// The vectors of a node; `None` for functions that spread their inputs, and where what stands beyond the border is
    /// not zero.
    pub fn of(network: &Network, node: &Node, linear: &Linear) -> Option<Self> {
        let Operation::Known(function) = &node.operation else { return None };
        let x = network.variable(node.inputs[0]).shape;
        if let Function::FusedConvolution(arguments) = function
            && (arguments.pad_mode != PadMode::Constant || arguments.constant_value != 0.0)
        {
            return None;
        }
        let Ok(geometry) = ConvolutionGeometry::new(function, x, network.variable(node.inputs[linear.weight]).shape)
        else {
            let places = x.items().checked_div(linear.inputs)?;
            return Some(Self { groups: 1, columns: linear.inputs, places, window: None });
        };
        let per_item: usize = geometry.axes.iter().map(|axis| axis.output).product();
        let taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
        (geometry.kind == ConvolutionKind::Convolution).then(|| Self {
            groups: geometry.groups,
            columns: geometry.input_channels / geometry.groups.max(1) * taps,
            places: geometry.batch * per_item,
            window: Some(geometry),
        })
    }

    /// Writes the vector of a group at a place to `out`, in the order of the weights.
    pub fn fill(&self, x: &[f32], group: usize, place: usize, out: &mut [f32]) {
        let Some(geometry) = &self.window else {
            return out.copy_from_slice(&x[place * self.columns..][..self.columns]);
        };
        let spatial: usize = geometry.axes.iter().map(|axis| axis.input).product();
        let per_item: usize = geometry.axes.iter().map(|axis| axis.output).product();
        let taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
        let channels = geometry.input_channels / geometry.groups;
        let item = &x[place / per_item * spatial * geometry.input_channels..];
        for tap in 0..taps {
            let position = under_tap(geometry, place % per_item, tap);
            for channel in 0..channels {
                let source = group * channels + channel;
                let value = position.map_or(0.0, |position| match geometry.channel_last {
                    true => item[position * geometry.input_channels + source],
                    false => item[source * spatial + position],
                });
                out[if geometry.channel_last { tap * channels + channel } else { channel * taps + tap }] = value;
            }
        }
    }
}

/// Where in a plane of the input the tap of the window for an output is; `None` beyond the border.
fn under_tap(geometry: &ConvolutionGeometry, mut output: usize, mut tap: usize) -> Option<usize> {
    let (mut position, mut step) = (0, 1);
    for axis in geometry.axes.iter().rev() {
        let along = (output % axis.output) * axis.stride + (tap % axis.kernel) * axis.dilation;
        position += along.checked_sub(axis.pad).filter(|&along| along < axis.input)? * step;
        step *= axis.input;
        output /= axis.output;
        tap /= axis.kernel;
    }
    Some(position)
}
