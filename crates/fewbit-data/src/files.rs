//! Looking at folders and reading files whole, with errors that name the path.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::{DataError, Split};

/// What lies directly in a folder, sorted by name; hidden entries (`.name`) are left out.
pub(crate) struct Listing {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) folders: Vec<PathBuf>,
}

impl Listing {
    pub(crate) fn read(folder: &Path) -> Result<Self, DataError> {
        let mut listing = Listing { files: Vec::new(), folders: Vec::new() };
        for entry in fs::read_dir(folder).map_err(|source| DataError::io(folder, source))? {
            let path = entry.map_err(|source| DataError::io(folder, source))?.path();
            if lower_name(&path).starts_with('.') {
                continue;
            }
            // Follows links. What a dangling one points to is no file to read; neither is a pipe or a device.
            match fs::metadata(&path) {
                Ok(metadata) if metadata.is_dir() => listing.folders.push(path),
                Ok(metadata) if metadata.is_file() => listing.files.push(path),
                _ => {}
            }
        }
        listing.files.sort_unstable();
        listing.folders.sort_unstable();
        Ok(listing)
    }

    /// The files whose name in lower case `accept` takes.
    pub(crate) fn files_named(&self, accept: impl Fn(&str) -> bool) -> Vec<PathBuf> {
        self.files.iter().filter(|path| accept(&lower_name(path))).cloned().collect()
    }
}

/// The last part of a path in lower case.
pub(crate) fn lower_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The part of a dataset that a file or folder of this name holds, if its name says.
pub(crate) fn split_of(path: &Path) -> Option<Split> {
    let name = lower_name(path);
    if name.contains("train") || name.starts_with("data_batch") {
        Some(Split::Train)
    } else if name.contains("test") || name.contains("t10k") || name.starts_with("val") {
        Some(Split::Test)
    } else {
        None
    }
}

/// The candidates for `split`, or all where the names of none say that they are.
pub(crate) fn of_split(candidates: Vec<PathBuf>, split: Split) -> Vec<PathBuf> {
    let wanted: Vec<PathBuf> = candidates.iter().filter(|path| split_of(path) == Some(split)).cloned().collect();
    if wanted.is_empty() { candidates } else { wanted }
}

/// The only candidate for `split`, where there is just one.
pub(crate) fn one_of_split(folder: &Path, candidates: Vec<PathBuf>, split: Split) -> Result<PathBuf, DataError> {
    let mut candidates = of_split(candidates, split);
    match candidates.pop() {
        Some(only) if candidates.is_empty() => Ok(only),
        last => {
            candidates.extend(last);
            let names: Vec<String> = candidates.iter().map(|path| lower_name(path)).collect();
            Err(DataError::Ambiguous { path: folder.to_owned(), candidates: names.join(", ") })
        }
    }
}

/// Reads a whole file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, DataError> {
    fs::read(path).map_err(|source| DataError::io(path, source))
}

/// Reads the first bytes of a file, up to the length of `buffer`; returns how many there were.
pub(crate) fn read_start(path: &Path, buffer: &mut [u8]) -> Result<usize, DataError> {
    let mut start = File::open(path).map_err(|source| DataError::io(path, source))?.take(buffer.len() as u64);
    let mut filled = 0;
    while filled < buffer.len() {
        match start.read(&mut buffer[filled..]).map_err(|source| DataError::io(path, source))? {
            0 => break,
            count => filled += count,
        }
    }
    Ok(filled)
}

/// The length of a file in bytes.
pub(crate) fn length(path: &Path) -> Result<u64, DataError> {
    Ok(fs::metadata(path).map_err(|source| DataError::io(path, source))?.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_is_read_from_the_name() {
        for (name, split) in [
            ("data_batch_1.bin", Some(Split::Train)),
            ("test_batch.bin", Some(Split::Test)),
            ("t10k-images-idx3-ubyte.gz", Some(Split::Test)),
            ("train-images-idx3-ubyte", Some(Split::Train)),
            ("val", Some(Split::Test)),
            ("images.csv", None),
        ] {
            assert_eq!(split_of(Path::new(name)), split, "{name}");
        }
    }

    #[test]
    fn several_candidates_are_named() {
        let files = ["b.csv", "a.csv"].map(PathBuf::from).to_vec();
        let message = one_of_split(Path::new("data"), files, Split::Test).unwrap_err().to_string();
        assert!(message.contains("a.csv") && message.contains("b.csv"), "{message}");
    }
}
