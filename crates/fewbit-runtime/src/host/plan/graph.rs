//! [`Graph`]: which functions read and write which variables of a file.

use crate::model::Model;
use fewbit_core::NumberFormat;
use fewbit_nnb::Data;
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
        let mut owners: Vec<Option<usize>> = vec![None; nnb.buffers().len()];
        let mut readers = vec![Vec::new(); nnb.variable_count()];
        let mut written = vec![false; nnb.variable_count()];
        let buffer = |variable| match nnb.variable(variable).data {
            Data::Buffer(buffer) => Some(buffer),
            Data::File(_) => None,
        };
        let mut own = |owners: &mut Vec<Option<usize>>, variable: usize| {
            let owner = owners.get_mut(buffer(variable)?)?;
            *owner = Some(variable);
            (!core::mem::replace(&mut written[variable], true)).then_some(())
        };
        let is_there = |owners: &[Option<usize>], variable: usize| match buffer(variable) {
            Some(buffer) => owners.get(buffer) == Some(&Some(variable)),
            None => true,
        };
        for variable in nnb.inputs().iter() {
            own(&mut owners, variable)?;
        }
        if !nnb.inputs().iter().all(|variable| is_there(&owners, variable)) {
            return None;
        }
        for index in 0..nnb.function_count() {
            let record = nnb.function(index);
            for variable in record.inputs.iter() {
                if !is_there(&owners, variable) {
                    return None;
                }
                readers[variable].push(index);
            }
            for variable in record.outputs.iter() {
                own(&mut owners, variable)?;
            }
        }
        let mut is_output = vec![false; nnb.variable_count()];
        for variable in nnb.outputs().iter() {
            if !is_there(&owners, variable) {
                return None;
            }
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

/// Whether a variable is a float buffer.
pub(super) fn is_float_buffer(model: &Model<'_>, variable: usize) -> bool {
    let record = model.nnb().variable(variable);
    record.format == NumberFormat::Float32 && matches!(record.data, Data::Buffer(_))
}

/// Whether the values of a variable are in the file.
pub(super) fn is_parameter(model: &Model<'_>, variable: usize) -> bool {
    matches!(model.nnb().variable(variable).data, Data::File(_))
}
