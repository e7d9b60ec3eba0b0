//! Reports for people: what compression did, how well a network does, how training went, what layers cost, and what a
//! network looks like.
//!
//! A report is plain data that its caller fills in, and one HTML file that holds everything it shows: no network, no
//! script, no font. Plots are inline SVG; they follow the reader's light or dark page, paper, and the width of the
//! screen, and each has words for those who cannot see it.
//!
//! | module | what it does |
//! |---|---|
//! | `report` | the pages |
//! | `section` | their parts: data, and what is shown of it |
//! | `plot` | plots, by plotters |
//! | `draw` | a network as a graph |
//! | `page` | the frame of a page |
//! | `picture`, `table`, [`number`] | pictures, tables and numbers in a page |
//! | `style` | the look of all of it |
//!
//! ```
//! use fewbit_report::{About, EvaluationReport, Fact, Quality};
//!
//! let about = About { title: "Evaluation of lenet".into(), facts: vec![Fact::new("data", "mnist")] };
//! let report = EvaluationReport { about, samples: 10_000, quality: Some(Quality::Top1(0.9912)), ..Default::default() };
//! let html = report.to_html()?;
//! assert!(html.contains("99.12"));
//! # Ok::<(), fewbit_report::ReportError>(())
//! ```
#![forbid(unsafe_code)]

mod draw;
mod error;
pub mod number;
mod page;
mod picture;
mod plot;
mod report;
mod section;
mod style;
mod table;

pub use draw::draw;
pub use error::ReportError;
pub use page::{About, Fact};
pub use picture::Picture;
pub use plot::histogram::Bins;
pub use report::{CompressionReport, EvaluationReport, ProfileReport, TrainingReport};
pub use section::classes::Confusion;
pub use section::costs::{CycleEstimates, LayerCost};
pub use section::layers::LayerError;
pub use section::memory::{ArenaMap, Place};
pub use section::mistakes::Mistake;
pub use section::runs::Run;
pub use section::variables::VariableReport;
pub use section::versions::{Quality, Version};
