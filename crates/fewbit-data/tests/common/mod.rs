//! Small datasets of every kind, written into a temporary folder.

#![allow(dead_code, reason = "each test file uses some of these")]

use std::fs;
use std::path::{Path, PathBuf};

use fewbit_data::{DataError, Dataset, OpenOptions, Sample};
use image::{Rgb, RgbImage};
use tempfile::TempDir;

/// A temporary folder to put files into.
pub struct Folder(TempDir);

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, making the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Writes an image of one colour.
    pub fn image(&self, name: &str, width: u32, height: u32, colour: [u8; 3]) -> PathBuf {
        let path = self.write(name, []);
        RgbImage::from_pixel(width, height, Rgb(colour)).save(&path).unwrap();
        path
    }

    pub fn open(&self) -> Result<Dataset, DataError> {
        open(self.path())
    }

    /// The message with which opening the folder fails, with its path written as `DIR`.
    pub fn refusal(&self) -> String {
        let message = self.open().unwrap_err().to_string();
        assert!(!message.contains('\n'), "{message}");
        message.replace(self.path().to_str().unwrap(), "DIR")
    }
}

pub fn open(path: &Path) -> Result<Dataset, DataError> {
    Dataset::open(path, &OpenOptions::default())
}

/// CIFAR records whose pixels all are `10 * label + place in the batch`.
pub fn cifar10(labels: &[u8]) -> Vec<u8> {
    let record = |(place, &label): (usize, &u8)| {
        let mut record = vec![10 * label + place as u8; 3073];
        record[0] = label;
        record
    };
    labels.iter().enumerate().flat_map(record).collect()
}

pub fn idx(dims: &[u32], elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    bytes.extend(dims.iter().flat_map(|dim| dim.to_be_bytes()));
    bytes.extend(elements);
    bytes
}

pub fn pixels(dataset: &Dataset, index: usize) -> Vec<u8> {
    match dataset.sample(index).unwrap() {
        Sample::Pixels { data, .. } => data.into_owned(),
        Sample::Values(values) => panic!("pixels expected, not {values:?}"),
    }
}

pub fn values(sample: Result<Sample<'_>, DataError>) -> Vec<f32> {
    match sample.unwrap() {
        Sample::Values(values) => values.into_owned(),
        Sample::Pixels { data, .. } => panic!("numbers expected, not {data:?}"),
    }
}

pub fn labels(dataset: &Dataset) -> Vec<usize> {
    (0..dataset.len()).map(|index| dataset.label(index).unwrap()).collect()
}
