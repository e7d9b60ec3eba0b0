//! The pages: each a struct of what is known, and the HTML of it.

mod compression;
mod evaluation;
mod profile;
mod training;

pub use compression::CompressionReport;
pub use evaluation::EvaluationReport;
pub use profile::ProfileReport;
pub use training::TrainingReport;
