//! [`Session`]: a model with the memory that it runs in.

use crate::call::Call;
use crate::functions;
use crate::model::Model;
use crate::rows::run::{Counters, take_step};
use crate::values::ValuesMut;
use fewbit_core::Rounding;
use fewbit_nnb::{Data, Group, Values};

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
}

impl<'m, 'a> Session<'m, 'a> {
    /// Joins a model and its arena, which must have at least [`Model::arena_bytes`].
    ///
    /// # Errors
    /// When the arena is too small.
    pub fn new(model: &'m Model<'a>, arena: &'m mut [u8], semantics: Semantics) -> Result<Self, ArenaTooSmall> {
        let (found, needed) = (arena.len(), model.arena_bytes());
        let arena = arena.get_mut(..needed).ok_or(ArenaTooSmall { found, needed })?;
        Ok(Self { model, arena, semantics })
    }

    /// The model.
    pub fn model(&self) -> &'m Model<'a> {
        self.model
    }

    /// The input at `index` of the network, to be written; `None` if there is none, or its values are in the file.
    pub fn input_mut(&mut self, index: usize) -> Option<ValuesMut<'_>> {
        let inputs = self.model.nnb().inputs();
        self.variable_mut((index < inputs.len()).then(|| inputs.get(index))?)
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
        let mut index = 0;
        while index < self.model.nnb().function_count() {
            let functions = match self.model.group_of(index) {
                Some(group) => {
                    self.run_group(&group);
                    group.functions
                }
                None => {
                    self.run_function(index);
                    index..index + 1
                }
            };
            index = functions.end;
            for variable in functions.flat_map(|function| self.model.nnb().function(function).outputs.iter()) {
                if self.model.nnb().variable(variable).ring == 0 {
                    observer.written(variable, self.variable(variable));
                }
            }
        }
    }

    /// Runs functions that are computed row by row.
    fn run_group(&mut self, group: &Group<'_>) {
        if let Some(mut counters) = Counters::new(group, self.arena) {
            counters.clear();
        }
        for &step in group.steps {
            take_step(self.model, group, step.into(), self.semantics, self.arena);
        }
    }

    /// Runs one function of the file.
    pub fn run_function(&mut self, index: usize) {
        // Every function of an opened model is known.
        let Some(function) = self.model.function(index) else { return };
        let record = self.model.nnb().function(index);
        for output in 0..record.outputs.len() {
            if let Some((call, mut values)) = Call::new(self.model, &record, output, self.semantics, None, self.arena) {
                functions::run(&function, &call, &mut values);
            }
        }
    }
}
