//! Functions that move values along strides: each part of the output is a part of an input, seen with other axes.

use super::combine::{self, Term};
use super::variables::Operand;
use super::{Call, Planner, Reason};
use crate::arrays::Numbers;
use crate::c_value::Record;
use crate::feature::Feature;
use crate::nest::{Nest, stretched, strides_of, strides_over};
use fewbit_core::function::arguments::{Pad, PadMode};
use fewbit_core::{Function, NumberFormat, Rounding, Shape};

/// A part of the output, and the part of an input that it is.
struct Part {
    /// Which input.
    input: usize,
    /// The extents of both.
    extents: Vec<usize>,
    from: Place,
    to: Place,
}

/// Where a part lies in a variable.
struct Place {
    /// Its first item.
    start: usize,
    /// The distance between neighbours along each axis.
    strides: Vec<isize>,
}

/// Plans a function that moves values; false if it does not.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<bool, Reason> {
    if let Function::Pad(Pad { mode: PadMode::Constant, constant_value, .. }) = &call.function {
        fill(planner, call.output, *constant_value);
    }
    if let Function::Constant(arguments) = &call.function {
        fill(planner, call.output, arguments.val);
        return Ok(true);
    }
    let shapes: Vec<Shape> = call.inputs.iter().map(|&input| planner.shape(input)).collect();
    let Some(parts) = parts(&call.function, &shapes, planner.shape(call.output), call.output_index) else {
        return Ok(false);
    };
    for part in parts {
        move_part(planner, call, &part)?;
    }
    Ok(true)
}

/// Gives all of the output one value.
fn fill(planner: &mut Planner<'_, '_>, output: usize, value: f32) {
    let (format, items) = (planner.format(output), planner.shape(output).items());
    let mut stored = match format {
        NumberFormat::Float32 => value.to_le_bytes().to_vec(),
        format => format.quantize(value, Rounding::HalfUp).to_le_bytes()[..format.bytes(1)].to_vec(),
    };
    let size = stored.len();
    stored.resize(4, 0);
    let constants = Record::default()
        .with("y", planner.output(output, 0))
        .with("items", items)
        .with("size", size)
        .with("value", planner.arrays.name("value", Numbers::Bytes(stored)));
    planner.step("fill_values", "fill_t", constants, &[Feature::Fill]);
}

fn move_part(planner: &mut Planner<'_, '_>, call: &Call, part: &Part) -> Result<(), Reason> {
    let operand = planner.operand(call.inputs[part.input]);
    let from = Operand { data: operand.at(part.from.start), format: operand.format };
    let format = planner.format(call.output);
    let nest = Nest::new(&part.extents, &[part.to.strides.clone(), part.from.strides.clone()]);
    if from.format != format {
        let terms = [Term { operand: from, join: combine::Join::Add, nest_index: 1 }];
        return combine::emit(planner, &nest, &terms, call.output, part.to.start, combine::Ending::default());
    }
    let y = planner.output(call.output, part.to.start);
    if y == from.data && part.from.strides == part.to.strides {
        return Ok(());
    }
    let constants = Record::default()
        .with("nest", nest.record(&mut planner.limits))
        .with("x", from.data)
        .with("y", y)
        .with("x_strides", nest.strides(1))
        .with("y_strides", nest.strides(0))
        .with("size", format.bytes(1));
    planner.step("move_values", "move_t", constants, &[Feature::Move]);
    Ok(())
}

/// The parts that an output is made of; `None` for functions that do more than moving, and if axes are missing, which the
/// shape rules forbid.
fn parts(function: &Function, inputs: &[Shape], output: Shape, output_index: usize) -> Option<Vec<Part>> {
    let &x = inputs.first()?;
    let whole = |from: Place, extents: Vec<usize>| {
        let shape = Shape::new(&extents).unwrap_or(output);
        vec![Part { input: 0, extents, from, to: Place { start: 0, strides: strides_of(shape) } }]
    };
    Some(match function {
        Function::Identity | Function::Dropout(_) | Function::Reshape(_) => {
            whole(Place { start: 0, strides: vec![1] }, vec![output.items()])
        }
        Function::Concatenate(arguments) | Function::Stack(arguments) => {
            let (outer, stride) = output.split_items(output.axis(arguments.axis)?);
            let mut start = 0;
            let mut parts = Vec::new();
            for (input, shape) in inputs.iter().enumerate() {
                let items = shape.items().checked_div(outer)?;
                parts.push(Part {
                    input,
                    extents: vec![outer, items],
                    from: Place { start: 0, strides: vec![items as isize, 1] },
                    to: Place { start, strides: vec![stride as isize, 1] },
                });
                start += items;
            }
            parts
        }
        Function::Split(arguments) => {
            let axis = x.axis(arguments.axis)?;
            let (outer, stride) = x.split_items(axis);
            let items = stride.checked_div(x[axis])?;
            let from = Place { start: output_index * items, strides: vec![stride as isize, 1] };
            whole(from, vec![outer, items])
        }
        Function::Slice(arguments) => {
            let taken = arguments.resolve(x).ok()?;
            let strides = x.strides();
            let start = taken.iter().zip(&strides).map(|(axis, stride)| axis.start * stride).sum();
            let steps = taken.iter().zip(&strides).map(|(axis, &stride)| axis.step * stride as isize).collect();
            whole(Place { start, strides: steps }, taken.iter().map(|axis| axis.count).collect())
        }
        Function::Transpose(arguments) => {
            let strides = x.strides();
            let axes: Vec<usize> = arguments.axes.iter().filter_map(|&axis| x.axis(axis)).collect();
            let steps = axes.iter().map(|&axis| strides[axis] as isize).collect();
            whole(Place { start: 0, strides: steps }, axes.iter().map(|&axis| x[axis]).collect())
        }
        Function::Flip(arguments) => {
            let strides = x.strides();
            let flipped = |axis: usize| arguments.axes.iter().any(|&named| x.axis(named) == Some(axis));
            let steps = (0..x.rank()).map(|axis| strides[axis] as isize * if flipped(axis) { -1 } else { 1 }).collect();
            let last = |axis: usize| x[axis].saturating_sub(1) * strides[axis];
            let start = (0..x.rank()).filter(|&axis| flipped(axis)).map(last).sum();
            whole(Place { start, strides: steps }, x.to_vec())
        }
        Function::Broadcast(_) => whole(Place { start: 0, strides: stretched(x, output) }, output.to_vec()),
        Function::BroadcastTo(arguments) => {
            let y = *inputs.get(1)?;
            let first = usize::try_from(arguments.axis).unwrap_or(output.rank().saturating_sub(y.rank()));
            let has = |axis| (first..first + y.rank()).contains(&axis) && y.items() != 1;
            let from = Place { start: 0, strides: strides_over(&output, has) };
            let mut parts = whole(from, output.to_vec());
            parts.iter_mut().for_each(|part| part.input = 1);
            parts
        }
        Function::Tile(_) => {
            let added = output.rank().saturating_sub(x.rank());
            let mut extents = Vec::new();
            let mut strides = Vec::new();
            for (axis, stride) in stretched(x, output).into_iter().enumerate() {
                let extent = axis.checked_sub(added).map_or(1, |axis| x[axis]);
                extents.extend([output[axis].checked_div(extent)?, extent]);
                strides.extend([0, stride]);
            }
            let to = Place { start: 0, strides: strides_over(&extents, |_| true) };
            vec![Part { input: 0, extents, from: Place { start: 0, strides }, to }]
        }
        Function::Pad(Pad { mode: PadMode::Constant, pad_width, .. }) => {
            let first = x.rank().saturating_sub(pad_width.len() / 2);
            let before = |axis: usize| {
                let width = axis.checked_sub(first).and_then(|pair| pad_width.get(2 * pair));
                width.map_or(0, |&width| usize::try_from(width).unwrap_or(0))
            };
            let strides = output.strides();
            let start = (0..x.rank()).map(|axis| before(axis) * strides[axis]).sum();
            let to = Place { start, strides: strides_of(output) };
            vec![Part { input: 0, extents: x.to_vec(), from: Place { start: 0, strides: strides_of(x) }, to }]
        }
        _ => return None,
    })
}
