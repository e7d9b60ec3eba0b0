//! [`Probe`]: what a variable of a network holds for each sample.
//!
//! Calibration keeps statistics of all variables; whoever needs the values themselves, of a layer's input or of the
//! outputs, gets them here sample by sample. The network is cut off behind the variable, which becomes its output, so that
//! the fast prepared runtime runs it and nothing is computed in vain. Memory does not grow with the number of
//! samples.

use crate::error::CompressError;
use crate::feed::Feed;
use fewbit_core::{Network, VariableId};
use fewbit_data::Inputs;
use fewbit_nnb::{EncodeOptions, Version, encode};
use fewbit_runtime::host::Prepared;
use fewbit_runtime::{Model, Semantics};
use rayon::prelude::*;

/// How many runs are computed at the same time, before they are looked at in order.
const TOGETHER: usize = 16;

/// A network cut off behind one of its variables.
#[derive(Clone, Debug)]
pub struct Probe {
    file: Vec<u8>,
    items: usize,
}

/// What one run gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
    /// The first sample of the run.
    pub sample: usize,
    /// For each probe the values of its variable, for the whole batch.
    pub values: Vec<Vec<f32>>,
}

impl Probe {
    /// Looks at a variable, which must be a buffer.
    ///
    /// # Errors
    /// When the network cannot be written.
    pub fn new(network: &Network, variable: VariableId) -> Result<Self, CompressError> {
        let mut cut = Network { outputs: vec![variable], ..network.clone() };
        cut.remove_unused();
        let file = encode(&cut, &EncodeOptions { version: Version::V4, ..EncodeOptions::default() })?.bytes;
        Ok(Self { file, items: network.variable(variable).shape.items() })
    }

    /// Shows what runs of several networks with the same input give, in order, and how many samples a run takes. Of all runs over `inputs` about `most`
    /// samples are taken, spread evenly.
    ///
    /// # Errors
    /// When a network cannot be run, a sample cannot be read, or the two do not fit.
    pub fn look(
        probes: &[&Self],
        inputs: &Inputs,
        most: usize,
        mut look: impl FnMut(usize, &[Seen]) -> Result<(), CompressError>,
    ) -> Result<(), CompressError> {
        let models = probes.iter().map(|probe| Model::open(&probe.file)).collect::<Result<Vec<_>, _>>()?;
        let Some(first) = models.first() else { return Ok(()) };
        let feed = Feed::new(first, inputs)?;
        let prepared: Vec<Prepared> = models.iter().map(|model| Prepared::new(model, Semantics::Integer)).collect();
        let step = feed.runs().div_ceil((most / feed.batch()).max(1));
        let runs: Vec<usize> = (0..feed.runs()).step_by(step).collect();
        for runs in runs.chunks(TOGETHER) {
            let seen = runs.par_iter().map_init(
                || (prepared.iter().map(Prepared::runner).collect::<Vec<_>>(), vec![0.0; feed.input_len()]),
                |(runners, input), &run| {
                    feed.fill(run, input)?;
                    let values = runners.iter_mut().zip(probes).map(|(runner, probe)| {
                        let mut values = vec![0.0; probe.items];
                        runner.set_input(0, input);
                        runner.run();
                        runner.read_output(0, &mut values);
                        values
                    });
                    Ok(Seen { sample: feed.samples(run).start, values: values.collect() })
                },
            );
            look(feed.batch(), &seen.collect::<Result<Vec<_>, CompressError>>()?)?;
        }
        Ok(())
    }
}
