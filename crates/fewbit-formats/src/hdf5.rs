//! Parameters in HDF5: a dataset a parameter, whose path is its name, with its place among them as the attribute
//! `index` and `need_grad` beside it.

use crate::error::{FormatError, Result};
use crate::parameter::Parameter;
use hdf5_pure::{AttrValue, Dataset, DatasetBuilder, File, FileBuilder, FinishedGroup, Group, GroupBuilder};
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

/// Scopes deeper than this are not walked: NNabla's have a handful, a cyclic file has no end.
const MAX_DEPTH: usize = 64;

/// Reads the parameters of an HDF5 file, in the order of their `index`.
///
/// # Errors
/// When the file is broken, or a dataset is not made of numbers.
pub fn read(entry: &str, bytes: Vec<u8>) -> Result<Vec<Parameter>> {
    let error = |reason: String| FormatError::Hdf5 { entry: entry.into(), reason };
    // The HDF5 reader is a library that a hostile file might make panic; a person must get a sentence all the same.
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        let budget = bytes.len().saturating_mul(1032);
        let file = File::from_bytes(bytes).map_err(|source| source.to_string())?;
        let mut reader = Reader { budget, found: Vec::new() };
        reader.group(&file.root(), "", 0)?;
        Ok(reader.found)
    }));
    let mut found = outcome.unwrap_or_else(|_| Err("its structure is damaged".into())).map_err(error)?;
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(found.into_iter().map(|(_, parameter)| parameter).collect())
}

/// Walks the groups of a file.
struct Reader {
    /// Bytes of values that the file can hold at most, were all of it deflated as well as deflate can (1032 to 1): a
    /// dataset that claims more is not read.
    budget: usize,
    /// What was found, with its sorting key.
    found: Vec<((Option<i64>, String), Parameter)>,
}

impl Reader {
    fn group(&mut self, group: &Group, path: &str, depth: usize) -> std::result::Result<(), String> {
        if depth > MAX_DEPTH {
            return Err(format!("groups are nested deeper than {MAX_DEPTH} levels at '{path}'"));
        }
        for (name, dataset) in group.iter_datasets().map_err(|source| source.to_string())? {
            let name = join(path, &name);
            self.dataset(&name, &dataset).map_err(|reason| format!("dataset '{name}': {reason}"))?;
        }
        for (name, child) in group.iter_groups().map_err(|source| source.to_string())? {
            self.group(&child, &join(path, &name), depth + 1)?;
        }
        Ok(())
    }

    fn dataset(&mut self, name: &str, dataset: &Dataset) -> std::result::Result<(), String> {
        let extents = dataset.shape().map_err(|source| source.to_string())?;
        let shape: Option<Vec<usize>> = extents.iter().map(|&dim| usize::try_from(dim).ok()).collect();
        let shape = shape.ok_or("its extents are too large")?;
        let items = shape.iter().try_fold(1usize, |items, &dim| items.checked_mul(dim));
        let bytes = items.and_then(|items| items.checked_mul(4)).filter(|&bytes| bytes <= self.budget);
        self.budget -= bytes.ok_or("it claims more values than the file can hold")?;
        let values = dataset.read_f32().map_err(|source| source.to_string())?;
        if Some(values.len()) != items {
            return Err(format!("it has {} values, but its shape is {shape:?}", values.len()));
        }
        let attributes = dataset.attrs().map_err(|source| source.to_string())?;
        let index = attributes.get("index").and_then(integer);
        let need_grad = attributes.get("need_grad").and_then(integer).is_none_or(|value| value != 0);
        self.found.push(((index, name.into()), Parameter { name: name.into(), shape, values, need_grad }));
        Ok(())
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.into() } else { format!("{path}/{name}") }
}

/// The integer in an attribute; h5py stores booleans as bytes.
fn integer(value: &AttrValue) -> Option<i64> {
    match *value {
        AttrValue::I8(value) => Some(value.into()),
        AttrValue::I16(value) => Some(value.into()),
        AttrValue::I32(value) => Some(value.into()),
        AttrValue::I64(value) => Some(value),
        AttrValue::U8(value) => Some(value.into()),
        AttrValue::U16(value) => Some(value.into()),
        AttrValue::U32(value) => Some(value.into()),
        AttrValue::U64(value) => i64::try_from(value).ok(),
        _ => None,
    }
}

/// Writes parameters as NNabla does, in their order.
///
/// # Errors
/// When the names cannot be paths of one file: empty, or one being the scope of another.
pub fn write(entry: &str, parameters: &[Parameter]) -> Result<Vec<u8>> {
    let error = |reason: String| FormatError::Hdf5 { entry: entry.into(), reason };
    let mut root = Scope::default();
    for (index, parameter) in parameters.iter().enumerate() {
        root.insert(&parameter.name, index, parameter)
            .ok_or_else(|| error(format!("'{}' cannot be a path beside the other parameters", parameter.name)))?;
    }
    let mut file = FileBuilder::new();
    for (name, node) in &root.children {
        match node {
            Node::Dataset(index, parameter) => fill(file.create_dataset(name), *index, parameter),
            Node::Scope(scope) => {
                let group = file.create_group(name);
                file.add_group(scope.build(group));
            }
        }
    }
    file.finish().map_err(|source| error(source.to_string()))
}

/// The parameters below one group.
#[derive(Default)]
struct Scope<'a> {
    children: BTreeMap<String, Node<'a>>,
}

enum Node<'a> {
    Scope(Scope<'a>),
    Dataset(usize, &'a Parameter),
}

impl<'a> Scope<'a> {
    /// Puts a parameter at a path; `None` if the path is taken or passes through a dataset.
    fn insert(&mut self, path: &str, index: usize, parameter: &'a Parameter) -> Option<()> {
        let (name, rest) = match path.split_once('/') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        if name.is_empty() || name == "." {
            return None;
        }
        match rest {
            None => match self.children.insert(name.into(), Node::Dataset(index, parameter)) {
                None => Some(()),
                Some(_) => None,
            },
            Some(rest) => {
                let child = self.children.entry(name.into()).or_insert_with(|| Node::Scope(Scope::default()));
                match child {
                    Node::Scope(scope) => scope.insert(rest, index, parameter),
                    Node::Dataset(..) => None,
                }
            }
        }
    }

    fn build(&self, mut group: GroupBuilder) -> FinishedGroup {
        for (name, node) in &self.children {
            match node {
                Node::Dataset(index, parameter) => fill(group.create_dataset(name), *index, parameter),
                Node::Scope(scope) => {
                    let child = group.create_group(name);
                    group.add_group(scope.build(child));
                }
            }
        }
        group.finish()
    }
}

fn fill(dataset: &mut DatasetBuilder, index: usize, parameter: &Parameter) {
    let shape: Vec<u64> = parameter.shape.iter().map(|&dim| dim as u64).collect();
    dataset
        .with_f32_data(&parameter.values)
        .with_shape(&shape)
        .set_attr("index", AttrValue::I64(i64::try_from(index).unwrap_or(i64::MAX)))
        .set_attr("need_grad", AttrValue::U8(u8::from(parameter.need_grad)));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameter(name: &str, shape: &[usize]) -> Parameter {
        let items = shape.iter().product::<usize>();
        let values = (0..items).map(|i| i as f32 - 1.5).collect();
        Parameter { name: name.into(), shape: shape.into(), values, need_grad: items > 2 }
    }

    #[test]
    fn what_is_written_is_read_in_the_same_order() {
        let parameters = [parameter("z/conv/W", &[2, 1, 3, 3]), parameter("z/conv/b", &[2]), parameter("a", &[])];
        let bytes = write("test.h5", &parameters).expect("distinct names");
        assert_eq!(read("test.h5", bytes).expect("just written"), parameters);
    }

    #[test]
    fn a_name_that_is_also_a_scope_is_refused() {
        for names in [["a", "a/b"], ["a/b", "a"], ["a", "a"], ["", "a"]] {
            let parameters = names.map(|name| parameter(name, &[1]));
            assert!(matches!(write("test.h5", &parameters), Err(FormatError::Hdf5 { .. })), "{names:?}");
        }
    }

    #[test]
    fn a_damaged_file_is_an_error() {
        let bytes = write("test.h5", &[parameter("a/W", &[4, 4])]).expect("a valid name");
        for end in 0..bytes.len() {
            assert!(read("test.h5", bytes[..end].to_vec()).is_err(), "cut at {end}");
        }
    }
}
