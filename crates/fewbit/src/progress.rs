//! Progress on standard error, where that is a terminal.

use fewbit_compress::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;

/// A bar for the stage that runs; it disappears when it is dropped.
#[derive(Default)]
pub struct Bar {
    stage: Mutex<Option<ProgressBar>>,
}

impl Bar {
    fn with_stage(&self, act: impl FnOnce(&mut Option<ProgressBar>)) {
        // A thread that panicked while it held the lock has left nothing half done: the bar is only for show.
        act(&mut self.stage.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
    }
}

impl Progress for Bar {
    fn begin(&self, name: &str, steps: usize) {
        // The bar draws on standard error, and nothing where that is no terminal.
        let bar = ProgressBar::new(steps as u64);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}") {
            bar.set_style(style);
        }
        bar.set_message(name.to_owned());
        self.with_stage(|stage| {
            if let Some(before) = stage.replace(bar) {
                before.finish_and_clear();
            }
        });
    }

    fn advance(&self, steps: usize) {
        self.with_stage(|stage| {
            if let Some(bar) = stage {
                bar.inc(steps as u64);
            }
        });
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.with_stage(|stage| {
            if let Some(bar) = stage.take() {
                bar.finish_and_clear();
            }
        });
    }
}
