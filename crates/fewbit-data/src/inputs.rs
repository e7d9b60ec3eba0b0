//! Samples as the float32 tensors a network takes.

use std::borrow::Cow;

use crate::fit::adapt;
use crate::sample::{ImageShape, Sample, element_count};
use crate::{DataError, Dataset, Fit, Preprocess, Task};

/// The value of a pixel that stands for 1 on the unit scale, and the same for numbers that were floats to begin with.
const FULL_PIXEL: f64 = 255.0;
const FULL_VALUE: f64 = 1.0;

/// A dataset seen through a network's input: every sample in its shape and preprocessed.
///
/// Images are laid out as channels, height, width. Everything can be called from many threads at once.
#[derive(Debug, Clone)]
pub struct Inputs {
    dataset: Dataset,
    shape: Vec<usize>,
    sample_len: usize,
    preprocess: Preprocess,
    fit: Fit,
}

impl Inputs {
    /// The samples of `dataset` for a network input of `shape` (without the batch).
    ///
    /// An input of three dimensions takes images of that shape, as channels, height, width. Images for an input of
    /// another rank, and numbers for any, need only be as many as the input takes: they are reshaped.
    ///
    /// # Errors
    /// Fails if the first sample cannot be read, has another shape that `fit` does not allow to adapt, or if
    /// `preprocess` does not suit its channels.
    pub fn new(dataset: Dataset, shape: &[usize], preprocess: Preprocess, fit: Fit) -> Result<Self, DataError> {
        let sample_len = element_count(shape).ok_or_else(|| DataError::Shape {
            name: dataset.origin().display().to_string(),
            found: dataset.shape().to_vec(),
            expected: shape.to_vec(),
            advice: "the network's input is too large for this machine",
        })?;
        let inputs = Inputs { dataset, shape: shape.to_vec(), sample_len, preprocess, fit };
        if !inputs.dataset.is_empty() {
            let sample = inputs.dataset.sample(0)?;
            let name = || inputs.dataset.sample_name(0);
            inputs.preprocess.check(inputs.fit_sample(&sample, name)?.channels)?;
        }
        Ok(inputs)
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.dataset.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.dataset.is_empty()
    }

    /// The dataset.
    pub fn dataset(&self) -> &Dataset {
        &self.dataset
    }

    /// The number of values of a sample, which is the length of the buffer for [`Inputs::fill`].
    pub fn sample_len(&self) -> usize {
        self.sample_len
    }

    /// The number of values of a target, for a dataset whose task is values.
    pub fn target_len(&self) -> Option<usize> {
        match self.dataset.task() {
            Task::Values(shape) => element_count(shape),
            _ => None,
        }
    }

    /// Writes a sample, preprocessed, to `out`, which has the length [`Inputs::sample_len`].
    ///
    /// Does not allocate for samples that are held in memory and have the network's shape.
    ///
    /// # Errors
    /// Fails if there is no such sample, its file cannot be read, or its shape does not fit.
    pub fn fill(&self, index: usize, out: &mut [f32]) -> Result<(), DataError> {
        check_len(out, self.sample_len)?;
        let sample = self.dataset.sample(index)?;
        let fitted = self.fit_sample(&sample, || self.dataset.sample_name(index))?;
        match fitted.data {
            Data::Pixels(pixels) => self.preprocess.apply(&pixels, fitted.channels, FULL_PIXEL, out),
            Data::Values(values) => self.preprocess.apply(values, fitted.channels, FULL_VALUE, out),
        }
        Ok(())
    }

    /// Writes the target of a sample to `out`, which has the length [`Inputs::target_len`]: numbers as they are, images
    /// preprocessed as the inputs are.
    ///
    /// # Errors
    /// Fails if there is no such sample, it has no target values, or they cannot be read.
    pub fn fill_target(&self, index: usize, out: &mut [f32]) -> Result<(), DataError> {
        match self.dataset.target(index)? {
            Sample::Pixels { shape, data } => {
                check_len(out, data.len())?;
                self.preprocess.check(shape[0])?;
                self.preprocess.apply(&data, shape[0], FULL_PIXEL, out);
            }
            Sample::Values(values) => {
                check_len(out, values.len())?;
                out.copy_from_slice(&values);
            }
        }
        Ok(())
    }

    /// A sample's data in the network's shape, adapted where that is needed and allowed.
    fn fit_sample<'s>(&self, sample: &'s Sample<'_>, name: impl Fn() -> String) -> Result<Fitted<'s>, DataError> {
        let image_shape: Option<ImageShape> = self.shape.as_slice().try_into().ok();
        let refused = |found: &[usize], advice| DataError::Shape {
            name: name(),
            found: found.to_vec(),
            expected: self.shape.clone(),
            advice,
        };
        match sample {
            Sample::Values(values) if values.len() == self.sample_len => {
                let channels = image_shape.map_or(1, |[channels, ..]| channels);
                Ok(Fitted { data: Data::Values(values), channels })
            }
            Sample::Values(_) => {
                Err(refused(self.dataset.shape(), "numbers must be as many as the network's input takes"))
            }
            Sample::Pixels { shape, data } => {
                let suits = image_shape.map_or(data.len() == self.sample_len, |wanted| wanted == *shape);
                if suits {
                    return Ok(Fitted { data: Data::Pixels(Cow::Borrowed(data)), channels: shape[0] });
                }
                match (self.fit, image_shape) {
                    (Fit::Exact, _) => {
                        Err(refused(shape, "images are resized or recoloured only when asked to (--resize)"))
                    }
                    (Fit::Resize, None) => Err(refused(shape, "images can only be resized for an input that is one")),
                    (Fit::Resize, Some(wanted)) => {
                        let advice = "only grey and three colours can be turned into each other";
                        let pixels = adapt(data, *shape, wanted).ok_or_else(|| refused(shape, advice))?;
                        Ok(Fitted { data: Data::Pixels(Cow::Owned(pixels)), channels: wanted[0] })
                    }
                }
            }
        }
    }
}

/// A sample in the network's shape, before preprocessing.
struct Fitted<'s> {
    data: Data<'s>,
    channels: usize,
}

enum Data<'s> {
    Pixels(Cow<'s, [u8]>),
    Values(&'s [f32]),
}

fn check_len(out: &[f32], expected: usize) -> Result<(), DataError> {
    if out.len() == expected { Ok(()) } else { Err(DataError::Buffer { found: out.len(), expected }) }
}
