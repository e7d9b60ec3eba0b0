//! [`Session`]: a model with the memory that it runs in.

use crate::model::Model;
use crate::rows::push::{Push, Pushed};
use crate::rows::run::run_function;
use crate::values::ValuesMut;
use fewbit_core::Rounding;
use fewbit_nnb::{Data, Values};

/// What a fixed-point network computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Semantics {
    /// Exact integers: sums without rounding, one rounding half up at the end, the same bits on every machine. Functions
    /// that have no integer form compute in floats and store rounding half up.
    #[default]
    Integer,
    /// What NNabla's C runtime means to compute: values are read as stored, computed in floats, and stored truncating.
    Reference,
}

impl Semantics {
    /// How real numbers are stored in fixed-point formats.
    pub fn rounding(self) -> Rounding {
        match self {
            Self::Integer => Rounding::HalfUp,
            Self::Reference => Rounding::TowardZero,
        }
    }
}

/// An arena of fewer bytes than the model needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the arena has {found} bytes, but the model needs {needed}")]
pub struct ArenaTooSmall {
    /// What was given.
    pub found: usize,
    /// [`Model::arena_bytes`].
    pub needed: usize,
}

/// Sees each variable as it is written: for calibration, diagnosis, and to compare with other runtimes.
pub trait Observer {
    /// Called for each input of the network before it runs, and for each output of a function after the function; not
    /// for variables that are computed row by row and never there as a whole.
    fn written(&mut self, variable: usize, values: Values<'_>);
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn written(&mut self, _variable: usize, _values: Values<'_>) {}
}

/// A model with its arena.
///
/// ```
/// # fn run(file: &[u8], image: &[f32]) -> Result<(), Box<dyn std::error::Error>> {
/// use fewbit_runtime::{Model, Semantics, Session};
///
/// let model = Model::open(file)?;
/// let mut arena = vec![0; model.arena_bytes()];
/// let mut session = Session::new(&model, &mut arena, Semantics::Integer)?;
/// session.set_input(0, image);
/// session.run();
/// println!("{}", session.output(0).get(0));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Session<'m, 'a> {
    model: &'m Model<'a>,
    arena: &'m mut [u8],
    semantics: Semantics,
    pushed: Pushed,
}

impl<'m, 'a> Session<'m, 'a> {
    /// Joins a model and its arena, which must have at least [`Model::arena_bytes`].
    ///
    /// # Errors
    /// When the arena is too small.
    pub fn new(model: &'m Model<'a>, arena: &'m mut [u8], semantics: Semantics) -> Result<Self, ArenaTooSmall> {
        let (found, needed) = (arena.len(), model.arena_bytes());
        let arena = arena.get_mut(..needed).ok_or(ArenaTooSmall { found, needed })?;
        Ok(Self { model, arena, semantics, pushed: Pushed::default() })
    }

    /// The model.
    pub fn model(&self) -> &'m Model<'a> {
        self.model
    }

    /// The input at `index` of the network, to be written; `None` if there is none, if its values are in the file, or if
    /// they are [pushed](Session::push).
    pub fn input_mut(&mut self, index: usize) -> Option<ValuesMut<'_>> {
        let inputs = self.model.nnb().inputs();
        let input = (index < inputs.len()).then(|| inputs.get(index))?;
        if self.model.nnb().variable(input).ring == 0 { self.variable_mut(input) } else { None }
    }

    /// Takes the next values of the input that is given row by row ([`Model::pushed_input`]), and runs the network as far
    /// as they allow. They come row after row, in each row in the order of the input (of an image `(1, C, H, W)`: the first
    /// row of all channels, then the second), in pieces of any size. Returns whether the outputs are complete; they stay so
    /// until the first value of the next input. Values of rows that no function needs are taken and forgotten.
    ///
    /// Other inputs must be set before the first value. Without an input that is given row by row nothing happens.
    pub fn push(&mut self, values: &[f32]) -> bool {
        let mut rest = values;
        self.push_with(values.len(), |mut row, start, count| {
            let (now, later) = rest.split_at(count.min(rest.len()));
            rest = later;
            row.write(start, now);
        })
    }

    /// [`Session::push`] for values as the input stores them; `bytes` begin and end with whole values.
    pub fn push_stored(&mut self, bytes: &[u8]) -> bool {
        let Some(input) = self.model.pushed_input() else { return false };
        let width = self.model.nnb().variable(input).format.bytes(1).max(1);
        let mut rest = bytes;
        self.push_with(bytes.len() / width, |mut row, start, count| {
            let (now, later) = rest.split_at((count * width).min(rest.len()));
            rest = later;
            if let Some(place) = row.bytes().get_mut(start * width..).and_then(|row| row.get_mut(..now.len())) {
                place.copy_from_slice(now);
            }
        })
    }

    fn push_with(&mut self, count: usize, mut write: impl FnMut(ValuesMut<'_>, usize, usize)) -> bool {
        let Some(mut push) = Push::new(self.model, self.semantics, self.arena, &mut self.pushed) else { return false };
        push.begin();
        push.take(count, &mut write)
    }

    /// A variable, to be written; `None` if its values are in the file.
    pub(crate) fn variable_mut(&mut self, number: usize) -> Option<ValuesMut<'_>> {
        let bytes = self.arena.get_mut(self.model.arena_range(number)?)?;
        let variable = self.model.nnb().variable(number);
        Some(ValuesMut::new(bytes, variable.format, variable.shape, self.semantics.rounding()))
    }

    /// Stores real numbers in the input at `index`; what is missing stays as it was.
    pub fn set_input(&mut self, index: usize, values: &[f32]) {
        if let Some(mut input) = self.input_mut(index) {
            input.write(0, values);
        }
    }

    /// The output at `index`, which must be below the number of outputs of the file.
    pub fn output(&self, index: usize) -> Values<'_> {
        self.variable(self.model.nnb().outputs().get(index))
    }

    /// The values of a variable as they are now: a buffer may have been reused since.
    pub fn variable(&self, number: usize) -> Values<'_> {
        let variable = self.model.nnb().variable(number);
        let bytes = match variable.data {
            Data::File(bytes) => bytes,
            Data::Buffer(_) => self.model.arena_range(number).and_then(|range| self.arena.get(range)).unwrap_or(&[]),
        };
        variable.values(bytes)
    }

    /// Runs the network on the inputs that are in the arena. Inputs may be overwritten.
    pub fn run(&mut self) {
        self.run_observed(&mut NoObserver);
    }

    /// Runs the network and shows each variable to `observer` as it is written.
    pub fn run_observed(&mut self, observer: &mut impl Observer) {
        for variable in self.model.nnb().inputs().iter() {
            observer.written(variable, self.variable(variable));
        }
        for index in 0..self.model.nnb().function_count() {
            self.run_function(index);
            let functions = match self.model.group_of(index) {
                // They run together.
                Some(group) if index + 1 < group.functions.end => continue,
                Some(group) => group.functions,
                None => index..index + 1,
            };
            for variable in functions.flat_map(|function| self.model.nnb().function(function).outputs.iter()) {
                // The rows of a variable that is not there as a whole come and go.
                if self.model.nnb().variable(variable).ring == 0 {
                    observer.written(variable, self.variable(variable));
                }
            }
        }
    }

    /// Runs one function of the file. Functions that are computed row by row run together, with the last of them.
    pub fn run_function(&mut self, index: usize) {
        run_function(self.model, index, self.semantics, self.arena);
    }
}
