//! [`Feed`]: the samples of a dataset as the inputs of a network's runs, as many at once as the network's batch.

use crate::error::CompressError;
use fewbit_data::{DataError, Inputs};
use fewbit_runtime::Model;
use rayon::prelude::*;

/// In how many lanes runs are made at the same time. It is fixed, so that sums of floats come out the same on any number
/// of threads, and small, so that memory does not grow with the number of samples.
const LANES: usize = 16;

/// The runs of a network over a dataset.
#[derive(Clone, Copy, Debug)]
pub struct Feed<'i> {
    inputs: &'i Inputs,
    batch: usize,
}

impl<'i> Feed<'i> {
    /// The runs of `model` over all samples of `inputs`.
    ///
    /// # Errors
    /// When the network has not exactly one input, that does not hold a whole number of samples, or there are none.
    pub fn new(model: &Model<'_>, inputs: &'i Inputs) -> Result<Self, CompressError> {
        let nnb = model.nnb();
        if nnb.inputs().len() != 1 {
            return Err(CompressError::InputCount(nnb.inputs().len()));
        }
        if inputs.is_empty() {
            return Err(CompressError::NoSamples(inputs.dataset().origin().display().to_string()));
        }
        let (items, sample) = (nnb.variable(nnb.inputs().get(0)).shape.items(), inputs.sample_len());
        let batch = items.checked_div(sample).filter(|batch| *batch > 0 && batch * sample == items);
        Ok(Self { inputs, batch: batch.ok_or(CompressError::SampleLength { items, sample })? })
    }

    /// How many samples a run takes.
    pub fn batch(&self) -> usize {
        self.batch
    }

    /// How many runs the dataset takes.
    pub fn runs(&self) -> usize {
        self.inputs.len().div_ceil(self.batch)
    }

    /// Values of the network's input.
    pub fn input_len(&self) -> usize {
        self.batch * self.inputs.sample_len()
    }

    /// The samples of a run. The last run may have fewer than the batch.
    pub fn samples(&self, run: usize) -> std::ops::Range<usize> {
        run * self.batch..self.inputs.len().min((run + 1) * self.batch)
    }

    /// Writes the samples of a run to `out`, which holds [`Feed::input_len`] values. What the last run lacks is filled
    /// with samples from the beginning, so that the batch holds only real ones.
    ///
    /// # Errors
    /// When a sample cannot be read.
    pub fn fill(&self, run: usize, out: &mut [f32]) -> Result<(), DataError> {
        let samples = (run * self.batch..).map(|index| index % self.inputs.len());
        for (sample, out) in samples.zip(out.chunks_exact_mut(self.inputs.sample_len())) {
            self.inputs.fill(sample, out)?;
        }
        Ok(())
    }

    /// Divides all runs among lanes, each of which does `work` on its runs one after the other, and gives what each lane
    /// made of them, in their order.
    ///
    /// # Errors
    /// The first one of `work`.
    pub fn in_lanes<T: Send>(
        &self,
        work: impl Fn(&mut dyn Iterator<Item = usize>) -> Result<T, CompressError> + Sync,
    ) -> Result<Vec<T>, CompressError> {
        let lane = |lane: usize| work(&mut (lane..self.runs()).step_by(LANES));
        (0..LANES.min(self.runs())).into_par_iter().map(lane).collect()
    }
}
