//! Writing files whole: to a temporary name in the same folder, which takes the place of the old file only once
//! everything is there. A failure leaves the old file as it was and nothing half written.

use anyhow::{Context, Result, bail};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a file.
///
/// # Errors
/// When the folder or the file cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(&[(path.to_owned(), bytes)])
}

/// Writes files that belong together: all of them, or on a failure none, as far as the file system allows.
///
/// # Errors
/// When a folder or a file cannot be written.
pub fn write_all(files: &[(PathBuf, impl AsRef<[u8]>)]) -> Result<()> {
    let staged: Vec<Staged> =
        files.iter().map(|(path, bytes)| Staged::new(path, bytes.as_ref())).collect::<Result<_>>()?;
    staged.into_iter().try_for_each(Staged::commit)
}

/// A file that is written, but not yet under its name. Dropped, it disappears.
struct Staged {
    /// `None` once it has its name, or where there was nothing to rename.
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl Staged {
    fn new(path: &Path, bytes: &[u8]) -> Result<Self> {
        let cannot = || format!("cannot write {}", path.display());
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => bail!("cannot write {}: it is a folder", path.display()),
            // A pipe or a device, such as /dev/null, must not be replaced by a file.
            Ok(found) if !found.is_file() => {
                OpenOptions::new()
                    .write(true)
                    .open(path)
                    .and_then(|mut file| file.write_all(bytes))
                    .with_context(cannot)?;
                return Ok(Self { temporary: None, target: path.into() });
            }
            Ok(found) if found.permissions().readonly() => {
                bail!("cannot write {}: the file is write-protected", path.display());
            }
            _ => {}
        }
        // The file that a symbolic link stands for is replaced, not the link.
        let target = fs::canonicalize(path).unwrap_or_else(|_| path.into());
        let (temporary, mut file) = create_beside(&target).with_context(cannot)?;
        let staged = Self { temporary: Some(temporary), target };
        file.write_all(bytes).with_context(cannot)?;
        if let Ok(old) = fs::metadata(&staged.target) {
            file.set_permissions(old.permissions()).with_context(cannot)?;
        }
        Ok(staged)
    }

    fn commit(mut self) -> Result<()> {
        if let Some(temporary) = &self.temporary {
            fs::rename(temporary, &self.target).with_context(|| format!("cannot write {}", self.target.display()))?;
            self.temporary = None;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A new file in the folder of `target`, under a name that nothing has.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    let name = target.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    for attempt in 0..100u32 {
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{}-{attempt}.tmp", std::process::id()));
        let temporary = target.with_file_name(hidden);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => return Ok((temporary, file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().flatten().map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_takes_the_place_of_the_old_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        for content in [b"old and long".as_slice(), b"new"] {
            write(&path, content).unwrap();
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(names(folder.path()), ["a.bin"]);
    }

    #[test]
    fn one_failure_keeps_all_files_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("a.bin"), folder.path().join("none/b.bin"));
        fs::write(&good, "old").unwrap();
        let message = write_all(&[(good.clone(), "new"), (bad, "new")]).unwrap_err().to_string();
        assert!(message.starts_with("cannot write ") && message.ends_with("b.bin"), "{message}");
        assert_eq!(fs::read(&good).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.bin"]);
    }

    #[test]
    fn folders_and_protected_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.bin");
        fs::write(&path, "old").unwrap();
        let mut permissions = fs::metadata(&path).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&path, permissions).unwrap();
        assert!(write(&path, b"new").unwrap_err().to_string().ends_with("is write-protected"));
        assert!(write(folder.path(), b"new").unwrap_err().to_string().ends_with("is a folder"));
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a.bin"), folder.path().join("link"));
        fs::write(&path, "old").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        write(Path::new("/dev/null"), b"gone").unwrap();
    }
}
