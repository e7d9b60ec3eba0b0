//! [`calibrate()`]: what values the variables of a network have on real inputs.
//!
//! The network is encoded in memory and run by the runtime, with an observer that sees each variable as it is written.
//!
//! | module | what it does |
//! |---|---|
//! | [`histogram`] | how often values of each size occur |
//! | [`statistics`] | histogram and moments of a variable, channel by channel |
//! | [`sizes`] | how often values of each magnitude occur, for channels that are scaled |
//! | `channels` | which axis of a variable is that of its channels |

mod channels;
pub mod histogram;
pub mod sizes;
pub mod statistics;

pub use channels::channel_axis;
pub use histogram::Histogram;
pub use sizes::Sizes;
pub use statistics::{Moments, Statistics};

use crate::error::CompressError;
use crate::feed::Feed;
use crate::progress::Progress;
use fewbit_core::{Network, VariableId};
use fewbit_data::Inputs;
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::{Model, Observer, Semantics, Session, Values};

/// What calibration saw.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The values of each variable of the network, by its place; `None` for parameters.
    pub statistics: Vec<Option<Statistics>>,
    /// How many samples were run.
    pub samples: usize,
}

impl Calibration {
    /// What was seen of a variable.
    pub fn of(&self, id: VariableId) -> Option<&Statistics> {
        self.statistics.get(id.0)?.as_ref()
    }
}

/// Runs `network` on all samples of `inputs` and gathers statistics of its buffers. The result does not depend on the
/// number of threads.
///
/// # Errors
/// When the network cannot be run, a sample cannot be read, or the two do not fit.
pub fn calibrate(network: &Network, inputs: &Inputs, progress: &dyn Progress) -> Result<Calibration, CompressError> {
    let file = encode(network, &EncodeOptions { version: Version::V4, ..EncodeOptions::default() })?.bytes;
    let model = Model::open(&file)?;
    let feed = Feed::new(&model, inputs)?;
    progress.begin("calibrating", inputs.len());
    let lanes = feed.in_lanes(|runs| {
        let mut watcher = Watcher::new(network);
        let mut arena = vec![0; model.arena_bytes()];
        let mut session = Session::new(&model, &mut arena, Semantics::Integer)?;
        let mut input = vec![0.0; feed.input_len()];
        for run in runs {
            feed.fill(run, &mut input)?;
            session.set_input(0, &input);
            session.run_observed(&mut watcher);
            progress.advance(feed.samples(run).len());
        }
        Ok(watcher)
    })?;
    let mut whole = Watcher::new(network);
    lanes.iter().for_each(|lane| whole.merge(lane));
    Ok(Calibration { statistics: whole.statistics, samples: inputs.len() })
}

/// Gathers statistics on one thread.
struct Watcher {
    statistics: Vec<Option<Statistics>>,
    values: Vec<f32>,
}

impl Watcher {
    fn new(network: &Network) -> Self {
        let statistics = (0..network.variables.len()).map(|index| {
            let variable = &network.variables[index];
            variable.is_buffer().then(|| match channel_axis(network, VariableId(index)) {
                Some(axis) => Statistics::new(variable.shape[axis], variable.shape.split_items(axis + 1).1),
                None => Statistics::new(1, variable.shape.items()),
            })
        });
        Self { statistics: statistics.collect(), values: Vec::new() }
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.statistics.iter_mut().zip(&other.statistics) {
            if let (Some(mine), Some(theirs)) = (mine, theirs) {
                mine.merge(theirs);
            }
        }
    }
}

impl Observer for Watcher {
    fn written(&mut self, variable: usize, values: Values<'_>) {
        if let Some(Some(statistics)) = self.statistics.get_mut(variable) {
            self.values.resize(values.len(), 0.0);
            values.read(0, &mut self.values);
            statistics.add(&self.values);
        }
    }
}
