//! Writing a packed dataset.

use std::io::Write;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use rayon::prelude::*;

use super::{LARGEST_IMAGE, MAGIC, VERSION, checksum, predict};
use crate::fit::adapt;
use crate::sample::{ImageShape, Sample};
use crate::{DataError, Dataset, Fit, Task};

/// Writes all images of a classified dataset, in their order, as one packed file.
///
/// All images must have the shape of the first, or are brought to it if `fit` says so.
///
/// # Errors
/// Fails if the dataset has no images or no classes, an image cannot be read or does not fit, or writing fails. Then a
/// part may have been written already.
pub fn write_packed(dataset: &Dataset, fit: Fit, out: &mut impl Write) -> Result<(), DataError> {
    let refuse = |problem: &str| DataError::malformed(dataset.origin(), problem);
    let Task::Classes(names) = dataset.task() else {
        return Err(refuse("has no classes, and only images with classes can be packed"));
    };
    let shape = ImageShape::try_from(dataset.shape())
        .ok()
        .filter(|shape| shape.iter().product::<usize>() <= LARGEST_IMAGE)
        .ok_or_else(|| refuse("cannot be packed: its samples are no images, or are larger than 256 MiB"))?;
    let word = |number: usize| u32::try_from(number).map_err(|_| refuse("is too large to be packed"));

    let images = (0..dataset.len())
        .into_par_iter()
        .map(|index| pack_image(dataset, index, shape, fit))
        .collect::<Result<Vec<Vec<u8>>, DataError>>()?;

    let mut bytes = MAGIC.to_vec();
    let sizes = [shape[0], shape[1], shape[2], dataset.len(), names.len()];
    bytes.extend(VERSION.to_le_bytes());
    for size in sizes {
        bytes.extend(word(size)?.to_le_bytes());
    }
    for name in names {
        let length = u16::try_from(name.len()).map_err(|_| refuse("has a class whose name is too long"))?;
        bytes.extend(length.to_le_bytes());
        bytes.extend(name.as_bytes());
    }
    for index in 0..dataset.len() {
        let label = dataset.label(index).and_then(|label| u16::try_from(label).ok());
        bytes.extend(label.ok_or_else(|| refuse("has more than 65,536 classes"))?.to_le_bytes());
    }
    for image in &images {
        bytes.extend(word(image.len())?.to_le_bytes());
    }
    for image in images {
        bytes.extend(image);
    }
    bytes.extend(checksum(&bytes).to_le_bytes());
    out.write_all(&bytes).map_err(|source| DataError::Write { source })
}

/// The stored form of one image.
fn pack_image(dataset: &Dataset, index: usize, shape: ImageShape, fit: Fit) -> Result<Vec<u8>, DataError> {
    let Sample::Pixels { shape: found, data } = dataset.sample(index)? else {
        return Err(DataError::malformed(dataset.origin(), "holds numbers, and only images can be packed"));
    };
    let refused = |advice| DataError::Shape {
        name: dataset.sample_name(index),
        found: found.to_vec(),
        expected: shape.to_vec(),
        advice,
    };
    let residuals = if found == shape {
        predict::encode(shape, &data)
    } else if fit == Fit::Resize {
        let pixels =
            adapt(&data, found, shape).ok_or_else(|| refused("these channels cannot be turned into each other"))?;
        predict::encode(shape, &pixels)
    } else {
        return Err(refused(
            "a packed dataset has images of one size, and they are resized only when asked to (--resize)",
        ));
    };
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&residuals).and_then(|()| encoder.finish()).map_err(|source| DataError::Write { source })
}
