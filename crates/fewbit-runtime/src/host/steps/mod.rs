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

    /// How many images of a batch the step computes one by one; `None` if it takes them all at once.
    pub fn images(&self, layouts: &[MapLayout]) -> Option<usize> {
        let by_image = match self {
            Self::Convolution(step) => !step.takes_all_images(layouts[step.output.0]),
            Self::Winograd(_) | Self::Depthwise(_) | Self::Pooling(_) | Self::Elementwise(_) => true,
            Self::FromVariable { .. } | Self::ToVariable { .. } | Self::Rearrange { .. } | Self::Portable { .. } => {
                false
            }
        };
        by_image.then(|| self.writes().map(|map| layouts[map.0].images))?
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

/// What a step works with: the maps that it reads, and the image of the batch that it computes.
#[derive(Clone, Copy)]
pub(super) struct Task<'r> {
    pub machine: Machine,
    pub maps: &'r [Map],
    pub others: Others<'r>,
    pub image: usize,
}

impl<'r> Task<'r> {
    /// The floats of a map, which must not be the one that is written.
    pub fn floats(&self, map: MapId) -> &'r [f32] {
        self.others.floats(&self.maps[map.0])
    }

    /// How a map lies.
    pub fn layout(&self, map: MapId) -> MapLayout {
        self.maps[map.0].layout
    }

    /// What a step adds to a plane of `output`: a plane of another map, if there is one.
    pub fn residual(&self, map: Option<MapId>, output: MapId, depth: usize) -> Residual<'r> {
        let Some(map) = map else { return Residual::None };
        if self.maps[map.0].place == self.maps[output.0].place {
            return Residual::Output;
        }
        Residual::Map(self.floats(map), self.layout(map).plane(self.image, depth))
    }
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
}

impl Memory<'_, '_> {
    /// The map to be written, the memory of the step, and what it works with.
    fn task(&mut self, output: MapId, image: usize) -> (Task<'_>, &mut [f32], &mut [f32]) {
        let place = self.maps[output.0].place.clone();
        let (before, rest) = self.arena.split_at_mut(place.start);
        let (floats, after) = rest.split_at_mut(place.len());
        let others = Others { before, after, after_start: place.end };
        let task = Task { machine: self.machine, maps: self.maps, others, image };
        (task, floats, self.scratch)
    }

    /// Runs a step for an image of the batch, or for all of them if it takes them at once.
    pub fn run(&mut self, step: &Step, image: usize) {
        let maps = self.maps;
        match step {
            Step::Convolution(step) => {
                let (task, output, scratch) = self.task(step.output, image);
                step.run(task, output, scratch);
            }
            Step::Winograd(step) => {
                let (task, output, scratch) = self.task(step.output, image);
                step.run(task, output, scratch);
            }
            Step::Depthwise(step) => {
                let (task, output, _) = self.task(step.output, image);
                step.run(task, output);
            }
            Step::Pooling(step) => {
                let (task, output, _) = self.task(step.output, image);
                step.run(task, output);
            }
            Step::Elementwise(step) => {
                let (task, output, _) = self.task(step.output, image);
                step.run(task, output);
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
                let (task, output, plain) = self.task(*to, image);
                let (values, from, to) = (task.floats(*from), task.layout(*from), task.layout(*to));
                from.scatter(values, |start, run| plain[start..][..run.len()].copy_from_slice(run));
                to.gather(output, |start, run| run.copy_from_slice(&plain[start..][..run.len()]));
            }
            Step::Portable { function } => {
                if let Some(session) = &mut self.session {
                    session.run_function(*function);
                }
            }
        }
    }
}
