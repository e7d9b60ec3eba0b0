//! Batch normalisation with the statistics of the batch itself, which are known only after all sums.
//!
//! Without memory for the sums these are computed three times: for the means, for the variances, and for the output. It
//! is meant for training: a network that is to run has running statistics.

use super::ROWS;
use super::arithmetic::IntegerSums;
use super::epilogue::{Channels, Epilogue};
use super::sum::Sum;
use crate::values::ValuesMut;

/// One value for each of some consecutive channels, of which there are at most [`ROWS`].
#[derive(Clone, Copy, Debug)]
pub(super) struct PerChannel {
    first: usize,
    values: [f32; ROWS],
}

/// The statistics of some consecutive channels.
#[derive(Clone, Copy, Debug)]
pub(super) struct BatchStatistics {
    pub mean: PerChannel,
    /// The mean square of the differences from the mean.
    pub variance: PerChannel,
}

impl PerChannel {
    /// The value of a channel; zero for one that is not among them.
    pub fn get(&self, channel: usize) -> f32 {
        channel.checked_sub(self.first).and_then(|place| self.values.get(place)).copied().unwrap_or(0.0)
    }
}

/// Averages sums, or the squares of their differences from a mean, instead of storing them.
pub(super) struct Average<'v> {
    totals: PerChannel,
    mean: Option<PerChannel>,
    sums: Option<IntegerSums<'v>>,
}

impl<'v> Average<'v> {
    /// Of the channels from `first` on; `sums` tells what integer sums stand for.
    pub fn new(first: usize, mean: Option<PerChannel>, sums: Option<IntegerSums<'v>>) -> Self {
        Self { totals: PerChannel { first, values: [0.0; ROWS] }, mean, sums }
    }

    /// The averages over so many values a channel.
    pub fn finish(self, count: usize) -> PerChannel {
        PerChannel { values: self.totals.values.map(|total| total / count as f32), ..self.totals }
    }
}

impl<S: Sum> Epilogue<S> for Average<'_> {
    fn store(&mut self, sums: &[S], channels: Channels, _start: usize, _output: &mut ValuesMut<'_>) {
        for (place, sum) in sums.iter().enumerate() {
            let channel = channels.at(place);
            let value = sum.to_real(self.sums.map_or(0, |sums| sums.position(channel)));
            let value = self.mean.map_or(value, |mean| (value - mean.get(channel)) * (value - mean.get(channel)));
            if let Some(total) =
                channel.checked_sub(self.totals.first).and_then(|place| self.totals.values.get_mut(place))
            {
                *total += value;
            }
        }
    }
}
