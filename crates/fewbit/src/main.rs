//! The command line of fewbit: arguments and printing. What the commands do is in the libraries below.
//!
//! | module | what it holds |
//! |---|---|
//! | `commands` | a file a subcommand |
//! | [`model`] | opening network files and `.nnb` files, whatever they are |
//! | [`dataset`] | opening datasets, and their samples as a network's inputs |
//! | [`measurement`] | sizes and accuracy of a network, printed |
//! | [`report`] | what was measured, as pages |
//! | [`output`] | writing files so that a failure leaves nothing behind |
//! | [`console`] | printing for people and for programs |
//! | [`progress`] | bars on a terminal |
//! | [`table`] | tables that fit the terminal |
//! | [`size`] | numbers of bytes, read and written |
#![forbid(unsafe_code)]

mod commands;
mod console;
mod dataset;
mod measurement;
mod model;
mod output;
mod progress;
mod report;
mod size;
mod table;

use clap::Parser;
use commands::{Command, UsageError};
use std::io;
use std::process::ExitCode;

/// Makes trained neural networks small enough for devices with kilobytes of memory, and shows that they still work.
#[derive(Parser)]
#[command(version, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    // Most wrong usage ends here, with exit code 2.
    let CommandLine { command } = CommandLine::parse();
    match command.run() {
        Ok(()) => ExitCode::SUCCESS,
        // Who reads the output has seen enough, as in `fewbit dump net.nnp | head`.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            console::error(&sentence(&error));
            if error.is::<UsageError>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

/// An error with its causes, from the outermost in. Many errors tell their cause in their own words: those are not told
/// again.
fn sentence(error: &anyhow::Error) -> String {
    let mut sentence = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if sentence.is_empty() {
            sentence = cause;
        } else if !sentence.contains(&cause) {
            sentence = format!("{sentence}: {cause}");
        }
    }
    sentence
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::CommandLine;
    use clap::CommandFactory;

    #[test]
    fn no_two_options_of_a_command_clash() {
        CommandLine::command().debug_assert();
    }
}
