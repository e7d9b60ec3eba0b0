//! Values that an ONNX file keeps in files beside it.

use super::message::TensorProto;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};

/// Where the files beside an ONNX file are.
#[derive(Clone, Debug, Default)]
pub(crate) struct ExternalFiles {
    /// The folder of the ONNX file; `None` for one that was given as bytes.
    pub(crate) folder: Option<PathBuf>,
}

impl ExternalFiles {
    /// The bytes of a tensor: `expected` of them, at the place that the tensor states.
    ///
    /// # Errors
    /// A sentence when there is no such file within the folder, or it is too short.
    pub(crate) fn read(&self, tensor: &TensorProto, expected: usize) -> Result<Vec<u8>, String> {
        let entry =
            |key: &str| tensor.external_data.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str());
        let number = |key: &'static str| match entry(key) {
            None => Ok(None),
            Some(text) => text
                .parse::<u64>()
                .map(Some)
                .map_err(|_| format!("'{key}' of its external data is '{text}', not a number")),
        };
        let location = entry("location").ok_or("its external data has no location")?;
        let offset = number("offset")?.unwrap_or(0);
        if let Some(length) = number("length")?
            && length != expected as u64
        {
            return Err(format!("its external data has {length} bytes, but its shape needs {expected}"));
        }
        let path = self.resolve(location)?;
        let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let mut file = File::open(&path).map_err(failed)?;
        let size = file.metadata().map_err(failed)?.len();
        if offset.checked_add(expected as u64).is_none_or(|end| end > size) {
            return Err(format!(
                "its {expected} bytes from {offset} on reach beyond the {size} bytes of {}",
                path.display()
            ));
        }
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let mut bytes = vec![0; expected];
        file.read_exact(&mut bytes).map_err(failed)?;
        Ok(bytes)
    }

    /// The path of a file within the folder. A location that leads out of it, by `..`, an absolute path or a link, is
    /// refused: an ONNX file must not be able to make a person's other files part of a network.
    fn resolve(&self, location: &str) -> Result<PathBuf, String> {
        let folder =
            self.folder.as_deref().ok_or("its values are in another file, which needs the path of the ONNX file")?;
        let outside = || format!("its external data '{location}' is not within the folder of the ONNX file");
        let relative = Path::new(location);
        let plain = |part| matches!(part, Component::Normal(_) | Component::CurDir);
        if location.is_empty() || !relative.components().all(plain) {
            return Err(outside());
        }
        let path = folder.join(relative);
        let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
        let real = path.canonicalize().map_err(failed)?;
        let folder = folder.canonicalize().map_err(failed)?;
        if real.starts_with(folder) && real.is_file() { Ok(real) } else { Err(outside()) }
    }
}
