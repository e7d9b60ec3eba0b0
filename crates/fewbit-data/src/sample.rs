//! One sample as a source gives it, before preprocessing.

use std::borrow::Cow;

use crate::DataError;

/// The channels, height and width of an image.
pub(crate) type ImageShape = [usize; 3];

/// One sample of a dataset, before preprocessing.
///
/// Sources that hold their data in memory lend it; the others decode into a new buffer.
#[derive(Debug, Clone, PartialEq)]
pub enum Sample<'a> {
    /// An image of 8-bit pixels.
    Pixels {
        /// Channels (1: grey, 3: red, green, blue), height and width.
        shape: [usize; 3],
        /// The pixels: one plane a channel, each row by row.
        data: Cow<'a, [u8]>,
    },
    /// Numbers, as many as the dataset's shape says.
    Values(Cow<'a, [f32]>),
}

/// Where samples come from. Implementations are read from many threads at once.
pub(crate) trait Source: Send + Sync {
    /// The sample at `index`, which is smaller than the number of samples the source was opened with.
    ///
    /// [`Sample::Values`] have the length of the dataset's shape; [`Sample::Pixels`] may have any shape.
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError>;

    /// What messages call the sample: its file, where it has one of its own.
    fn file(&self, _index: usize) -> Option<String> {
        None
    }
}

/// The number of values in a shape; `None` where it exceeds the address space.
pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |count, &dim| count.checked_mul(dim))
}

/// A shape as messages write it: `3x32x32`.
pub(crate) fn dims(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(usize::to_string).collect();
    if sizes.is_empty() { "a single number".to_owned() } else { sizes.join("x") }
}
