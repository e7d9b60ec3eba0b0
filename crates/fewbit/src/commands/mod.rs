//! The subcommands, a file each: arguments, and a `run` that calls the libraries and prints.

mod convert;
mod data;
mod dump;
mod infer;
mod template;

use anyhow::Result;
use clap::Subcommand;

/// What to do.
#[derive(Subcommand)]
pub enum Command {
    /// Convert a network file to an .nnb file for devices, or to another network file
    Convert(convert::Arguments),
    /// Write datasets as files
    Data(data::Arguments),
    /// Show what a model is made of: functions, variables, types, buffers, memory
    Dump(dump::Arguments),
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
            Self::Convert(arguments) => arguments.run(),
            Self::Data(arguments) => arguments.run(),
            Self::Dump(arguments) => arguments.run(),
            Self::Infer(arguments) => arguments.run(),
            Self::Template(arguments) => arguments.run(),
        }
    }
}
