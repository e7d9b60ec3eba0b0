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
use prost_reflect::{DynamicMessage, Value};

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

impl Nnp {
    /// Gives every network of the document this batch size.
    pub fn set_batch_size(&mut self, batch: usize) {
        let Some(Value::List(networks)) = self.message.get_field_by_name_mut("network") else { return };
        for network in networks.iter_mut().filter_map(Value::as_message_mut) {
            network.set_field_by_name("batch_size", Value::I64(i64::try_from(batch).unwrap_or(i64::MAX)));
        }
    }
}
