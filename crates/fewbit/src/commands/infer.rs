//! `fewbit infer`: runs a model on files of numbers, as `nnabla_cli infer` and `nnablart infer` do.

use crate::model::{self, Model, ModelArguments, SemanticsName};
use crate::{console, output, size};
use anyhow::{Context, Result, bail};
use clap::Args;
use fewbit_core::{NumberFormat, Rounding, Shape, VariableId};
use fewbit_nnb::VariableRecord;
use fewbit_runtime::host::Prepared;
use fewbit_runtime::{Values, ValuesMut};
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

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let (names, bytes) = self.open()?;
        let path = self.model.name();
        let model = fewbit_runtime::Model::open(&bytes).with_context(|| path.clone())?;
        let nnb = model.nnb();
        let count = nnb.inputs().len();
        if self.inputs.len() != count {
            bail!("{path} needs a file for each of its inputs ({count}), but {} are given", self.inputs.len());
        }
        let mut values = Vec::with_capacity(count);
        for (index, file) in self.inputs.iter().enumerate() {
            let name = names.inputs.get(index).map_or(String::new(), |name| format!(" '{name}'"));
            let input = nnb.variable(nnb.inputs().get(index));
            values.push(read_values(file, &format!("input {index}{name}"), &input)?);
        }
        model::check_memory(&model)?;
        let prepared = Prepared::new(&model, self.semantics.into());
        let mut runner = prepared.runner();
        for (index, values) in values.iter().enumerate() {
            runner.set_input(index, values);
        }
        runner.run();
        let outputs = nnb.outputs().iter().enumerate().map(|(index, variable)| {
            let VariableRecord { shape, format, .. } = nnb.variable(variable);
            let mut values = vec![0.0; shape.items()];
            runner.read_output(index, &mut values);
            Output { values, shape, format }
        });
        let outputs: Vec<Output> = outputs.collect();
        match &self.output {
            Some(prefix) => self.write(&outputs, prefix),
            None => print(&outputs, &names.outputs),
        }
    }

    /// Names where there are any, and the bytes of an `.nnb` file.
    fn open(&self) -> Result<(Names, Vec<u8>)> {
        let model = self.model.files.open()?;
        let other = self.batch_of_files(&model).map(|batch| self.model.files.open_with_batch(Some(batch)));
        // A network that cannot have that batch size is left as it is, and its input file will be found too large.
        let model = self.model.typed(other.and_then(Result::ok).unwrap_or(model))?;
        let mut names = Names::default();
        if let Model::Network(network) = &model {
            let all = |ids: &[VariableId]| ids.iter().map(|&id| network.variable(id).name.clone()).collect();
            names = Names { inputs: all(&network.inputs), outputs: all(&network.outputs) };
        }
        Ok((names, model.into_nnb()?))
    }

    /// The batch size that the first input file is made for, if it is another than that of the network's file and none
    /// is asked for: networks are saved with the batch size that they were trained with.
    fn batch_of_files(&self, model: &Model) -> Option<usize> {
        let input_bytes = |model: &Model| match model {
            Model::Network(network) => {
                let &input = network.inputs.first()?;
                Some(NumberFormat::Float32.bytes(network.variable(input).shape.items()))
            }
            Model::Nnb(_) => None,
        };
        if self.model.files.network.batch().is_some() {
            return None;
        }
        let file = fs::metadata(self.inputs.first()?).ok()?;
        let found = usize::try_from(file.len()).ok().filter(|&found| found > 0)?;
        if found == input_bytes(model)? {
            return None;
        }
        let sample = input_bytes(&self.model.files.open_with_batch(Some(1)).ok()?)?;
        (sample > 0 && found.is_multiple_of(sample)).then(|| found / sample)
    }

    fn write(&self, outputs: &[Output], prefix: &Path) -> Result<()> {
        let files = outputs.iter().enumerate().map(|(index, output)| {
            let mut name = prefix.as_os_str().to_owned();
            name.push(format!("_{index}.bin"));
            let format = if self.raw { output.format } else { NumberFormat::Float32 };
            (PathBuf::from(name), output.stored(format))
        });
        output::write_all(&files.collect::<Vec<_>>())
    }
}

/// Names of the inputs and outputs of a network; empty for files without names.
#[derive(Debug, Default)]
struct Names {
    inputs: Vec<String>,
    outputs: Vec<String>,
}

/// What came out.
struct Output {
    values: Vec<f32>,
    shape: Shape,
    format: NumberFormat,
}

impl Output {
    /// The bytes of the values in a format. In that of the output itself they are exact, however it rounds.
    fn stored(&self, format: NumberFormat) -> Vec<u8> {
        let mut bytes = vec![0; format.bytes(self.values.len())];
        ValuesMut::new(&mut bytes, format, self.shape, Rounding::HalfEven).write(0, &self.values);
        bytes
    }
}

/// The numbers in a file for an input: float32, or the input's own type.
fn read_values(file: &Path, name: &str, input: &VariableRecord<'_>) -> Result<Vec<f32>> {
    let bytes = model::read(file)?;
    let items = input.shape.items();
    let formats = [NumberFormat::Float32, input.format];
    let Some(format) = formats.into_iter().find(|format| format.bytes(items) == bytes.len()) else {
        let own = match input.format {
            NumberFormat::Float32 => String::new(),
            format => format!(", or {} bytes in its own type {format}", size::grouped(format.bytes(items))),
        };
        bail!(
            "{} has {} bytes, but {name} of shape {} takes {} bytes as float32{own}",
            file.display(),
            size::grouped(bytes.len()),
            input.shape,
            size::grouped(NumberFormat::Float32.bytes(items)),
        );
    };
    let mut values = vec![0.0; items];
    Values::new(&bytes, format, input.shape).read(0, &mut values);
    Ok(values)
}

/// Prints the numbers of each output, a line an output.
fn print(outputs: &[Output], names: &[String]) -> Result<()> {
    for (index, Output { values, shape, .. }) in outputs.iter().enumerate() {
        let name = names.get(index).map_or_else(|| index.to_string(), |name| format!("{index} '{name}'"));
        let numbers: Vec<String> = values.iter().map(f32::to_string).collect();
        console::print(&format!("output {name} {shape}: {}", numbers.join(" ")))?;
    }
    Ok(())
}
