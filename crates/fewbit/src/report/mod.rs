//! What the libraries measured, as pages of `fewbit-report`.
//!
//! | module | what it fills |
//! |---|---|
//! | `compression` | the page of `compress` |
//! | `evaluation` | the page of `evaluate` |
//! | `classes` | confusion and wrong examples, on both |
//! | `arena` | the memory map |

mod arena;
mod classes;
mod compression;
mod evaluation;

pub use compression::{Compression, compression};
pub use evaluation::evaluation;

use crate::dataset::DataArguments;
use crate::size;
use clap::Args;
use fewbit_compress::{Evaluation, Score};
use fewbit_data::Inputs;
use fewbit_report::{About, Fact, Quality};
use std::path::{Path, PathBuf};

/// Where a report goes.
#[derive(Args)]
pub struct ReportOption {
    /// Write what was found as a page for people: one HTML file that holds everything it shows
    #[arg(id = "report", long, value_name = "FILE.html")]
    pub path: Option<PathBuf>,
}

/// What a page is about: something done to a model, and how to do it again.
pub fn about(what: &str, model: &Path, facts: Vec<Fact>) -> About {
    let name = model.file_stem().unwrap_or(model.as_os_str()).to_string_lossy();
    let mut all = vec![Fact::new("model", model.display().to_string())];
    all.extend(facts);
    all.push(Fact::new("command", command_line()));
    About { title: format!("{what} of {name}"), facts: all }
}

/// The dataset, as a page tells it.
pub fn data_facts(arguments: &DataArguments, inputs: &Inputs) -> Vec<Fact> {
    let samples = size::grouped(inputs.len());
    vec![
        Fact::new("data", format!("{}, {samples} samples", inputs.dataset().origin().display())),
        Fact::new("preprocessing", arguments.preprocess.to_string()),
    ]
}

/// The command line, to be copied into a shell.
fn command_line() -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+%@".contains(c);
    let quoted = std::env::args_os().skip(1).map(|argument| {
        let argument = argument.to_string_lossy();
        let needs_none = !argument.is_empty() && argument.chars().all(plain);
        if needs_none { argument.into_owned() } else { format!("'{}'", argument.replace('\'', r"'\''")) }
    });
    ["fewbit".to_owned()].into_iter().chain(quoted).collect::<Vec<_>>().join(" ")
}

/// How well a network did, as a page shows it.
fn quality(evaluation: &Evaluation) -> Quality {
    match &evaluation.score {
        Score::Classes(score) => Quality::Top1(score.top1),
        Score::Values(score) => Quality::MeanSquaredError(score.mse),
    }
}
