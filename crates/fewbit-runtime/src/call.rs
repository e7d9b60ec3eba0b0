//! [`Call`]: one function with its inputs, as a kernel sees it.

use crate::model::Model;
use crate::session::Semantics;
use crate::values::ValuesMut;
use core::ops::Range;
use fewbit_core::Shape;
use fewbit_nnb::reader::Words;
use fewbit_nnb::{Data, FunctionRecord, Values};

/// The inputs of a function while one of its outputs is computed.
///
/// The arena is split around the output, so that inputs beside it can be read while it is written. An input that lies
/// exactly where the output does, which a function that works in place may have, is read through the output: see
/// [`ValuesMut::beside`].
pub struct Call<'c, 'a> {
    model: &'c Model<'a>,
    inputs: Words<'a>,
    semantics: Semantics,
    output_index: usize,
    before: &'c [u8],
    after: &'c [u8],
    /// Where `after` begins in the arena.
    after_start: usize,
}

impl<'c, 'a> Call<'c, 'a> {
    /// Splits the arena around an output of a function.
    ///
    /// `None` if the output is not in the arena, which does not happen to a function of an opened model with an arena
    /// of the model's size.
    pub(crate) fn new(
        model: &'c Model<'a>,
        record: &FunctionRecord<'a>,
        output_index: usize,
        semantics: Semantics,
        arena: &'c mut [u8],
    ) -> Option<(Self, ValuesMut<'c>)> {
        let variable = record.outputs.get(output_index);
        let Range { start, end } = model.arena_range(variable)?;
        let (before, rest) = arena.split_at_mut_checked(start)?;
        let (output, after) = rest.split_at_mut_checked(end - start)?;
        let variable = model.nnb().variable(variable);
        let output = ValuesMut::new(output, variable.format, variable.shape, semantics.rounding());
        let call = Self { model, inputs: record.inputs, semantics, output_index, before, after, after_start: end };
        Some((call, output))
    }

    /// How many inputs there are.
    pub fn input_count(&self) -> usize {
        self.inputs.len()
    }

    /// The input at `index`, which must be below [`Call::input_count`]; without bytes if it lies where the output does.
    pub fn input(&self, index: usize) -> Values<'c>
    where
        'a: 'c,
    {
        let number = self.inputs.get(index);
        let variable = self.model.nnb().variable(number);
        let bytes: &'c [u8] = match variable.data {
            Data::File(bytes) => bytes,
            Data::Buffer(_) => self.arena_bytes(self.model.arena_range(number)).unwrap_or(&[]),
        };
        variable.values(bytes)
    }

    /// The input at `index`, or `None` if there are fewer.
    pub fn optional_input(&self, index: usize) -> Option<Values<'c>>
    where
        'a: 'c,
    {
        (index < self.input_count()).then(|| self.input(index))
    }

    /// The shape of the input at `index`, which must be below [`Call::input_count`].
    pub fn input_shape(&self, index: usize) -> Shape {
        self.model.nnb().variable(self.inputs.get(index)).shape
    }

    /// Which of the function's outputs is being computed.
    pub fn output_index(&self) -> usize {
        self.output_index
    }

    /// The semantics of the session.
    pub fn semantics(&self) -> Semantics {
        self.semantics
    }

    /// Bytes of the arena beside the output.
    fn arena_bytes(&self, range: Option<Range<usize>>) -> Option<&'c [u8]> {
        let range = range?;
        match range.start.checked_sub(self.after_start) {
            Some(start) => self.after.get(start..range.end - self.after_start),
            None => self.before.get(range),
        }
    }
}

/// The inputs of a function: of one that runs, or of one that is checked when its model is opened.
pub(crate) trait Inputs<'v> {
    /// How many there are.
    fn count(&self) -> usize;

    /// The input at `index`, which must be below [`Inputs::count`]. While a model is opened, inputs in buffers have no
    /// bytes, and while a function runs, inputs that its output is written over.
    fn values(&self, index: usize) -> Values<'v>;

    /// Whether the values of the input at `index` are in the file.
    fn is_stored(&self, index: usize) -> bool;
}

impl<'c, 'a: 'c> Inputs<'c> for Call<'c, 'a> {
    fn count(&self) -> usize {
        self.input_count()
    }

    fn values(&self, index: usize) -> Values<'c> {
        self.input(index)
    }

    fn is_stored(&self, index: usize) -> bool {
        matches!(self.model.nnb().variable(self.inputs.get(index)).data, Data::File(_))
    }
}
