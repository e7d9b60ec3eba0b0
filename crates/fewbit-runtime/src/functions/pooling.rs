//! Pooling: the largest value, the sum or the average of each window.
//!
//! Outputs are computed in runs of neighbours along the last axis, a tap at a time, so that inputs are read in runs too.
//! Only taps that lie on the input are visited: a window may be far larger than its input.
//!
//! Where a network is computed row by row, rows of the input are folded into the output one at a time ([`Fold`]), so that the
//! input need not be kept.

use super::RUN;
use super::window::{Axis, Border, Place, Window};
use crate::call::Call;
use crate::requantize::{Requantizer, position};
use crate::rows::InputRows;
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::shape::MAX_RANK;
use fewbit_core::shape_rule::{PoolingAxis, PoolingGeometry, SpatialAxis};
use fewbit_core::{Function, InlineList, NumberFormat};
use fewbit_nnb::{Element, Values};

/// What becomes of the values in a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The largest; zero if the window lies in the padding altogether.
    Max,
    /// The sum.
    Sum,
    /// The sum divided by the number of taps: of those in the padded input, or only of those on the input.
    Average { including_pad: bool },
}

/// Computes a pooling function.
pub(super) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    let Some(pooling) = Pooling::new(function, x, call.rows()) else { return };
    let requantizer = requantizer(&x, output.format()).filter(|_| call.semantics() == Semantics::Integer);
    match requantizer {
        Some(requantizer) => pooling.run::<i64>(output, |totals, counts, start, output| {
            let mut stored = [0; RUN];
            for ((stored, total), count) in stored.iter_mut().zip(&*totals).zip(counts) {
                *stored = match pooling.kind {
                    Kind::Max | Kind::Sum => requantizer.apply(*total),
                    Kind::Average { .. } => requantizer.divide(*total, *count),
                };
            }
            let stored = &mut stored[..totals.len()];
            // Rounding keeps the order of values: the largest of rounded values is the rounded largest.
            pooling.fold.join(output, start, stored, |so_far, value| so_far.max(value));
            output.write_integers(start, stored);
        }),
        None => pooling.run::<f32>(output, |totals, counts, start, output| {
            if let Kind::Average { .. } = pooling.kind {
                for (total, count) in totals.iter_mut().zip(counts) {
                    *total = if *count == 0 { 0.0 } else { *total / *count as f32 };
                }
            }
            pooling.fold.join(output, start, totals, Total::max);
            output.write(start, totals);
        }),
    }
}

/// How integers of windows over `x` become those of an output; `None` if one of them is a float.
fn requantizer(x: &Values<'_>, output: NumberFormat) -> Option<Requantizer> {
    Requantizer::new(position(x.format())?, output)
}

/// Whether *integer* semantics pool `x` into an output of this format without floats.
pub(super) fn is_integer(x: &Values<'_>, output: NumberFormat) -> bool {
    requantizer(x, output).is_some()
}

/// What folding a row of the input into an output makes of the values that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fold {
    /// Nothing: the whole window, or the first row of a maximum.
    #[default]
    Whole,
    /// A further row of a maximum: the output holds the maximum so far.
    Maximum,
    /// A row of a sum: the output's bytes hold the sums so far, four bytes each, until the last row.
    Sum { first: bool, last: bool },
}

impl Fold {
    /// The part that a row of the input has in the window of an output.
    fn new(kind: Kind, axis: &Axis, rows: InputRows) -> Self {
        let Some(input) = rows.input else { return Self::Whole };
        // The window lies over at least one row.
        let (first, last) = (axis.locate_tap(rows.output, 0), axis.locate_tap(rows.output, axis.kernel() - 1));
        match kind {
            Kind::Max if input == first => Self::Whole,
            Kind::Max => Self::Maximum,
            Kind::Sum | Kind::Average { .. } => Self::Sum { first: input == first, last: input == last },
        }
    }

    /// Joins values to the maximum so far, if there is one.
    fn join<T: Copy + Element>(
        self,
        output: &mut ValuesMut<'_>,
        start: usize,
        values: &mut [T],
        largest: impl Fn(T, T) -> T,
    ) {
        if self != Self::Maximum {
            return;
        }
        let mut so_far = [T::default(); RUN];
        let so_far = &mut so_far[..values.len().min(RUN)];
        output.values().read_strided(start, 1, so_far);
        for (value, so_far) in values.iter_mut().zip(so_far) {
            *value = largest(*so_far, *value);
        }
    }

    /// The totals before a row is gathered.
    fn begin<T: Total>(self, kind: Kind, output: &mut ValuesMut<'_>, start: usize, totals: &mut [T]) {
        match self {
            Self::Sum { first: false, .. } => {
                let sums = output.bytes().as_chunks().0.get(start..).unwrap_or_default();
                for (total, bytes) in totals.iter_mut().zip(sums) {
                    *total = T::from_bytes(*bytes);
                }
            }
            _ => totals.fill(if kind == Kind::Max { T::LOWEST } else { T::default() }),
        }
    }

    /// Keeps the totals after a row that is not the last; whether it did.
    fn keep<T: Total>(self, output: &mut ValuesMut<'_>, start: usize, totals: &[T]) -> bool {
        if !matches!(self, Self::Sum { last: false, .. }) {
            return false;
        }
        let sums = output.bytes().as_chunks_mut().0.get_mut(start..).unwrap_or_default();
        for (bytes, total) in sums.iter_mut().zip(totals) {
            *bytes = total.to_bytes();
        }
        true
    }
}

/// A number that the values of a window are gathered in.
trait Total: Copy + Default {
    /// The values.
    type Value: Element;

    /// What every value is larger than or equal to.
    const LOWEST: Self;

    /// The value as a total of its own.
    fn of(value: Self::Value) -> Self;

    fn plus(self, value: Self) -> Self;

    fn max(self, value: Self) -> Self;

    /// The total as it is kept between rows. Models with sums that need more than 32 bits are refused.
    fn to_bytes(self) -> [u8; 4];

    fn from_bytes(bytes: [u8; 4]) -> Self;
}

impl Total for f32 {
    type Value = f32;

    const LOWEST: Self = f32::NEG_INFINITY;

    fn of(value: f32) -> Self {
        value
    }

    fn plus(self, value: Self) -> Self {
        self + value
    }

    fn max(self, value: Self) -> Self {
        if self < value { value } else { self }
    }

    fn to_bytes(self) -> [u8; 4] {
        self.to_le_bytes()
    }

    fn from_bytes(bytes: [u8; 4]) -> Self {
        Self::from_le_bytes(bytes)
    }
}

/// Sums cannot overflow: a variable has less than `2^31` values of at most 16 bits.
impl Total for i64 {
    type Value = i32;

    const LOWEST: Self = i64::MIN;

    fn of(value: i32) -> Self {
        value.into()
    }

    fn plus(self, value: Self) -> Self {
        self + value
    }

    fn max(self, value: Self) -> Self {
        Ord::max(self, value)
    }

    fn to_bytes(self) -> [u8; 4] {
        (self as i32).to_le_bytes()
    }

    fn from_bytes(bytes: [u8; 4]) -> Self {
        i32::from_le_bytes(bytes).into()
    }
}

/// A pooling function over an input.
struct Pooling<'v> {
    kind: Kind,
    x: Values<'v>,
    window: Window,
    /// Items of the input before the axes of the window.
    outer: usize,
    fold: Fold,
}

impl<'v> Pooling<'v> {
    fn new(function: &Function, x: Values<'v>, rows: Option<InputRows>) -> Option<Self> {
        let kind = match function {
            Function::MaxPooling(_) => Kind::Max,
            Function::SumPooling(_) => Kind::Sum,
            Function::AveragePooling(arguments) => Kind::Average { including_pad: arguments.including_pad },
            Function::GlobalAveragePooling => Kind::Average { including_pad: false },
            _ => return None,
        };
        let plain = SpatialAxis { kernel: 1, stride: 1, dilation: 1, ..SpatialAxis::default() };
        let mut axes = InlineList::<Axis, MAX_RANK>::new();
        // There are no more axes than a shape has.
        let mut push = |extents| axes.push(Axis::new(extents, Border::Constant)).ok();
        let outer = if let Function::GlobalAveragePooling = function {
            let all = |input| SpatialAxis { input, output: 1, kernel: input, ..plain };
            let (outer, places) = x.shape().split_items(2);
            match (rows, x.shape().get(2)) {
                (Some(_), Some(&height)) => {
                    push(all(height))?;
                    push(all(places.checked_div(height)?))?;
                }
                // One axis of all places; without any, there is nothing to add up.
                _ => push(all(places))?,
            }
            outer
        } else {
            let geometry = PoolingGeometry::new(function, x.shape()).ok()?;
            for &PoolingAxis { input, output, kernel, stride, pad } in &geometry.axes {
                push(SpatialAxis { input, output, kernel, stride, pad, pad_end: pad, ..plain })?;
            }
            if geometry.inner > 1 {
                // Channels that come last are an axis along which the window does not reach beyond its place.
                axes.push(Axis::identity(geometry.inner)).ok()?;
            }
            geometry.outer
        };
        let fold = rows.zip(axes.first()).map(|(rows, axis)| Fold::new(kind, axis, rows)).unwrap_or_default();
        let window = Window::new(axes.iter().copied(), 1, rows.map(|rows| (rows, outer)));
        Some(Self { kind, x, window, outer, fold })
    }

    /// Gathers the windows and hands them to `store`: totals, the numbers that averages are divided by, and the place of
    /// the first output.
    fn run<T: Total>(&self, output: &mut ValuesMut<'_>, store: impl Fn(&mut [T], &[u64], usize, &mut ValuesMut<'_>)) {
        let (outer_axes, last) = self.window.split_last();
        let rows = self.window.outputs() / last.output().max(1);
        let (mut totals, mut counts) = ([T::default(); RUN], [0; RUN]);
        for item in 0..self.outer {
            for row in 0..rows {
                let mut place = self.window.output_place(row * last.output());
                for start in (0..last.output()).step_by(RUN) {
                    let len = RUN.min(last.output() - start);
                    place[outer_axes.len()] = start;
                    let (totals, counts) = (&mut totals[..len], &mut counts[..len]);
                    let output_start = (item * rows + row) * last.output() + start;
                    self.fold.begin(self.kind, output, output_start, totals);
                    self.gather(item * self.window.outer_step(), &place, totals);
                    if !self.fold.keep(output, output_start, totals) {
                        self.count(&place, totals, counts);
                        store(totals, counts, output_start, output);
                    }
                }
            }
        }
    }

    /// Gathers the windows of neighbouring outputs, the first of which is at `place`, in addition to the totals so far.
    fn gather<T: Total>(&self, start: usize, place: &Place, totals: &mut [T]) {
        let (outer_axes, last) = self.window.split_last();
        let mut ranges = [(0, 0); MAX_RANK];
        let mut tap = Place::default();
        for (((range, tap), axis), &output) in ranges.iter_mut().zip(&mut tap).zip(outer_axes).zip(place) {
            let taps = axis.selected_taps(output);
            if taps.is_empty() {
                return;
            }
            (*tap, *range) = (taps.start, (taps.start, taps.end));
        }
        let mut more = true;
        while more {
            let Some(item) = self.window.outer_item(place, &tap) else { return };
            self.gather_row(start + item, &last, place[outer_axes.len()], totals);
            more = false;
            for (tap, range) in tap.iter_mut().zip(&ranges).take(outer_axes.len()).rev() {
                *tap += 1;
                if *tap < range.1 {
                    more = true;
                    break;
                }
                *tap = range.0;
            }
        }
    }

    /// Adds the taps along the last axis.
    fn gather_row<T: Total>(&self, start: usize, axis: &Axis, output: usize, totals: &mut [T]) {
        let gather = |total: &mut T, value: T::Value| {
            *total = if self.kind == Kind::Max { total.max(T::of(value)) } else { total.plus(T::of(value)) };
        };
        let taps = axis.taps(output, totals.len());
        let mut values = [T::Value::default(); RUN];
        if let [total] = totals {
            // The taps of a single output are neighbours themselves.
            for tap in taps.clone().step_by(RUN) {
                let values = &mut values[..RUN.min(taps.end - tap)];
                self.x.read_strided(start + axis.run(output, 1, tap).index * axis.step(), axis.step() as isize, values);
                values.iter().for_each(|value| gather(total, *value));
            }
            return;
        }
        for tap in taps {
            let run = axis.run(output, totals.len(), tap);
            let values = &mut values[..run.count];
            let stride = run.index_step * axis.step();
            self.x.read_strided(start + run.index * axis.step(), stride as isize, values);
            for (total, value) in totals[run.lane..].iter_mut().zip(values) {
                gather(total, *value);
            }
        }
    }

    /// What averages are divided by; and zeros where a window lies in the padding altogether.
    fn count<T: Total>(&self, place: &Place, totals: &mut [T], counts: &mut [u64]) {
        let (outer_axes, last) = self.window.split_last();
        let including_pad = matches!(self.kind, Kind::Average { including_pad: true });
        // Windows that reach far beyond a small input may have more taps than a number can count: as many make every
        // average zero.
        let product = |taps: &dyn Fn(&Axis, usize) -> usize| {
            let outer = outer_axes.iter().zip(place).map(|(axis, &output)| taps(axis, output) as u64);
            outer.fold(1, u64::saturating_mul)
        };
        let inside = |axis: &Axis, output: usize| axis.taps(output, 1).len();
        let outer_inside = product(&inside);
        let outer_padded = product(&|axis, output| axis.padded_taps(output));
        let outputs = place[outer_axes.len()]..;
        for ((total, count), output) in totals.iter_mut().zip(counts).zip(outputs) {
            let inside = outer_inside.saturating_mul(inside(&last, output) as u64);
            *count = match including_pad {
                true => outer_padded.saturating_mul(last.padded_taps(output) as u64),
                false => inside,
            };
            if inside == 0 {
                *total = T::default();
            }
        }
    }
}
