//! `.nnp`: NNabla's network files.
//!
//! A file is a document, [`Nnp`]: NNabla's message and the parameters beside it, kept whole so that what is read can be
//! written again without loss. [`Nnp::network`] takes one executor's network out of it; [`Nnp::from_network`] makes a
//! document of a network.
//!
//! | module | what it does |
//! |---|---|
//! | `archive` | files to and from documents |
//! | `expand` | repeat and recurrent constructs unrolled |
//! | `import` | document to network |
//! | `export` | network to document |
//! | `raw` | a network as the file states it |
//! | `fields` | short ways to the fields of messages |

mod archive;
mod expand;
mod export;
mod fields;
mod import;
mod raw;

pub use import::{ExecutorChoice, ImportOptions};

use crate::parameter::Parameter;
use crate::schema;
use prost_reflect::DynamicMessage;

/// The content of a `.nnp` file, or of the loose files that make one up.
#[derive(Clone, Debug, PartialEq)]
pub struct Nnp {
    /// NNabla's message, without parameters.
    pub message: DynamicMessage,
    /// The parameters, in order.
    pub parameters: Vec<Parameter>,
}

impl Default for Nnp {
    fn default() -> Self {
        Self { message: DynamicMessage::new(schema::document()), parameters: Vec::new() }
    }
}
