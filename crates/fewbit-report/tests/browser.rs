//! Opens pages and drawings that are hard to draw in a real browser, on a phone and on a desktop, and looks at them. The
//! reports of real networks are opened by the tests of the command line, which writes them.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chromium;
#[path = "../examples/training.rs"]
mod training;

use chromium::check::{check, strings};
use chromium::{Browser, Screen, screenshot_folder};
use fewbit_core::{Network, NumberFormat};
use fewbit_formats::{ImportOptions, Nnp};
use fewbit_report::{
    About, CompressionReport, Confusion, EvaluationReport, Quality, Run, TrainingReport, Version, draw,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

fn about(title: &str) -> About {
    About { title: title.into(), facts: Vec::new() }
}

#[test]
fn training_opens() {
    check("training", &training::report().to_html().unwrap());
}

/// Many alternatives close to each other, with long names; by accuracy and by error.
#[test]
fn alternatives_open() {
    let version = |index: u64, quality: Quality| Version {
        name: format!("weights of {} bits, buffers of {} bits, number {index}", 2 + index % 7, 8 + index % 9),
        model_bytes: 60_000 + index * index * 40,
        arena_bytes: 131_072 + (index % 3) * 65_536,
        state_bytes: 176,
        quality: Some(quality),
    };
    let accuracy = |index: u64| Quality::Top1(0.86 - 0.3 / (index + 1) as f64);
    let error = |index: u64| Quality::MeanSquaredError(0.01 + 0.5 / (index * index + 1) as f64);
    let qualities: [(&str, &dyn Fn(u64) -> Quality); 2] =
        [("alternatives-accuracy", &accuracy), ("alternatives-error", &error)];
    for (name, quality) in qualities {
        let alternatives: Vec<Version> = (0..40).map(|index| version(index, quality(index))).collect();
        let float = Version { name: "float".into(), model_bytes: 413_792, ..version(60, quality(60)) };
        let report = CompressionReport {
            about: about(name),
            versions: vec![float, alternatives[12].clone()],
            alternatives,
            chosen: Some(12),
            ..CompressionReport::default()
        };
        check(name, &report.to_html().unwrap());
    }
}

/// More classes than can be named, and names that are too long; a class that never occurs.
#[test]
fn many_classes_open() {
    for count in [2usize, 30, 100] {
        let class = |class: usize| format!("a class of things with a long name, number {class}");
        let samples =
            |class: usize, other: usize| if class == other { 4_000 } else { (class * 7 + other * 3) as u64 % 11 };
        let mut counts: Vec<Vec<u64>> =
            (0..count).map(|class| (0..count).map(|other| samples(class, other)).collect()).collect();
        counts[count / 2] = vec![0; count];
        let report = EvaluationReport {
            about: about(&format!("Evaluation with {count} classes")),
            samples: counts.iter().flatten().sum(),
            confusion: Some(Confusion { classes: (0..count).map(class).collect(), counts }),
            ..EvaluationReport::default()
        };
        check(&format!("classes-{count}"), &report.to_html().unwrap());
    }
}

/// A single short run, and one that diverges.
#[test]
fn odd_runs_open() {
    let short =
        Run { name: "short".into(), training_loss: vec![(1.0, 2.3)], epoch_seconds: vec![0.4], ..Run::default() };
    let wild = |step: i32| (f64::from(step) / 10.0, if step < 80 { 2.0 } else { 10f64.powi(step - 80) });
    let diverging = Run {
        name: "a run whose name is so long that nothing in the legend has room for it on a phone".into(),
        training_loss: (0..400).map(wild).collect(),
        validation_error: vec![(1.0, 0.4), (2.0, f64::NAN), (3.0, 0.9)],
        learning_rate: vec![(0.0, 1e-5), (3.0, 1e-5)],
        ..Run::default()
    };
    check("odd-runs", &TrainingReport { about: about("Training"), runs: vec![short, diverging] }.to_html().unwrap());
}

/// Opens drawings of networks: cards lie apart, and no text leaves its card or lies over another.
fn check_drawings(networks: &[(String, Network)]) {
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, network) in networks {
        let svg = draw(network);
        assert!(svg.len() < 1_000_000, "{name}: {} bytes", svg.len());
        let file = folder.path().join("network.svg");
        fs::write(&file, svg).unwrap();
        let mut page = browser.open(&file, Screen::Desktop, &[("prefers-color-scheme", "light")]);
        if let Some(folder) = screenshot_folder() {
            page.screenshot(&folder.join(format!("draw-{name}.png")));
        }
        let seen = page.evaluate(LOOK_AT_DRAWING);
        let functions = network.nodes.len() as u64;
        assert_eq!(seen["error"], Value::Null, "{name} is not well-formed");
        assert!(seen["lines"].as_u64() >= Some(functions), "{name}: {} lines for {functions} functions", seen["lines"]);
        for trouble in ["touching", "outside", "overlapping"] {
            assert_eq!(strings(&seen[trouble]), [""; 0], "{name}: {trouble}");
        }
        let light = seen["ground"].clone();
        page.set_media(&[("prefers-color-scheme", "dark")]);
        if let Some(folder) = screenshot_folder() {
            page.screenshot(&folder.join(format!("draw-{name}-dark.png")));
        }
        assert_ne!(page.evaluate(LOOK_AT_DRAWING)["ground"], light, "{name}: the same ground in the dark");
        assert_eq!(page.complaints(), [""; 0], "{name}");
    }
}

/// JavaScript that tells what there is to see in a drawing.
const LOOK_AT_DRAWING: &str = include_str!("look_at_drawing.js");

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn read(path: &Path) -> Network {
    Nnp::open(path).unwrap().network(&ImportOptions::default()).unwrap()
}

/// The networks that come with their outputs in NNabla, and the trained ResNet23 in 8 bits.
fn networks() -> Vec<(String, Network)> {
    let folder = repository("testdata/reference/networks");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 7);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    let mut networks: Vec<(String, Network)> =
        paths.iter().map(|path| (name(path), read(&path.join("net.nnp")))).collect();
    let mut small = read(&repository("models/resnet23_trained.nnp"));
    for variable in &mut small.variables {
        variable.format = NumberFormat::Fixed8 { position: 5 };
    }
    networks.push(("resnet23_8_bits".into(), small));
    networks
}

#[test]
fn drawings_open() {
    check_drawings(&networks());
}
