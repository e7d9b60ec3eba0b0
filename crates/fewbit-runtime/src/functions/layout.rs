//! [`Layout`]: a variable seen as an array with other axes: permuted, cut, reversed, stretched.
//!
//! Most functions that move values differ in nothing but the layout through which they read or write, and functions
//! with broadcasting read their smaller operands through one.

use super::RUN;
use super::rescale::requantizer;
use crate::values::ValuesMut;
use core::ops::Range;
use fewbit_core::list::{InlineList, LIST_CAPACITY};
use fewbit_core::{NumberFormat, Shape};
use fewbit_nnb::{Element, Values};

/// A value for each axis. There may be more axes than in a shape: two for each where values are repeated in blocks.
pub(super) type PerAxis<T> = InlineList<T, LIST_CAPACITY>;

/// One axis of a layout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Axis {
    /// How many places it has.
    pub extent: usize,
    /// The distance in the variable between neighbours along the axis; zero where one value is repeated.
    pub stride: isize,
}

/// Where the places of an array lie in a variable. Places are numbered in row-major order.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout {
    /// Where place 0 lies.
    start: usize,
    /// The axes, outermost first; at least one. Neighbours that can be walked as one axis are one.
    axes: PerAxis<Axis>,
}

impl Layout {
    /// An array with these axes, outermost first, whose place 0 lies at `start`.
    pub fn new(start: usize, axes: impl IntoIterator<Item = Axis>) -> Self {
        let mut merged = PerAxis::<Axis>::new();
        for axis in axes {
            let extent = axis.extent as isize;
            match merged.as_mut_slice().last_mut() {
                _ if axis.extent == 1 => {}
                Some(outer) if outer.stride == axis.stride.wrapping_mul(extent) => {
                    *outer = Axis { extent: outer.extent * axis.extent, stride: axis.stride };
                }
                // Every caller has two axes at most for each axis of a shape, which is what the list holds.
                _ => _ = merged.push(axis),
            }
        }
        if merged.is_empty() {
            _ = merged.push(Axis { extent: 1, stride: 0 });
        }
        Self { start, axes: merged }
    }

    /// `items` values in a row.
    pub fn row(start: usize, items: usize) -> Self {
        Self::new(start, [Axis { extent: items, stride: 1 }])
    }

    /// `rows` rows of `items` values each, which begin `stride` apart.
    pub fn rows(start: usize, rows: usize, stride: usize, items: usize) -> Self {
        Self::new(start, [Axis { extent: rows, stride: stride as isize }, Axis { extent: items, stride: 1 }])
    }

    /// `items` values in a row, each of them `repeats` times.
    pub fn repeated(items: usize, repeats: usize) -> Self {
        Self::new(0, [Axis { extent: items, stride: 1 }, Axis { extent: repeats, stride: 0 }])
    }

    /// A variable of shape `from`, stretched to the shape `to`: axes are matched from the last.
    pub fn broadcast(from: Shape, to: Shape) -> Self {
        Self::new(0, to.iter().zip(broadcast_strides(from, to)).map(|(&extent, stride)| Axis { extent, stride }))
    }

    /// How many places there are.
    pub fn items(&self) -> usize {
        self.axes.iter().map(|axis| axis.extent).product()
    }

    /// Reads the values at consecutive places from `place` on.
    pub fn read<E: Element>(&self, values: &Values<'_>, place: usize, out: &mut [E]) {
        self.each_row(place, out.len(), |start, stride, range| {
            if let Some(out) = out.get_mut(range) {
                values.read_strided(start, stride, out);
            }
        });
    }

    /// Stores values at consecutive places from `place` on. No stride of the layout may be negative or zero.
    pub fn write(&self, values: &mut ValuesMut<'_>, place: usize, run: &[f32]) {
        self.each_row(place, run.len(), |start, stride, range| {
            if let Some(run) = run.get(range) {
                values.write_strided(start, stride.unsigned_abs(), run);
            }
        });
    }

    /// [`Layout::write`] for integers of a fixed-point format.
    fn write_integers(&self, values: &mut ValuesMut<'_>, place: usize, run: &[i32]) {
        self.each_row(place, run.len(), |start, stride, range| {
            if let Some(run) = run.get(range) {
                values.write_integers_strided(start, stride.unsigned_abs(), run);
            }
        });
    }

    /// Cuts `count` places from `place` on where they stop being equally far apart, and calls `visit` for each part:
    /// where it begins in the variable, the stride, and which of the places it covers.
    fn each_row(&self, place: usize, count: usize, mut visit: impl FnMut(usize, isize, Range<usize>)) {
        let mut at = [0; LIST_CAPACITY];
        let mut start = self.start;
        let mut rest = place;
        for (axis, at) in self.axes.iter().zip(&mut at).rev() {
            let Some(quotient) = rest.checked_div(axis.extent) else { return };
            *at = rest - quotient * axis.extent;
            start = forward(start, axis.stride, *at);
            rest = quotient;
        }
        let Some((inner, outer)) = self.axes.split_last() else { return };
        let (mut inner_at, outer_at) = (at[outer.len()], &mut at[..outer.len()]);
        let mut done = 0;
        while done < count {
            let part = (inner.extent - inner_at).min(count - done);
            visit(start, inner.stride, done..done + part);
            done += part;
            // To the beginning of the next row.
            start = forward(start, -inner.stride, inner_at);
            inner_at = 0;
            for (axis, at) in outer.iter().zip(&mut *outer_at).rev() {
                start = forward(start, axis.stride, 1);
                *at += 1;
                if *at < axis.extent {
                    break;
                }
                start = forward(start, -axis.stride, axis.extent);
                *at = 0;
            }
        }
    }

    /// How far apart all its places are; `None` if that differs.
    fn stride(&self) -> Option<isize> {
        match self.axes[..] {
            [axis] => Some(axis.stride),
            _ => None,
        }
    }
}

/// The place `count` steps of `stride` after `start`. Places of a checked function stay within its variable; one that
/// did not would read as zero.
fn forward(start: usize, stride: isize, count: usize) -> usize {
    start.wrapping_add_signed(stride.wrapping_mul(count as isize))
}

/// The places that lie `stride` apart, from `start` on without end.
fn strided(start: usize, stride: isize) -> impl Iterator<Item = usize> {
    core::iter::successors(Some(start), move |place| Some(place.wrapping_add_signed(stride)))
}

/// The strides in a variable of shape `from` for each axis of the shape `to`, to which it is stretched.
pub(super) fn broadcast_strides(from: Shape, to: Shape) -> impl DoubleEndedIterator<Item = isize> + Clone {
    let strides = from.strides();
    (0..to.rank()).map(move |axis| match (axis + from.rank()).checked_sub(to.rank()) {
        Some(axis) if from[axis] != 1 => strides[axis] as isize,
        _ => 0,
    })
}

/// The strides of a variable in row-major order that has only some of the axes; zero along the others.
pub(super) fn strides_over(extents: &[usize], has: impl Fn(usize) -> bool) -> PerAxis<isize> {
    let mut strides = PerAxis::filled(0, extents.len()).unwrap_or_default();
    let mut step = 1;
    for (axis, stride) in strides.as_mut_slice().iter_mut().enumerate().rev().filter(|(axis, _)| has(*axis)) {
        *stride = step;
        step *= extents[axis] as isize;
    }
    strides
}

/// Copies the values at the places of one layout to those of another, which has as many.
pub(super) fn copy(input: &Values<'_>, from: &Layout, output: &mut ValuesMut<'_>, to: &Layout) {
    if input.format() != output.format() || !input.channel_positions().is_empty() {
        if let Some(requantizer) = requantizer(input, output) {
            let mut run = [0; RUN];
            for place in (0..to.items()).step_by(RUN) {
                let run = &mut run[..RUN.min(to.items() - place)];
                from.read(input, place, run);
                for value in &mut *run {
                    *value = requantizer.apply_narrow(*value);
                }
                to.write_integers(output, place, run);
            }
            return;
        }
        let mut run = [0.0; RUN];
        for place in (0..to.items()).step_by(RUN) {
            let run = &mut run[..RUN.min(to.items() - place)];
            from.read(input, place, run);
            to.write(output, place, run);
        }
        return;
    }
    match input.format() {
        NumberFormat::Float32 => {
            copy_items(input.bytes().as_chunks::<4>().0, from, output.bytes().as_chunks_mut::<4>().0, to);
        }
        NumberFormat::Fixed16 { .. } => {
            copy_items(input.bytes().as_chunks::<2>().0, from, output.bytes().as_chunks_mut::<2>().0, to);
        }
        NumberFormat::Fixed8 { .. } => copy_items(input.bytes(), from, output.bytes(), to),
        // Outputs are buffers, which have no values of less than a byte.
        NumberFormat::Fixed4 { .. } | NumberFormat::Fixed2 { .. } | NumberFormat::Sign => {}
    }
}

/// Copies items as they are stored.
fn copy_items<T: Copy + Default>(input: &[T], from: &Layout, output: &mut [T], to: &Layout) {
    let items = to.items();
    if let (Some(1), Some(1)) = (from.stride(), to.stride())
        && let Some(input) = input.get(from.start..).and_then(|input| input.get(..items))
        && let Some(output) = output.get_mut(to.start..).and_then(|output| output.get_mut(..items))
    {
        output.copy_from_slice(input);
        return;
    }
    let mut run = [T::default(); RUN];
    for place in (0..items).step_by(RUN) {
        let run = &mut run[..RUN.min(items - place)];
        from.each_row(place, run.len(), |start, stride, range| {
            for (item, place) in run[range].iter_mut().zip(strided(start, stride)) {
                *item = input.get(place).copied().unwrap_or_default();
            }
        });
        to.each_row(place, run.len(), |start, stride, range| {
            for (item, place) in run[range].iter().zip(strided(start, stride)) {
                if let Some(output) = output.get_mut(place) {
                    *output = *item;
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::Rounding;
    use std::vec::Vec;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("a small shape")
    }

    fn axis(extent: usize, stride: isize) -> Axis {
        Axis { extent, stride }
    }

    /// The places of a layout in a variable of 100 values, each the number of its place.
    fn places(layout: &Layout, place: usize, count: usize) -> Vec<f32> {
        let bytes: Vec<u8> = (0..100).collect();
        let values = Values::new(&bytes, NumberFormat::Fixed8 { position: 0 }, shape(&[100]));
        let mut out = std::vec![0.0; count];
        layout.read(&values, place, &mut out);
        out
    }

    #[test]
    fn axes_that_can_be_walked_as_one_are_one() {
        let rows = Layout::new(0, [axis(2, 12), axis(1, 99), axis(3, 4), axis(4, 1)]);
        assert_eq!(rows.axes[..], [axis(24, 1)]);
        assert_eq!(
            Layout::broadcast(shape(&[1, 3, 1, 1]), shape(&[2, 3, 4, 5])).axes[..],
            [axis(2, 0), axis(3, 1), axis(20, 0)]
        );
        assert_eq!(Layout::broadcast(shape(&[]), shape(&[2, 3])).axes[..], [axis(6, 0)]);
        assert_eq!(Layout::new(7, []).axes[..], [axis(1, 0)]);
    }

    #[test]
    fn places_are_found_from_anywhere() {
        let layout = Layout::new(50, [axis(2, 20), axis(3, -5), axis(2, 2)]);
        let all = [50.0, 52.0, 45.0, 47.0, 40.0, 42.0, 70.0, 72.0, 65.0, 67.0, 60.0, 62.0];
        for start in 0..all.len() {
            for end in start..=all.len() {
                assert_eq!(places(&layout, start, end - start), all[start..end], "{start}..{end}");
            }
        }
    }

    #[test]
    fn formats_are_converted_on_the_way() {
        let bytes: Vec<u8> = (0..6).collect();
        let input = Values::new(&bytes, NumberFormat::Fixed8 { position: 1 }, shape(&[2, 3]));
        let columns = Layout::new(0, [axis(3, 1), axis(2, 3)]);
        for (format, expected) in [
            (NumberFormat::Fixed8 { position: 1 }, [9, 0, 9, 3, 9, 1, 9, 4, 9, 2, 9, 5]),
            (NumberFormat::Fixed8 { position: 0 }, [9, 0, 9, 1, 9, 0, 9, 2, 9, 1, 9, 2]),
        ] {
            let mut stored = [9; 12];
            let mut output = ValuesMut::new(&mut stored, format, shape(&[12]), Rounding::TowardZero);
            copy(&input, &columns, &mut output, &Layout::new(1, [axis(6, 2)]));
            assert_eq!(stored, expected);
        }
    }
}
