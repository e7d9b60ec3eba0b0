//! IDX files, the form of MNIST: a big-endian header (two zero bytes, the element type, the number of dimensions, the
//! dimensions), then the elements. Images and labels are two files, each plain or gzipped.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::dataset::{Contents, Targets, numbered_classes};
use crate::records::Records;
use crate::sample::element_count;
use crate::{DataError, Dataset, Kind, files};

/// The element type of unsigned bytes, the only one that images and labels have.
const UNSIGNED_BYTE: u8 = 8;

/// Deflate cannot compress by more than this, so a header that promises more than this times the file's length lies.
const LARGEST_GZIP_RATIO: u64 = 1032;

/// Whether a file of this name (in lower case) holds images in IDX form.
pub(crate) fn is_images_name(name: &str) -> bool {
    let stem = name.strip_suffix(".gz").unwrap_or(name);
    stem.contains("images") && (stem.contains("idx3") || stem.ends_with(".idx"))
}

/// Whether the first bytes of a file are an IDX header of unsigned bytes in three dimensions.
pub(crate) fn is_images_start(start: &[u8]) -> bool {
    start.starts_with(&[0, 0, UNSIGNED_BYTE, 3])
}

/// Opens a file of images together with its file of labels, which lies beside it.
pub(crate) fn open(images: &Path) -> Result<Dataset, DataError> {
    let (shape, data) = read(images, 3, "images")?;
    let (count, height, width) = match shape[..] {
        [count, height, width] => (count, height, width),
        _ => {
            return Err(DataError::malformed(images, "does not hold images in three dimensions"));
        }
    };
    if count == 0 || height == 0 || width == 0 {
        return Err(DataError::empty(images, "images"));
    }
    let labels_path = labels_beside(images)?;
    let (_, labels) = read(&labels_path, 1, "labels")?;
    if labels.len() != count {
        let problem = format!("holds {} labels for the {count} images of {}", labels.len(), images.display());
        return Err(DataError::malformed(&labels_path, problem));
    }
    let classes = labels.iter().max().map_or(0, |&label| usize::from(label) + 1);
    let shape = [1, height, width];
    Ok(Dataset::new(Contents {
        kind: Kind::Idx,
        origin: images.to_owned(),
        len: count,
        shape: shape.to_vec(),
        source: Box::new(Records { data, first: 0, stride: height * width, shape }),
        targets: Targets::Classes {
            labels: labels.into_iter().map(u32::from).collect(),
            names: numbered_classes(classes),
        },
    }))
}

/// The file of labels that belongs to a file of images: the same name with `labels` and `idx1`, plain or gzipped.
fn labels_beside(images: &Path) -> Result<PathBuf, DataError> {
    let name = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let plain = name.strip_suffix(".gz").unwrap_or(&name).replace("images", "labels").replace("idx3", "idx1");
    let zipped = format!("{plain}.gz");
    let candidates = [&plain, &zipped].map(|name| images.with_file_name(name));
    candidates.into_iter().find(|path| path != images && path.is_file()).ok_or_else(|| {
        DataError::malformed(images, format!("its labels are missing: neither {plain} nor {zipped} lies beside it"))
    })
}

/// Reads an IDX file of unsigned bytes with the given number of dimensions: its shape and its elements.
fn read(path: &Path, rank: u8, what: &str) -> Result<(Vec<usize>, Vec<u8>), DataError> {
    let file = File::open(path).map_err(|source| DataError::io(path, source))?;
    let stored = file.metadata().map_err(|source| DataError::io(path, source))?.len();
    let mut reader = BufReader::new(file);
    if files::lower_name(path).ends_with(".gz") {
        let unzipped = MultiGzDecoder::new(reader);
        parse(path, unzipped, stored.saturating_mul(LARGEST_GZIP_RATIO), rank, what)
    } else {
        parse(path, &mut reader, stored, rank, what)
    }
}

/// Parses an IDX stream of at most `most` bytes.
fn parse(
    path: &Path,
    mut stream: impl Read,
    most: u64,
    rank: u8,
    what: &str,
) -> Result<(Vec<usize>, Vec<u8>), DataError> {
    let mut magic = [0; 4];
    read_header(path, &mut stream, &mut magic)?;
    if magic[..2] != [0, 0] {
        return Err(DataError::malformed(path, "is not an IDX file: it does not begin with two zero bytes"));
    }
    if magic[2..] != [UNSIGNED_BYTE, rank] {
        let problem = format!(
            "holds elements of type {:#04x} in {} dimensions where {what} are unsigned bytes (0x08) in {rank}",
            magic[2], magic[3]
        );
        return Err(DataError::malformed(path, problem));
    }
    let mut shape = Vec::new();
    for _ in 0..rank {
        let mut dim = [0; 4];
        read_header(path, &mut stream, &mut dim)?;
        shape.push(u32::from_be_bytes(dim) as usize);
    }
    let expected = element_count(&shape).map(|count| count as u64).filter(|&count| count <= most).ok_or_else(|| {
        let problem = format!("its header promises {shape:?} elements, more than the file can hold");
        DataError::malformed(path, problem)
    })?;
    // One byte more than promised shows that the file is too long. The buffer grows with what is really there.
    let mut elements = Vec::new();
    stream.take(expected + 1).read_to_end(&mut elements).map_err(|source| DataError::io(path, source))?;
    if elements.len() as u64 != expected {
        let problem = if (elements.len() as u64) < expected {
            format!("ends after {} of {expected} elements: it is truncated", elements.len())
        } else {
            format!("goes on after the {expected} elements that its header promises")
        };
        return Err(DataError::malformed(path, problem));
    }
    Ok((shape, elements))
}

fn read_header(path: &Path, stream: &mut impl Read, field: &mut [u8]) -> Result<(), DataError> {
    stream
        .read_exact(field)
        .map_err(|error| DataError::malformed(path, format!("ends or breaks within its IDX header: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse_images(bytes: &[u8]) -> Result<(Vec<usize>, Vec<u8>), DataError> {
        parse(Path::new("images"), bytes, bytes.len() as u64, 3, "images")
    }

    fn message(bytes: &[u8]) -> String {
        parse_images(bytes).unwrap_err().to_string()
    }

    #[test]
    fn names_of_images_are_known() {
        assert!(is_images_name("t10k-images-idx3-ubyte.gz"));
        assert!(is_images_name("train-images.idx3-ubyte"));
        assert!(!is_images_name("train-labels-idx1-ubyte"));
        assert!(!is_images_name("images.csv"));
    }

    #[test]
    fn absurd_headers_are_refused_before_memory_is_taken() {
        let absurd = [0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255];
        assert!(message(&absurd).contains("more than the file can hold"));
        assert!(message(&[0, 0, 8, 3, 0, 0]).contains("within its IDX header"));
        assert!(message(&[0, 0, 13, 3]).contains("type 0x0d"));
        assert!(message(&[1, 0, 8, 3]).contains("two zero bytes"));
    }

    #[test]
    fn too_short_and_too_long_are_told_apart() {
        let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 9, 9, 9];
        assert!(message(&bytes).contains("after 3 of 4"));
        bytes.push(9);
        assert_eq!(parse_images(&bytes).unwrap(), (vec![1, 2, 2], vec![9; 4]));
        bytes.push(9);
        assert!(message(&bytes).contains("goes on after the 4"));
    }

    proptest! {
        #[test]
        fn any_bytes_parse_or_fail_without_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..64), valid: bool) {
            if valid && bytes.len() >= 4 {
                bytes[..4].copy_from_slice(&[0, 0, 8, 3]);
            }
            let _ = parse_images(&bytes);
        }
    }
}
