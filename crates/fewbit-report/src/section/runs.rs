//! The course of training: several runs over each other.

use crate::error::ReportError;
use crate::number;
use crate::page::{Section, Tile};
use crate::plot::Words;
use crate::plot::curves::{Curve, Labels, curves};
use crate::plot::ink::{Dash, Pen};
use crate::plot::legend::{Key, Sample};
use crate::plot::smooth::smoothed;
use crate::table::Table;
use maud::{Markup, html};

/// One run of training. Curves are points of an epoch (fractions within it) and a value, in order; those that were not
/// recorded are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// What was trained: `float`, `binary weight`.
    pub name: String,
    /// The loss on what it is trained with.
    pub training_loss: Vec<(f64, f64)>,
    /// The loss on other data.
    pub validation_loss: Vec<(f64, f64)>,
    /// The share of samples whose class is not found, 0 to 1, of what it is trained with.
    pub training_error: Vec<(f64, f64)>,
    /// The same of other data.
    pub validation_error: Vec<(f64, f64)>,
    /// The learning rate.
    pub learning_rate: Vec<(f64, f64)>,
    /// How long each epoch took, in seconds.
    pub epoch_seconds: Vec<f64>,
    /// How many images a second were trained with, on average.
    pub images_per_second: Option<f64>,
}

impl Run {
    /// How many epochs it went, as far as anything was recorded.
    fn epochs(&self) -> u64 {
        let curves = [&self.training_loss, &self.validation_loss, &self.training_error, &self.validation_error];
        let last = curves.iter().filter_map(|curve| curve.last()).map(|(epoch, _)| *epoch).fold(0.0, f64::max);
        (last.ceil() as u64).max(self.epoch_seconds.len() as u64)
    }
}

/// A curve of each run over the others.
struct Chart {
    id: &'static str,
    title: &'static str,
    label: &'static str,
    /// Whether the curve is noisy, so that its course is drawn over it.
    smooth: bool,
    curve: fn(&Run) -> Vec<(f64, f64)>,
}

const LOSS: [Chart; 2] = [
    Chart {
        id: "training-loss",
        title: "Training loss",
        label: "cross entropy, nats",
        smooth: true,
        curve: |run| run.training_loss.clone(),
    },
    Chart {
        id: "validation-loss",
        title: "Validation loss",
        label: "cross entropy, nats",
        smooth: true,
        curve: |run| run.validation_loss.clone(),
    },
];

const ERROR: [Chart; 2] = [
    Chart {
        id: "training-error",
        title: "Training error",
        label: "error, %",
        smooth: true,
        curve: |run| in_percent(&run.training_error),
    },
    Chart {
        id: "validation-error",
        title: "Validation error",
        label: "error, %",
        smooth: true,
        curve: |run| in_percent(&run.validation_error),
    },
];

const PACE: [Chart; 2] = [
    Chart {
        id: "learning-rate",
        title: "Learning rate",
        label: "learning rate",
        smooth: false,
        curve: |run| run.learning_rate.clone(),
    },
    Chart {
        id: "epoch-seconds",
        title: "Time of an epoch",
        label: "time, s",
        smooth: false,
        curve: |run| run.epoch_seconds.iter().enumerate().map(|(epoch, time)| (epoch as f64 + 1.0, *time)).collect(),
    },
];

fn in_percent(shares: &[(f64, f64)]) -> Vec<(f64, f64)> {
    shares.iter().map(|&(epoch, share)| (epoch, share * 100.0)).collect()
}

/// The numbers that the page begins with: the best run.
pub(crate) fn tiles(runs: &[Run]) -> Vec<Tile> {
    let best = runs.iter().filter_map(|run| lowest(&run.validation_error).map(|best| (run, best)));
    let Some((run, (epoch, error))) = best.min_by(|a, b| a.1.1.total_cmp(&b.1.1)) else { return Vec::new() };
    let mut tiles = vec![Tile {
        name: "Lowest validation error".into(),
        value: number::percent(error, 2),
        remark: format!("{}, epoch {}", run.name, epoch_text(epoch)),
    }];
    if !run.epoch_seconds.is_empty() {
        tiles.push(Tile {
            name: "Training time".into(),
            value: number::seconds(run.epoch_seconds.iter().sum()),
            remark: format!("{} epochs of {}", run.epoch_seconds.len(), run.name),
        });
    }
    tiles
}

/// An epoch, whole or in part.
fn epoch_text(epoch: f64) -> String {
    if epoch.fract() == 0.0 { format!("{epoch}") } else { format!("{epoch:.2}") }
}

/// The point with the least value.
fn lowest(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    points.iter().copied().filter(|(_, value)| value.is_finite()).min_by(|a, b| a.1.total_cmp(&b.1))
}

/// All sections of the page; those without data are left out.
///
/// # Errors
/// When a plot cannot be drawn.
pub(crate) fn sections(runs: &[Run]) -> Result<Vec<Section>, ReportError> {
    let smooth = "Thin: as recorded. Thick: the mean around each point.";
    let groups = [
        ("loss", "Loss", smooth, &LOSS[..]),
        ("error", "Error", smooth, &ERROR[..]),
        ("pace", "Learning rate and time", "", &PACE[..]),
    ];
    let mut sections = vec![Section { id: "runs", title: "Runs", body: table(runs).to_html() }];
    for (id, title, remark, charts) in groups {
        let plots: Vec<Markup> =
            charts.iter().filter_map(|chart| plot(chart, runs).transpose()).collect::<Result<_, _>>()?;
        if !plots.is_empty() {
            let body = html! { @if !remark.is_empty() { p { (remark) } } @for plot in plots { (plot) } };
            sections.push(Section { id, title, body });
        }
    }
    Ok(sections)
}

fn table(runs: &[Run]) -> Table {
    let mut table = Table::new("Losses in nats, errors in per cent of the samples.")
        .words("run")
        .numbers("epochs")
        .numbers("last training loss")
        .numbers("lowest validation loss")
        .numbers("lowest validation error, %")
        .numbers("at epoch")
        .numbers("time in all")
        .numbers("time of an epoch")
        .numbers("images a second");
    let number_or_dash = |value: Option<f64>, digits: usize| number::significant(value.unwrap_or(f64::NAN), digits);
    for run in runs {
        let time: f64 = run.epoch_seconds.iter().sum();
        let error = lowest(&run.validation_error);
        let last = smoothed(&run.training_loss).last().map(|(_, loss)| *loss);
        table.row([
            run.name.clone(),
            number::count(run.epochs()),
            number_or_dash(last, 3),
            number_or_dash(lowest(&run.validation_loss).map(|(_, loss)| loss), 3),
            error.map_or_else(|| number::NONE.into(), |(_, share)| format!("{:.2}", share * 100.0)),
            error.map_or_else(|| number::NONE.into(), |(epoch, _)| epoch_text(epoch)),
            number::seconds(time),
            number::seconds(time / run.epoch_seconds.len() as f64),
            run.images_per_second
                .map_or_else(|| number::NONE.into(), |pace| number::count(pace.max(0.0).round() as u64)),
        ]);
    }
    table
}

/// The curves of all runs; `None` where no run has one.
fn plot(chart: &Chart, runs: &[Run]) -> Result<Option<Markup>, ReportError> {
    let (mut lines, mut legend, mut ends) = (Vec::new(), Vec::new(), Vec::new());
    for (index, run) in runs.iter().enumerate() {
        let points = (chart.curve)(run);
        let Some(&(_, end)) = points.iter().rev().find(|(_, value)| value.is_finite()) else { continue };
        let pen = Pen::of_series(index);
        let curve = |pen, points, faint| Curve { pen, name: run.name.clone(), points, faint };
        if chart.smooth {
            lines.push(curve(pen, smoothed(&points), false));
            // Below what was drawn so far, and whole: broken noise cannot be read.
            lines.insert(0, curve(Pen { dash: Dash::Solid, ..pen }, points, true));
        } else {
            lines.push(curve(pen, points, false));
        }
        legend.push(Key::new(Sample::Line(pen), run.name.clone()));
        ends.push(format!("{} {}", run.name, number::significant(end, 3)));
    }
    if lines.is_empty() {
        return Ok(None);
    }
    let words = Words {
        id: chart.id.into(),
        title: chart.title.into(),
        description: format!("{} ({}) over epochs. At the end: {}.", chart.title, chart.label, ends.join("; ")),
        legend,
    };
    curves(&words, Labels { x: "epoch", y: chart.label }, &lines).map(Some)
}
