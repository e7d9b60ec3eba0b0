//! `fewbit profile`: what each layer of a model costs, here and, by estimate, on a device.

use crate::console::Console;
use crate::layers::{NamedLayer, named_layers};
use crate::model::{self, ModelArguments};
use crate::progress::Bar;
use crate::report::{self, ReportOption};
use crate::table::{self, Align};
use crate::{output, size};
use anyhow::{Context, Result};
use clap::Args;
use fewbit_codegen::Processor;
use fewbit_compress::profile::{Profile, profile};
use fewbit_report::{Fact, number};
use fewbit_runtime::Model;
use fewbit_runtime::host::InstructionSet;
use serde_json::{Value, json};
use std::num::NonZeroUsize;

/// Arguments of `fewbit profile`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    /// Time so many runs each way; the least time of each layer counts
    #[arg(long, value_name = "N", default_value = "20")]
    runs: NonZeroUsize,
    #[command(flatten)]
    report: ReportOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let name = || self.model.name();
        let (bytes, network) = self.model.open()?.into_named_nnb().with_context(name)?;
        let model = Model::open(&bytes).with_context(name)?;
        model::check_memory(&model)?;
        let profile = profile(&bytes, self.runs.get(), &Bar::default()).with_context(name)?;
        let layers = named_layers(&network, &model, &profile);
        if let Some(path) = &self.report.path {
            let facts = vec![Fact::new("instructions", instruction_set()), Fact::new("runs", profile.runs.to_string())];
            let about = report::about("Profile", &self.model.files.path, facts);
            output::write(path, report::profile(about, &layers)?.as_bytes())?;
        }
        let console = Console::new(self.json);
        console.print(&text(&profile, &layers))?;
        console.object(&object(&profile, &layers))?;
        Ok(())
    }
}

/// What prepared networks use of this processor.
fn instruction_set() -> &'static str {
    match InstructionSet::best() {
        InstructionSet::Portable => "plain code",
        InstructionSet::Neon => "NEON",
        InstructionSet::NeonDot => "NEON with dot products",
        InstructionSet::Avx2 => "AVX2",
        InstructionSet::AvxVnni => "AVX2 with VNNI",
        InstructionSet::Avx512 => "AVX-512",
        InstructionSet::Avx512Vnni => "AVX-512 with VNNI",
    }
}

/// Totals, then a table of the layers.
fn text(profile: &Profile, layers: &[NamedLayer<'_>]) -> String {
    let total = profile.total();
    let mut text = format!(
        "On this machine, {}: {} a run, {} multiply-accumulates a second\nWith portable kernels: {}\n\
         Multiply-accumulates: {}, bytes moved: {}\n",
        instruction_set(),
        number::seconds(total.host_seconds),
        number::short_count(total.multiply_accumulates as f64 / total.host_seconds),
        number::seconds(total.portable_seconds),
        size::grouped(total.multiply_accumulates as usize),
        size::grouped(total.bytes_moved as usize),
    );
    let estimated = layers.iter().any(|layer| layer.estimate.is_some());
    for (place, processor) in Processor::ALL.iter().enumerate().filter(|_| estimated) {
        let (known, sum) = estimated_total(layers, place);
        let missing = layers.len() - known;
        let without = if missing > 0 {
            format!(", without {missing} layers that compute in floats or in rare ways")
        } else {
            String::new()
        };
        text += &format!("Estimate for {}: {} cycles{without}\n", processor.name(), number::short_count(sum as f64));
    }
    let mut columns = vec![
        ("layer", Align::Left),
        ("functions", Align::Left),
        ("multiplies", Align::Right),
        ("bytes", Align::Right),
        ("time", Align::Right),
        ("", Align::Left),
        ("portable", Align::Right),
    ];
    let titles = Processor::ALL.map(|processor| format!("{}, estimate", processor.name()));
    columns.extend(titles.iter().filter(|_| estimated).map(|title| (title.as_str(), Align::Right)));
    let mut table = table::new(&columns);
    for layer in layers {
        let time = layer.time;
        let mut row = vec![
            layer.name.clone(),
            layer.functions.clone(),
            size::grouped(time.multiply_accumulates as usize),
            size::grouped(time.bytes_moved as usize),
            number::seconds(time.host_seconds),
            table::bar(time.host_seconds / total.host_seconds),
            number::seconds(time.portable_seconds),
        ];
        let cycles = |cycles: Option<u64>| cycles.map_or_else(String::new, |cycles| size::grouped(cycles as usize));
        row.extend(layer.cycles().into_iter().filter(|_| estimated).map(cycles));
        table.add_row(row);
    }
    text + "\n" + &table::render(&mut table)
}

/// How many layers have an estimate for the processor at `place` of [`Processor::ALL`], and their sum.
fn estimated_total(layers: &[NamedLayer<'_>], place: usize) -> (usize, u64) {
    let known = layers.iter().filter_map(|layer| layer.cycles()[place]);
    known.fold((0, 0), |(count, sum), cycles| (count + 1, sum + cycles))
}

/// The keys are those that other programs rely on.
fn object(profile: &Profile, layers: &[NamedLayer<'_>]) -> Value {
    let total = profile.total();
    let cycles = |cycles: &[Option<u64>]| -> Value {
        Processor::ALL
            .iter()
            .zip(cycles)
            .map(|(processor, cycles)| (processor.name().to_owned(), json!(cycles)))
            .collect()
    };
    let layer = |layer: &NamedLayer<'_>| {
        json!({
            "name": layer.name,
            "functions": layer.time.functions,
            "types": layer.functions.split(" + ").collect::<Vec<_>>(),
            "multiply_accumulates": layer.time.multiply_accumulates,
            "bytes_moved": layer.time.bytes_moved,
            "seconds": layer.time.host_seconds,
            "portable_seconds": layer.time.portable_seconds,
            "estimated_cycles": cycles(&layer.cycles()),
        })
    };
    let totals: Vec<Option<u64>> = (0..Processor::ALL.len())
        .map(|place| estimated_total(layers, place))
        .map(|(known, sum)| (known > 0).then_some(sum))
        .collect();
    json!({
        "seconds": total.host_seconds,
        "portable_seconds": total.portable_seconds,
        "multiply_accumulates": total.multiply_accumulates,
        "bytes_moved": total.bytes_moved,
        "runs": profile.runs,
        "estimated_cycles": cycles(&totals),
        "layers": layers.iter().map(layer).collect::<Vec<_>>(),
    })
}
