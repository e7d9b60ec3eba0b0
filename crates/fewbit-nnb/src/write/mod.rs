//! [`encode`]: a network as the bytes of a file.
//!
//! The bytes are those of NNabla's converter: the same blocks in the same order, the same buffer list, the same
//! rounding. Where the converter would write something wrong, there is an error instead, or the right thing;
//! `docs/nnb-format.md` lists these places.

pub mod buffers;
mod file;
mod function;
pub(crate) mod parameter;

use crate::layout::{Version, format_byte};
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;
use buffers::BufferPlan;
use fewbit_core::spec::LATEST_API_LEVEL;
use fewbit_core::{Network, NumberFormat, VariableId, VariableKind};
use file::FileWriter;

/// How to write a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeOptions {
    /// The version of the format.
    pub version: Version,
    /// The newest function definitions to use.
    pub api_level: u8,
    /// Variables whose buffers are sized for floats whatever their type. NNabla's converter sizes variables so that
    /// its settings file does not list, even when a default type makes them small.
    pub sized_as_float: BTreeSet<VariableId>,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { version: Version::default(), api_level: LATEST_API_LEVEL, sized_as_float: BTreeSet::new() }
    }
}

/// A file, and what a person should know about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// The bytes of the file.
    pub bytes: Vec<u8>,
    /// What was left out, a sentence each.
    pub warnings: Vec<String>,
}

/// Why a network cannot be written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// A level beyond the table.
    #[error("API level {0} does not exist; levels go from 1 to {LATEST_API_LEVEL}")]
    ApiLevel(u8),
    /// A function that the level does not have.
    #[error("function '{node}': {function} is not in API level {api_level}; use a higher level")]
    Function {
        /// The node.
        node: String,
        /// Its function.
        function: &'static str,
        /// The level.
        api_level: u8,
    },
    /// Arguments that the level's layout cannot hold.
    #[error(
        "function '{node}': the arguments of {function} were changed after API level {api_level}; use a higher level"
    )]
    Arguments {
        /// The node.
        node: String,
        /// Its function.
        function: &'static str,
        /// The level.
        api_level: u8,
    },
    /// A position that the format has no bits for.
    #[error(
        "variable '{name}': the format {format} has a position that .nnb cannot hold; positions go from 0 to the width less one"
    )]
    Position {
        /// The variable.
        name: String,
        /// Its format.
        format: NumberFormat,
    },
    /// A buffer of signs.
    #[error("variable '{0}' is a buffer of type SIGN, which only parameters can have")]
    SignBuffer(String),
    /// Signs that are none.
    #[error("parameter '{name}' is to be stored as SIGN, but has the value {value}; only +1 and -1 can be")]
    NotASign {
        /// The parameter.
        name: String,
        /// The value.
        value: f32,
    },
    /// A weight that one function wants transposed and another as it is.
    #[error(
        "parameter '{0}' is the weight of an affine function, which is stored transposed, and is read by another function too; give one of them a copy"
    )]
    SharedWeight(String),
    /// A file of more than 2 GiB.
    #[error("the network is larger than the 2 GiB that .nnb can hold")]
    TooLarge,
}

/// Writes a network. It must be valid ([`Network::validate`]).
///
/// # Errors
/// When the network has something that the version or the API level cannot hold.
pub fn encode(network: &Network, options: &EncodeOptions) -> Result<Encoded, EncodeError> {
    if options.api_level == 0 || options.api_level > LATEST_API_LEVEL {
        return Err(EncodeError::ApiLevel(options.api_level));
    }
    let arrangements = parameter::arrangements(network)?;
    let plan = BufferPlan::new(network, |id| match options.version {
        Version::V2 => network.variable(id).shape.items(),
        Version::V3 if options.sized_as_float.contains(&id) => {
            NumberFormat::Float32.bytes(network.variable(id).shape.items())
        }
        Version::V3 => network.variable(id).bytes(),
    });

    let mut file = FileWriter::default();
    let inputs = file.list(network.inputs.iter().map(|id| id.0));
    let outputs = file.list(network.outputs.iter().map(|id| id.0));
    let buffers = file.list(plan.sizes.iter().copied());
    let mut records = Vec::with_capacity(network.variables.len());
    for (index, variable) in network.variables.iter().enumerate() {
        let shape = file.list(variable.shape.iter().copied());
        let data = match &variable.kind {
            VariableKind::Parameter(values) => {
                let values = arrangements[index].apply(values, variable.shape);
                let block = file.block(&parameter::stored(&variable.name, &values, variable.format)?);
                i32::try_from(block).map_err(|_| EncodeError::TooLarge)?
            }
            VariableKind::Buffer if variable.format == NumberFormat::Sign => {
                return Err(EncodeError::SignBuffer(variable.name.clone()));
            }
            // A variable that no function touches has no buffer; the converter gives it the first.
            VariableKind::Buffer => -1 - i32::try_from(plan.buffer_of[index].unwrap_or(0)).unwrap_or(i32::MAX),
        };
        let format = format_byte(variable.format)
            .ok_or_else(|| EncodeError::Position { name: variable.name.clone(), format: variable.format })?;
        let mut record = file::Record::default();
        record.word(index).list(shape).byte(format).signed(data);
        records.push(file.block(&record.bytes));
    }
    let variables = file.list(records);

    let mut warnings = Vec::new();
    let mut records = Vec::with_capacity(network.nodes.len());
    for node in &network.nodes {
        let record = function::record(&mut file, node, options.api_level, &mut warnings)?;
        records.push(file.block(&record.bytes));
    }
    let functions = file.list(records);

    let mut header = file::Record::default();
    header.word(options.version.number() as usize).word(usize::from(options.api_level));
    for list in [buffers, variables, functions, inputs, outputs] {
        header.list(list);
    }
    let bytes = file.finish(header).ok_or(EncodeError::TooLarge)?;
    Ok(Encoded { bytes, warnings })
}
