//! Functions that move items, and matrix products of two variables.

use super::super::call::{Call, Expressed};
use crate::onnx::emitter::{Emitter, Value, int, size, word};
use crate::onnx::message::tensor_proto::DataType;
use fewbit_core::Function;
use fewbit_core::function::arguments::{BatchMatmul, BorderMode, Pad, PadMode, Shift, Slice};

/// The function as ONNX nodes; `None` for functions that compute.
pub(super) fn express(e: &mut Emitter, call: &Call<'_>, function: &Function) -> Option<Expressed> {
    let x = call.x();
    Some(Ok(match *function {
        Function::BatchMatmul(it) => matmul(e, call, &it),
        Function::Concatenate(it) => join(e, &call.inputs, call.axis(it.axis)),
        Function::Stack(it) => {
            let axis = call.output_shape().axis(it.axis).unwrap_or(0);
            let dims = single_at(&call.shape(0), axis);
            let parts: Vec<Value> = call.inputs.iter().map(|input| e.reshape(input, &dims)).collect();
            join(e, &parts, axis)
        }
        Function::Slice(it) => match slice(e, call, &it) {
            Ok(y) => y,
            Err(reason) => return Some(Err(reason)),
        },
        Function::Pad(it) => {
            let widths = pad_widths(call, &it);
            pad(e, x, &call.shape(0), &widths, it.mode, it.constant_value)
        }
        Function::Transpose(it) => e.transpose(x, &call.axes(&it.axes)),
        Function::Reshape(_) => e.reshape(x, &call.output_shape()),
        Function::Broadcast(_) => {
            let shape = e.size_list(&call.output_shape());
            e.node("Expand", &[x, &shape], vec![])
        }
        Function::BroadcastTo(it) => {
            // The axes of the second input stand in the first from one on.
            let (shape, small) = (call.shape(0), call.shape(1));
            let start = usize::try_from(it.axis).unwrap_or(shape.rank() - small.rank());
            let mut dims = vec![1; shape.rank()];
            dims[start..start + small.rank()].copy_from_slice(&small);
            let y = e.reshape(call.input(1), &dims);
            let shape = e.size_list(&shape);
            e.node("Expand", &[&y, &shape], vec![])
        }
        Function::Tile(it) => {
            let rank = call.output_shape().rank();
            let mut dims = vec![1; rank - call.shape(0).rank()];
            dims.extend_from_slice(&call.shape(0));
            let x = if dims == call.shape(0).dims() { x.to_owned() } else { e.reshape(x, &dims) };
            let mut reps = vec![1; rank - it.reps.len()];
            reps.extend(it.reps.iter().map(|&count| i64::from(count)));
            let reps = e.integers(&reps);
            e.node("Tile", &[&x, &reps], vec![])
        }
        Function::Flip(it) => {
            let axes = call.axes(&it.axes);
            let each = |value: i64| vec![value; axes.len()];
            let (starts, ends, steps) = (e.integers(&each(-1)), e.integers(&each(i64::MIN)), e.integers(&each(-1)));
            let axes = e.size_list(&axes);
            e.node("Slice", &[x, &starts, &ends, &axes, &steps], vec![])
        }
        Function::Shift(it) => shift(e, call, &it),
        Function::Trilu(it) => {
            let k = e.constant(DataType::Int64, &[], i64::from(it.k).to_le_bytes().to_vec());
            e.node("Trilu", &[x, &k], vec![int("upper", i64::from(it.upper))])
        }
        Function::Gather(it) if it.batch_dims == 0 => {
            let indices = e.cast(call.input(1), DataType::Int64);
            e.node("Gather", &[x, &indices], vec![int("axis", size(call.axis(it.axis)))])
        }
        Function::Embed => {
            let indices = e.cast(x, DataType::Int64);
            e.node("Gather", &[call.input(1), &indices], vec![])
        }
        Function::OneHot(it) if it.shape.len() == 1 => {
            // The last axis of the input, which is single, is replaced by the classes.
            let shape = call.shape(0);
            let indices = e.reshape(x, &shape[..shape.rank() - 1]);
            let indices = e.cast(&indices, DataType::Int64);
            let depth = e.integers(&[i64::from(it.shape[0])]);
            let values = e.floats(&[2], &[0.0, 1.0]);
            e.node("OneHot", &[&indices, &depth, &values], vec![])
        }
        Function::Constant(it) => {
            let shape = call.output_shape();
            let value = e.number(it.val);
            let dims = e.size_list(&shape);
            e.node("Expand", &[&value, &dims], vec![])
        }
        _ => return None,
    }))
}

/// The shape with a single axis put in.
fn single_at(dims: &[usize], axis: usize) -> Vec<usize> {
    let mut dims = dims.to_vec();
    dims.insert(axis, 1);
    dims
}

fn join(e: &mut Emitter, parts: &[Value], axis: usize) -> Value {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    e.node("Concat", &parts, vec![int("axis", size(axis))])
}

fn matmul(e: &mut Emitter, call: &Call<'_>, it: &BatchMatmul) -> Value {
    let mut factor = |index: usize, transposed: bool| {
        if !transposed {
            return call.input(index).to_owned();
        }
        let rank = call.shape(index).rank();
        let order: Vec<usize> = (0..rank - 2).chain([rank - 1, rank - 2]).collect();
        e.transpose(call.input(index), &order)
    };
    let (a, b) = (factor(0, it.transpose_a), factor(1, it.transpose_b));
    e.node("MatMul", &[&a, &b], vec![])
}

fn slice(e: &mut Emitter, call: &Call<'_>, it: &Slice) -> Expressed {
    let ranges = it.resolve(call.shape(0)).map_err(|error| error.to_string())?;
    let shape = call.shape(0);
    let ends = ranges.iter().zip(shape.iter()).map(|(range, &dim)| {
        let step = range.step as i64;
        let end = size(range.start) + size(range.count) * step;
        // Before the first item: so far that it is still negative when it is counted from the end.
        if end < 0 { -size(dim) - 1 } else { end }
    });
    let starts: Vec<i64> = ranges.iter().map(|range| size(range.start)).collect();
    let steps: Vec<i64> = ranges.iter().map(|range| range.step as i64).collect();
    let (starts, ends) = (e.integers(&starts), e.integers(&ends.collect::<Vec<_>>()));
    let (axes, steps) = (e.size_list(&(0..ranges.len()).collect::<Vec<_>>()), e.integers(&steps));
    Ok(e.node("Slice", &[call.x(), &starts, &ends, &axes, &steps], vec![]))
}

/// Items before and after every axis, of which a function may name only the last ones.
fn pad_widths(call: &Call<'_>, it: &Pad) -> Vec<(i64, i64)> {
    let rank = call.shape(0).rank();
    let mut widths = vec![(0, 0); rank - it.pad_width.len() / 2];
    widths.extend(it.pad_width.chunks_exact(2).map(|pair| (i64::from(pair[0]), i64::from(pair[1]))));
    widths
}

/// A value of these extents with items before and after each axis.
pub(super) fn pad(e: &mut Emitter, x: &str, dims: &[usize], widths: &[(i64, i64)], mode: PadMode, value: f32) -> Value {
    let beyond = |(&dim, &(before, after)): (&usize, &(i64, i64))| before.max(after) >= size(dim);
    if mode == PadMode::Reflect && dims.iter().zip(widths).any(beyond) {
        return mirror(e, x, dims, widths);
    }
    let before = widths.iter().map(|width| width.0);
    let pads: Vec<i64> = before.chain(widths.iter().map(|width| width.1)).collect();
    let pads = e.integers(&pads);
    match mode {
        PadMode::Constant => {
            let value = e.number(value);
            e.node("Pad", &[x, &pads, &value], vec![])
        }
        PadMode::Reflect => e.node("Pad", &[x, &pads], vec![word("mode", "reflect")]),
        PadMode::Repeat => e.node("Pad", &[x, &pads], vec![word("mode", "edge")]),
    }
}

/// Mirrors at the borders again and again, which ONNX's operator does only once.
fn mirror(e: &mut Emitter, x: &str, dims: &[usize], widths: &[(i64, i64)]) -> Value {
    let mut y = x.to_owned();
    for (axis, (&dim, &(before, after))) in
        dims.iter().zip(widths).enumerate().filter(|(_, (_, width))| **width != (0, 0))
    {
        let period = (2 * (size(dim) - 1)).max(1);
        let place = |item: i64| {
            let place = (item - before).rem_euclid(period);
            place.min(period - place).min(size(dim) - 1)
        };
        let places: Vec<i64> = (0..size(dim) + before + after).map(place).collect();
        let places = e.integers(&places);
        y = e.node("Gather", &[&y, &places], vec![int("axis", size(axis))]);
    }
    y
}

/// Each item is taken from a place that the shift and the border say.
fn shift(e: &mut Emitter, call: &Call<'_>, it: &Shift) -> Value {
    let shape = call.shape(0);
    let first = shape.rank() - it.shifts.len();
    let mut y = call.x().to_owned();
    for (entry, &shift) in it.shifts.iter().enumerate().filter(|(_, shift)| **shift != 0) {
        let dim = size(shape[first + entry]);
        let place = |item: i64| {
            let place = item - i64::from(shift);
            match it.border_mode {
                BorderMode::Nearest => place.clamp(0, dim - 1),
                BorderMode::Reflect => mirrored(place, dim),
            }
        };
        let places: Vec<i64> = (0..dim).map(place).collect();
        let places = e.integers(&places);
        y = e.node("Gather", &[&y, &places], vec![int("axis", size(first + entry))]);
    }
    y
}

/// The item that a mirror at the border shows, which repeats the one at the border: by NNabla's rule, which mirrors places
/// before the first twice where the shift is longer than two axes.
fn mirrored(place: i64, dim: i64) -> i64 {
    match (place + 2 * dim).abs() % (2 * dim) {
        place if place < dim => place,
        place => 2 * dim - 1 - place,
    }
}
