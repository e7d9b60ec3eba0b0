//! The arguments of a function record: in the order and with the letters of an argument code, aligned as in a C struct.

use crate::layout::{ALIGNMENT, word};
use crate::reader::Blocks;
use fewbit_core::argument::ArgumentError;
use fewbit_core::spec::{ArgumentKind, ArgumentSpec, DefaultValue, Layout};
use fewbit_core::{ArgumentValue, FloatList, IntList};

/// Arguments that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArgumentCodeError {
    /// The record ends within the arguments.
    #[error("argument '{0}' does not lie within the file")]
    CutShort(&'static str),
    /// A value that the argument cannot have.
    #[error("argument '{argument}' {reason}")]
    Value {
        /// Its name.
        argument: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// An argument that the record lacks and that has no default.
    #[error("argument '{0}' is missing and has no default")]
    Missing(&'static str),
    /// A value that the function does not take.
    #[error(transparent)]
    Argument(#[from] ArgumentError),
}

/// Arguments that NNabla later put in the middle, by the id of the layout that does not have them.
const INSERTED_LATER: &[(u16, &str)] = &[(6, "channel_last")];

/// Reads the arguments of one record in order.
pub(crate) struct Reader<'a> {
    id: u16,
    code: &'static str,
    /// The arguments from the first one on.
    bytes: &'a [u8],
    /// How far they are read.
    position: usize,
    blocks: Blocks<'a>,
}

impl<'a> Reader<'a> {
    pub fn new(layout: &'static Layout, bytes: &'a [u8], blocks: Blocks<'a>) -> Self {
        Self { id: layout.id, code: layout.code, bytes, position: 0, blocks }
    }

    /// The value of the next argument: from the record if the layout still has letters of its kind, else its default.
    pub fn next(&mut self, spec: &'static ArgumentSpec) -> Result<ArgumentValue, ArgumentCodeError> {
        if INSERTED_LATER.contains(&(self.id, spec.name)) {
            return default(spec);
        }
        let letters = spec.kind.code();
        let Some(rest) = self.code.strip_prefix(letters) else {
            // What follows in an older layout belongs to arguments that the function no longer has.
            self.code = "";
            return default(spec);
        };
        self.code = rest;
        match spec.kind {
            ArgumentKind::Bool => {
                let [byte] = *self.take::<1>(spec)?;
                Ok(ArgumentValue::Bool(byte != 0))
            }
            ArgumentKind::Int => Ok(ArgumentValue::Int(i32::from_le_bytes(*self.take(spec)?))),
            ArgumentKind::Float => Ok(ArgumentValue::Float(f32::from_le_bytes(*self.take(spec)?))),
            ArgumentKind::Choice(words) => {
                let place = i32::from_le_bytes(*self.take(spec)?);
                let place = u8::try_from(place).ok().filter(|&place| usize::from(place) < words.len());
                place.map(ArgumentValue::Choice).ok_or(value_error(spec, "is none of its allowed words"))
            }
            ArgumentKind::Shape | ArgumentKind::Ints => {
                let words = self.list(spec)?;
                let values = words.iter().map(|word| word as u32 as i32);
                IntList::try_from_iter(values).map(ArgumentValue::Ints).map_err(|_| too_long(spec))
            }
            ArgumentKind::Floats => {
                let words = self.list(spec)?;
                let values = words.iter().map(|word| f32::from_bits(word as u32));
                FloatList::try_from_iter(values).map(ArgumentValue::Floats).map_err(|_| too_long(spec))
            }
            ArgumentKind::Communicator | ArgumentKind::Text => {
                self.take::<4>(spec)?;
                Err(value_error(spec, "has no meaning on a device"))
            }
        }
    }

    fn take<const N: usize>(&mut self, spec: &'static ArgumentSpec) -> Result<&'a [u8; N], ArgumentCodeError> {
        let start = self.position.next_multiple_of(N.min(ALIGNMENT));
        let bytes = self.bytes.get(start..).and_then(|bytes| bytes.first_chunk());
        self.position = start + N;
        bytes.ok_or(ArgumentCodeError::CutShort(spec.name))
    }

    fn list(&mut self, spec: &'static ArgumentSpec) -> Result<crate::reader::Words<'a>, ArgumentCodeError> {
        let record = self.take::<8>(spec)?;
        // A negative count is as wrong as one that is too large.
        word(record, 0..4).filter(|&count| i32::try_from(count).is_ok()).ok_or(too_long(spec))?;
        self.blocks.list(record, 0..8).ok_or(ArgumentCodeError::CutShort(spec.name))
    }
}

fn value_error(spec: &'static ArgumentSpec, reason: &'static str) -> ArgumentCodeError {
    ArgumentCodeError::Value { argument: spec.name, reason }
}

fn too_long(spec: &'static ArgumentSpec) -> ArgumentCodeError {
    value_error(spec, "has more entries than fewbit supports")
}

fn default(spec: &'static ArgumentSpec) -> Result<ArgumentValue, ArgumentCodeError> {
    Ok(match spec.default {
        DefaultValue::Bool(value) => ArgumentValue::Bool(value),
        DefaultValue::Int(value) => ArgumentValue::Int(value),
        DefaultValue::Float(value) => ArgumentValue::Float(value),
        DefaultValue::Choice(place) => ArgumentValue::Choice(place),
        DefaultValue::Ints(values) => ArgumentValue::Ints(IntList::from_slice(values).map_err(|_| too_long(spec))?),
        DefaultValue::Floats(values) => {
            ArgumentValue::Floats(FloatList::from_slice(values).map_err(|_| too_long(spec))?)
        }
        // Lists that depend on shapes stand in every layout but for the paddings of outputs, which are zero.
        DefaultValue::FromShapes => match spec.kind {
            ArgumentKind::Shape | ArgumentKind::Ints => ArgumentValue::Ints(IntList::new()),
            _ => return Err(ArgumentCodeError::Missing(spec.name)),
        },
        DefaultValue::Required => return Err(ArgumentCodeError::Missing(spec.name)),
    })
}
