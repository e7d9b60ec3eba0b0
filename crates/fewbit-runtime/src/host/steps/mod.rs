//! What a prepared network does one after the other.

pub(super) mod convolution;
pub(super) mod elementwise;
pub(super) mod pooling;
pub(super) mod winograd;

use super::layout::MapLayout;
use super::simd::Machine;
use super::simd::convolution::Residual;
use crate::session::Session;
use core::ops::Range;
use std::vec::Vec;

/// The number of a feature map in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MapId(pub usize);

/// A feature map in the arena.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// How it lies there.
    pub layout: MapLayout,
    /// Where it lies, in floats.
    pub place: Range<usize>,
}

/// One step.
#[derive(Debug)]
pub(super) enum Step {
    /// A convolution or an affine function, with what follows.
    Convolution(convolution::Convolution),
    /// A convolution of 3 x 3 taps by fewer multiplications.
    Winograd(winograd::Winograd),
    /// A convolution whose channels do not mix.
    Depthwise(convolution::Depthwise),
    /// A pooling function.
    Pooling(pooling::Pooling),
    /// Functions value by value.
    Elementwise(elementwise::Elementwise),
    /// A variable of the file's buffers becomes a feature map.
    FromVariable {
        /// The variable.
        variable: usize,
        /// The map.
        map: MapId,
    },
    /// A feature map becomes a variable in the file's buffers.
    ToVariable {
        /// The map.
        map: MapId,
        /// The variable.
        variable: usize,
    },
    /// A feature map becomes one with other axes or another frame.
    Rearrange {
        /// What is read.
        from: MapId,
        /// What is written.
        to: MapId,
    },
    /// A function of the file, computed by the portable runtime in the file's buffers.
    Portable {
        /// Its place in the file.
        function: usize,
    },
}

impl Step {
    /// The maps that the step reads.
    pub fn reads(&self) -> Vec<MapId> {
        match self {
            Self::Convolution(step) => [step.input].into_iter().chain(step.residual).collect(),
            Self::Winograd(step) => [step.input].into_iter().chain(step.residual).collect(),
            Self::Depthwise(step) => [step.input].into(),
            Self::Pooling(step) => [step.input].into(),
            Self::Elementwise(step) => [step.input].into_iter().chain(step.combine.map(|(_, map)| map)).collect(),
            Self::ToVariable { map, .. } => [*map].into(),
            Self::Rearrange { from, .. } => [*from].into(),
            Self::FromVariable { .. } | Self::Portable { .. } => Vec::new(),
        }
    }

    /// The map that the step writes.
    pub fn writes(&self) -> Option<MapId> {
        match self {
            Self::Convolution(step) => Some(step.output),
            Self::Winograd(step) => Some(step.output),
            Self::Depthwise(step) => Some(step.output),
            Self::Pooling(step) => Some(step.output),
            Self::Elementwise(step) => Some(step.output),
            Self::FromVariable { map, .. } => Some(*map),
            Self::Rearrange { to, .. } => Some(*to),
            Self::ToVariable { .. } | Self::Portable { .. } => None,
        }
    }

    /// A map that the step may write another one over, place by place.
    pub fn in_place(&self) -> Option<(MapId, MapId)> {
        match self {
            // With pooling the output has another form.
            Self::Convolution(step) if step.pooling.is_none() && step.residual != Some(step.input) => {
                Some((step.residual?, step.output))
            }
            Self::Winograd(step) if step.residual != Some(step.input) => Some((step.residual?, step.output)),
            _ => None,
        }
    }

    /// Floats of memory that the step needs while it runs.
    pub fn scratch_len(&self, maps: &[Map]) -> usize {
        match self {
            Self::Convolution(step) => step.scratch_len(),
            Self::Winograd(step) => step.scratch_len(),
            Self::Rearrange { from, .. } => maps[from.0].layout.len(),
            _ => 0,
        }
    }
}

/// The memory that steps work in.
pub(super) struct Memory<'r, 'a> {
    pub machine: Machine,
    pub maps: &'r [Map],
    /// All maps.
    pub arena: &'r mut [f32],
    /// Memory of the step that runs.
    pub scratch: &'r mut [f32],
    /// The file's buffers, if a step needs them.
    pub session: Option<Session<'r, 'a>>,
}

/// Maps that can be read while another one is written.
#[derive(Clone, Copy)]
pub(super) struct Others<'r> {
    before: &'r [f32],
    after: &'r [f32],
    after_start: usize,
}

impl<'r> Others<'r> {
    /// The floats of a map, which must not be the one that is written.
    pub fn floats(self, map: &Map) -> &'r [f32] {
        match map.place.start.checked_sub(self.after_start) {
            Some(start) => &self.after[start..start + map.place.len()],
            None => &self.before[map.place.clone()],
        }
    }

    /// What a step adds to the plane of `output` that it computes: a plane of a map, if there is one.
    pub fn residual(self, maps: &[Map], map: Option<MapId>, output: MapId, image: usize, depth: usize) -> Residual<'r> {
        match map.map(|map| &maps[map.0]) {
            None => Residual::None,
            Some(map) if map.place == maps[output.0].place => Residual::Output,
            Some(map) => Residual::Map(self.floats(map), map.layout.plane(image, depth)),
        }
    }
}

impl Memory<'_, '_> {
    /// The map to be written, and the others.
    fn split(&mut self, output: MapId) -> (Others<'_>, &mut [f32], &mut [f32]) {
        let place = self.maps[output.0].place.clone();
        let (before, rest) = self.arena.split_at_mut(place.start);
        let (floats, after) = rest.split_at_mut(place.len());
        (Others { before, after, after_start: place.end }, floats, self.scratch)
    }

    /// Runs a step.
    pub fn run(&mut self, step: &Step) {
        let (machine, maps) = (self.machine, self.maps);
        match step {
            Step::Convolution(step) => {
                let (others, output, scratch) = self.split(step.output);
                step.run(machine, maps, others, output, scratch);
            }
            Step::Winograd(step) => {
                let (others, output, scratch) = self.split(step.output);
                step.run(machine, maps, others, output, scratch);
            }
            Step::Depthwise(step) => {
                let (others, output, _) = self.split(step.output);
                step.run(machine, maps, others, output);
            }
            Step::Pooling(step) => {
                let (others, output, _) = self.split(step.output);
                step.run(machine, maps, others, output);
            }
            Step::Elementwise(step) => {
                let (others, output, _) = self.split(step.output);
                step.run(machine, maps, others, output);
            }
            Step::FromVariable { variable, map } => {
                let map = &maps[map.0];
                if let Some(session) = &self.session {
                    let values = session.variable(*variable);
                    map.layout.gather(&mut self.arena[map.place.clone()], |start, run| values.read(start, run));
                }
            }
            Step::ToVariable { map, variable } => {
                let map = &maps[map.0];
                if let Some(mut values) = self.session.as_mut().and_then(|session| session.variable_mut(*variable)) {
                    map.layout.scatter(&self.arena[map.place.clone()], |start, run| values.write(start, run));
                }
            }
            Step::Rearrange { from, to } => {
                let (others, output, plain) = self.split(*to);
                let (from, to) = (&maps[from.0], &maps[to.0]);
                from.layout.scatter(others.floats(from), |start, run| plain[start..][..run.len()].copy_from_slice(run));
                to.layout.gather(output, |start, run| run.copy_from_slice(&plain[start..][..run.len()]));
            }
            Step::Portable { function } => {
                if let Some(session) = &mut self.session {
                    session.run_function(*function);
                }
            }
        }
    }
}
