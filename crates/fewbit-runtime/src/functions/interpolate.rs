//! Interpolation: images of another size.

use super::RUN;
use super::arrays::same;
use super::remap::remap;
use crate::call::Call;
use crate::values::ValuesMut;
use core::array;
use fewbit_core::function::arguments::{Interpolate, InterpolateMode};
use fewbit_core::shape::MAX_RANK;
use fewbit_nnb::Values;

/// Finds the values of a grid of another size.
pub(super) fn run(arguments: &Interpolate, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (from, to) = (call.input_shape(0), output.shape());
    let last = to.rank().saturating_sub(usize::from(arguments.channel_last));
    let spatial = last.saturating_sub(arguments.output_size.len())..last;
    let stretches: [Option<Stretch>; MAX_RANK] =
        array::from_fn(|axis| spatial.contains(&axis).then(|| Stretch::new(arguments, from[axis], to[axis])));
    match arguments.mode {
        InterpolateMode::Nearest => remap(call, output, &|axis, place| match &stretches[axis] {
            Some(stretch) => stretch.nearest(place),
            None => place,
        }),
        InterpolateMode::Linear => linear(&stretches, call, output),
    }
}

/// How the places along an axis of the output lie in that of the input.
#[derive(Clone, Copy)]
struct Stretch {
    /// The last place of the input.
    last: usize,
    /// The distance in the input between neighbours of the output.
    scale: f32,
    /// Whether places are areas, so that both ends of the axes coincide, and not the middles of their first places.
    half_pixel: bool,
    /// The same for the nearest place, where the result is not moved back by half a place.
    half_pixel_for_nn: bool,
}

impl Stretch {
    fn new(arguments: &Interpolate, from: usize, to: usize) -> Self {
        let nearest = arguments.mode == InterpolateMode::Nearest;
        let half_pixel_for_nn = nearest && arguments.half_pixel_for_nn;
        let scale = match to {
            _ if half_pixel_for_nn => from as f32 / to as f32,
            0 | 1 => 0.0,
            _ if arguments.align_corners => from.saturating_sub(1) as f32 / (to - 1) as f32,
            _ => from as f32 / to as f32,
        };
        Self { last: from.saturating_sub(1), scale, half_pixel: arguments.half_pixel, half_pixel_for_nn }
    }

    fn position(&self, place: usize) -> f32 {
        let place = place as f32;
        match self.half_pixel {
            _ if self.half_pixel_for_nn => self.scale * (place + 0.5),
            true => (self.scale * (place + 0.5) - 0.5).max(0.0),
            false => self.scale * place,
        }
    }

    /// The place of the input for a place of the output.
    fn nearest(&self, place: usize) -> usize {
        (self.position(place) as usize).min(self.last)
    }

    /// The two places of the input around a place of the output, with their weights.
    fn around(&self, place: usize) -> [(usize, f32); 2] {
        let low = self.nearest(place);
        let weight = self.position(place) - low as f32;
        [(low, 1.0 - weight), ((low + 1).min(self.last), weight)]
    }
}

/// Interpolates in rows along the last spatial axis. A row of the output is a weighted sum of rows of the input: of two
/// for each of the other spatial axes.
fn linear(stretches: &[Option<Stretch>; MAX_RANK], call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (x, to) = (call.input(0), output.shape());
    let strides = x.shape().strides();
    let last = stretches.iter().rposition(Option::is_some);
    let Some((last, stretch)) = last.and_then(|last| Some((last, stretches[last]?))) else {
        return same(call, output);
    };
    let corners = 1usize << (stretches.iter().flatten().count() - 1);
    let items = to[last] * strides[last];
    let mut row = Row::new(stretch, strides[last]);
    for part in (0..items).step_by(RUN) {
        row.place(part, RUN.min(items - part));
        for start in (0..output.len()).step_by(items) {
            // The places along the axes before the last spatial one.
            let mut rest = start / items;
            let mut at = [0; MAX_RANK];
            for (at, extent) in at[..last].iter_mut().zip(to.iter()).rev() {
                *at = rest % extent;
                rest /= extent;
            }
            row.clear();
            for corner in 0..corners {
                // Each of the axes takes a bit of the number of the corner: whether it is the first place or the second.
                let (mut place, mut weight, mut sides) = (0, 1.0, corner);
                for axis in 0..last {
                    let at = match &stretches[axis] {
                        Some(stretch) => {
                            let (at, of_axis) = stretch.around(at[axis])[sides & 1];
                            weight *= of_axis;
                            sides >>= 1;
                            at
                        }
                        None => at[axis],
                    };
                    place += at * strides[axis];
                }
                row.add(&x, place, weight);
            }
            output.write(start + part, row.values());
        }
    }
}

/// A part of a row of the output, no longer than a run.
struct Row {
    stretch: Stretch,
    /// How many values lie side by side at each place: the channels, if they are the last axis.
    channels: usize,
    /// How long it is.
    count: usize,
    /// For each value, where its two sources lie in a row of the input.
    low: [usize; RUN],
    high: [usize; RUN],
    /// The weight of the second source.
    weight: [f32; RUN],
    /// The weighted sums so far.
    sums: [f32; RUN],
}

impl Row {
    fn new(stretch: Stretch, channels: usize) -> Self {
        Self { stretch, channels, count: 0, low: [0; RUN], high: [0; RUN], weight: [0.0; RUN], sums: [0.0; RUN] }
    }

    /// Finds the sources of `count` values from `start` on.
    fn place(&mut self, start: usize, count: usize) {
        let (mut place, mut channel) = (start / self.channels, start % self.channels);
        let mut around = self.stretch.around(place);
        for item in 0..count.min(RUN) {
            let [(low, _), (high, weight)] = around;
            self.low[item] = low * self.channels + channel;
            self.high[item] = high * self.channels + channel;
            self.weight[item] = weight;
            channel += 1;
            if channel == self.channels {
                channel = 0;
                place += 1;
                around = self.stretch.around(place);
            }
        }
        self.count = count.min(RUN);
    }

    /// Begins with sums of zero.
    fn clear(&mut self) {
        self.sums = [0.0; RUN];
    }

    /// Adds the row of the input that begins at `start`.
    fn add(&mut self, x: &Values<'_>, start: usize, weight: f32) {
        let values = |places: &[usize; RUN]| {
            let mut values = [0.0; RUN];
            x.gather(&places.map(|place| start + place)[..self.count], &mut values);
            values
        };
        let (low, high) = (values(&self.low), values(&self.high));
        for (item, sum) in self.sums.iter_mut().enumerate() {
            *sum += weight * ((1.0 - self.weight[item]) * low[item] + self.weight[item] * high[item]);
        }
    }

    fn values(&self) -> &[f32] {
        &self.sums[..self.count]
    }
}
