//! Opens every report in a real browser, on a phone and on a desktop, and looks at it.
//!
//! Skipped, with a message, where there is no Chromium. With `FEWBIT_SCREENSHOTS=FOLDER` the tests leave pictures of every
//! page there, for people to look at.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod chromium;
#[path = "../examples/sample/measured.rs"]
mod measured;
#[path = "../examples/sample/network.rs"]
mod network;
#[path = "../examples/sample/reports.rs"]
mod reports;

use chromium::{Browser, Page, Screen, screenshot_folder};
use fewbit_compress::memory;
use fewbit_core::{Network, Node, NumberFormat, VariableKind};
use fewbit_nnb::{EncodeOptions, encode};
use fewbit_report::{
    About, ArenaMap, CompressionReport, Confusion, EvaluationReport, LayerError, Quality, Run, TrainingReport,
    VariableReport, Version, draw,
};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

/// JavaScript that tells what there is to see.
const LOOK: &str = include_str!("look.js");

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
}

/// Opens a page in every way and checks what must hold for all pages.
fn check(name: &str, html: &str) {
    assert!(html.len() < 1_000_000, "{name}: {} bytes", html.len());
    let Some(mut browser) = Browser::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    fs::write(&file, html).unwrap();
    for screen in [Screen::Phone, Screen::Desktop] {
        let place = format!("{name} on a {screen:?}");
        let mut page = browser.open(&file, screen, &[("prefers-color-scheme", "light")]);
        if let Some(folder) = screenshot_folder() {
            leave_pictures(&mut page, &folder, name, screen);
        }
        let seen = page.evaluate(LOOK);
        assert!(
            seen["scroll"].as_f64() <= seen["inner"].as_f64(),
            "{place} overflows: {} {}",
            seen["scroll"],
            seen["wide"]
        );
        assert_eq!(strings(&seen["wide"]), [""; 0], "{place}: wider than the screen");
        assert_eq!(strings(&seen["twice"]), [""; 0], "{place}: ids used twice");
        assert_eq!(strings(&seen["dangling"]), [""; 0], "{place}: links to nothing");
        check_plots(&place, &seen);
        check_structure(&place, &seen);

        page.set_media(&[("prefers-color-scheme", "dark")]);
        let dark = page.evaluate(LOOK);
        assert_ne!(dark["ground"], seen["ground"], "{place}: the same ground in the dark");
        assert_ne!(dark["ink"], seen["ink"], "{place}: the same ink in the dark");

        check_accessible(&place, &page.accessible(), &seen);
        assert_eq!(page.complaints(), [""; 0], "{place}");
    }
}

/// Pictures of the page as a reader first sees it.
fn leave_pictures(page: &mut Page<'_>, folder: &Path, name: &str, screen: Screen) {
    page.screenshot(&folder.join(format!("{name}-{screen:?}.png").to_lowercase()));
    if screen == Screen::Desktop {
        page.print(&folder.join(format!("{name}.pdf")));
        page.set_media(&[("prefers-color-scheme", "dark")]);
        page.screenshot(&folder.join(format!("{name}-dark.png")));
        page.set_media(&[("prefers-color-scheme", "light")]);
    }
}

fn check_plots(place: &str, seen: &Value) {
    let plots = seen["plots"].as_array().unwrap();
    let of_plots: Vec<&str> = plots.iter().map(|plot| plot["figure"].as_str().unwrap()).collect();
    assert_eq!(of_plots, strings(&seen["figures"]), "{place}: every figure shows one plot");
    for plot in plots {
        let figure = &plot["figure"];
        assert!(plot["area"].as_f64() > Some(20_000.0), "{place}: {figure} has no area");
        assert!(plot["texts"].as_u64() > Some(3), "{place}: {figure} has no text");
        assert_eq!(strings(&plot["outside"]), [""; 0], "{place}: {figure} has text beyond its edge");
        assert_eq!(strings(&plot["touching"]), [""; 0], "{place}: {figure} has text over text");
        let words = strings(&plot["words"]);
        assert!(words.len() == 2 && words.iter().all(|words| words.len() > 4), "{place}: {figure} says {words:?}");
    }
}

fn check_structure(place: &str, seen: &Value) {
    let headings: Vec<u64> = seen["headings"].as_array().unwrap().iter().filter_map(Value::as_u64).collect();
    assert_eq!(headings.iter().filter(|level| **level == 1).count(), 1, "{place}: one main heading");
    assert!(headings.windows(2).all(|pair| pair[1] <= pair[0] + 1), "{place}: {headings:?}");
    for table in seen["tables"].as_array().unwrap() {
        let caption = table["caption"].as_str().unwrap();
        assert!(caption.len() > 4, "{place}: a table without a caption");
        assert!(table["columns"].as_u64() > Some(1), "{place}: '{caption}' has no columns");
        assert_eq!(table["ragged"], 0, "{place}: '{caption}' has rows of other lengths");
        assert_eq!(table["unnamed"], 0, "{place}: '{caption}' has rows without a name");
        assert_eq!(table["selectable"], true, "{place}: '{caption}' cannot be copied");
    }
    for picture in seen["pictures"].as_array().unwrap() {
        assert!(picture["width"].as_u64() > Some(0), "{place}: a picture is broken");
        assert!(picture["alt"].as_str().is_some_and(|words| words.len() > 4), "{place}: a picture without words");
    }
}

/// A screen reader finds each plot as an image with a name, and no shapes within it.
fn check_accessible(place: &str, nodes: &[(String, String)], seen: &Value) {
    let images = nodes.iter().filter(|(role, _)| role == "image" || role == "img");
    let images: Vec<&str> = images.map(|(_, name)| name.as_str()).collect();
    let expected = seen["plots"].as_array().unwrap().len() + seen["pictures"].as_array().unwrap().len();
    assert_eq!(images.len(), expected, "{place}: {images:?}");
    assert!(images.iter().all(|name| name.len() > 4), "{place}: an image without a name");
}

#[test]
fn compression_opens() {
    check("compression", &reports::compression().to_html().unwrap());
}

#[test]
fn evaluation_opens() {
    check("evaluation", &reports::evaluation().to_html().unwrap());
}

#[test]
fn training_opens() {
    check("training", &reports::training().to_html().unwrap());
}

#[test]
fn profile_opens() {
    check("profile", &reports::profile().to_html().unwrap());
}

/// The network with every parameter in 8 bits, at the position that its largest value allows, and every buffer in
/// `buffers`.
fn fixed(network: &Network, buffers: NumberFormat) -> Network {
    let mut network = network.clone();
    for variable in &mut network.variables {
        variable.format = match &variable.kind {
            VariableKind::Buffer => buffers,
            VariableKind::Parameter(values) => {
                let largest = values.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
                let fits = |position: &i8| largest * f32::from(*position).exp2() < 127.5;
                NumberFormat::Fixed8 { position: (0..=7).rev().find(fits).unwrap_or(0) }
            }
        };
    }
    network
}

/// Bytes of the network's file.
fn file_bytes(network: &Network) -> u64 {
    let options = EncodeOptions { version: fewbit_nnb::Version::V3, ..EncodeOptions::default() };
    encode(network, &options).expect("the network can be encoded").bytes.len() as u64
}

/// Where the network's buffers lie in the best plan.
fn planned_arena(network: &Network) -> ArenaMap {
    let plan = memory::plan(network);
    network::arena(network, plan.bytes, plan.lower_bound, |index| plan.arena.offsets[index])
}

/// Small networks of other kinds, whose quality is an error; what is not known has no section.
#[test]
fn other_networks_open() {
    for (name, float) in reference_networks().into_iter().filter(|(name, _)| !name.starts_with("resnet23")) {
        let small = fixed(&float, NumberFormat::Fixed16 { position: 9 });
        let layer = |node: &Node| LayerError {
            name: node.name.clone(),
            function: node.operation.spec().name.into(),
            sqnr_db: Some(node.name.len() as f64),
            ..LayerError::default()
        };
        let version = |name: &str, network: &Network, error: f64| Version {
            name: name.into(),
            model_bytes: file_bytes(network),
            arena_bytes: planned_arena(network).arena_bytes,
            state_bytes: 600,
            quality: Some(Quality::MeanSquaredError(error)),
        };
        let report = CompressionReport {
            about: About { title: format!("Compression of {name}"), facts: Vec::new() },
            versions: vec![version("float", &float, 0.0123), version("small", &small, 0.0131)],
            alternatives: vec![version("16 bits", &small, 0.0131), version("8 bits", &small, 0.2)],
            chosen: Some(0),
            memory: Some(planned_arena(&small)),
            variables: small.variables.iter().map(VariableReport::new).collect(),
            layers: small.nodes.iter().map(layer).collect(),
            ..CompressionReport::default()
        };
        check(&name, &report.to_html().unwrap());
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
            about: About { title: format!("Evaluation with {count} classes"), facts: Vec::new() },
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
    let about = About { title: "Training".into(), facts: Vec::new() };
    check("odd-runs", &TrainingReport { about, runs: vec![short, diverging] }.to_html().unwrap());
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

/// The networks that come with their outputs in NNabla, by name.
fn reference_networks() -> Vec<(String, Network)> {
    let folder = network::repository("testdata/reference/networks");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(paths.len() >= 7);
    let name = |path: &Path| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), network::read(&path.join("net.nnp")))).collect()
}

#[test]
fn drawings_open() {
    let mut networks = reference_networks();
    networks.push(("resnet23_8_bits".into(), measured::measured().compressed().network.clone()));
    check_drawings(&networks);
}
