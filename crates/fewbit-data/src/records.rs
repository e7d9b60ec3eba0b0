//! Images of one size that lie at a fixed distance in memory: the common ground of CIFAR batches and IDX files.

use std::borrow::Cow;

use crate::DataError;
use crate::sample::{ImageShape, Sample, Source};

/// Images of `shape`, the first at byte `first` of `data`, then one every `stride` bytes.
pub(crate) struct Records {
    pub(crate) data: Vec<u8>,
    pub(crate) first: usize,
    pub(crate) stride: usize,
    pub(crate) shape: ImageShape,
}

impl Source for Records {
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        let start = self.first + index * self.stride;
        let pixels: usize = self.shape.iter().product();
        let len = self.data.len().saturating_sub(self.first) / self.stride.max(1);
        let data = self.data.get(start..start + pixels).ok_or(DataError::Index { index, len })?;
        Ok(Sample::Pixels { shape: self.shape, data: Cow::Borrowed(data) })
    }
}
