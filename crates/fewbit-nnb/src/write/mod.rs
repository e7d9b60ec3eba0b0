//! [`encode`]: a network as the bytes of a file.
//!
//! The bytes are those of NNabla's converter: the same blocks in the same order, the same buffer list, the same
//! rounding. Where the converter would write something wrong, there is an error instead, or the right thing;
//! `docs/nnb-format.md` lists these places.

pub mod arena;
pub mod buffers;
mod file;
mod function;
pub(crate) mod parameter;

use crate::layout::{Version, format_bytes};
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
pub use arena::{ArenaPlan, Ring, RowGroup};
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
    /// Where each buffer lies, for version 4; without a plan buffers are those of version 3, one behind the other.
    /// Versions 2 and 3 have no place for it.
    pub arena: Option<ArenaPlan>,
}

impl Default for EncodeOptions {
    fn default() -> Self {
        Self { version: Version::default(), api_level: LATEST_API_LEVEL, sized_as_float: BTreeSet::new(), arena: None }
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
    /// A type or a position that the version has no place for.
    #[error(
        "variable '{name}': version {} of .nnb cannot hold {format}; it has FLOAT32, SIGN, FIXED16 and FIXED8 with positions from 0 to the width less one",
        version.number()
    )]
    Format {
        /// The variable.
        name: String,
        /// Its format.
        format: NumberFormat,
        /// The version.
        version: Version,
    },
    /// Positions of channels in a version that has none.
    #[error("variable '{name}' has a position for each channel, which only version 4 of .nnb can hold")]
    ChannelPositions {
        /// The variable.
        name: String,
    },
    /// A buffer of values smaller than a byte.
    #[error("variable '{name}' is a buffer of type {}, which only parameters can have", format.type_name())]
    PackedBuffer {
        /// The variable.
        name: String,
        /// Its format.
        format: NumberFormat,
    },
    /// A plan for an arena that does not fit the network or the version.
    #[error("the plan of the arena does not fit: {0}")]
    Arena(&'static str),
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
    /// Buffers whose sizes or places are no 32-bit numbers.
    #[error(
        "the buffers of the network need {0} bytes or more, beyond the 4 GiB that .nnb can hold; choose a smaller batch size"
    )]
    BuffersTooLarge(usize),
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
    let plan = Buffers::new(network, options)?;
    let offsets = if options.version == Version::V4 { &plan.offsets[..] } else { &[] };
    if let Some(&size) = plan.sizes.iter().chain(offsets).find(|&&size| u32::try_from(size).is_err()) {
        return Err(EncodeError::BuffersTooLarge(size));
    }

    let mut file = match options.version {
        Version::V2 | Version::V3 => FileWriter::default(),
        Version::V4 => FileWriter::with_shared_lists(),
    };
    let inputs = file.list(network.inputs.iter().map(|id| id.0));
    let outputs = file.list(network.outputs.iter().map(|id| id.0));
    let buffers = file.list(plan.sizes.iter().copied());
    let offsets = (options.version == Version::V4).then(|| file.list(plan.offsets.iter().copied()));
    let rings = options.arena.as_ref().map_or(&[][..], |arena| &arena.rings);
    let mut records = Vec::with_capacity(network.variables.len());
    for (index, variable) in network.variables.iter().enumerate() {
        let shape = file.list(variable.shape.iter().copied());
        let data = match &variable.kind {
            VariableKind::Parameter(values) => {
                let values = arrangements[index].apply(values, variable.shape);
                let block = file.block(&parameter::stored(variable, &values)?);
                i32::try_from(block).map_err(|_| EncodeError::TooLarge)?
            }
            VariableKind::Buffer if variable.format.is_packed() => {
                return Err(EncodeError::PackedBuffer { name: variable.name.clone(), format: variable.format });
            }
            VariableKind::Buffer => -1 - i32::try_from(plan.buffer_of[index].unwrap_or(0)).unwrap_or(i32::MAX),
        };
        let name = || variable.name.clone();
        let [format, position] = format_bytes(variable.format, options.version).ok_or_else(|| EncodeError::Format {
            name: name(),
            format: variable.format,
            version: options.version,
        })?;
        let mut record = file::Record::default();
        let ring = rings.iter().find(|ring| ring.variable.0 == index).map_or(0, |ring| ring.rows);
        record.word(index).list(shape).byte(format).byte(position).half(ring).signed(data);
        let channel_positions = variable.channel_positions.as_deref().unwrap_or(&[]);
        if options.version == Version::V4 {
            let list = file.bytes(channel_positions.iter().map(|&position| position as u8));
            record.list(list);
        } else if !channel_positions.is_empty() {
            return Err(EncodeError::ChannelPositions { name: name() });
        }
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
    let groups = offsets.map(|_| groups(&mut file, options));

    let mut header = file::Record::default();
    header.word(options.version.number() as usize).word(usize::from(options.api_level));
    for list in [buffers, variables, functions, inputs, outputs] {
        header.list(list);
    }
    let lists: Vec<_> = offsets.into_iter().chain(groups).collect();
    let bytes = file.finish(header, &lists).ok_or(EncodeError::TooLarge)?;
    Ok(Encoded { bytes, warnings })
}

/// The list of the groups that are computed row by row.
fn groups(file: &mut FileWriter, options: &EncodeOptions) -> file::List {
    let groups = options.arena.as_ref().map_or(&[][..], |arena| &arena.groups);
    let mut words = Vec::new();
    for group in groups {
        let steps = file.bytes(group.steps.iter().copied());
        words.extend([group.nodes.start, group.nodes.len(), group.axis, group.counters, steps.count, steps.block]);
    }
    if words.is_empty() { file::List::EMPTY } else { file.list(words) }
}

/// The buffers as the file lists them.
struct Buffers {
    sizes: Vec<usize>,
    /// Where each begins, for version 4.
    offsets: Vec<usize>,
    /// The buffer of each variable.
    buffer_of: Vec<Option<usize>>,
}

impl Buffers {
    fn new(network: &Network, options: &EncodeOptions) -> Result<Self, EncodeError> {
        if let Some(arena) = &options.arena {
            if options.version != Version::V4 {
                return Err(EncodeError::Arena("only version 4 of .nnb says where buffers lie"));
            }
            return Self::of_arena(network, arena);
        }
        let size = |id: VariableId| match options.version {
            Version::V2 => network.variable(id).shape.items(),
            Version::V3 if options.sized_as_float.contains(&id) => {
                NumberFormat::Float32.bytes(network.variable(id).shape.items())
            }
            Version::V3 | Version::V4 => network.variable(id).bytes(),
        };
        let BufferPlan { mut sizes, mut buffer_of } = BufferPlan::new(network, size);
        for (index, buffer) in buffer_of.iter_mut().enumerate() {
            let id = VariableId(index);
            if buffer.is_some() || !network.variable(id).is_buffer() {
                continue;
            }
            // No function touches it. The converter gives it the first buffer, which may be too small for it; and what
            // the caller writes there must not lie over another input.
            let given = network.inputs.contains(&id) || network.outputs.contains(&id);
            let fits = sizes.first().is_some_and(|&first| size(id) <= first);
            *buffer = Some(if fits && !given { 0 } else { sizes.len() });
            if *buffer == Some(sizes.len()) {
                sizes.push(size(id));
            }
        }
        let offsets = sizes.iter().scan(0, |end, &size| {
            let offset = *end;
            *end += size;
            Some(offset)
        });
        Ok(Self { offsets: offsets.collect(), sizes, buffer_of })
    }

    /// A buffer for each place of the plan; variables of the same size that begin at the same place share one.
    fn of_arena(network: &Network, arena: &ArenaPlan) -> Result<Self, EncodeError> {
        let mut buffers = Self { sizes: Vec::new(), offsets: Vec::new(), buffer_of: Vec::new() };
        if arena.offsets.len() != network.variables.len() {
            return Err(EncodeError::Arena("it has not one entry for each variable of the network"));
        }
        let mut places = BTreeMap::new();
        for (index, (variable, offset)) in network.variables.iter().zip(&arena.offsets).enumerate() {
            if let Some(offset) = *offset {
                let ring = arena.rings.iter().find(|ring| ring.variable.0 == index);
                let size = ring.map_or_else(|| variable.bytes(), |ring| ring.bytes);
                let buffer = *places.entry((offset, size)).or_insert(buffers.sizes.len());
                buffers.buffer_of.push(Some(buffer));
                if buffer == buffers.sizes.len() {
                    buffers.sizes.push(size);
                    buffers.offsets.push(offset);
                }
                continue;
            }
            buffers.buffer_of.push(None);
            if variable.is_buffer() {
                return Err(EncodeError::Arena("a buffer has no place in it"));
            }
        }
        Ok(buffers)
    }
}
