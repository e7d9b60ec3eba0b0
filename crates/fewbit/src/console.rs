//! Printing: findings for people or for programs on standard output, warnings and errors on standard error.
//!
//! Nothing here panics when the other end of a pipe is closed.

use serde::Serialize;
use std::io::{self, Write};

/// Prints text on standard output, with a line break behind it.
///
/// # Errors
/// When nobody reads it any more.
pub fn print(text: &str) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{text}")
}

/// Where the findings of a command go that measures.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    json: bool,
}

impl Console {
    /// For people; with `json`, for programs: one JSON object on standard output, all else on standard error.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Prints text for people, with a line break behind it.
    pub fn print(self, text: &str) -> io::Result<()> {
        if self.json { writeln!(io::stderr().lock(), "{text}") } else { print(text) }
    }

    /// Prints the JSON object, if a program listens.
    pub fn object(self, object: &impl Serialize) -> io::Result<()> {
        if !self.json {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        serde_json::to_writer_pretty(&mut out, object).map_err(io::Error::from)?;
        writeln!(out)
    }
}

/// Tells of something that a person should know, but that stops nothing.
pub fn warn(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}

/// Tells why a command failed.
pub fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}
