//! Finding out what kind of dataset a path holds.

use std::fs;
use std::path::{Path, PathBuf};

use crate::files::{self, Listing, lower_name, of_split, one_of_split, split_of};
use crate::packed::{self, Packed};
use crate::{DataError, Dataset, OpenOptions, Split, cifar, folder, idx, nnabla_csv};

/// Opens the file or folder at `path`.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    let metadata = fs::metadata(path).map_err(|source| DataError::io(path, source))?;
    if !metadata.is_dir() {
        return open_file(path, options);
    }
    let listing = Listing::read(path)?;
    match split_folder(&listing, options.split)? {
        Some(inner) => {
            let inner_listing = Listing::read(&inner)?;
            open_folder(&inner, &inner_listing, options)
        }
        None => open_folder(path, &listing, options),
    }
}

/// Opens a single file: by its first bytes where the format has a mark, else by its name.
fn open_file(path: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    let mut start = [0; packed::MAGIC.len()];
    let found = files::read_start(path, &mut start)?;
    let name = lower_name(path);
    if start == packed::MAGIC {
        Packed::open(path, files::read(path)?)
    } else if idx::is_images_name(&name) || idx::is_images_start(&start[..found]) {
        idx::open(path)
    } else if name.ends_with(".bin") {
        cifar::open(path, &[path.to_owned()])
    } else if name.ends_with(".csv") {
        nnabla_csv::open(path, options)
    } else {
        let found = if found == 0 { "it is an empty file" } else { "neither its name nor its first bytes tell" };
        Err(DataError::Unrecognised { path: path.to_owned(), found: found.to_owned() })
    }
}

/// The folder of the wanted part, where a folder holds nothing but parts: `train` and `test` (or `val`), each a dataset.
fn split_folder(listing: &Listing, split: Split) -> Result<Option<PathBuf>, DataError> {
    let parts: Vec<Option<Split>> = listing.folders.iter().map(|folder| split_of(folder)).collect();
    let both = [Split::Train, Split::Test].iter().all(|&part| parts.contains(&Some(part)));
    if !both || parts.contains(&None) {
        return Ok(None);
    }
    let Some(inner) = of_split(listing.folders.clone(), split).into_iter().next() else {
        return Ok(None);
    };
    // Folders of images may be classes by those names: a `train` among other vehicles.
    let classes = !folder::images_in(&Listing::read(&inner)?).is_empty();
    Ok((!classes).then_some(inner))
}

fn open_folder(path: &Path, listing: &Listing, options: &OpenOptions) -> Result<Dataset, DataError> {
    let idx_images = listing.files_named(idx::is_images_name);
    let batches = listing.files_named(|name| name.ends_with(".bin"));
    let packed = listing.files_named(|name| name.ends_with(packed::EXTENSION));
    let tables = listing.files_named(|name| name.ends_with(".csv"));
    let images = folder::images_in(listing);
    if !idx_images.is_empty() {
        idx::open(&one_of_split(path, idx_images, options.split)?)
    } else if !batches.is_empty() {
        cifar::open(path, &of_split(batches, options.split))
    } else if !packed.is_empty() {
        open_file(&one_of_split(path, packed, options.split)?, options)
    } else if !tables.is_empty() {
        nnabla_csv::open(&one_of_split(path, tables, options.split)?, options)
    } else if !images.is_empty() {
        folder::open_unlabelled(path, &images)
    } else if any_has_images(&listing.folders)? {
        folder::open_classes(path, &listing.folders)
    } else {
        Err(DataError::Unrecognised { path: path.to_owned(), found: contents(listing) })
    }
}

fn any_has_images(folders: &[PathBuf]) -> Result<bool, DataError> {
    for folder in folders {
        if !folder::images_in(&Listing::read(folder)?).is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A few words on what a folder holds.
fn contents(listing: &Listing) -> String {
    let mut names = listing.folders.iter().chain(&listing.files).map(|path| lower_name(path));
    let shown: Vec<String> = names.by_ref().take(4).collect();
    match (shown.is_empty(), names.count()) {
        (true, _) => "the folder is empty".to_owned(),
        (false, 0) => format!("the folder holds {}", shown.join(", ")),
        (false, more) => format!("the folder holds {} and {more} more", shown.join(", ")),
    }
}
