//! [`Model`]: a file that was checked to be safe to run, and where its variables lie in the arena.

use crate::call::Inputs;
use crate::functions;
use crate::rows;
use core::ops::Range;
use fewbit_core::shape_rule::{ShapeRuleError, Shapes};
use fewbit_core::{Function, Shape};
use fewbit_nnb::reader::Words;
use fewbit_nnb::{Data, Group, Nnb, NnbError, Values};

/// Buffers of versions 2 and 3 begin at multiples of this many bytes in the arena, so that whole words can be read at
/// once; version 4 says itself where they begin.
const BUFFER_ALIGNMENT: usize = 16;

/// The most buffers of a file, and the most outputs of a function. Checks take time with their product, so that a hostile
/// file could otherwise keep a device busy.
const MAX_BUFFERS: usize = 4096;
const MAX_OUTPUTS: usize = 1024;

/// A file that can be run.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    nnb: Nnb<'a>,
    arena_bytes: usize,
}

/// Why a file cannot be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// The file is damaged.
    #[error(transparent)]
    Nnb(#[from] NnbError),
    /// A function that the runtime does not compute.
    #[error("function {index} is {name}, which the runtime does not compute")]
    Unsupported {
        /// Its place in the file.
        index: usize,
        /// Its name.
        name: &'static str,
    },
    /// Shapes that a function does not take.
    #[error("function {index} ({name}): {error}")]
    Shape {
        /// Its place in the file.
        index: usize,
        /// Its name.
        name: &'static str,
        /// What is wrong.
        error: ShapeRuleError,
    },
    /// A function that writes where it must not.
    #[error("function {index} ({name}) writes variable {variable}, which {reason}")]
    Output {
        /// Its place in the file.
        index: usize,
        /// Its name.
        name: &'static str,
        /// The variable.
        variable: usize,
        /// Why not.
        reason: &'static str,
    },
    /// Positions that are too far apart.
    #[error(
        "function {index} ({name}) adds values whose positions lie so far apart that 64 bits cannot hold the sum exactly; \
         choose positions nearer to each other"
    )]
    Positions {
        /// Its place in the file.
        index: usize,
        /// Its name.
        name: &'static str,
    },
    /// Functions that are to be computed row by row, but cannot be as the file says.
    #[error("function {index} is computed row by row, but {reason}")]
    Rows {
        /// Its place in the file.
        index: usize,
        /// Why that cannot be.
        reason: &'static str,
    },
    /// More of something than the runtime handles.
    #[error("the file has {found} {what}, but at most {most} are supported")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        most: usize,
    },
    /// Buffers that no machine can hold.
    #[error("the buffers of the file are larger than the address space")]
    TooLarge,
}

impl<'a> Model<'a> {
    /// Checks the bytes of a file.
    ///
    /// # Errors
    /// The first thing that would make it unsafe or impossible to run.
    pub fn open(bytes: &'a [u8]) -> Result<Self, OpenError> {
        let nnb = Nnb::new(bytes)?;
        at_most(MAX_BUFFERS, nnb.buffers().len(), "buffers")?;
        let model = Self { nnb, arena_bytes: arena_bytes(&nnb).ok_or(OpenError::TooLarge)? };
        rows::check::check(&model)?;
        for index in 0..nnb.function_count() {
            model.check_function(index)?;
        }
        Ok(model)
    }

    /// The file.
    pub fn nnb(&self) -> &Nnb<'a> {
        &self.nnb
    }

    /// Bytes of the arena that a [`Session`](crate::Session) needs.
    pub fn arena_bytes(&self) -> usize {
        self.arena_bytes
    }

    /// The bytes of a variable in the arena; `None` for one whose values are in the file. Of a variable that is computed
    /// row by row, the bytes that hold some of its rows at a time.
    pub fn arena_range(&self, variable: usize) -> Option<Range<usize>> {
        let record = self.nnb.variable(variable);
        let buffer = self.buffer_range(variable)?;
        match record.ring {
            0 => Some(buffer.start..buffer.start + record.format.bytes(record.shape.items())),
            _ => Some(buffer),
        }
    }

    /// The bytes of a variable's buffer, which may have more than the variable.
    pub(crate) fn buffer_range(&self, variable: usize) -> Option<Range<usize>> {
        let Data::Buffer(buffer) = self.nnb.variable(variable).data else { return None };
        let start = self.nnb.buffer_offset(buffer).unwrap_or_else(|| {
            // Sizes were added up when the file was opened, so that these sums are known to fit.
            (0..buffer).fold(0, |start: usize, index| {
                (start + self.nnb.buffer_bytes(index)).next_multiple_of(BUFFER_ALIGNMENT)
            })
        });
        Some(start..start + self.nnb.buffer_bytes(buffer))
    }

    /// The group that a function belongs to, if it is computed row by row.
    pub fn group_of(&self, function: usize) -> Option<Group<'a>> {
        self.nnb.groups().find(|group| group.functions.contains(&function))
    }

    /// The number of the input variable that is never there as a whole: its rows are [pushed](crate::Session::push).
    pub fn pushed_input(&self) -> Option<usize> {
        self.nnb.inputs().iter().find(|&input| self.nnb.variable(input).ring > 0)
    }

    /// The function at `index` with its arguments; `None` beyond the last.
    pub fn function(&self, index: usize) -> Option<Function> {
        (index < self.nnb.function_count()).then(|| self.nnb.typed_function(index)).flatten()
    }

    /// The inputs of a function as they are before it runs.
    pub(crate) fn declared_inputs(&self, index: usize) -> impl Inputs<'a> {
        DeclaredInputs { nnb: &self.nnb, list: self.nnb.function(index).inputs }
    }

    /// Whether *integer* semantics compute the function at `index`, which must be below the number of functions, without
    /// floats. Others read fixed-point values as floats and round what comes out.
    pub fn is_integer(&self, index: usize) -> bool {
        let (record, inputs) = (self.nnb.function(index), self.declared_inputs(index));
        let is_integer = |function: &Function, output: usize| {
            functions::is_integer(function, &inputs, self.nnb.variable(output).format)
        };
        self.function(index).is_some_and(|function| record.outputs.iter().all(|output| is_integer(&function, output)))
    }

    /// The shapes of the inputs of the function at `index`, which must be below the number of functions.
    pub fn input_shapes(&self, index: usize) -> impl Shapes {
        VariableShapes { nnb: &self.nnb, list: self.nnb.function(index).inputs }
    }

    fn check_function(&self, index: usize) -> Result<(), OpenError> {
        let record = self.nnb.function(index);
        let name = record.spec.name;
        at_most(MAX_OUTPUTS, record.outputs.len(), "outputs of one function")?;
        let function = self.nnb.typed_function(index).ok_or(OpenError::Unsupported { index, name })?;
        let shapes = |list| VariableShapes { nnb: &self.nnb, list };
        function.check_shapes(&shapes(record.inputs), &shapes(record.outputs)).map_err(|error| OpenError::Shape {
            index,
            name,
            error,
        })?;
        for (place, variable) in record.inputs.iter().enumerate() {
            if is_read(&function, place) {
                let input = self.nnb.variable(variable);
                input.data.check_values(variable, &input)?;
            }
        }
        for (place, variable) in record.outputs.iter().enumerate() {
            let error = |reason| OpenError::Output { index, name, variable, reason };
            let output = self.arena_range(variable).ok_or(error("has its values in the file"))?;
            let inputs = self.declared_inputs(index);
            if !functions::is_exact(&function, &inputs, self.nnb.variable(variable).format) {
                return Err(OpenError::Positions { index, name });
            }
            // Where rows lie has been checked, row by row.
            if self.group_of(index).is_some() {
                continue;
            }
            let others = record.outputs.iter().enumerate().filter(|(other, _)| *other != place).map(|(_, id)| id);
            for other in others {
                if self.arena_range(other).is_some_and(|other| overlap(&other, &output)) {
                    return Err(error("shares memory with another output of the function"));
                }
            }
            for (input, other) in record.inputs.iter().enumerate() {
                let Some(range) = self.arena_range(other).filter(|range| overlap(range, &output)) else { continue };
                if !function.works_in_place(&shapes(record.inputs), input) {
                    return Err(error("shares memory with an input that the function must not write over"));
                }
                if range != output {
                    return Err(error("shares memory with a part of an input, but must lie exactly where it does"));
                }
            }
        }
        Ok(())
    }
}

/// Bytes of the arena that the buffers of a file need, whether it can be run or not; `None` if no machine has as many.
pub fn arena_bytes(nnb: &Nnb<'_>) -> Option<usize> {
    let buffers = (0..nnb.buffers().len()).try_fold(0usize, |arena_bytes, index| {
        let start = nnb.buffer_offset(index).or_else(|| arena_bytes.checked_next_multiple_of(BUFFER_ALIGNMENT))?;
        Some(arena_bytes.max(start.checked_add(nnb.buffer_bytes(index))?))
    });
    nnb.groups().try_fold(buffers?, |arena_bytes, group| Some(arena_bytes.max(group.end()?)))
}

/// Whether a function reads the values of its input at `place`. The float weights of binary functions are only kept
/// for training; files hold just one value of them.
fn is_read(function: &Function, place: usize) -> bool {
    let binary = matches!(
        function,
        Function::BinaryConnectAffine(_)
            | Function::BinaryWeightAffine(_)
            | Function::BinaryConnectConvolution(_)
            | Function::BinaryWeightConvolution(_)
    );
    !(binary && place == 1)
}

pub(crate) fn at_most(most: usize, found: usize, what: &'static str) -> Result<(), OpenError> {
    if found <= most { Ok(()) } else { Err(OpenError::TooMany { what, found, most }) }
}

pub(crate) fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The inputs of a function before it runs: buffers have no values yet.
struct DeclaredInputs<'n, 'a> {
    nnb: &'n Nnb<'a>,
    list: Words<'a>,
}

impl<'a> Inputs<'a> for DeclaredInputs<'_, 'a> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn values(&self, index: usize) -> Values<'a> {
        let variable = self.nnb.variable(self.list.get(index));
        let bytes = match variable.data {
            Data::File(bytes) => bytes,
            Data::Buffer(_) => &[],
        };
        variable.values(bytes)
    }

    fn is_stored(&self, index: usize) -> bool {
        matches!(self.nnb.variable(self.list.get(index)).data, Data::File(_))
    }
}

/// The shapes of the variables that a list names.
pub(crate) struct VariableShapes<'n, 'a> {
    pub nnb: &'n Nnb<'a>,
    pub list: Words<'a>,
}

impl Shapes for VariableShapes<'_, '_> {
    fn count(&self) -> usize {
        self.list.len()
    }

    fn shape(&self, index: usize) -> Shape {
        self.nnb.variable(self.list.get(index)).shape
    }
}
