//! [`ProfileReport`]: what the layers of a network cost.

use crate::error::ReportError;
use crate::page::{About, page};
use crate::section::costs::{self, CycleEstimates, LayerCost};

/// What the layers of a network cost in one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ProfileReport {
    /// What it is about.
    pub about: About,
    /// The layers in the order of execution.
    pub layers: Vec<LayerCost>,
    /// For which processors they have estimates.
    pub estimates: CycleEstimates,
}

impl ProfileReport {
    /// The page.
    ///
    /// # Errors
    /// When a plot cannot be drawn.
    pub fn to_html(&self) -> Result<String, ReportError> {
        Ok(page(
            &self.about,
            &costs::tiles(&self.layers, &self.estimates),
            &costs::sections(&self.layers, &self.estimates)?,
        ))
    }
}
