//! [`Graph`]: which functions read and write which variables of a file.

use crate::host::storage::Storage;
use crate::model::Model;
use core::ops::Range;
use fewbit_core::NumberFormat;
use fewbit_nnb::Data;
use std::collections::BTreeMap;
use std::vec;
use std::vec::Vec;

/// Who reads what.
pub(super) struct Graph {
    /// The functions that read each variable, in order; one that reads it twice is there twice.
    readers: Vec<Vec<usize>>,
    /// Whether the caller reads it.
    is_output: Vec<bool>,
}

impl Graph {
    /// Looks through a model.
    ///
    /// `None` if values pass between functions in another way than by variables, each written once before it is read:
    /// such a file must run in its own buffers, function by function, to give what it gives there.
    pub fn new(model: &Model<'_>) -> Option<Self> {
        let nnb = model.nnb();
        let mut buffers = Buffers::new(model);
        let mut readers = vec![Vec::new(); nnb.variable_count()];
        nnb.inputs().iter().try_for_each(|variable| buffers.write(variable))?;
        let all_there = nnb.inputs().iter().all(|variable| buffers.holds(variable));
        all_there.then_some(())?;
        for index in 0..nnb.function_count() {
            let record = nnb.function(index);
            for variable in record.inputs.iter() {
                buffers.holds(variable).then_some(())?;
                readers[variable].push(index);
            }
            record.outputs.iter().try_for_each(|variable| buffers.write(variable))?;
        }
        let mut is_output = vec![false; nnb.variable_count()];
        for variable in nnb.outputs().iter() {
            buffers.holds(variable).then_some(())?;
            is_output[variable] = true;
        }
        Some(Self { readers, is_output })
    }

    /// The function that alone reads a variable, once, and the caller does not.
    pub fn only_reader(&self, variable: usize) -> Option<usize> {
        match self.readers[variable][..] {
            [reader] if !self.is_output[variable] => Some(reader),
            _ => None,
        }
    }
}

/// Which variables the arena of the file holds.
struct Buffers<'m, 'a> {
    model: &'m Model<'a>,
    /// The variables by where they begin, with where they end. They do not overlap.
    held: BTreeMap<usize, (usize, usize)>,
    written: Vec<bool>,
}

impl<'m, 'a> Buffers<'m, 'a> {
    fn new(model: &'m Model<'a>) -> Self {
        Self { model, held: BTreeMap::new(), written: vec![false; model.nnb().variable_count()] }
    }

    /// Writes a variable over what is where it lies; `None` if it is a parameter, empty, or was written before.
    fn write(&mut self, variable: usize) -> Option<()> {
        let Range { start, end } = self.model.arena_range(variable).filter(|range| !range.is_empty())?;
        while let Some((&other, _)) =
            self.held.range(..end).next_back().filter(|(_, (_, other_end))| *other_end > start)
        {
            self.held.remove(&other);
        }
        self.held.insert(start, (end, variable));
        (!core::mem::replace(&mut self.written[variable], true)).then_some(())
    }

    /// Whether a variable has its values: as a parameter, or because nothing has written over it.
    fn holds(&self, variable: usize) -> bool {
        let Some(range) = self.model.arena_range(variable) else { return true };
        self.held.get(&range.start).is_some_and(|(_, holder)| *holder == variable)
    }
}

/// Whether a variable is a float buffer.
pub(super) fn is_float_buffer(model: &Model<'_>, variable: usize) -> bool {
    let record = model.nnb().variable(variable);
    record.format == NumberFormat::Float32 && matches!(record.data, Data::Buffer(_))
}

/// What the values of a fixed-point buffer are in memory; `None` for other variables.
pub(super) fn integer_buffer(model: &Model<'_>, variable: usize) -> Option<Storage> {
    let record = model.nnb().variable(variable);
    let is_integer = matches!(record.data, Data::Buffer(_)) && record.channel_positions.is_empty();
    Storage::of(record.format).filter(|storage| is_integer && *storage != Storage::Float)
}

/// Whether the values of a variable are in the file.
pub(super) fn is_parameter(model: &Model<'_>, variable: usize) -> bool {
    matches!(model.nnb().variable(variable).data, Data::File(_))
}
