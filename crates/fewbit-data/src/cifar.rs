//! CIFAR-10 and CIFAR-100 in their binary form (Krizhevsky 2009): records of one or two label bytes and then
//! 3 x 32 x 32 bytes, the red, green and blue planes row by row.

use std::path::{Path, PathBuf};

use crate::dataset::{Contents, Targets, numbered_classes};
use crate::records::Records;
use crate::{DataError, Dataset, Kind, files};

const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;

/// CIFAR-10's classes, for batches that come without their `batches.meta.txt`.
const CIFAR10_NAMES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// Opens batches that together are one dataset, in the order given.
pub(crate) fn open(origin: &Path, batches: &[PathBuf]) -> Result<Dataset, DataError> {
    let lengths = batches.iter().map(|path| files::length(path)).collect::<Result<Vec<u64>, _>>()?;
    let fine_names = origin_folder(origin).join("fine_label_names.txt");
    // The two forms differ in the length of a record only; a length that suits both is told by the file of names.
    let suits = |label_bytes: usize| lengths.iter().all(|&len| len % (label_bytes + PIXELS) as u64 == 0);
    let kind = if suits(2) && (!suits(1) || fine_names.is_file()) { Kind::Cifar100 } else { Kind::Cifar10 };
    let (label_bytes, names) = match kind {
        Kind::Cifar100 => (2, class_names(&fine_names, numbered_classes(100))?),
        _ => {
            let names_file = origin_folder(origin).join("batches.meta.txt");
            (1, class_names(&names_file, CIFAR10_NAMES.map(str::to_owned).to_vec())?)
        }
    };

    let stride = label_bytes + PIXELS;
    let mut data = Vec::new();
    let mut labels = Vec::new();
    for (path, len) in batches.iter().zip(lengths) {
        if len == 0 {
            return Err(DataError::empty(path, "images"));
        }
        if len % stride as u64 != 0 {
            let expected = format!("whole records of {} bytes (CIFAR-10) or {} (CIFAR-100)", 1 + PIXELS, 2 + PIXELS);
            return Err(DataError::Length { path: path.clone(), what: "a batch has", expected, found: len });
        }
        let batch = files::read(path)?;
        for (index, record) in batch.chunks_exact(stride).enumerate() {
            // CIFAR-100 puts the coarse label first; the fine one is next to the pixels.
            let label = record[label_bytes - 1];
            if usize::from(label) >= names.len() {
                let (label, classes) = (u64::from(label), names.len());
                return Err(DataError::Label { path: path.clone(), index, label, classes });
            }
            labels.push(u32::from(label));
        }
        data.extend_from_slice(&batch[..batch.len() - batch.len() % stride]);
    }

    let len = labels.len();
    Ok(Dataset::new(Contents {
        kind,
        origin: origin.to_owned(),
        len,
        shape: SHAPE.to_vec(),
        source: Box::new(Records { data, first: label_bytes, stride, shape: SHAPE }),
        targets: Targets::Classes { labels, names },
    }))
}

/// The folder in which the files with the names of the classes lie.
fn origin_folder(origin: &Path) -> &Path {
    if origin.is_dir() { origin } else { origin.parent().unwrap_or(Path::new("")) }
}

/// The classes a file names, one a line; `usual` where there is no such file.
fn class_names(path: &Path, usual: Vec<String>) -> Result<Vec<String>, DataError> {
    if !path.is_file() {
        return Ok(usual);
    }
    let text = String::from_utf8(files::read(path)?).map_err(|_| DataError::malformed(path, "is not UTF-8 text"))?;
    let names: Vec<String> = text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if names.len() != usual.len() {
        let problem = format!("names {} classes where there are {}", names.len(), usual.len());
        return Err(DataError::malformed(path, problem));
    }
    Ok(names)
}
