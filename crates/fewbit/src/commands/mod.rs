//! The subcommands, a file each: arguments, and a `run` that calls the libraries and prints.

mod compress;
mod convert;
mod data;
mod demo;
mod draw;
mod dump;
mod evaluate;
mod infer;
mod template;

use anyhow::Result;
use clap::Subcommand;
use std::error::Error;
use std::fmt;
use std::path::PathBuf;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Compress the bundled network and show what that costs, in under a minute
    Demo(demo::Arguments),
    /// Choose a fixed-point format for every variable of a float network, and measure what that costs
    Compress(compress::Arguments),
    /// Convert a network file to an .nnb file for devices, or to another network file
    Convert(convert::Arguments),
    /// Write datasets as files
    Data(data::Arguments),
    /// Draw a network as a graph, with shapes, types and bytes
    Draw(draw::Arguments),
    /// Show what a model is made of: functions, variables, types, buffers, memory
    Dump(dump::Arguments),
    /// Measure a model on a dataset: accuracy, loss, speed
    Evaluate(evaluate::Arguments),
    /// Run a model on files of numbers
    Infer(infer::Arguments),
    /// Write a settings file that lists every function and variable of a network
    Template(template::Arguments),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// What stopped it, in one sentence.
    pub fn run(self) -> Result<()> {
        match self {
            Self::Demo(arguments) => arguments.run(),
            Self::Compress(arguments) => arguments.run(),
            Self::Convert(arguments) => arguments.run(),
            Self::Data(arguments) => arguments.run(),
            Self::Draw(arguments) => arguments.run(),
            Self::Dump(arguments) => arguments.run(),
            Self::Evaluate(arguments) => arguments.run(),
            Self::Infer(arguments) => arguments.run(),
            Self::Template(arguments) => arguments.run(),
        }
    }
}

/// A command line that cannot be meant. It ends the program with exit code 2.
#[derive(Debug)]
pub struct UsageError(&'static str);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for UsageError {}

/// Splits files into what is read and, last, what is written. As one list they can stand anywhere between options, as
/// NNabla's tools take them.
fn inputs_and_output(files: &[PathBuf]) -> Result<(&[PathBuf], &PathBuf), UsageError> {
    match files {
        [inputs @ .., output] if !inputs.is_empty() => Ok((inputs, output)),
        _ => Err(UsageError("a file to read and a file to write are needed, in this order")),
    }
}
