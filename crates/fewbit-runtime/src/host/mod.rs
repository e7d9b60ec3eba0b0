//! Networks prepared for a host: weights packed once, functions fused, kernels chosen for the processor.
//!
//! [`Prepared`] is made once from a [`Model`] and shared by threads; each thread runs its own [`Runner`].
//!
//! | module | what it holds |
//! |---|---|
//! | `plan` | from functions to steps: what is fused, in which memory |
//! | `steps` | what each step does with its feature maps |
//! | `layout` | how a variable lies in memory as a feature map |
//! | `linear`, `packing` | weights with what is folded into them, in the order of the kernels |
//! | `simd` | the kernels, for each instruction set |

mod layout;
mod linear;
mod packing;
mod plan;
mod simd;
mod steps;

use crate::model::Model;
use crate::session::{Semantics, Session};
use fewbit_core::Shape;
use plan::{Outlet, Plan};
pub use simd::InstructionSet;
use simd::Machine;
use std::vec;
use std::vec::Vec;
use steps::Memory;

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
        Self { model, semantics, machine, plan: Plan::new(model, machine) }
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

    /// A runner with memory of its own.
    pub fn runner(&self) -> Runner<'_, 'm, 'a> {
        let buffers = if self.plan.needs_buffers { self.model.arena_bytes() } else { 0 };
        Runner {
            prepared: self,
            arena: AlignedFloats::new(self.plan.arena_len),
            scratch: AlignedFloats::new(self.plan.scratch_len),
            buffers: vec![0; buffers],
            pushed: Vec::new(),
        }
    }
}

/// Runs a prepared model, again and again, on one thread.
#[derive(Debug)]
pub struct Runner<'p, 'm, 'a> {
    prepared: &'p Prepared<'m, 'a>,
    /// The feature maps.
    arena: AlignedFloats,
    /// Memory of the step that runs.
    scratch: AlignedFloats,
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
        for map in &inlet.maps {
            let map = &plan.maps[map.0];
            let floats = &mut self.arena.floats()[map.place.clone()];
            map.layout.gather(floats, |start, run| {
                let given = values.get(start..).unwrap_or(&[]);
                let known = given.len().min(run.len());
                run[..known].copy_from_slice(&given[..known]);
                run[known..].fill(0.0);
            });
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
                let map = &plan.maps[map.0];
                map.layout.scatter(&self.arena.floats()[map.place.clone()], |start, run| {
                    for (out, value) in out.iter_mut().skip(start).zip(run) {
                        *out = *value;
                    }
                });
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
            arena: self.arena.floats(),
            scratch: self.scratch.floats(),
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

/// Floats that begin at the beginning of a cache line.
#[derive(Debug)]
struct AlignedFloats {
    storage: Vec<f32>,
    start: usize,
}

impl AlignedFloats {
    /// Bytes of a cache line, and of the widest vectors.
    const ALIGNMENT: usize = 64;

    fn new(len: usize) -> Self {
        let storage = vec![0.0; len + Self::ALIGNMENT / size_of::<f32>()];
        // A `Vec` does not move its values, so that they stay aligned. Where alignment cannot be had, all works without.
        let start = storage.as_ptr().align_offset(Self::ALIGNMENT).min(storage.len() - len);
        Self { storage, start }
    }

    fn floats(&mut self) -> &mut [f32] {
        &mut self.storage[self.start..]
    }
}
