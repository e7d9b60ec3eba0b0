//! `fewbit evaluate`: how well a model does on a dataset, and how fast.

use crate::console::Console;
use crate::dataset::DataArguments;
use crate::model::{self, ModelArguments, SemanticsName};
use crate::progress::Bar;
use crate::report::{self, ReportOption};
use crate::{output, size};
use anyhow::{Context, Result};
use clap::Args;
use fewbit_compress::evaluate::ClassScore;
use fewbit_compress::{Evaluation, Score, evaluate};
use fewbit_data::Split;
use fewbit_runtime::Model;
use serde_json::json;
use std::num::NonZeroUsize;

/// Arguments of `fewbit evaluate`.
#[derive(Args)]
pub struct Arguments {
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    data: DataArguments,
    /// Run only so many samples, spread evenly over the dataset
    #[arg(long, value_name = "N")]
    limit: Option<NonZeroUsize>,
    /// Take the training part, where the dataset has a training and a test part
    #[arg(long)]
    train: bool,
    /// What fixed-point networks compute: exact integers, the same on every device, or what NNabla's C runtime means to
    #[arg(long, value_enum, default_value = "integer")]
    semantics: SemanticsName,
    #[command(flatten)]
    report: ReportOption,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

impl Arguments {
    pub fn run(&self) -> Result<()> {
        let name = || self.model.name();
        let bytes = self.model.open()?.into_nnb().with_context(name)?;
        let model = Model::open(&bytes).with_context(name)?;
        model::check_memory(&model)?;
        let mut dataset = self.data.open(if self.train { Split::Train } else { Split::Test })?;
        if let Some(limit) = self.limit {
            dataset = dataset.spread(limit.get());
        }
        let inputs = self.data.inputs(dataset, model.nnb())?;
        let evaluation = evaluate(&bytes, &inputs, self.semantics.into(), &Bar::default())?;
        if let Some(path) = &self.report.path {
            let facts = report::data_facts(&self.data, &inputs);
            let about = report::about("Evaluation", &self.model.files.path, facts);
            output::write(path, report::evaluation(about, &evaluation, &inputs)?.as_bytes())?;
        }
        let console = Console::new(self.json);
        console.print(&text(&evaluation))?;
        console.object(&object(&evaluation))?;
        Ok(())
    }
}

fn text(evaluation: &Evaluation) -> String {
    let score = match &evaluation.score {
        Score::Classes(ClassScore { top1, top5, loss, .. }) => {
            format!(
                "top-1          {:.2} %\ntop-5          {:.2} %\ncross entropy  {loss:.4}",
                top1 * 100.0,
                top5 * 100.0
            )
        }
        Score::Values(score) => format!("mean squared error  {:.6}", score.mse),
    };
    format!(
        "{score}\n{} images in {:.2} s: {:.0} images a second",
        size::grouped(evaluation.images),
        evaluation.seconds,
        evaluation.images_per_second()
    )
}

/// The keys are those that other programs rely on.
fn object(evaluation: &Evaluation) -> serde_json::Value {
    let Evaluation { images, score, .. } = evaluation;
    let images_per_second = evaluation.images_per_second();
    match score {
        Score::Classes(ClassScore { top1, top5, loss, .. }) => json!({
            "images": images, "top1": top1, "top5": top5, "loss": loss, "images_per_second": images_per_second,
        }),
        Score::Values(score) => json!({
            "images": images, "mse": score.mse, "loss": score.mse, "images_per_second": images_per_second,
        }),
    }
}
