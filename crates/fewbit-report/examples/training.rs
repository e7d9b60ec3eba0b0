//! Writes a sample of the page of training, whose course is made up: `training [FILE]`, by default
//! `target/training.html`.

use fewbit_report::{About, Fact, Run, TrainingReport};
use std::error::Error;
use std::fs;
use std::path::PathBuf;

#[allow(dead_code, reason = "a test takes only the report")]
fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).map_or_else(|| PathBuf::from("target/training.html"), PathBuf::from);
    fs::write(&path, report().to_html()?)?;
    println!("{}", path.display());
    Ok(())
}

/// Three runs as in the tutorial's figures, made up.
pub fn report() -> TrainingReport {
    const EPOCHS: usize = 40;
    const STEPS: usize = 50;
    let run = |number: u64, name: &str, floor: f64, slowness: f64| {
        let at = |step: usize| (step + 1) as f64 / STEPS as f64;
        let course = |epoch: f64| floor + (2.3 - floor) * (-epoch / slowness).exp();
        let shaken = |step: usize, size: f64| 1.0 + size * (noise(number * 100_000 + step as u64) - 0.5);
        let loss = |step: usize| (at(step), course(at(step)) * shaken(step, 0.5));
        let error = |step: usize| (at(step), course(at(step)) * 0.34 * shaken(step + 7, 0.5));
        let later =
            |epoch: usize, gap: f64| course(epoch as f64) * shaken(epoch * 31, 0.08) + gap * epoch as f64 / 40.0;
        let rate = |step: usize| (at(step), 0.05 * (1.0 + (at(step) / EPOCHS as f64 * std::f64::consts::PI).cos()));
        let time = |epoch: usize| 142.0 + 9.0 * number as f64 + 6.0 * noise(number * 999 + epoch as u64);
        let (steps, epochs) = (0..EPOCHS * STEPS, 1..=EPOCHS);
        Run {
            name: name.into(),
            training_loss: steps.clone().map(loss).collect(),
            validation_loss: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.25))).collect(),
            training_error: steps.clone().map(error).collect(),
            validation_error: epochs.clone().map(|epoch| (epoch as f64, later(epoch, 0.22) * 0.32)).collect(),
            learning_rate: steps.map(rate).collect(),
            epoch_seconds: epochs.map(time).collect(),
            images_per_second: Some(50_000.0 / (145.0 + 9.0 * number as f64)),
        }
    };
    TrainingReport {
        about: About {
            title: "Training of ResNet23".into(),
            facts: vec![Fact::new("note", "a sample: all of it is made up")],
        },
        runs: vec![
            run(1, "float", 0.28, 6.0),
            run(2, "binary weight", 0.43, 8.0),
            run(3, "binary connect", 0.58, 10.0),
        ],
    }
}

/// Repeatable numbers between 0 and 1 that look random.
fn noise(index: u64) -> f64 {
    let mut bits = index.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
