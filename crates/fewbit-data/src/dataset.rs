//! The dataset type: what was opened, which of its samples are used, and in which order.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::packed::Packed;
use crate::sample::{Sample, Source};
use crate::{DataError, detect, subset};

/// Samples with random access, and what is to be predicted from each.
///
/// Cloning is cheap and subsets share the samples of the dataset that they were taken from. Everything can be called
/// from many threads at once.
#[derive(Clone)]
pub struct Dataset {
    contents: Arc<Contents>,
    /// The samples used, as indices into the contents; `None` for all as they come.
    order: Option<Arc<[usize]>>,
}

/// What a path holds, as one of the readers found it.
pub(crate) struct Contents {
    pub(crate) kind: Kind,
    pub(crate) origin: PathBuf,
    pub(crate) len: usize,
    pub(crate) shape: Vec<usize>,
    pub(crate) source: Box<dyn Source>,
    pub(crate) targets: Targets,
}

/// What is to be predicted, for every sample of the contents.
pub(crate) enum Targets {
    None,
    /// Labels below the number of names.
    Classes {
        labels: Vec<u32>,
        names: Vec<String>,
    },
    Values {
        shape: Vec<usize>,
        source: Box<dyn Source>,
    },
}

/// The kind of files a dataset was read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// CIFAR-10 binary batches.
    Cifar10,
    /// CIFAR-100 binary batches, with their fine labels.
    Cifar100,
    /// An IDX file of images and one of labels, as MNIST.
    Idx,
    /// A folder with one sub-folder of images a class, or of images without classes.
    Folder,
    /// An NNabla CSV dataset.
    NnablaCsv,
    /// Fewbit's packed file.
    Packed,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Kind::Cifar10 => "CIFAR-10 binary batches",
            Kind::Cifar100 => "CIFAR-100 binary batches",
            Kind::Idx => "IDX files",
            Kind::Folder => "an image folder",
            Kind::NnablaCsv => "an NNabla CSV dataset",
            Kind::Packed => "a packed dataset",
        })
    }
}

/// What a dataset asks a network to predict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task<'a> {
    /// Nothing is known about the samples: good for calibration only.
    Unlabelled,
    /// One of these classes.
    Classes(&'a [String]),
    /// Numbers in this shape.
    Values(&'a [usize]),
}

/// Which part to use where a folder holds a training and a test part side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Split {
    /// The part to measure with: `test`, `t10k`, `val`.
    #[default]
    Test,
    /// The part to train and calibrate with: `train`, `data_batch`.
    Train,
}

/// How the target column of a CSV dataset is to be understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetKind {
    /// Class numbers if every target is a single whole number from 0 to 9,999, else values.
    #[default]
    Auto,
    /// Class numbers.
    Classes,
    /// Numbers to come close to.
    Values,
}

/// What [`Dataset::open`] cannot find out by itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OpenOptions {
    /// The part to use where there are several.
    pub split: Split,
    /// The CSV variable that is the network's input; `x` if not given.
    pub input: Option<String>,
    /// The CSV variable that is the target; `y` if not given, and then it may be missing.
    pub target: Option<String>,
    /// What the CSV target means.
    pub target_kind: TargetKind,
}

impl Dataset {
    /// Opens the dataset at `path`, finding out of which [`Kind`] it is.
    ///
    /// Image files are read when their sample is asked for; the other kinds are held in memory as compactly as they
    /// were stored.
    ///
    /// # Errors
    /// Fails if the path cannot be read, is no dataset, or is a damaged one.
    pub fn open(path: &Path, options: &OpenOptions) -> Result<Self, DataError> {
        detect::open(path, options)
    }

    /// Opens a packed dataset that is in memory already, for example through `include_bytes!`.
    ///
    /// `name` is what error messages call it.
    ///
    /// # Errors
    /// Fails if the bytes are not a whole packed dataset.
    pub fn from_packed_bytes(name: &str, bytes: &[u8]) -> Result<Self, DataError> {
        Packed::open(Path::new(name), bytes.to_vec())
    }

    pub(crate) fn new(contents: Contents) -> Self {
        Dataset { contents: Arc::new(contents), order: None }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.order.as_ref().map_or(self.contents.len, |order| order.len())
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The kind of files the dataset was read from.
    pub fn kind(&self) -> Kind {
        self.contents.kind
    }

    /// Where the dataset was found.
    pub fn origin(&self) -> &Path {
        &self.contents.origin
    }

    /// The shape of a sample: channels, height and width of an image, or the shape of its numbers.
    ///
    /// Image files of a folder may differ from it, which is the shape of the first.
    pub fn shape(&self) -> &[usize] {
        &self.contents.shape
    }

    /// What is to be predicted.
    pub fn task(&self) -> Task<'_> {
        match &self.contents.targets {
            Targets::None => Task::Unlabelled,
            Targets::Classes { names, .. } => Task::Classes(names),
            Targets::Values { shape, .. } => Task::Values(shape),
        }
    }

    /// The class of a sample; `None` where there are no classes, or no such sample.
    pub fn label(&self, index: usize) -> Option<usize> {
        match &self.contents.targets {
            Targets::Classes { labels, .. } => labels.get(self.position(index).ok()?).map(|&label| label as usize),
            _ => None,
        }
    }

    /// A sample as it was stored.
    ///
    /// # Errors
    /// Fails if there is no such sample or its file cannot be read.
    pub fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        self.contents.source.sample(self.position(index)?)
    }

    /// The target of a sample of a dataset whose [`Task`] is values.
    ///
    /// # Errors
    /// Fails if there is no such sample, it has no such target, or its file cannot be read.
    pub fn target(&self, index: usize) -> Result<Sample<'_>, DataError> {
        let position = self.position(index)?;
        let has = match &self.contents.targets {
            Targets::Values { source, .. } => return source.sample(position),
            Targets::Classes { .. } => "class labels",
            Targets::None => "no targets",
        };
        Err(DataError::Targets { path: self.origin().to_owned(), has, wanted: "target values" })
    }

    /// What messages call a sample: its own file where it has one, else its place in the dataset.
    pub fn sample_name(&self, index: usize) -> String {
        let position = self.position(index).unwrap_or(index);
        let file = self.contents.source.file(position);
        file.unwrap_or_else(|| format!("sample {position} of {}", self.origin().display()))
    }

    /// The first `count` samples, or all where there are fewer.
    ///
    /// Folders are sorted by class, so this is a fair choice only of a shuffled dataset; see [`Dataset::spread`].
    #[must_use]
    pub fn first(&self, count: usize) -> Self {
        self.select(0..count.min(self.len()))
    }

    /// `count` samples spread evenly over the dataset, or all where there are fewer.
    #[must_use]
    pub fn spread(&self, count: usize) -> Self {
        self.select(subset::spread(self.len(), count))
    }

    /// `count` samples with every class as often as every other where it has enough, in the order they come; without
    /// classes the same as [`Dataset::spread`].
    #[must_use]
    pub fn balanced(&self, count: usize) -> Self {
        let Task::Classes(names) = self.task() else {
            return self.spread(count);
        };
        let labels: Vec<usize> = (0..self.len()).filter_map(|index| self.label(index)).collect();
        self.select(subset::balanced(&labels, names.len(), count))
    }

    /// All samples in an order drawn from `seed`, the same on every machine.
    #[must_use]
    pub fn shuffled(&self, seed: u64) -> Self {
        self.select(subset::shuffled(self.len(), seed))
    }

    /// The samples at `indices`, all of which exist.
    fn select(&self, indices: impl IntoIterator<Item = usize>) -> Self {
        let indices = indices.into_iter();
        let order = match &self.order {
            Some(order) => indices.filter_map(|index| order.get(index).copied()).collect(),
            None => indices.collect(),
        };
        Dataset { contents: Arc::clone(&self.contents), order: Some(order) }
    }

    /// Where the sample at `index` stands in the whole dataset that this one was chosen from.
    ///
    /// # Errors
    /// Fails if there is no such sample.
    pub fn position(&self, index: usize) -> Result<usize, DataError> {
        let missing = DataError::Index { index, len: self.len() };
        match &self.order {
            Some(order) => order.get(index).copied().ok_or(missing),
            None if index < self.contents.len => Ok(index),
            None => Err(missing),
        }
    }
}

impl fmt::Debug for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dataset")
            .field("origin", &self.contents.origin)
            .field("kind", &self.contents.kind)
            .field("len", &self.len())
            .field("shape", &self.contents.shape)
            .field("task", &self.task())
            .finish_non_exhaustive()
    }
}

/// Names for classes of which only the number is known: `0`, `1`, ...
pub(crate) fn numbered_classes(count: usize) -> Vec<String> {
    (0..count).map(|class| class.to_string()).collect()
}
