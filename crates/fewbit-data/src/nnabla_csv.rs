//! NNabla's CSV datasets. The header names a variable a column, `NAME[__INDEX][:LABEL]`; the columns of one name with
//! indices together are a vector. A cell is a number or the path, relative to the CSV file, of an image, of a CSV file of
//! numbers, or of an NPY file. Numbers are held in memory; files are read when their sample is asked for.

use std::fs::File;
use std::path::{Path, PathBuf};

use csv::StringRecord;

use crate::dataset::{Contents, TargetKind, Targets, numbered_classes};
use crate::sample::{Sample, Source};
use crate::{DataError, Dataset, Kind, OpenOptions, files, npy, picture};

/// Whole numbers from here on are taken for values, not for classes.
const MOST_CLASSES: f32 = 10_000.0;

/// Opens the dataset that a CSV file lists.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Dataset, DataError> {
    let (input_name, target_name) = (options.input.as_deref().unwrap_or("x"), options.target.as_deref().unwrap_or("y"));
    let mut rows = read_rows(path)?;
    let header = rows.next().ok_or_else(|| DataError::empty(path, "header"))??;
    let variables = variables(path, &header)?;
    let find = |name: &str| variables.iter().find(|variable| variable.name == name);
    let missing = |name: &str| {
        let names: Vec<&str> = variables.iter().map(|variable| variable.name.as_str()).collect();
        DataError::malformed(path, format!("has no variable `{name}`; its header names {}", names.join(", ")))
    };
    let input = find(input_name).ok_or_else(|| missing(input_name))?;
    let target = find(target_name);
    if target.is_none() && options.target.is_some() {
        return Err(missing(target_name));
    }

    let first = rows.next().ok_or_else(|| DataError::empty(path, "rows below its header"))??;
    let mut inputs = Cells::like(path, input, &first)?;
    let mut targets = target.map(|variable| Cells::like(path, variable, &first)).transpose()?;
    let mut len = 0;
    for row in std::iter::once(Ok(first)).chain(rows) {
        let row = row?;
        len += 1;
        inputs.push(path, input, &row)?;
        if let (Some(cells), Some(variable)) = (&mut targets, target) {
            cells.push(path, variable, &row)?;
        }
    }
    Ok(Dataset::new(Contents {
        kind: Kind::NnablaCsv,
        origin: path.to_owned(),
        len,
        shape: inputs.shape(),
        source: Box::new(inputs),
        targets: targets.map_or(Ok(Targets::None), |cells| cells.into_targets(path, options.target_kind))?,
    }))
}

/// A variable of the header.
struct Variable {
    name: String,
    /// Its columns, in the order of the header.
    columns: Vec<usize>,
    /// Whether the columns carry indices, so that together they are a vector.
    indexed: bool,
}

/// Groups the columns of the header by variable.
fn variables(path: &Path, header: &StringRecord) -> Result<Vec<Variable>, DataError> {
    let mut variables: Vec<Variable> = Vec::new();
    for (column, text) in header.iter().enumerate() {
        let text = text.split_once(':').map_or(text, |(variable, _label)| variable).trim();
        let (name, indexed) = text.split_once("__").map_or((text, false), |(name, _index)| (name, true));
        match variables.iter_mut().find(|variable| variable.name == name) {
            Some(variable) if indexed && variable.indexed => variable.columns.push(column),
            Some(_) => {
                let problem = format!("its header names the variable `{name}` twice (elements are `{name}__0`, ..)");
                return Err(DataError::malformed(path, problem));
            }
            None => variables.push(Variable { name: name.to_owned(), columns: vec![column], indexed }),
        }
    }
    Ok(variables)
}

/// The cells of one variable for all rows.
enum Cells {
    /// `width` numbers a row.
    Numbers { width: usize, values: Vec<f32> },
    /// A file a row, of the shape of the first; only images may differ.
    Files { shape: Vec<usize>, paths: Vec<PathBuf> },
}

impl Cells {
    /// No cells yet, of the kind that the first row shows.
    fn like(path: &Path, variable: &Variable, first: &StringRecord) -> Result<Self, DataError> {
        let cell = variable.columns.first().and_then(|&column| first.get(column)).unwrap_or_default();
        if variable.indexed || cell.trim().parse::<f32>().is_ok() {
            return Ok(Cells::Numbers { width: variable.columns.len(), values: Vec::new() });
        }
        let file = beside(path, cell);
        let shape = if picture::is_image_name(&files::lower_name(&file)) {
            picture::shape(&file)?.to_vec()
        } else {
            read_numbers(&file)?.0
        };
        Ok(Cells::Files { shape, paths: Vec::new() })
    }

    /// Adds the cells of a row.
    fn push(&mut self, path: &Path, variable: &Variable, row: &StringRecord) -> Result<(), DataError> {
        for cell in variable.columns.iter().filter_map(|&column| row.get(column)) {
            match self {
                Cells::Numbers { values, .. } => match cell.trim().parse::<f32>() {
                    Ok(value) if value.is_finite() => values.push(value),
                    _ => {
                        let line = row.position().map_or(0, csv::Position::line);
                        let problem = format!("`{cell}` for `{}` in line {line} is not a number", variable.name);
                        return Err(DataError::malformed(path, problem));
                    }
                },
                Cells::Files { paths, .. } => paths.push(beside(path, cell)),
            }
        }
        Ok(())
    }

    /// The shape of a row's value.
    fn shape(&self) -> Vec<usize> {
        match self {
            Cells::Numbers { width, .. } => vec![*width],
            Cells::Files { shape, .. } => shape.clone(),
        }
    }

    /// What the cells mean as targets.
    fn into_targets(self, path: &Path, kind: TargetKind) -> Result<Targets, DataError> {
        let is_class = |value: &f32| value.fract() == 0.0 && (0.0..MOST_CLASSES).contains(value);
        let values = match &self {
            Cells::Numbers { width: 1, values } if kind != TargetKind::Values => values,
            _ if kind == TargetKind::Classes => {
                let (path, has) = (path.to_owned(), "target values that are vectors or files");
                return Err(DataError::Targets { path, has, wanted: "class labels" });
            }
            _ => {
                return Ok(Targets::Values { shape: self.shape(), source: Box::new(self) });
            }
        };
        match values.iter().position(|value| !is_class(value)) {
            Some(row) if kind == TargetKind::Classes => {
                let problem = format!("target {} of row {row} is not a class number, 0 to 9,999", values[row]);
                Err(DataError::malformed(path, problem))
            }
            Some(_) => Ok(Targets::Values { shape: self.shape(), source: Box::new(self) }),
            None => {
                let labels: Vec<u32> = values.iter().map(|&value| value as u32).collect();
                let classes = labels.iter().max().map_or(0, |&label| label as usize + 1);
                Ok(Targets::Classes { labels, names: numbered_classes(classes) })
            }
        }
    }
}

impl Source for Cells {
    fn sample(&self, index: usize) -> Result<Sample<'_>, DataError> {
        match self {
            Cells::Numbers { width, values } => {
                let missing = DataError::Index { index, len: values.len() / width.max(&1) };
                let row = values.get(index * width..(index + 1) * width).ok_or(missing)?;
                Ok(Sample::Values(row.into()))
            }
            Cells::Files { shape, paths } => {
                let path = paths.get(index).ok_or(DataError::Index { index, len: paths.len() })?;
                if picture::is_image_name(&files::lower_name(path)) {
                    return picture::decode(path);
                }
                let (found, values) = read_numbers(path)?;
                if found != *shape {
                    return Err(DataError::Shape {
                        name: path.display().to_string(),
                        found,
                        expected: shape.clone(),
                        advice: "all rows of a CSV dataset must have the shape of the first",
                    });
                }
                Ok(Sample::Values(values.into()))
            }
        }
    }

    fn file(&self, index: usize) -> Option<String> {
        match self {
            Cells::Numbers { .. } => None,
            Cells::Files { paths, .. } => paths.get(index).map(|path| path.display().to_string()),
        }
    }
}

/// The file that a cell names; NNabla takes the separators of either system.
fn beside(csv_file: &Path, cell: &str) -> PathBuf {
    csv_file.with_file_name("").join(cell.trim().replace('\\', "/"))
}

/// Reads a file of numbers that a cell names: its shape and its values.
fn read_numbers(path: &Path) -> Result<(Vec<usize>, Vec<f32>), DataError> {
    let name = files::lower_name(path);
    if name.ends_with(".npy") {
        return npy::read(path);
    }
    if !name.ends_with(".csv") {
        let problem = "is not a kind of file that a cell of a CSV dataset may name (JPEG, PNG, BMP, CSV, NPY)";
        return Err(DataError::malformed(path, problem));
    }
    let mut values = Vec::new();
    let mut height = 0;
    for row in read_rows(path)? {
        height += 1;
        for cell in &row? {
            let value = cell.trim().parse::<f32>().ok().filter(|value| value.is_finite());
            let problem = || DataError::malformed(path, format!("`{cell}` in row {height} is not a number"));
            values.push(value.ok_or_else(problem)?);
        }
    }
    if values.is_empty() {
        return Err(DataError::empty(path, "numbers"));
    }
    Ok((vec![height, values.len() / height], values))
}

/// The rows of a CSV file, all of the same number of cells, the header being the first.
fn read_rows(path: &Path) -> Result<impl Iterator<Item = Result<StringRecord, DataError>>, DataError> {
    let file = File::open(path).map_err(|source| DataError::io(path, source))?;
    let rows = csv::ReaderBuilder::new().has_headers(false).from_reader(file).into_records();
    Ok(rows.map(move |row| row.map_err(|error| DataError::malformed(path, error.to_string()))))
}
