//! `fewbit compress`: from a float network and a dataset to a fixed-point file, with what it cost.

mod choices;
mod explanation;

use crate::console::{self, Console};
use crate::dataset::DataArguments;
use crate::measurement::{self, COLUMNS};
use crate::model::{Model, ModelFiles, check_memory};
use crate::output;
use crate::progress::Bar;
use crate::report::{self, Compression, ReportOption};
use crate::table::{self, Align};
use anyhow::{Context, Result, bail};
use choices::ChoiceArguments;
use clap::{Args, ValueEnum};
use fewbit_compress::compress::{Use, VariableReport};
use fewbit_compress::diagnose::{Explanation, Subject, VariableErrors, explain, variable_errors};
use fewbit_compress::memory::rows::RowOptions;
use fewbit_compress::{CompressOptions, Compressed, compress};
use fewbit_core::{NumberFormat, VariableId};
use fewbit_data::{Dataset, Inputs, Split};
use fewbit_formats::Nnp;
use fewbit_nnb::Version;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;

/// How many samples both networks are compared on, where nothing else is asked for: each layer takes three runs of each.
const EXPLAINED: &str = "64";

/// Arguments of `fewbit compress`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelFiles,
    #[command(flatten)]
    data: DataArguments,
    /// The folder for model.nnb, network.nnp, settings.yaml and report.html; it is made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
    /// Calibrate on so many samples of the training part, every class as often as every other
    #[arg(long, value_name = "N", default_value = "256")]
    calibrate: NonZeroUsize,
    /// Measure on so many samples of the test part, spread evenly [default: all]
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    #[command(flatten)]
    choices: ChoiceArguments,
    /// Compute row by row what needs less memory then, as little of it as --ram asks for, in .nnb of version 4; `pushed`
    /// takes the rows of the input as they come
    #[arg(long, value_enum, value_name = "INPUT", num_args = 0..=1, default_missing_value = "held")]
    depth_first: Option<RowInput>,
    /// Show which layers cost accuracy, the worst first, and what to do about them, by runs of N samples [default: 64]
    #[arg(long, value_name = "N", num_args = 0..=1, require_equals = true, default_missing_value = EXPLAINED)]
    explain: Option<NonZeroUsize>,
    #[command(flatten)]
    report: ReportOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Whether the input of a network that is computed row by row is there as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RowInput {
    Held,
    Pushed,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        if self.output.exists() && !self.output.is_dir() {
            bail!("cannot write into {}: it is not a folder", self.output.display());
        }
        let name = || self.model.name();
        let network = self.model.open()?.into_network().with_context(name)?;
        let bytes = Model::Network(network.clone()).into_nnb().with_context(name)?;
        let model = fewbit_runtime::Model::open(&bytes).with_context(name)?;
        check_memory(&model)?;
        let inputs = |dataset: Dataset| self.data.inputs(dataset, model.nnb());
        let calibration = inputs(self.data.open(Split::Train, model.nnb())?.balanced(self.calibrate.get()))?;
        let test = self.data.open(Split::Test, model.nnb())?;
        let evaluation = inputs(self.limit.map_or_else(|| test.clone(), |limit| test.spread(limit.get())))?;
        let options = CompressOptions { rows: self.row_options(), ..self.choices.options()? };
        if options.rows.is_some() && options.version != Version::V4 {
            bail!(
                "only version 4 of .nnb holds networks that are computed row by row; give -d nnb_4, or not --depth-first"
            );
        }
        let compressed = compress(&network, &calibration, &evaluation, &options, &Bar::default()).with_context(name)?;
        let findings = self.findings(&compressed, &options, &inputs(test.spread(self.explained()))?)?;
        compressed.warnings.iter().for_each(|warning| console::warn(warning));

        let console = Console::new(self.json);
        console.print(&text(&compressed))?;
        if let Some(explanation) = &findings.explanation {
            console.print(&format!("\n{}\n", explanation::text(&compressed, &findings.errors, explanation)))?;
        }
        self.choices.check(&compressed)?;
        let about = report::about("Compression", &self.model.path, report::data_facts(&self.data, &evaluation));
        let page = Compression {
            about,
            compressed: &compressed,
            errors: &findings.errors,
            explanation: findings.explanation.as_ref(),
            inputs: &evaluation,
            alternatives: Vec::new(),
            chosen: None,
        };
        let report = self.write(&compressed, report::compression(page)?)?;
        console.print(&format!("Written: model.nnb, network.nnp and settings.yaml in {}", self.output.display()))?;
        console.print(&format!("Report: {}", report.display()))?;
        console.object(&object(&compressed, &findings))?;
        Ok(())
    }

    /// How many samples both networks are compared on.
    fn explained(&self) -> usize {
        self.explain.map_or_else(|| EXPLAINED.parse().unwrap_or(1), NonZeroUsize::get)
    }

    /// Compares the compressed network with the float one.
    fn findings(&self, compressed: &Compressed, options: &CompressOptions, samples: &Inputs) -> Result<Findings> {
        let subject = Subject::of(compressed, options);
        let errors = variable_errors(&subject, samples, &Bar::default())?;
        let explain = |_| explain(&subject, &errors, samples, &Bar::default());
        let explanation = self.explain.map(explain).transpose()?;
        Ok(Findings { errors, explanation })
    }

    /// How to compute row by row, if that was asked for.
    fn row_options(&self) -> Option<RowOptions> {
        self.depth_first
            .map(|input| RowOptions { limit: self.choices.ram().unwrap_or(0), pushed: input == RowInput::Pushed })
    }

    /// Writes all files, and tells where the report is.
    fn write(&self, compressed: &Compressed, report: String) -> Result<PathBuf> {
        fs::create_dir_all(&self.output)
            .with_context(|| format!("cannot make the folder {}", self.output.display()))?;
        let path = self.report.path.clone().unwrap_or_else(|| self.output.join("report.html"));
        output::write_all(&[
            (self.output.join("model.nnb"), compressed.file.clone()),
            (self.output.join("network.nnp"), Nnp::from_network(&compressed.network).to_archive()?),
            (self.output.join("settings.yaml"), compressed.settings.to_yaml().into_bytes()),
            (path.clone(), report.into_bytes()),
        ])?;
        Ok(path)
    }
}

/// Where accuracy was lost.
struct Findings {
    errors: VariableErrors,
    explanation: Option<Explanation>,
}

/// What it cost, for people.
fn text(compressed: &Compressed) -> String {
    let titles = [("", Align::Left)].into_iter().chain(COLUMNS.map(|title| (title, Align::Right)));
    let mut table = table::new(&titles.collect::<Vec<_>>());
    for (name, measurement) in [("float", &compressed.float), ("compressed", &compressed.compressed)] {
        table.add_row([name.to_owned()].into_iter().chain(measurement::cells(measurement)));
    }
    let loss = match compressed.loss_points() {
        Some(loss) => format!("Loss: {loss:.2} points of top-1\n"),
        None => String::new(),
    };
    let outputs = match compressed.output_sqnr_db {
        sqnr if sqnr.is_finite() => format!("Outputs: {sqnr:.1} dB of signal to noise against the network as it was\n"),
        _ => "Outputs: as before\n".into(),
    };
    format!("{}\n{loss}{outputs}Types: {}\n{}", table::render(&mut table), types(compressed), worst(compressed))
}

/// How many variables have which type.
fn types(compressed: &Compressed) -> String {
    let mut counts = BTreeMap::<&str, usize>::new();
    for variable in &compressed.variables {
        *counts.entry(variable.format.type_name()).or_default() += 1;
    }
    let counts: Vec<String> = counts.iter().map(|(name, count)| format!("{count} {name}")).collect();
    counts.join(", ")
}

/// The variable that rounding hurts most: the first to look at.
fn worst(compressed: &Compressed) -> String {
    let known = compressed.variables.iter().filter_map(|variable| Some((variable, variable.sqnr_db?)));
    let worst = known.min_by(|(_, a), (_, b)| a.total_cmp(b));
    worst.map_or_else(String::new, |(VariableReport { name, format, .. }, sqnr)| {
        format!("Least ratio of signal to rounding noise: {sqnr:.1} dB, of '{name}' in {format}")
    })
}

/// The keys are those that other programs rely on.
fn object(compressed: &Compressed, findings: &Findings) -> Value {
    let variables = compressed.variables.iter().enumerate().map(|(index, variable)| {
        let VariableReport { name, used_as, format, sqnr_db } = variable;
        let mut row = json!({
            "name": name,
            "kind": kind(*used_as),
            "type": format.type_name(),
            "position": NumberFormat::position(*format),
            "sqnr_db": sqnr_db,
        });
        if let Value::Object(row) = &mut row {
            let Findings { errors, explanation } = findings;
            row.extend(explanation::variable_keys(errors, VariableId(index), explanation.as_ref()));
        }
        row
    });
    let mut object = json!({
        "float": measurement::object(&compressed.float),
        "compressed": measurement::object(&compressed.compressed),
        "loss_points": compressed.loss_points(),
        "output_sqnr_db": compressed.output_sqnr_db.is_finite().then_some(compressed.output_sqnr_db),
        "seconds": compressed.seconds,
        "variables": variables.collect::<Vec<_>>(),
    });
    if let Some(explanation) = &findings.explanation {
        object["explanation"] = explanation::object(&findings.errors, explanation);
    }
    object
}

fn kind(used_as: Use) -> &'static str {
    match used_as {
        Use::Input => "input",
        Use::Output => "output",
        Use::Buffer => "buffer",
        Use::Parameter => "parameter",
    }
}
