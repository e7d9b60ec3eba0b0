//! [`CompressionReport`]: what compression did to a network.

use crate::error::ReportError;
use crate::page::{About, page};
use crate::section::classes::{self, Confusion};
use crate::section::layers::{self, LayerError};
use crate::section::memory::{self, ArenaMap};
use crate::section::mistakes::{self, Mistake};
use crate::section::variables::{self, VariableReport};
use crate::section::versions::{self, Version};

/// What compression did to a network. What is empty or `None` has no section.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CompressionReport {
    /// What it is about.
    pub about: About,
    /// The float network first, the final one last.
    pub versions: Vec<Version>,
    /// Where the final network's buffers lie.
    pub memory: Option<ArenaMap>,
    /// The variables of the final network, buffers in the order of execution.
    pub variables: Vec<VariableReport>,
    /// The error of each layer, in the order of execution.
    pub layers: Vec<LayerError>,
    /// What else was tried.
    pub alternatives: Vec<Version>,
    /// The place in `alternatives` of the one that was taken.
    pub chosen: Option<usize>,
    /// Which classes the final network takes for which.
    pub confusion: Option<Confusion>,
    /// Samples whose class the final network does not find.
    pub mistakes: Vec<Mistake>,
    /// How many there are in all.
    pub wrong: Option<u64>,
}

impl CompressionReport {
    /// The page.
    ///
    /// # Errors
    /// When a plot cannot be drawn or a picture not be written.
    pub fn to_html(&self) -> Result<String, ReportError> {
        let mut sections = Vec::new();
        if !self.versions.is_empty() {
            sections.push(versions::section(&self.versions));
        }
        if let Some(memory) = &self.memory {
            sections.push(memory::section(memory)?);
        }
        sections.extend(variables::buffers(&self.variables)?);
        sections.extend(layers::section(&self.layers)?);
        if !self.alternatives.is_empty() {
            sections.push(versions::alternatives(self.versions.first(), &self.alternatives, self.chosen)?);
        }
        sections.extend(variables::ranges(&self.variables)?);
        if let Some(confusion) = &self.confusion {
            sections.extend(classes::section(confusion)?);
        }
        sections.extend(mistakes::section(&self.mistakes, self.wrong)?);
        if !self.variables.is_empty() {
            sections.push(variables::all(&self.variables));
        }
        Ok(page(&self.about, &versions::tiles(&self.versions), &sections))
    }
}
