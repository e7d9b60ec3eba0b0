//! [`TrainingReport`]: the course of training.

use crate::error::ReportError;
use crate::page::{About, page};
use crate::section::runs::{self, Run};

/// The course of one or several runs of training, drawn over each other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TrainingReport {
    /// What it is about.
    pub about: About,
    /// The runs.
    pub runs: Vec<Run>,
}

impl TrainingReport {
    /// The page.
    ///
    /// # Errors
    /// When a plot cannot be drawn.
    pub fn to_html(&self) -> Result<String, ReportError> {
        Ok(page(&self.about, &runs::tiles(&self.runs), &runs::sections(&self.runs)?))
    }
}
