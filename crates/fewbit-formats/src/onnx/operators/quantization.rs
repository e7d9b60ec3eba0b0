//! Real numbers to integers and back.
//!
//! NNabla's functions hold the integers as floats, which is exact for all types that ONNX quantises to in networks.

use super::functions::{ADD, DIV, at_least, at_most};
use super::{Operator, Result, unary};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axis};
use crate::onnx::import::context::Context;
use crate::onnx::message::tensor_proto::DataType;
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments::{self as nnabla, RoundMode};
use fewbit_core::{Function, Shape, VariableId};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("QuantizeLinear", "QuantizeLinear; for 16 bits Div2, Round and others", |c| {
        let element = quantized_element(c, c.has(2).then(|| c.element(2)))?;
        let shape = c.input_shape(0)?;
        let layout = Layout::of_node(c, shape)?;
        let x = c.input(0)?;
        let y = quantize(c, x, element, [1, 2], &layout)?;
        Ok(c.typed_output(y, element))
    })
    .fold(|c| {
        let element = quantized_element(c, c.known(2).map(|zero| zero.element))?;
        let (x, scale) = (c.input(0)?, c.input(1)?);
        let layout = Layout::of_node(c, x.shape)?;
        layout.check(x.shape, scale.shape)?;
        c.known(2).map_or(Ok(()), |zero| layout.check(x.shape, zero.shape))?;
        let (low, high) = range(element)?;
        let quantized = |place: usize| {
            let entry = layout.entry(x.shape, scale.shape, place);
            let zero = c.known(2).map_or(0.0, |zero| zero.number(layout.entry(x.shape, zero.shape, place)));
            // Divided in single precision, as the network would do it.
            let value = (x.number(place) as f32 / scale.number(entry) as f32).round_ties_even();
            (f64::from(value) + zero).clamp(low, high) as i64
        };
        Ok(vec![Tensor::integers(element, x.shape, (0..x.len()).map(quantized))])
    })
    .limits("whole numbers; in blocks only constants"),
    Operator::map("DequantizeLinear", "DequantizeLinear; of constants a parameter", |c| {
        let shape = c.input_shape(0)?;
        let layout = Layout::of_node(c, shape)?;
        let x = c.input(0)?;
        let y = dequantize(c, x, [1, 2], &layout)?;
        Ok(c.typed_output(y, Element::Float))
    })
    .fold(|c| {
        let x = c.input(0)?;
        let layout = Layout::of_node(c, x.shape)?;
        Ok(vec![dequantized(x, c.input(1)?, c.known(2), &layout)?])
    })
    .limits("whole numbers; in blocks only constants"),
];

/// To which values of a tensor each scale and zero point belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    /// The axis with a scale for each place, if there is more than one scale.
    pub(super) axis: usize,
    /// How many neighbours along the axis share a scale; zero if each place has its own and other axes share them.
    block: usize,
}

impl Layout {
    pub(super) fn along(axis: usize) -> Self {
        Self { axis, block: 0 }
    }

    fn of_node(arguments: &impl Arguments, x: Shape) -> Result<Self> {
        let stated = arguments.attributes().int_or("axis", 1)?;
        // A single scale needs no axis.
        let axis = axis(stated, x.rank()).unwrap_or(0);
        let block = usize::try_from(arguments.attributes().int_or("block_size", 0)?).unwrap_or(0);
        Ok(Self { axis, block })
    }

    /// The entry of scales of shape `scales` that belongs to an item of `x`.
    fn entry(&self, x: Shape, scales: Shape, item: usize) -> usize {
        if scales.items() == 1 {
            return 0;
        }
        let inner: usize = x[self.axis + 1..].iter().product();
        let (outer, place, rest) = (item / inner / x[self.axis], item / inner % x[self.axis], item % inner);
        match self.block {
            0 => place,
            block => (outer * scales.get(self.axis).copied().unwrap_or(1) + place / block) * inner + rest,
        }
    }

    /// Checks that scales of a shape fit values of another.
    fn check(&self, x: Shape, scales: Shape) -> Result<()> {
        let fits = scales.items() == 1
            || match self.block {
                0 => scales.rank() == 1 && x.get(self.axis) == Some(&scales[0]),
                block => {
                    let blocks = |axis: usize| if axis == self.axis { x[axis].div_ceil(block) } else { x[axis] };
                    scales.rank() == x.rank() && (0..x.rank()).all(|axis| scales[axis] == blocks(axis))
                }
            };
        let error = || NodeError::invalid(format!("its scales of shape {scales} do not fit values of shape {x}"));
        fits.then_some(()).ok_or_else(error)
    }
}

/// The type that values are quantised to: that of the zero point, which is an input, or one that is stated.
fn quantized_element(arguments: &impl Arguments, zero: Option<Element>) -> Result<Element> {
    let stated = arguments.attributes().int_or("output_dtype", 0)?;
    let element = match zero {
        Some(element) => Some(element),
        None if stated == 0 => Some(Element::UINT8),
        None => i32::try_from(stated).ok().and_then(|it| DataType::try_from(it).ok()).and_then(Element::of),
    };
    element.filter(|element| !element.is_float()).ok_or_else(|| NodeError::unsupported("its type is not supported"))
}

/// The least and the greatest integer of a type.
fn range(element: Element) -> Result<(f64, f64)> {
    let (low, high) = element.range().ok_or_else(|| NodeError::unsupported("its type is not supported"))?;
    Ok((low as f64, high as f64))
}

/// Scales or zero points as a parameter or variable that is broadcast to values of shape `x`.
fn factor(c: &mut Context<'_>, input: usize, x: Shape, layout: &Layout) -> Result<VariableId> {
    let scales = c.input_shape(input)?;
    layout.check(x, scales)?;
    if layout.block != 0 && scales.items() != 1 {
        return Err(NodeError::unsupported("scales of blocks are supported for constants only"));
    }
    let mut dims = vec![1; x.rank()];
    if scales.items() != 1 {
        dims[layout.axis] = scales.items();
    }
    c.input_with_shape(input, &dims)
}

/// Values, their scales, and their zero points, which may be missing from the node: what NNabla's functions take.
fn with_factors(
    c: &mut Context<'_>,
    x: VariableId,
    [scale, zero]: [usize; 2],
    layout: &Layout,
) -> Result<[VariableId; 3]> {
    let shape = c.shape(x);
    let scale = factor(c, scale, shape, layout)?;
    let zero = if c.has(zero) {
        factor(c, zero, shape, layout)?
    } else {
        c.parameter("zero_point", Shape::new(&vec![1; shape.rank()])?, [0.0])
    };
    Ok([x, scale, zero])
}

/// Real numbers to integers. The scale and the zero point are inputs of the node.
pub(super) fn quantize(
    c: &mut Context<'_>,
    x: VariableId,
    element: Element,
    factors: [usize; 2],
    layout: &Layout,
) -> Result<VariableId> {
    let inputs @ [x, scale, zero] = with_factors(c, x, factors, layout)?;
    let dtype = match element {
        Element::INT8 => 1,
        Element::UINT8 => 2,
        element => {
            let (low, high) = range(element)?;
            let scaled = c.apply(DIV, &[x, scale])?;
            let rounded = unary::round_half_even(c, scaled)?;
            let moved = c.apply(ADD, &[rounded, zero])?;
            return c.apply_all(moved, &[at_least(low as f32), at_most(high as f32)]);
        }
    };
    let arguments = nnabla::QuantizeLinear { round_mode: RoundMode::HalfToEven, narrow_range: false, dtype };
    c.apply(Function::QuantizeLinear(arguments), &inputs)
}

/// Integers to real numbers. The scale and the zero point are inputs of the node.
pub(super) fn dequantize(
    c: &mut Context<'_>,
    x: VariableId,
    factors: [usize; 2],
    layout: &Layout,
) -> Result<VariableId> {
    let inputs = with_factors(c, x, factors, layout)?;
    c.apply(Function::DequantizeLinear, &inputs)
}

/// Known integers to real numbers.
pub(super) fn dequantized(x: &Tensor, scale: &Tensor, zero: Option<&Tensor>, layout: &Layout) -> Result<Tensor> {
    layout.check(x.shape, scale.shape)?;
    if let Some(zero) = zero {
        layout.check(x.shape, zero.shape)?;
    }
    let value = |place: usize| {
        let zero = zero.map_or(0.0, |zero| zero.number(layout.entry(x.shape, zero.shape, place)));
        (x.number(place) - zero) as f32 * scale.number(layout.entry(x.shape, scale.shape, place)) as f32
    };
    Ok(Tensor::floats(x.shape, (0..x.len()).map(value).collect::<Vec<_>>()))
}
