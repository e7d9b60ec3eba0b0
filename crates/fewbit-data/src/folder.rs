//! A folder with one sub-folder of images a class, or a folder of images without classes. Images are decoded when they
//! are asked for, so memory holds little more than their names.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::dataset::{Contents, Targets};
use crate::files::Listing;
use crate::sample::{Sample, Source};
use crate::{DataError, Dataset, Kind, picture};

/// Image files, each in one of a few folders.
struct ImageFiles {
    folders: Vec<PathBuf>,
    /// The number of the folder and the name of the file within it.
    images: Vec<(u32, OsString)>,
}

impl ImageFiles {
    fn path(&self, index: usize) -> Option<PathBuf> {
        let (folder, name) = self.images.get(index)?;
        Some(self.folders.get(*folder as usize)?.join(name))
    }
}

impl Source for ImageFiles {
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        let missing = || DataError::Index { index, len: self.images.len() };
        picture::decode(&self.path(index).ok_or_else(missing)?)
    }

    fn file(&self, index: usize) -> Option<String> {
        Some(self.path(index)?.display().to_string())
    }
}

/// The images that lie directly in a folder, sorted by name.
pub(crate) fn images_in(listing: &Listing) -> Vec<PathBuf> {
    listing.files_named(picture::is_image_name)
}

/// Opens a folder whose sub-folders, sorted by name, are the classes.
pub(crate) fn open_classes(origin: &Path, folders: &[PathBuf]) -> Result<Dataset, DataError> {
    let mut names = Vec::new();
    let mut labels = Vec::new();
    let mut source = ImageFiles { folders: folders.to_vec(), images: Vec::new() };
    for (class, folder) in (0_u32..).zip(folders) {
        let images = images_in(&Listing::read(folder)?);
        if images.is_empty() {
            return Err(DataError::empty(
                folder,
                "JPEG, PNG or BMP images, though it lies among folders of a class each",
            ));
        }
        labels.resize(labels.len() + images.len(), class);
        source.images.extend(file_names(&images).map(|name| (class, name)));
        names.push(folder.file_name().unwrap_or_default().to_string_lossy().into_owned());
    }
    dataset(origin, source, Targets::Classes { labels, names })
}

/// Opens a folder of images without classes.
pub(crate) fn open_unlabelled(origin: &Path, images: &[PathBuf]) -> Result<Dataset, DataError> {
    let images = file_names(images).map(|name| (0, name)).collect();
    dataset(origin, ImageFiles { folders: vec![origin.to_owned()], images }, Targets::None)
}

fn file_names(paths: &[PathBuf]) -> impl Iterator<Item = OsString> + '_ {
    paths.iter().filter_map(|path| path.file_name()).map(OsString::from)
}

fn dataset(origin: &Path, source: ImageFiles, targets: Targets) -> Result<Dataset, DataError> {
    let first = source.path(0).ok_or_else(|| DataError::empty(origin, "images"))?;
    Ok(Dataset::new(Contents {
        kind: Kind::Folder,
        origin: origin.to_owned(),
        len: source.images.len(),
        shape: picture::shape(&first)?.to_vec(),
        source: Box::new(source),
        targets,
    }))
}
