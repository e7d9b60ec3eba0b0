//! Convolutions and deconvolutions of every kind, over any number of spatial axes.
//!
//! Each is a product of matrices ([`super::product`]) for each item of the batch and each group: its weights times the
//! patches of the input that lie under its window.

use super::product::arithmetic::Arithmetic;
use super::product::matrix::Matrix;
use super::product::operands::Operands;
use super::product::patches::{ChannelOrder, WindowPatches};
use super::product::sum::Padding;
use super::product::{OutputSteps, Part, Patches, Product, Weights};
use super::window::{Axis, Border, Window};
use crate::call::{Call, Inputs};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::PadMode;
use fewbit_core::shape_rule::{ConvolutionGeometry, ConvolutionKind};
use fewbit_core::{Function, NumberFormat, Rounding};
use fewbit_nnb::Values;

/// Computes a convolution.
pub(super) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let Some((product, groups)) = product(function, call, call.semantics()) else { return };
    product.run(groups.parts(), output);
}

/// The product that a convolution computes, and its groups; `None` if arguments and shapes do not fit, which the shape
/// rule forbids.
pub(super) fn product<'v>(
    function: &Function,
    inputs: &dyn Inputs<'v>,
    semantics: Semantics,
) -> Option<(Product<'v>, Groups)> {
    let Operands { x, weights, powers, terms, .. } = Operands::new(function, inputs)?;
    let geometry = ConvolutionGeometry::new(function, x.shape(), weights.shape()).ok()?;
    let border = border(function);
    let window = Window::new(
        geometry.axes.iter().map(|&extents| match geometry.kind {
            ConvolutionKind::Convolution => Axis::new(extents, border),
            ConvolutionKind::Deconvolution => Axis::spread(extents),
        }),
        if geometry.channel_last { geometry.input_channels } else { 1 },
        inputs
            .rows()
            .map(|rows| (rows, geometry.batch * if geometry.channel_last { 1 } else { geometry.input_channels })),
    );
    let groups = Groups::new(&geometry, &window);
    let taps = groups.inputs * window.taps();
    let matrix = groups.weights(weights, &geometry, window.taps());
    let order = match geometry.channel_last {
        true => ChannelOrder::Last,
        false => ChannelOrder::First { step: groups.input_step },
    };
    let padding = padding(function, x.format());
    let product = Product {
        rows: groups.outputs,
        columns: window.outputs(),
        taps,
        arithmetic: Arithmetic::new(semantics, &x, &matrix, powers, taps),
        weights: Weights::new(matrix, powers),
        patches: Patches::Window(WindowPatches::new(x, window, groups.inputs, order, padding)),
        steps: match geometry.channel_last {
            true => OutputSteps { row: 1, column: geometry.output_channels },
            false => OutputSteps { row: groups.output_step, column: 1 },
        },
        terms,
    };
    Some((product, groups))
}

fn border(function: &Function) -> Border {
    match function {
        Function::FusedConvolution(arguments) => match arguments.pad_mode {
            PadMode::Constant => Border::Constant,
            PadMode::Reflect => Border::Reflect,
            PadMode::Repeat => Border::Repeat,
        },
        _ => Border::Constant,
    }
}

/// What stands in the padding of an input of this format.
fn padding(function: &Function, format: NumberFormat) -> Padding {
    match function {
        Function::FusedConvolution(arguments) if arguments.constant_value != 0.0 => Padding {
            real: arguments.constant_value,
            // The integer of a format of at most 16 bits.
            integer: format.quantize(arguments.constant_value, Rounding::HalfUp) as i16,
        },
        _ => Padding::default(),
    }
}

/// How a convolution divides into groups, each of which is a product of its own for each item of the batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Groups {
    batch: usize,
    count: usize,
    /// Input channels of a group.
    inputs: usize,
    /// Output channels of a group.
    outputs: usize,
    /// Values between neighbouring channels of the input.
    input_step: usize,
    /// Values between neighbouring channels of the output.
    output_step: usize,
    /// Values of one item of the batch, in the input and in the output.
    items: (usize, usize),
    /// Weights of a group.
    weights: usize,
}

impl Groups {
    fn new(geometry: &ConvolutionGeometry, window: &Window) -> Self {
        let count = geometry.groups.max(1);
        let (inputs, outputs) = (geometry.input_channels / count, geometry.output_channels / count);
        let (input_places, output_places) = (window.outer_step(), window.outputs());
        Self {
            batch: geometry.batch,
            count,
            inputs,
            outputs,
            input_step: if geometry.channel_last { 1 } else { input_places },
            output_step: if geometry.channel_last { 1 } else { output_places },
            items: (geometry.input_channels * input_places, geometry.output_channels * output_places),
            weights: inputs * outputs * window.taps(),
        }
    }

    /// Output channels of all groups.
    pub fn output_channels(&self) -> usize {
        self.count * self.outputs
    }

    /// The products of all groups and items of the batch.
    fn parts(self) -> impl Iterator<Item = Part> + Clone {
        (0..self.batch).flat_map(move |item| {
            (0..self.count).map(move |group| Part {
                weights: group * self.weights,
                x: item * self.items.0 + group * self.inputs * self.input_step,
                channel: group * self.outputs,
                output: item * self.items.1 + group * self.outputs * self.output_step,
            })
        })
    }

    /// The weights of a group as a matrix with a row for each output channel. Convolutions have the axes
    /// `(out, in, kernel)` and deconvolutions `(in, out, kernel)`; with channels last the kernel stands before the second.
    fn weights<'v>(&self, values: Values<'v>, geometry: &ConvolutionGeometry, kernel: usize) -> Matrix<'v> {
        match (geometry.kind, geometry.channel_last) {
            (ConvolutionKind::Convolution, _) => Matrix::new(values, self.inputs * kernel, 1),
            (ConvolutionKind::Deconvolution, false) => {
                Matrix::with_blocks(values, kernel, kernel, self.outputs * kernel, 1)
            }
            // Here the neighbours of a tap are those of the other input channels, which lie farthest apart.
            (ConvolutionKind::Deconvolution, true) => {
                Matrix::with_blocks(values, 1, self.inputs, self.outputs, kernel * self.outputs)
            }
        }
    }
}
