//! Reading a packed dataset: everything but the pixels is checked when it is opened.

use std::ops::Range;
use std::path::{Path, PathBuf};

use flate2::{Decompress, FlushDecompress, Status};

use super::{CHECKSUM_LEN, LARGEST_IMAGE, MAGIC, VERSION, checksum, predict};
use crate::dataset::{Contents, Targets};
use crate::sample::{ImageShape, Sample, Source, element_count};
use crate::{DataError, Dataset, Kind};

/// Deflate cannot compress by more than this; an image that is stored in less is damaged.
const LARGEST_RATIO: usize = 1032;

/// A packed dataset in memory.
pub(crate) struct Packed {
    origin: PathBuf,
    bytes: Vec<u8>,
    shape: ImageShape,
    /// Where in `bytes` the stored pixels of each image begin, and at the end where the last ones end.
    starts: Vec<usize>,
}

impl Packed {
    /// Opens the bytes of a packed file, which messages call `origin`.
    pub(crate) fn open(origin: &Path, bytes: Vec<u8>) -> Result<Dataset, DataError> {
        let header = parse(&bytes).map_err(|problem| DataError::malformed(origin, problem))?;
        let len = header.labels.len();
        if len == 0 {
            return Err(DataError::empty(origin, "images"));
        }
        let classes = header.names.len();
        if let Some((index, &label)) = header.labels.iter().enumerate().find(|&(_, &label)| label as usize >= classes) {
            return Err(DataError::Label { path: origin.to_owned(), index, label: label.into(), classes });
        }
        let source = Packed { origin: origin.to_owned(), bytes, shape: header.shape, starts: header.starts };
        Ok(Dataset::new(Contents {
            kind: Kind::Packed,
            origin: origin.to_owned(),
            len,
            shape: header.shape.to_vec(),
            source: Box::new(source),
            targets: Targets::Classes { labels: header.labels, names: header.names },
        }))
    }

    /// Where the stored pixels of an image lie.
    fn stored(&self, index: usize) -> Option<Range<usize>> {
        Some(*self.starts.get(index)?..*self.starts.get(index + 1)?)
    }
}

impl Source for Packed {
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        let missing = DataError::Index { index, len: self.starts.len().saturating_sub(1) };
        let stored = self.stored(index).and_then(|range| self.bytes.get(range)).ok_or(missing)?;
        let mut pixels = vec![0; self.shape.iter().product()];
        let mut inflater = Decompress::new(false);
        let status = inflater.decompress(stored, &mut pixels, FlushDecompress::Finish);
        if !matches!(status, Ok(Status::StreamEnd)) || inflater.total_out() != pixels.len() as u64 {
            let problem = format!("the pixels of image {index} are damaged");
            return Err(DataError::malformed(&self.origin, problem));
        }
        predict::decode(self.shape, &mut pixels);
        Ok(Sample::Pixels { shape: self.shape, data: pixels.into() })
    }
}

/// What stands before the pixels.
struct Header {
    shape: ImageShape,
    names: Vec<String>,
    labels: Vec<u32>,
    starts: Vec<usize>,
}

/// Checks a whole file but for its labels and pixels.
fn parse(bytes: &[u8]) -> Result<Header, String> {
    if !bytes.starts_with(&MAGIC) {
        return Err("is not a packed dataset: it does not begin with FEWBITDS".to_owned());
    }
    let (body, stored_checksum) = bytes.split_last_chunk::<CHECKSUM_LEN>().ok_or_else(cut_short)?;
    let mut fields = Fields { rest: body.get(MAGIC.len()..).ok_or_else(cut_short)? };
    let version = fields.word()?;
    if version != VERSION as usize {
        return Err(format!("is a packed dataset of version {version}, and this fewbit reads version {VERSION}"));
    }
    if checksum(body) != u32::from_le_bytes(*stored_checksum) {
        return Err("is damaged or cut short: its checksum does not match".to_owned());
    }
    let shape = [fields.word()?, fields.word()?, fields.word()?];
    let image_len = element_count(&shape)
        .filter(|len| (1..=LARGEST_IMAGE).contains(len))
        .ok_or_else(|| format!("promises images of {shape:?}, where 1 to {LARGEST_IMAGE} bytes are taken"))?;
    let (images, classes) = (fields.word()?, fields.word()?);
    // None of these vectors can grow longer than the file: each element is taken from it first.
    let mut names = Vec::new();
    for _ in 0..classes {
        let length = u16::from_le_bytes(*fields.array()?);
        let name =
            std::str::from_utf8(fields.take(length.into())?).map_err(|_| "has a class name that is not UTF-8")?;
        names.push(name.to_owned());
    }
    let mut labels = Vec::new();
    for _ in 0..images {
        labels.push(u16::from_le_bytes(*fields.array()?).into());
    }
    let mut lengths = Vec::new();
    for index in 0..images {
        let length = fields.word()?;
        if image_len / LARGEST_RATIO > length {
            return Err(format!("promises {image_len} bytes for image {index}, more than its {length} can hold"));
        }
        lengths.push(length);
    }
    let mut starts = vec![body.len() - fields.rest.len()];
    for length in lengths {
        fields.take(length)?;
        starts.push(body.len() - fields.rest.len());
    }
    if !fields.rest.is_empty() {
        return Err(format!("goes on for {} bytes after its last image", fields.rest.len()));
    }
    Ok(Header { shape, names, labels, starts })
}

fn cut_short() -> String {
    "is cut short".to_owned()
}

/// The part of a file that is still to be read.
struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const LEN: usize>(&mut self) -> Result<&'a [u8; LEN], String> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or_else(cut_short)?;
        self.rest = rest;
        Ok(taken)
    }

    fn word(&mut self) -> Result<usize, String> {
        Ok(u32::from_le_bytes(*self.array()?) as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A file with its checksum put right, so that what is behind the checksum is tested too.
    fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes.extend(checksum(&bytes).to_le_bytes());
        bytes
    }

    fn file(sizes: [u32; 5], rest: &[u8]) -> Vec<u8> {
        let sizes: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        sealed([&MAGIC[..], &VERSION.to_le_bytes(), &sizes, rest].concat())
    }

    fn message(bytes: Vec<u8>) -> String {
        Packed::open(Path::new("x.fbds"), bytes).unwrap_err().to_string()
    }

    #[test]
    fn each_kind_of_damage_is_named() {
        let huge = u32::MAX;
        assert!(message(b"FEWBITD".to_vec()).contains("does not begin"));
        assert!(message(MAGIC.to_vec()).contains("cut short"));
        assert!(message(file([huge, huge, huge, 1, 1], &[])).contains("promises images"));
        assert!(message(file([1, 1, 1, huge, 0], &[0; 100])).contains("cut short"));
        assert!(message(file([1, 1, 1, 1, huge], &[0; 100])).contains("cut short"));
        assert!(message(file([1, 1, 1, 0, 0], &[])).contains("holds no images"));
        assert!(message(file([1, 1, 1, 1, 0], &[0; 6])).contains("label 0 where there are 0 classes"));
        assert!(message(file([1, 9999, 9999, 1, 0], &[0; 6])).contains("more than its 0 can hold"));
        assert!(message(file([1, 1, 1, 0, 0], &[0])).contains("1 bytes after"));
        assert!(message(sealed([&MAGIC[..], &[9, 0, 0, 0]].concat())).contains("version 9"));
    }

    #[test]
    fn damaged_pixels_are_an_error_of_their_image() {
        let name_label_length_data = [&[1, 0, b'a', 0, 0, 2, 0, 0, 0], &[0xff, 0xff][..]].concat();
        let dataset = Packed::open(Path::new("x.fbds"), file([1, 2, 2, 1, 1], &name_label_length_data)).unwrap();
        let message = dataset.sample(0).unwrap_err().to_string();
        assert!(message.contains("image 0 are damaged"), "{message}");
    }

    proptest! {
        #[test]
        fn any_contents_open_or_fail_without_panic(
            sizes in [0_u32..4, 0..4, 0..4, 0..4, 0..4],
            rest in prop::collection::vec(any::<u8>(), 0..80),
        ) {
            if let Ok(dataset) = Packed::open(Path::new("x.fbds"), file(sizes, &rest)) {
                for index in 0..dataset.len() {
                    let _ = dataset.sample(index);
                }
            }
        }
    }
}
