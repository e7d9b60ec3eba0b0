//! Functions that move items: joining, cutting, permuting, repeating; and matrix products of two variables.

use super::{Result, ShapeRuleError, Shapes, axis_of, axis_set, bad_argument, bad_input};
use crate::ShapeError;
use crate::function::arguments::{BatchMatmul, Gather, Pad, PadMode, Slice};
use crate::list::{InlineList, IntList};
use crate::shape::{MAX_RANK, Shape};

type Dims = InlineList<usize, MAX_RANK>;

fn dims_of(dims: impl IntoIterator<Item = usize>) -> Result<Shape> {
    let mut list = Dims::new();
    for dim in dims {
        list.push(dim).map_err(|_| ShapeError::Rank { rank: MAX_RANK + 1 })?;
    }
    Ok(Shape::new(&list)?)
}

/// `shape` with the extent `dim` at `axis`.
fn with_dim(shape: Shape, axis: usize, dim: usize) -> Result<Shape> {
    dims_of(shape.iter().enumerate().map(|(place, &extent)| if place == axis { dim } else { extent }))
}

/// `shape` without `axis`.
fn without_axis(shape: Shape, axis: usize) -> Result<Shape> {
    dims_of(shape.iter().enumerate().filter(|(place, _)| *place != axis).map(|(_, &extent)| extent))
}

pub(super) fn concatenate(inputs: &dyn Shapes, axis: i32) -> Result<Shape> {
    let first = inputs.shape(0);
    let axis = axis_of(&first, axis, "axis")?;
    let mut extent = first[axis];
    for index in 1..inputs.count() {
        let shape = inputs.shape(index);
        if shape.rank() != first.rank() || with_dim(shape, axis, first[axis])? != first {
            return Err(bad_input(inputs, index, "but may differ from input 0 only along 'axis'"));
        }
        extent = extent.saturating_add(shape[axis]);
    }
    with_dim(first, axis, extent)
}

pub(super) fn split(inputs: &dyn Shapes, axis: i32) -> Result<Shape> {
    let x = inputs.shape(0);
    without_axis(x, axis_of(&x, axis, "axis")?)
}

pub(super) fn stack(inputs: &dyn Shapes, axis: i32) -> Result<Shape> {
    let first = inputs.shape(0);
    let rank = i32::try_from(first.rank() + 1).unwrap_or(i32::MAX);
    let axis = if axis < 0 { axis.saturating_add(rank) } else { axis };
    let axis = usize::try_from(axis).ok().filter(|&axis| axis <= first.rank());
    let axis = axis.ok_or(bad_argument("axis", "names an axis that its output does not have"))?;
    for index in 1..inputs.count() {
        if inputs.shape(index) != first {
            return Err(bad_input(inputs, index, "but must have the shape of input 0"));
        }
    }
    let (before, after) = first.split_at(axis);
    dims_of(before.iter().copied().chain([inputs.count()]).chain(after.iter().copied()))
}

/// One axis of a slice, with its ends brought into range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SliceAxis {
    /// The first item.
    pub start: usize,
    /// The step, not zero.
    pub step: isize,
    /// How many items.
    pub count: usize,
}

impl Default for SliceAxis {
    fn default() -> Self {
        Self { start: 0, step: 1, count: 0 }
    }
}

impl Slice {
    /// The items that the slice takes along each axis of a variable of shape `x`.
    ///
    /// # Errors
    /// When there are more entries than axes, lists of different lengths, or a step of zero.
    pub fn resolve(&self, x: Shape) -> Result<InlineList<SliceAxis, MAX_RANK>> {
        let entries = self.start.len();
        if self.stop.len() != entries || self.step.len() != entries {
            return Err(bad_argument("start", "and 'stop' and 'step' must have the same number of entries"));
        }
        let skipped = x.rank().checked_sub(entries);
        let skipped = skipped.ok_or(bad_argument("start", "has more entries than its input has axes"))?;
        let mut axes = InlineList::new();
        for (axis, &dim) in x.iter().enumerate() {
            let resolved = match axis.checked_sub(skipped) {
                Some(entry) => slice_axis(dim, self.start[entry], self.stop[entry], self.step[entry])?,
                None => SliceAxis { start: 0, step: 1, count: dim },
            };
            axes.push(resolved).map_err(|_| bad_argument("start", "has too many entries"))?;
        }
        Ok(axes)
    }
}

/// Python's rule for `[start:stop:step]`, as numpy applies it.
fn slice_axis(dim: usize, start: i32, stop: i32, step: i32) -> Result<SliceAxis> {
    /// What NNabla writes where Python's `None` stood.
    const NONE: i32 = i32::MAX;
    let extent = i64::try_from(dim).unwrap_or(i64::MAX);
    let step = if step == NONE { 1 } else { i64::from(step) };
    if step == 0 {
        return Err(bad_argument("step", "must not be zero"));
    }
    let (low, high) = if step > 0 { (0, extent) } else { (-1, extent - 1) };
    let (first, end) = if step > 0 { (low, high) } else { (high, low) };
    let place = |place: i32, none: i64| match i64::from(place) {
        _ if place == NONE => none,
        place if place < 0 => (place + extent).clamp(low, high),
        place => place.clamp(low, high),
    };
    let (start, stop) = (place(start, first), place(stop, end));
    let distance = if step > 0 { stop - start } else { start - stop };
    let count = if distance <= 0 { 0 } else { (distance - 1) / step.abs() + 1 };
    Ok(SliceAxis {
        start: usize::try_from(start).unwrap_or(0),
        step: isize::try_from(step).unwrap_or(1),
        count: usize::try_from(count).unwrap_or(0),
    })
}

pub(super) fn slice(inputs: &dyn Shapes, arguments: &Slice) -> Result<Shape> {
    let axes = arguments.resolve(inputs.shape(0))?;
    dims_of(axes.iter().map(|axis| axis.count))
}

pub(super) fn pad(inputs: &dyn Shapes, arguments: &Pad) -> Result<Shape> {
    let x = inputs.shape(0);
    let widths = &arguments.pad_width;
    let padded = widths.len() / 2;
    if !widths.len().is_multiple_of(2) || padded > x.rank() {
        return Err(bad_argument("pad_width", "must have two entries for each of the last axes"));
    }
    let first = x.rank() - padded;
    let mut dims = Dims::new();
    for (axis, &dim) in x.iter().enumerate() {
        let (before, after) = match axis.checked_sub(first) {
            Some(pair) => (
                super::not_negative(widths[2 * pair], "pad_width")?,
                super::not_negative(widths[2 * pair + 1], "pad_width")?,
            ),
            None => (0, 0),
        };
        if dim == 0 && arguments.mode != PadMode::Constant && before + after > 0 {
            return Err(bad_argument("pad_width", "is not zero along an axis without values to mirror or repeat"));
        }
        dims.push(dim.saturating_add(before).saturating_add(after)).map_err(|_| ShapeError::Rank { rank: x.rank() })?;
    }
    Ok(Shape::new(&dims)?)
}

pub(super) fn transpose(inputs: &dyn Shapes, axes: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    axis_set(&x, axes, "axes")?;
    if axes.len() != x.rank() {
        return Err(bad_argument("axes", "must name every axis once"));
    }
    let mut dims = Dims::new();
    for &axis in axes {
        dims.push(x[axis_of(&x, axis, "axes")?]).map_err(|_| ShapeError::Rank { rank: x.rank() })?;
    }
    Ok(Shape::new(&dims)?)
}

pub(super) fn broadcast(inputs: &dyn Shapes, shape: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    let target = Shape::from_signed(shape.iter().copied())?;
    if can_broadcast(x, target) {
        Ok(target)
    } else {
        Err(bad_input(inputs, 0, "which cannot be broadcast to 'shape'"))
    }
}

/// Whether a variable of shape `x` stretches to `target`; one with fewer axes is aligned at the end, as in NNabla.
pub(super) fn can_broadcast(x: Shape, target: Shape) -> bool {
    target.rank() >= x.rank() && x.iter().rev().zip(target.iter().rev()).all(|(&from, &to)| from == to || from == 1)
}

pub(super) fn broadcast_to(inputs: &dyn Shapes, axis: i32) -> Result<Shape> {
    let (x, y) = (inputs.shape(0), inputs.shape(1));
    let demand = "but its axes must stand in input 0 from 'axis' on";
    let start = if axis < 0 {
        x.rank().checked_sub(y.rank())
    } else {
        usize::try_from(axis).ok().filter(|&axis| axis + y.rank() <= x.rank())
    };
    let start = start.ok_or(bad_input(inputs, 1, demand))?;
    if x[start..start + y.rank()] != y[..] {
        return Err(bad_input(inputs, 1, demand));
    }
    Ok(x)
}

pub(super) fn tile(inputs: &dyn Shapes, reps: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    let rank = x.rank().max(reps.len());
    if rank > MAX_RANK {
        return Err(ShapeRuleError::TooLarge(ShapeError::Rank { rank }));
    }
    let mut dims = Dims::new();
    for axis in 0..rank {
        let dim = (axis + x.rank()).checked_sub(rank).map_or(1, |axis| x[axis]);
        let count = match (axis + reps.len()).checked_sub(rank) {
            Some(entry) => super::not_negative(reps[entry], "reps")?,
            None => 1,
        };
        dims.push(dim.saturating_mul(count)).map_err(|_| ShapeError::Rank { rank })?;
    }
    Ok(Shape::new(&dims)?)
}

pub(super) fn one_hot(inputs: &dyn Shapes, shape: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    let classes = Shape::from_signed(shape.iter().copied())?;
    match x.split_last() {
        Some((&last, batch)) if last == classes.rank() => dims_of(batch.iter().chain(classes.iter()).copied()),
        _ => Err(bad_input(inputs, 0, "but its last axis must have one item for each entry of 'shape'")),
    }
}

pub(super) fn flip(inputs: &dyn Shapes, axes: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    axis_set(&x, axes, "axes").map(|_| x)
}

pub(super) fn shift(inputs: &dyn Shapes, shifts: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    if shifts.len() > x.rank() {
        return Err(bad_argument("shifts", "has more entries than its input has axes"));
    }
    Ok(x)
}

pub(super) fn reshape(inputs: &dyn Shapes, shape: &IntList) -> Result<Shape> {
    let x = inputs.shape(0);
    let known: Option<usize> = shape
        .iter()
        .filter(|&&dim| dim != -1)
        .try_fold(1usize, |items, &dim| items.checked_mul(usize::try_from(dim).ok()?));
    let known = known.ok_or(bad_argument("shape", "must have extents of at least 0, or -1 for what remains"))?;
    let unknown = shape.iter().filter(|&&dim| dim == -1).count();
    let fits = if unknown == 0 { known == x.items() } else { known > 0 && x.items().is_multiple_of(known) };
    if unknown > 1 || !fits {
        return Err(bad_argument("shape", "does not have as many items as its input"));
    }
    let rest = x.items().checked_div(known).unwrap_or(0);
    dims_of(shape.iter().map(|&dim| usize::try_from(dim).unwrap_or(rest)))
}

pub(super) fn matrix_diag(inputs: &dyn Shapes) -> Result<Shape> {
    let x = inputs.shape(0);
    let last = *x.last().ok_or(bad_input(inputs, 0, "but must have at least one axis"))?;
    dims_of(x.iter().copied().chain([last]))
}

pub(super) fn matrix_diag_part(inputs: &dyn Shapes) -> Result<Shape> {
    let x = at_least_a_matrix(inputs)?;
    let rank = x.rank();
    if x[rank - 1] != x[rank - 2] {
        return Err(bad_input(inputs, 0, "but its last two axes must be equal"));
    }
    without_axis(x, rank - 1)
}

pub(super) fn at_least_a_matrix(inputs: &dyn Shapes) -> Result<Shape> {
    let x = inputs.shape(0);
    if x.rank() < 2 {
        return Err(bad_input(inputs, 0, "but must have at least two axes"));
    }
    Ok(x)
}

pub(super) fn embed(inputs: &dyn Shapes) -> Result<Shape> {
    let (x, weight) = (inputs.shape(0), inputs.shape(1));
    let Some((_, vector)) = weight.split_first() else {
        return Err(bad_input(inputs, 1, "but must have at least one axis"));
    };
    dims_of(x.iter().chain(vector).copied())
}

pub(super) fn gather(inputs: &dyn Shapes, arguments: &Gather) -> Result<Shape> {
    let (x, indices) = (inputs.shape(0), inputs.shape(1));
    let axis = axis_of(&x, arguments.axis, "axis")?;
    let batch = if arguments.batch_dims < 0 {
        i32::try_from(indices.rank()).ok().and_then(|rank| usize::try_from(arguments.batch_dims + rank).ok())
    } else {
        usize::try_from(arguments.batch_dims).ok()
    };
    let batch = batch.filter(|&batch| batch <= axis && batch <= indices.rank());
    let batch = batch.ok_or(bad_argument("batch_dims", "must not exceed 'axis' or the axes of input 1"))?;
    if x[..batch] != indices[..batch] {
        return Err(bad_input(inputs, 1, "but must have the batch axes of input 0"));
    }
    dims_of(x[..axis].iter().chain(&indices[batch..]).chain(&x[axis + 1..]).copied())
}

pub(super) fn batch_matmul(inputs: &dyn Shapes, arguments: &BatchMatmul) -> Result<Shape> {
    let (a, b) = (inputs.shape(0), inputs.shape(1));
    if a.rank() < 2 {
        return Err(bad_input(inputs, 0, "but must have at least two axes"));
    }
    if b.rank() < 2 {
        return Err(bad_input(inputs, 1, "but must have at least two axes"));
    }
    let matrix = |shape: &Shape, transposed: bool| {
        let (rows, columns) = (shape[shape.rank() - 2], shape[shape.rank() - 1]);
        if transposed { (columns, rows) } else { (rows, columns) }
    };
    let (rows, inner) = matrix(&a, arguments.transpose_a);
    let (inner_b, columns) = matrix(&b, arguments.transpose_b);
    if inner != inner_b {
        return Err(bad_input(inputs, 1, "which does not fit input 0 in a matrix product"));
    }
    let (batch_a, batch_b) = (&a[..a.rank() - 2], &b[..b.rank() - 2]);
    let rank = batch_a.len().max(batch_b.len());
    let mut dims = Dims::new();
    for axis in 0..rank {
        let dim = |batch: &[usize]| (axis + batch.len()).checked_sub(rank).map_or(1, |axis| batch[axis]);
        let dim = match (dim(batch_a), dim(batch_b)) {
            (a, b) if a == b => a,
            (1, b) => b,
            (a, 1) => a,
            _ => return Err(bad_input(inputs, 1, "whose batch axes do not fit those of input 0")),
        };
        dims.push(dim).map_err(|_| ShapeError::Rank { rank })?;
    }
    dims_of(dims.iter().copied().chain([rows, columns]))
}
