//! [`Call`]: one function with its inputs, as a kernel sees it.

use crate::model::Model;
use crate::rows::{InputRows, Part, Step};
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
    /// The rows to compute; `None` for all of the output.
    step: Option<Step>,
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
        step: Option<Step>,
        arena: &'c mut [u8],
    ) -> Option<(Self, ValuesMut<'c>)> {
        let number = record.outputs.get(output_index);
        let variable = model.nnb().variable(number);
        let Part { bytes: Range { start, end }, shape } = match &step {
            None => Part { bytes: model.arena_range(number)?, shape: variable.shape },
            Some(step) => step.output_part(model, number)?,
        };
        let (before, rest) = arena.split_at_mut_checked(start)?;
        let (output, after) = rest.split_at_mut_checked(end.checked_sub(start)?)?;
        let output = ValuesMut::new(output, variable.format, shape, semantics.rounding());
        let call =
            Self { model, inputs: record.inputs, semantics, output_index, step, before, after, after_start: end };
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
        let mut variable = self.model.nnb().variable(number);
        let bytes: &'c [u8] = match variable.data {
            Data::File(bytes) => bytes,
            Data::Buffer(_) => {
                let part = self.part(index);
                variable.shape = part.shape;
                self.arena_bytes(part.bytes).unwrap_or(&[])
            }
        };
        variable.values(bytes)
    }

    /// What the function sees of the input at `index`, which is in the arena.
    fn part(&self, index: usize) -> Part {
        let number = self.inputs.get(index);
        let whole = || Part {
            bytes: self.model.arena_range(number).unwrap_or_default(),
            shape: self.model.nnb().variable(number).shape,
        };
        self.step.and_then(|step| step.input_part(self.model, index, number)).unwrap_or_else(whole)
    }

    /// Which rows of the first input lie where, and which are to be computed; `None` if all of the output is.
    pub(crate) fn rows(&self) -> Option<InputRows> {
        Some(self.step?.input_rows(self.model, self.inputs.get(0)))
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
        let variable = self.model.nnb().variable(self.inputs.get(index));
        match variable.data {
            Data::File(_) => variable.shape,
            Data::Buffer(_) => self.part(index).shape,
        }
    }

    /// The row to compute and the axis of rows; `None` if all of the output is computed.
    pub(crate) fn row(&self) -> Option<(usize, usize)> {
        self.step.map(|step| (step.output, step.axis))
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
    fn arena_bytes(&self, range: Range<usize>) -> Option<&'c [u8]> {
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

    /// Which rows of the first input lie where, and which are to be computed; `None` if all of the output is.
    fn rows(&self) -> Option<InputRows> {
        None
    }
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

    fn rows(&self) -> Option<InputRows> {
        self.rows()
    }
}
