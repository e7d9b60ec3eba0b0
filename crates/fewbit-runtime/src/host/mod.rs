//! Networks prepared for a host: weights packed once, functions fused, kernels chosen for the processor.
//!
//! [`Prepared`] is made once from a [`Model`] and shared by threads; each thread runs its own [`Runner`].
//!
//! | module | what it holds |
//! |---|---|
//! | `plan` | from functions to steps: what is fused, in which memory |
//! | `steps` | what each step does with its feature maps |
//! | `layout` | how a variable lies in memory as a feature map |
//! | `storage` | what a value is in memory: floats, or integers of 8 and 16 bits |
//! | `linear`, `packing` | weights with what is folded into them, in the order of the kernels |
//! | `integer` | the same for fixed-point functions: how sums are rounded, and that 32 bits hold them |
//! | `arithmetic` | what floats and integers have in common for plans and steps |
//! | `simd` | the kernels, for each instruction set |

mod arithmetic;
mod integer;
mod layout;
mod linear;
mod packing;
mod plan;
mod simd;
mod steps;
mod storage;

use crate::functions::RUN;
use crate::model::Model;
use crate::session::{Semantics, Session};
use fewbit_core::{NumberFormat, Quantizer, Shape};
use plan::{Outlet, Plan};
pub use simd::InstructionSet;
use simd::Machine;
use std::vec;
use std::vec::Vec;
use steps::{Arena, Map, Memory};
use storage::{Item, Storage};

/// A model prepared for this machine.
#[derive(Debug)]
pub struct Prepared<'m, 'a> {
    model: &'m Model<'a>,
    semantics: Semantics,
    machine: Machine,
    plan: Plan,
}

impl<'m, 'a> Prepared<'m, 'a> {
    /// Prepares a model for the most capable instruction set of this processor.
    pub fn new(model: &'m Model<'a>, semantics: Semantics) -> Self {
        Self::on(model, semantics, Machine::best())
    }

    /// Prepares a model for an instruction set; `None` if this processor does not have it.
    pub fn with_instruction_set(model: &'m Model<'a>, semantics: Semantics, set: InstructionSet) -> Option<Self> {
        Machine::new(set).map(|machine| Self::on(model, semantics, machine))
    }

    fn on(model: &'m Model<'a>, semantics: Semantics, machine: Machine) -> Self {
        Self { model, semantics, machine, plan: Plan::new(model, semantics, machine) }
    }

    /// How many steps a run takes.
    pub fn step_count(&self) -> usize {
        self.plan.steps.len()
    }

    /// The functions of the file that the step at `index`, which must be below [`Prepared::step_count`], computes; none
    /// for a step that only moves values.
    pub fn step_functions(&self, index: usize) -> &[usize] {
        &self.plan.functions[index]
    }

    fn input_format(&self, index: usize) -> NumberFormat {
        self.model.nnb().variable(self.model.nnb().inputs().get(index)).format
    }

    fn output_format(&self, index: usize) -> NumberFormat {
        self.model.nnb().variable(self.model.nnb().outputs().get(index)).format
    }

    /// A runner with memory of its own.
    pub fn runner(&self) -> Runner<'_, 'm, 'a> {
        let buffers = if self.plan.needs_buffers { self.model.arena_bytes() } else { 0 };
        let ([floats, bytes], [scratch_floats, scratch_bytes]) = (self.plan.arena_lens, self.plan.scratch_lens);
        Runner {
            prepared: self,
            floats: Aligned::new(floats),
            bytes: Aligned::new(bytes),
            scratch_floats: Aligned::new(scratch_floats),
            scratch_bytes: Aligned::new(scratch_bytes),
            buffers: vec![0; buffers],
            pushed: Vec::new(),
        }
    }
}

/// Runs a prepared model, again and again, on one thread.
#[derive(Debug)]
pub struct Runner<'p, 'm, 'a> {
    prepared: &'p Prepared<'m, 'a>,
    /// The feature maps of floats.
    floats: Aligned<f32>,
    /// Those of integers.
    bytes: Aligned<u8>,
    /// Memory of the step that runs.
    scratch_floats: Aligned<f32>,
    scratch_bytes: Aligned<u8>,
    /// The buffers of the file, for what the portable runtime computes.
    buffers: Vec<u8>,
    /// The values of the input that the model takes row by row, in their order.
    pushed: Vec<f32>,
}

impl Runner<'_, '_, '_> {
    /// Stores real numbers in the input at `index` of the network, in NNabla's order (channels before rows).
    pub fn set_input(&mut self, index: usize, values: &[f32]) {
        let nnb = self.prepared.model.nnb();
        if let Some((variable, group)) = self.prepared.model.pushed_input().zip(nnb.groups().next())
            && nnb.inputs().iter().nth(index) == Some(variable)
        {
            self.pushed = by_rows(values, nnb.variable(variable).shape, group.axis);
            return;
        }
        let plan = &self.prepared.plan;
        let Some(inlet) = plan.inputs.get(index) else { return };
        let format = self.prepared.input_format(index);
        let quantizer = Quantizer::new(format, self.prepared.semantics.rounding());
        for map in &inlet.maps {
            let Map { layout, place } = &plan.maps[map.0];
            match quantizer {
                None => layout.gather(&mut self.floats.items()[place.clone()], |start, run| read(values, start, run)),
                Some(quantizer) => {
                    layout.gather_integers(&mut self.bytes.items()[place.clone()], |start, run| {
                        let mut reals = [0.0; RUN];
                        let reals = &mut reals[..run.len()];
                        read(values, start, reals);
                        quantizer.quantize_all(reals, run);
                    });
                }
            }
        }
        if let (true, Some(mut session)) = (inlet.buffer, self.memory().session) {
            session.set_input(index, values);
        }
    }

    /// Runs the network.
    pub fn run(&mut self) {
        let prepared = self.prepared;
        if prepared.model.pushed_input().is_some() {
            let pushed = core::mem::take(&mut self.pushed);
            if let Some(mut session) = self.memory().session {
                session.push(&pushed);
            }
            self.pushed = pushed;
            return;
        }
        let mut memory = self.memory();
        for segment in &prepared.plan.segments {
            for image in 0..segment.images {
                for step in &prepared.plan.steps[segment.steps.clone()] {
                    memory.run(step, image);
                }
            }
        }
    }

    /// Runs one step, which must be below [`Prepared::step_count`], for the first image of a batch: for measurements. A
    /// network of one image has run when all steps have, in order.
    pub fn run_step(&mut self, index: usize) {
        let prepared = self.prepared;
        self.memory().run(&prepared.plan.steps[index], 0);
    }

    /// Reads the output at `index`, which must exist, in NNabla's order.
    pub fn read_output(&mut self, index: usize, out: &mut [f32]) {
        let plan = &self.prepared.plan;
        match plan.outputs[index] {
            Outlet::Map(map) => {
                let Map { layout, place } = &plan.maps[map.0];
                let mut write = |start: usize, run: &[f32]| {
                    for (out, value) in out.iter_mut().skip(start).zip(run) {
                        *out = *value;
                    }
                };
                match layout.storage {
                    Storage::Float => layout.scatter(&self.floats.items()[place.clone()], write),
                    Storage::Byte | Storage::Word => {
                        let step = self.prepared.output_format(index).step();
                        layout.scatter_integers(&self.bytes.items()[place.clone()], |start, run| {
                            let mut reals = [0.0; RUN];
                            for (real, integer) in reals.iter_mut().zip(run) {
                                *real = *integer as f32 * step;
                            }
                            write(start, &reals[..run.len()]);
                        });
                    }
                }
            }
            Outlet::Buffer => {
                if let Some(session) = self.memory().session {
                    session.output(index).read(0, out);
                }
            }
        }
    }

    fn memory(&mut self) -> Memory<'_, '_> {
        let Prepared { model, semantics, machine, ref plan } = *self.prepared;
        Memory {
            machine,
            maps: &plan.maps,
            floats: Arena { maps: self.floats.items(), scratch: self.scratch_floats.items() },
            bytes: Arena { maps: self.bytes.items(), scratch: self.scratch_bytes.items() },
            session: Session::new(model, &mut self.buffers, semantics).ok(),
        }
    }
}

/// Values in the order in which rows along an axis are pushed; what is missing is zero.
fn by_rows(values: &[f32], shape: Shape, axis: usize) -> Vec<f32> {
    let (outer, inner) = shape.split_items(axis);
    let rows = shape.get(axis).copied().unwrap_or(0);
    let items = inner.checked_div(rows).unwrap_or(0);
    let places = (0..rows).flat_map(|row| (0..outer).map(move |outer| outer * inner + row * items));
    places.flat_map(|start| (start..start + items).map(|place| values.get(place).copied().unwrap_or(0.0))).collect()
}

/// The values from a place on; zeros where there are none.
fn read(values: &[f32], start: usize, run: &mut [f32]) {
    let given = values.get(start..).unwrap_or(&[]);
    let known = given.len().min(run.len());
    run[..known].copy_from_slice(&given[..known]);
    run[known..].fill(0.0);
}

/// Items that begin at the beginning of a cache line.
#[derive(Debug)]
struct Aligned<T> {
    storage: Vec<T>,
    start: usize,
}

impl<T: Item> Aligned<T> {
    /// Bytes of a cache line, and of the widest vectors.
    const ALIGNMENT: usize = 64;

    fn new(len: usize) -> Self {
        let storage = vec![T::default(); len + Self::ALIGNMENT / size_of::<T>()];
        // A `Vec` does not move its values, so that they stay aligned. Where alignment cannot be had, all works without.
        let start = storage.as_ptr().align_offset(Self::ALIGNMENT).min(storage.len() - len);
        Self { storage, start }
    }

    fn items(&mut self) -> &mut [T] {
        &mut self.storage[self.start..]
    }
}
