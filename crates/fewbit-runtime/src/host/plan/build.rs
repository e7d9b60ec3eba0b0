//! [`Builder`]: from groups of functions to steps.

use super::graph::Graph;
use super::group::{Group, Grouping};
use super::integer::IntegerGroup;
use super::memory::MemoryPlan;
use super::{Inlet, Outlet, Plan};
use crate::host::layout::{Axes, Frame, MapLayout};
use crate::host::simd::Machine;
use crate::host::steps::{MapId, Step};
use crate::host::storage::Storage;
use crate::model::Model;
use crate::session::Semantics;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

/// A function of the file that the portable runtime computes, or a group.
enum Work {
    Portable(usize),
    Group(Box<Group>),
    IntegerGroup(Box<IntegerGroup>),
}

impl Work {
    fn position(&self) -> usize {
        match self {
            Self::Portable(index) => *index,
            Self::Group(group) => group.position(),
            Self::IntegerGroup(group) => group.position(),
        }
    }

    /// The functions that are computed.
    fn functions(&self) -> &[usize] {
        match self {
            Self::Portable(index) => core::slice::from_ref(index),
            Self::Group(group) => &group.functions,
            Self::IntegerGroup(group) => &group.functions,
        }
    }

    /// The variables that are read as feature maps, and how they are wanted.
    fn reads(&self) -> Vec<(usize, Wanted)> {
        match self {
            Self::Portable(_) => Vec::new(),
            Self::Group(group) => group.reads(),
            Self::IntegerGroup(group) => group.reads(),
        }
    }
}

/// How a group wants to read a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub axes: Axes,
    pub storage: Storage,
    /// The least that must be around it.
    pub frame: Frame,
}

/// Where a variable is.
#[derive(Clone, Debug, Default)]
struct Home {
    /// In its buffer of the file.
    buffer: bool,
    /// In feature maps of these axes and in this storage.
    maps: Vec<(Axes, Storage, MapId)>,
}

/// Collects steps and maps.
pub(super) struct Builder<'g, 'm, 'a> {
    pub(super) model: &'m Model<'a>,
    graph: &'g Graph,
    pub(super) machine: Machine,
    semantics: Semantics,
    /// For each variable, the maps that groups read it in.
    wanted: Vec<Vec<Wanted>>,
    homes: Vec<Home>,
    pub(super) layouts: Vec<MapLayout>,
    steps: Vec<Step>,
    functions: Vec<Vec<usize>>,
}

impl<'g, 'm, 'a> Builder<'g, 'm, 'a> {
    pub fn new(model: &'m Model<'a>, semantics: Semantics, graph: &'g Graph, machine: Machine) -> Self {
        let count = model.nnb().variable_count();
        Self {
            model,
            graph,
            machine,
            semantics,
            wanted: vec![Vec::new(); count],
            homes: vec![Home::default(); count],
            layouts: Vec::new(),
            steps: Vec::new(),
            functions: Vec::new(),
        }
    }

    /// The plan; `None` if a map would be too large.
    pub fn build(mut self) -> Option<Plan> {
        let works = self.works();
        let inputs = self.inlets()?;
        for work in &works {
            match work {
                Work::Portable(index) => self.portable(*index)?,
                Work::Group(group) => self.lower(group)?,
                Work::IntegerGroup(group) => self.lower_integer(group)?,
            }
        }
        let outputs: Vec<Outlet> = (self.model.nnb().outputs().iter())
            .map(|variable| match self.homes[variable].maps.first() {
                Some((_, _, map)) if !self.homes[variable].buffer => Outlet::Map(*map),
                _ => Outlet::Buffer,
            })
            .collect();
        Some(self.finish(inputs, outputs))
    }

    /// Splits the functions of the file into groups and others, in the order in which they are computed, and notes what
    /// each group wants to read.
    fn works(&mut self) -> Vec<Work> {
        let count = self.model.nnb().function_count();
        let mut grouping = Grouping::new(self.model, self.graph);
        let mut taken = vec![false; count];
        let mut works = Vec::new();
        for index in 0..count {
            if core::mem::replace(&mut taken[index], true) || grouping.looks_through(index) {
                continue;
            }
            let work = match (grouping.group(index), self.semantics) {
                (Some(group), _) => Work::Group(Box::new(group)),
                (None, Semantics::Integer) => match grouping.integer_group(index) {
                    Some(group) => Work::IntegerGroup(Box::new(group)),
                    None => Work::Portable(index),
                },
                (None, Semantics::Reference) => Work::Portable(index),
            };
            if let (Work::Portable(_), Some(reshape)) = (&work, grouping.looked_through(index)) {
                works.push(Work::Portable(reshape));
            }
            for &function in work.functions() {
                taken[function] = true;
            }
            for (variable, new) in work.reads() {
                let wanted = &mut self.wanted[variable];
                match wanted.iter_mut().find(|known| (known.axes, known.storage) == (new.axes, new.storage)) {
                    Some(known) => known.frame = known.frame.join(new.frame),
                    None => wanted.push(new),
                }
            }
            works.push(work);
        }
        works.sort_by_key(Work::position);
        works
    }

    /// Where the inputs of the network go: to all maps that are wanted of them, and to their buffers if other functions
    /// or the caller read them there.
    fn inlets(&mut self) -> Option<Vec<Inlet>> {
        let inputs = self.model.nnb().inputs();
        let mut inlets = Vec::with_capacity(inputs.len());
        for variable in inputs.iter() {
            self.homes[variable].buffer = true;
            let mut maps = Vec::new();
            for Wanted { axes, storage, .. } in self.wanted[variable].clone() {
                maps.push(self.new_map(variable, axes, storage)?);
            }
            inlets.push(Inlet { maps, buffer: true });
        }
        Some(inlets)
    }

    fn portable(&mut self, index: usize) -> Option<()> {
        let record = self.model.nnb().function(index);
        for variable in record.inputs.iter() {
            let home = &mut self.homes[variable];
            if let (false, Some(&(_, _, map))) = (home.buffer, home.maps.first()) {
                home.buffer = true;
                self.step(Step::ToVariable { map, variable }, &[]);
            }
        }
        self.step(Step::Portable { function: index }, &[index]);
        for variable in record.outputs.iter() {
            self.homes[variable].buffer = true;
            // Now, since the buffer may hold another variable by the time that a group reads this one.
            for Wanted { axes, storage, .. } in self.wanted[variable].clone() {
                let map = self.new_map(variable, axes, storage)?;
                self.step(Step::FromVariable { variable, map }, &[]);
            }
        }
        Some(())
    }

    /// Adds a step that computes these functions of the file.
    pub(super) fn step(&mut self, step: Step, functions: &[usize]) {
        self.steps.push(step);
        self.functions.push(functions.to_vec());
    }

    /// A map that holds a variable, to be written now, with the frame that its readers want.
    pub(super) fn new_map(&mut self, variable: usize, axes: Axes, storage: Storage) -> Option<MapId> {
        let wanted = self.wanted[variable].iter().find(|known| (known.axes, known.storage) == (axes, storage));
        let frame = wanted.map_or(Frame::default(), |wanted| wanted.frame);
        let layout = MapLayout::new(self.model.nnb().variable(variable).shape, axes, frame, storage)?;
        let map = self.add_map(layout)?;
        self.homes[variable].maps.push((axes, storage, map));
        Some(map)
    }

    /// A map of this layout.
    pub(super) fn add_map(&mut self, layout: MapLayout) -> Option<MapId> {
        self.layouts.push(layout);
        (layout.len() > 0).then_some(MapId(self.layouts.len() - 1))
    }

    /// The map that holds a variable in these axes and this storage, which a group wants.
    pub(super) fn map(&mut self, variable: usize, axes: Axes, storage: Storage) -> Option<MapId> {
        let maps = &self.homes[variable].maps;
        if let Some((_, _, map)) = maps.iter().find(|(a, s, _)| (*a, *s) == (axes, storage)) {
            return Some(*map);
        }
        // What portable functions write is brought to all wanted maps at once, so that this one is another.
        let (_, _, from) = *maps.first()?;
        let to = self.new_map(variable, axes, storage)?;
        self.step(Step::Rearrange { from, to }, &[]);
        Some(to)
    }

    fn finish(self, mut inputs: Vec<Inlet>, outputs: Vec<Outlet>) -> Plan {
        let input_maps: Vec<MapId> = inputs.iter().flat_map(|inlet| inlet.maps.iter().copied()).collect();
        let output_maps: Vec<MapId> = (outputs.iter())
            .filter_map(|outlet| match outlet {
                Outlet::Map(map) => Some(*map),
                Outlet::Buffer => None,
            })
            .collect();
        let MemoryPlan { segments, maps, arena_lens } =
            MemoryPlan::new(&self.steps, self.layouts, &input_maps, &output_maps);
        let uses_buffers =
            self.steps.iter().any(|step| matches!(step, Step::Portable { .. } | Step::ToVariable { .. }));
        let needs_buffers = uses_buffers || outputs.contains(&Outlet::Buffer);
        inputs.iter_mut().for_each(|inlet| inlet.buffer = needs_buffers);
        let scratch_lens = (self.steps.iter().map(|step| step.scratch_lens(&maps)))
            .fold([0; 2], |[floats, bytes], [more_floats, more_bytes]| {
                [floats.max(more_floats), bytes.max(more_bytes)]
            });
        Plan {
            scratch_lens,
            steps: self.steps,
            functions: self.functions,
            segments,
            maps,
            arena_lens,
            inputs,
            outputs,
            needs_buffers,
        }
    }
}
