//! Operators that change shape or type, or nothing, and those that ask for a shape.

use super::binary::common_shape;
use super::{Operator, Result, unary};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes, axis_or_end};
use crate::onnx::import::context::{Context, Outputs, Value, ints};
use crate::onnx::message::tensor_proto::DataType;
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, Shape};

pub(super) static OPERATORS: &[Operator] = &[
    Operator::map("Shape", "a constant", shape_of),
    Operator::map("Size", "a constant", |c| {
        let items = c.input_shape(0)?.items();
        Ok(vec![Value::Constant(Tensor::indices(&[items]).with_shape(Shape::default()))])
    }),
    Operator::map("Reshape", "Reshape", |c| {
        let dims = reshaped(c, c.input_shape(0)?, c.batch_change())?;
        map(c, &dims)
    })
    .fold(|c| fold(c.input(0)?, &reshaped(c, c.input(0)?.shape, None)?))
    .limits("to a known shape"),
    Operator::map("Flatten", "Reshape", |c| {
        let dims = flattened(c, c.input_shape(0)?)?;
        map(c, &dims)
    })
    .fold(|c| fold(c.input(0)?, &flattened(c, c.input(0)?.shape)?)),
    Operator::map("Squeeze", "Reshape", |c| {
        let dims = squeezed(c, c.input_shape(0)?)?;
        map(c, &dims)
    })
    .fold(|c| fold(c.input(0)?, &squeezed(c, c.input(0)?.shape)?)),
    Operator::map("Unsqueeze", "Reshape", |c| {
        let dims = unsqueezed(c, c.input_shape(0)?)?;
        map(c, &dims)
    })
    .fold(|c| fold(c.input(0)?, &unsqueezed(c, c.input(0)?.shape)?)),
    Operator::map("Expand", "Broadcast", |c| {
        let shape = expanded(c, c.input_shape(0)?)?;
        let x = c.input_of_rank(0, shape.rank())?;
        let y = match c.shape(x) == shape {
            true => x,
            false => c.apply(Function::Broadcast(nnabla::ShapeOnly { shape: ints(&shape)? }), &[x])?,
        };
        Ok(c.output(y))
    })
    .fold(|c| {
        let shape = c.shape(&expanded(c, c.input(0)?.shape)?)?;
        Ok(vec![c.input(0)?.broadcast(shape)])
    })
    .limits("to a known shape"),
    Operator::map("Identity", "nothing", same).fold(|c| Ok(vec![c.input(0)?.clone()])),
    Operator::map("Dropout", "nothing", |c| {
        if c.constant(2, "training_mode")?.is_some_and(|mode| mode.single() != Some(0.0)) {
            return Err(NodeError::unsupported("training mode is not supported; export the network for inference"));
        }
        same(c)
    })
    .limits("not in training mode, no mask"),
    Operator::map("Cast", "nothing; to integers Abs, Floor, Sign, Mul2; to truth values NotEqualScalar", |c| {
        let element = cast_to(c)?;
        cast(c, element)
    })
    .fold(|c| Ok(vec![converted(c.input(0)?, cast_to(c)?)])),
    Operator::map("CastLike", "as Cast", |c| {
        let element = c.element(1);
        cast(c, element)
    })
    .fold(|c| Ok(vec![converted(c.input(0)?, c.input(1)?.element)])),
];

fn map(c: &mut Context<'_>, dims: &[usize]) -> Result<Outputs> {
    let y = c.input_with_shape(0, dims)?;
    Ok(c.output(y))
}

fn fold(x: &Tensor, dims: &[usize]) -> Result<Vec<Tensor>> {
    let shape = Shape::new(dims)?;
    if shape.items() != x.len() {
        return Err(NodeError::invalid(format!("a tensor of shape {} cannot have the shape {shape}", x.shape)));
    }
    Ok(vec![x.with_shape(shape)])
}

/// The input as it is.
pub(super) fn same(c: &mut Context<'_>) -> Result<Outputs> {
    let x = c.input(0)?;
    Ok(c.output(x))
}

fn shape_of(c: &mut Context<'_>) -> Result<Outputs> {
    let shape = c.input_shape(0)?;
    let rank = i64::try_from(shape.rank()).unwrap_or(i64::MAX);
    // Unlike elsewhere, what is out of range is brought into it.
    let place = |axis: i64| (if axis < 0 { axis.saturating_add(rank) } else { axis }).clamp(0, rank);
    let start = usize::try_from(place(c.attributes().int_or("start", 0)?)).unwrap_or(0);
    let end = usize::try_from(place(c.attributes().int_or("end", rank)?)).unwrap_or(0);
    Ok(vec![Value::Constant(Tensor::indices(shape.get(start..end).unwrap_or(&[])))])
}

/// The shape that a `Reshape` asks for. With a batch size that is not the file's, a first extent which was the file's batch
/// is the new one.
fn reshaped(arguments: &impl Arguments, x: Shape, batch_change: Option<(usize, usize)>) -> Result<Vec<usize>> {
    let target = arguments.integers(1, "the shape")?.ok_or_else(|| NodeError::invalid("it has no shape"))?;
    let zero_is_zero = arguments.attributes().flag("allowzero", false)?;
    let mut dims = Vec::with_capacity(target.len());
    let mut unknown = None;
    for (axis, &extent) in target.iter().enumerate() {
        dims.push(match extent {
            -1 if unknown.is_none() => {
                unknown = Some(axis);
                1
            }
            0 if !zero_is_zero => *x.get(axis).ok_or_else(|| {
                NodeError::invalid(format!("the shape keeps axis {axis}, which its input of shape {x} does not have"))
            })?,
            extent => usize::try_from(extent)
                .map_err(|_| NodeError::invalid(format!("the shape has the extent {extent} along axis {axis}")))?,
        });
    }
    if let (Some((old, new)), Some(first)) = (batch_change, dims.first_mut())
        && x.first() == Some(&new)
        && *first == old
        && unknown != Some(0)
    {
        *first = new;
    }
    if let Some(axis) = unknown {
        let known = Shape::new(&dims)?.items();
        let rest = x.items().checked_div(known).filter(|rest| rest * known == x.items());
        dims[axis] = rest.ok_or_else(|| {
            NodeError::invalid(format!("its input of shape {x} cannot be divided by the extents that the shape states"))
        })?;
    }
    Ok(dims)
}

fn flattened(arguments: &impl Arguments, x: Shape) -> Result<Vec<usize>> {
    let axis = axis_or_end(arguments.attributes().int_or("axis", 1)?, x.rank())?;
    let (rows, columns) = x.split_items(axis);
    Ok(vec![rows, columns])
}

fn squeezed(arguments: &impl Arguments, x: Shape) -> Result<Vec<usize>> {
    let gone: Vec<usize> = match arguments.list("axes", 1, 13)? {
        Some(list) => axes(list, x.rank())?,
        None => (0..x.rank()).filter(|&axis| x[axis] == 1).collect(),
    };
    if let Some(axis) = gone.iter().find(|&&axis| x[axis] != 1) {
        return Err(NodeError::invalid(format!("axis {axis} of its input of shape {x} is not single")));
    }
    Ok((0..x.rank()).filter(|axis| !gone.contains(axis)).map(|axis| x[axis]).collect())
}

fn unsqueezed(arguments: &impl Arguments, x: Shape) -> Result<Vec<usize>> {
    let list = arguments.list("axes", 1, 13)?.ok_or_else(|| NodeError::invalid("it has no axes"))?;
    let rank = x.rank() + list.len();
    let new = axes(list, rank)?;
    let mut old = x.iter();
    Ok((0..rank).map(|axis| if new.contains(&axis) { 1 } else { old.next().copied().unwrap_or(1) }).collect())
}

/// The shape that an `Expand` gives: its input may also be the larger of both.
fn expanded(arguments: &impl Arguments, x: Shape) -> Result<Shape> {
    let target = arguments.integers(1, "the shape")?.ok_or_else(|| NodeError::invalid("it has no shape"))?;
    common_shape(x, Shape::from_signed(target.iter().copied())?)
}

fn cast_to(arguments: &impl Arguments) -> Result<Element> {
    let to = arguments.attributes().int_or("to", 0)?;
    let data_type = i32::try_from(to).ok().and_then(|to| DataType::try_from(to).ok()).unwrap_or_default();
    Element::of(data_type)
        .ok_or_else(|| NodeError::unsupported(format!("values of type {} are not supported", data_type.as_str_name())))
}

/// Integers of another width stay as they are: a network that lets them overflow is not expected.
fn cast(c: &mut Context<'_>, to: Element) -> Result<Outputs> {
    let x = c.input(0)?;
    let y = match (c.element(0), to) {
        (Element::Bool, Element::Bool) => x,
        (_, Element::Bool) => c.apply(super::functions::not_equal_scalar(0.0), &[x])?,
        (Element::Float, Element::Integer { .. }) => unary::truncate(c, x)?,
        _ => x,
    };
    Ok(c.typed_output(y, to))
}

fn converted(x: &Tensor, to: Element) -> Tensor {
    match (x.as_integers(), to) {
        (_, Element::Float) => Tensor::floats(x.shape, x.to_floats()),
        (Some(values), _) => Tensor::integers(to, x.shape, values.iter().copied()),
        (None, Element::Bool) => {
            Tensor::integers(to, x.shape, x.to_floats().iter().map(|&value| i64::from(value != 0.0)))
        }
        (None, _) => Tensor::integers(to, x.shape, x.to_floats().iter().map(|&value| value as i64)),
    }
}
