//! `fewbit infer`: runs a model on files of numbers, as `nnabla_cli infer` and `nnablart infer` do.

use crate::model::{self, Model, ModelArguments};
use crate::{console, output, size};
use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use fewbit_core::{NumberFormat, Shape};
use fewbit_runtime::{Semantics, Session, Values};
use std::fs;
use std::path::{Path, PathBuf};

/// Arguments of `fewbit infer`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// A file for each input: float32 numbers, or the input's own type as it is stored; the size of the file tells which
    #[arg(value_name = "INPUT.bin")]
    inputs: Vec<PathBuf>,
    /// Write PREFIX_0.bin, PREFIX_1.bin, ... instead of printing the numbers
    #[arg(short, long, value_name = "PREFIX")]
    output: Option<PathBuf>,
    /// What fixed-point networks compute: exact integers, the same on every device, or what NNabla's C runtime means to
    #[arg(long, value_enum, default_value = "integer")]
    semantics: SemanticsName,
    /// Write outputs in the type in which they are stored, not as float32
    #[arg(long, requires = "output")]
    raw: bool,
}

/// A name of [`Semantics`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SemanticsName {
    Integer,
    Reference,
}

impl From<SemanticsName> for Semantics {
    fn from(name: SemanticsName) -> Self {
        match name {
            SemanticsName::Integer => Self::Integer,
            SemanticsName::Reference => Self::Reference,
        }
    }
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let (names, bytes) = self.open()?;
        let path = self.model.path.display();
        let model = fewbit_runtime::Model::open(&bytes).with_context(|| path.to_string())?;
        let count = model.nnb().inputs().len();
        if self.inputs.len() != count {
            bail!("{path} has {count} inputs, but {} input files are given: give one for each", self.inputs.len());
        }
        let mut arena = model::arena(model.arena_bytes())?;
        let mut session = Session::new(&model, &mut arena, self.semantics.into())?;
        for (index, file) in self.inputs.iter().enumerate() {
            let name = names.inputs.get(index).map(String::as_str);
            fill(&mut session, index, name, file)?;
        }
        session.run();
        match &self.output {
            Some(prefix) => self.write(&session, prefix),
            None => print(&session, &names.outputs),
        }
    }

    /// Names where there are any, and the bytes of an `.nnb` file.
    fn open(&self) -> Result<(Names, Vec<u8>)> {
        let mut model = self.model.open()?;
        let mut names = Names::default();
        if let Model::Network(network) = &model {
            let all =
                |ids: &[fewbit_core::VariableId]| ids.iter().map(|&id| network.variable(id).name.clone()).collect();
            names = Names { inputs: all(&network.inputs), outputs: all(&network.outputs) };
        }
        if let Some(batch) = self.batch_of_files(&model)? {
            model = self.model.open_with_batch(Some(batch))?;
        }
        Ok((names, model.into_nnb()?))
    }

    /// The batch size that the first input file is made for, if it is another than that of the network's file and none
    /// is asked for: networks are saved with the batch size that they were trained with.
    fn batch_of_files(&self, model: &Model) -> Result<Option<usize>> {
        let (Model::Network(network), Some(file), None) = (model, self.inputs.first(), self.model.network.batch())
        else {
            return Ok(None);
        };
        let Some(&input) = network.inputs.first() else { return Ok(None) };
        let bytes = |shape: Shape| NumberFormat::Float32.bytes(shape.items());
        let found = fs::metadata(file).map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        if found == bytes(network.variable(input).shape) {
            return Ok(None);
        }
        let Model::Network(single) = self.model.open_with_batch(Some(1))? else { return Ok(None) };
        let sample = single.inputs.first().map_or(0, |&input| bytes(single.variable(input).shape));
        Ok((sample > 0 && found > 0 && found.is_multiple_of(sample)).then(|| found / sample))
    }

    fn write(&self, session: &Session<'_, '_>, prefix: &Path) -> Result<()> {
        let outputs = outputs(session).enumerate().map(|(index, values)| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(format!("_{index}.bin"));
            let bytes = if self.raw {
                values.bytes().to_vec()
            } else {
                to_floats(&values).flat_map(f32::to_le_bytes).collect()
            };
            (PathBuf::from(name), bytes)
        });
        let outputs: Vec<(PathBuf, Vec<u8>)> = outputs.collect();
        output::write_all(&outputs)
    }
}

/// Names of the inputs and outputs of a network; empty for files without names.
#[derive(Debug, Default)]
struct Names {
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// Reads a file into an input.
fn fill(session: &mut Session<'_, '_>, index: usize, name: Option<&str>, file: &Path) -> Result<()> {
    let bytes = model::read(file)?;
    let mut input = session.input_mut(index).with_context(|| format!("input {index} has its values in the model"))?;
    let (format, shape) = (input.format(), input.shape());
    let (floats, stored) = (NumberFormat::Float32.bytes(shape.items()), format.bytes(shape.items()));
    if bytes.len() == floats {
        let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        input.write(0, &values);
    } else if bytes.len() == stored {
        input.bytes().copy_from_slice(&bytes);
    } else {
        let name = name.map_or(String::new(), |name| format!(" '{name}'"));
        let stored = match format {
            NumberFormat::Float32 => String::new(),
            _ => format!(", or {} bytes in its own type {format}", size::grouped(stored)),
        };
        bail!(
            "{} has {} bytes, but input {index}{name} of shape {shape} takes {} bytes as float32{stored}",
            file.display(),
            size::grouped(bytes.len()),
            size::grouped(floats),
        );
    }
    Ok(())
}

fn outputs<'s>(session: &'s Session<'_, '_>) -> impl Iterator<Item = Values<'s>> {
    (0..session.model().nnb().outputs().len()).map(|index| session.output(index))
}

fn to_floats(values: &Values<'_>) -> impl Iterator<Item = f32> {
    let mut floats = vec![0.0; values.len()];
    values.read(0, &mut floats);
    floats.into_iter()
}

/// Prints the numbers of each output, a line an output.
fn print(session: &Session<'_, '_>, names: &[String]) -> Result<()> {
    for (index, values) in outputs(session).enumerate() {
        let name = names.get(index).map_or_else(|| index.to_string(), |name| format!("{index} '{name}'"));
        let numbers: Vec<String> = to_floats(&values).map(|value| value.to_string()).collect();
        console::print(&format!("output {name} {}: {}", values.shape(), numbers.join(" ")))?;
    }
    Ok(())
}
