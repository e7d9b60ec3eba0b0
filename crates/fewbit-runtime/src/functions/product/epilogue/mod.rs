//! What follows a sum of products: scale, bias, normalisation, residual, nonlinearity, rounding and the store.
//!
//! [`IntegerEpilogue`] is the place where *integer* semantics round a product: once, at the very end. [`RealEpilogue`] does
//! the same in floats, for float sums and for what has no exact integer form.

mod integer;
mod real;

use super::ROWS;
use crate::values::ValuesMut;
use fewbit_nnb::{Element, Values};

pub(super) use integer::IntegerEpilogue;
pub(super) use real::RealEpilogue;

/// The channels of a run of sums.
#[derive(Clone, Copy, Debug)]
pub(super) enum Channels {
    /// All of the run are of one channel.
    All(usize),
    /// One channel after the other, from this one on.
    From(usize),
}

impl Channels {
    /// The channel of the sum at `place` of the run.
    pub fn at(self, place: usize) -> usize {
        match self {
            Self::All(channel) => channel,
            Self::From(first) => first + place,
        }
    }
}

/// Takes sums: finishes and stores them, or learns something of them.
pub(super) trait Epilogue<S> {
    /// Takes a run of at most [`ROWS`] sums, which belong into the output from the value `start` on.
    fn store(&mut self, sums: &[S], channels: Channels, start: usize, output: &mut ValuesMut<'_>);
}

/// Changes each sum by the value of its channel.
fn with_channels<T: Copy, E: Element>(
    sums: &mut [T],
    values: &Values<'_>,
    channels: Channels,
    change: impl Fn(T, E) -> T,
) {
    let mut run = [E::default(); ROWS];
    let run = &mut run[..sums.len().min(ROWS)];
    read_channels(values, channels, run);
    with_run(sums, run, change);
}

/// Reads the value of each channel.
fn read_channels<E: Element>(values: &Values<'_>, channels: Channels, run: &mut [E]) {
    match channels {
        Channels::All(channel) => values.read_strided(channel, 0, run),
        Channels::From(channel) => values.read_strided(channel, 1, run),
    }
}

/// Changes each sum by the value at its place in the output, where the values may lie themselves.
fn with_outputs<T: Copy, E: Element>(
    sums: &mut [T],
    values: &Values<'_>,
    output: &ValuesMut<'_>,
    start: usize,
    change: impl Fn(T, E) -> T,
) {
    let mut run = [E::default(); ROWS];
    let run = &mut run[..sums.len().min(ROWS)];
    output.beside(values).read_strided(start, 1, run);
    with_run(sums, run, change);
}

fn with_run<T: Copy, E: Copy>(sums: &mut [T], run: &[E], change: impl Fn(T, E) -> T) {
    for (sum, value) in sums.iter_mut().zip(run) {
        *sum = change(*sum, *value);
    }
}
