//! Convolutions and their transposes.

use super::window::{AutoPad, Window, positive, sizes};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;
use crate::onnx::import::context::{Context, Outputs, ints};
use crate::tidy::plain_fused;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Conv", "Convolution; with uneven padding FusedConvolution", conv),
    Operator::map("ConvTranspose", "Deconvolution, Slice", conv_transpose),
];

fn conv(c: &mut Context<'_>) -> Result<Outputs> {
    let weight = c.input(1)?;
    let x = c.input(0)?;
    let bias = if c.has(2) { Some(c.input(2)?) } else { None };
    let y = convolution(c, x, weight, bias)?;
    Ok(c.output(y))
}

/// The number of groups of a convolution.
fn groups(c: &Context<'_>) -> Result<i32> {
    let group = c.attributes().int_or("group", 1)?;
    i32::try_from(group).map_err(|_| NodeError::invalid(format!("attribute 'group' is {group}")))
}

/// The kernel of weights, which an attribute may repeat.
fn kernel(c: &Context<'_>, weight: VariableId, x: VariableId) -> Result<Vec<usize>> {
    let (x, weight) = (c.shape(x), c.shape(weight));
    if x.rank() < 3 || weight.rank() != x.rank() {
        return Err(NodeError::invalid(format!("its weights of shape {weight} do not fit its input of shape {x}")));
    }
    let kernel = weight[2..].to_vec();
    match sizes(c, "kernel_shape", kernel.len())? {
        Some(stated) if stated != kernel => {
            Err(NodeError::invalid(format!("attribute 'kernel_shape' differs from its weights of shape {weight}")))
        }
        _ => Ok(kernel),
    }
}

/// A convolution with the attributes of the node.
pub(super) fn convolution(
    c: &mut Context<'_>,
    x: VariableId,
    weight: VariableId,
    bias: Option<VariableId>,
) -> Result<VariableId> {
    let window = Window::new(c, &kernel(c, weight, x)?, &c.shape(x)[2..])?;
    let group = groups(c)?;
    let (stride, dilation) = (ints(&window.each(|axis| axis.stride))?, ints(&window.each(|axis| axis.dilation))?);
    let function = if window.axes.iter().all(|axis| axis.begin == axis.end) {
        let pad = ints(&window.each(|axis| axis.begin))?;
        Function::Convolution(nnabla::Convolution { base_axis: 1, pad, stride, dilation, group, channel_last: false })
    } else {
        let pad: Vec<usize> = window.axes.iter().flat_map(|axis| [axis.begin, axis.end]).collect();
        Function::FusedConvolution(nnabla::FusedConvolution {
            pad: ints(&pad)?,
            stride,
            dilation,
            group,
            ..plain_fused()
        })
    };
    let inputs: Vec<VariableId> = [x, weight].into_iter().chain(bias).collect();
    c.apply(function, &inputs)
}

/// NNabla's deconvolution cuts off as much in front as behind, and can add behind. A longer cut behind is made by a slice.
fn conv_transpose(c: &mut Context<'_>) -> Result<Outputs> {
    let (x, weight) = (c.input(0)?, c.input(1)?);
    let kernel = kernel(c, weight, x)?;
    let rank = kernel.len();
    let stride = positive(c, "strides", rank)?;
    let dilation = positive(c, "dilations", rank)?;
    let added = sizes(c, "output_padding", rank)?.unwrap_or_else(|| vec![0; rank]);
    let pads = sizes(c, "pads", 2 * rank)?.unwrap_or_else(|| vec![0; 2 * rank]);
    let stated = sizes(c, "output_shape", rank)?;
    let auto_pad = AutoPad::of(c)?;

    let input = c.shape(x)[2..].to_vec();
    let (mut pad, mut output_padding, mut extents) = (Vec::new(), Vec::new(), Vec::new());
    for axis in 0..rank {
        let window =
            kernel[axis].checked_sub(1).and_then(|taps| taps.checked_mul(dilation[axis])).map(|reach| reach + 1);
        let spread = input[axis].checked_sub(1).and_then(|steps| steps.checked_mul(stride[axis]));
        let whole = window.zip(spread).and_then(|(window, spread)| window.checked_add(spread));
        let whole = whole.ok_or_else(|| NodeError::invalid("its output would be empty or too large"))?;
        let wanted = match (&stated, auto_pad) {
            (Some(stated), _) => Some(stated[axis]),
            (None, AutoPad::SameUpper | AutoPad::SameLower) => input[axis].checked_mul(stride[axis]),
            _ => None,
        };
        let (begin, extent) = match wanted {
            Some(extent) => {
                let cut = (whole + added[axis]).saturating_sub(extent);
                // Unlike in a convolution, an odd one is cut in front unless 'SAME_UPPER' is said.
                let begin = if auto_pad == AutoPad::SameUpper { cut / 2 } else { cut.div_ceil(2) };
                (begin, extent)
            }
            None => {
                let (begin, end) = if auto_pad == AutoPad::Valid { (0, 0) } else { (pads[axis], pads[axis + rank]) };
                let extent = (whole + added[axis]).checked_sub(begin + end);
                (begin, extent.ok_or_else(|| NodeError::invalid("attribute 'pads' cuts off the whole output"))?)
            }
        };
        pad.push(begin);
        output_padding.push((extent + 2 * begin).saturating_sub(whole));
        extents.push(extent);
    }
    let function = Function::Deconvolution(nnabla::Deconvolution {
        base_axis: 1,
        pad: ints(&pad)?,
        stride: ints(&stride)?,
        dilation: ints(&dilation)?,
        group: groups(c)?,
        channel_last: false,
        output_padding: ints(&output_padding)?,
    });
    let mut inputs = vec![x, weight];
    if c.has(2) {
        inputs.push(c.input(2)?);
    }
    let y = c.apply(function, &inputs)?;
    let mut dims = c.shape(y).to_vec();
    dims[2..].copy_from_slice(&extents);
    let y = super::slice::first_items(c, y, &dims)?;
    Ok(c.output(y))
}
