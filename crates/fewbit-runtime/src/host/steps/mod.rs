//! What a prepared network does one after the other.

pub(super) mod convolution;
pub(super) mod elementwise;
pub(super) mod pooling;
pub(super) mod winograd;

use super::layout::MapLayout;
use super::simd::Machine;
use super::simd::convolution::Residual;
use super::storage::Storage;
use crate::session::Session;
use core::fmt::Debug;
use core::ops::Range;
use std::boxed::Box;
use std::vec::Vec;

/// The number of a feature map in the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MapId(pub usize);

/// A feature map in an arena: that of floats or that of bytes.
#[derive(Clone, Debug)]
pub(super) struct Map {
    /// How it lies there.
    pub layout: MapLayout,
    /// Where it lies, in items.
    pub place: Range<usize>,
}

/// One step.
#[derive(Debug)]
pub(super) enum Step {
    /// Maps of floats are computed from others.
    Floats(Box<dyn MapStep<f32>>),
    /// Maps of integers are computed from others.
    Integers(Box<dyn MapStep<u8>>),
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
    /// A feature map becomes one of the same values with other axes, another frame or another storage.
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

/// A step from feature maps to a feature map.
pub(super) trait MapStep<T>: Debug + Send + Sync {
    /// The maps that the step reads.
    fn reads(&self) -> Vec<MapId>;

    /// The map that it writes.
    fn output(&self) -> MapId;

    /// Whether all images of a batch are computed together, not one by one.
    fn takes_all_images(&self, _output: MapLayout) -> bool {
        false
    }

    /// A map that the output may be written over, place by place, if it lies in the same way.
    fn in_place(&self) -> Option<MapId> {
        None
    }

    /// Items of memory that the step needs while it runs.
    fn scratch_len(&self) -> usize {
        0
    }

    /// Computes the output.
    fn run(&self, task: Task<'_, T>, output: &mut [T], scratch: &mut [T]);
}

impl Step {
    /// The maps that the step reads.
    pub fn reads(&self) -> Vec<MapId> {
        match self {
            Self::Floats(step) => step.reads(),
            Self::Integers(step) => step.reads(),
            Self::ToVariable { map, .. } => [*map].into(),
            Self::Rearrange { from, .. } => [*from].into(),
            Self::FromVariable { .. } | Self::Portable { .. } => Vec::new(),
        }
    }

    /// The map that the step writes.
    pub fn writes(&self) -> Option<MapId> {
        match self {
            Self::Floats(step) => Some(step.output()),
            Self::Integers(step) => Some(step.output()),
            Self::FromVariable { map, .. } => Some(*map),
            Self::Rearrange { to, .. } => Some(*to),
            Self::ToVariable { .. } | Self::Portable { .. } => None,
        }
    }

    /// How many images of a batch the step computes one by one; `None` if it takes them all at once.
    pub fn images(&self, layouts: &[MapLayout]) -> Option<usize> {
        let output = layouts[self.writes()?.0];
        let by_image = match self {
            Self::Floats(step) => !step.takes_all_images(output),
            Self::Integers(step) => !step.takes_all_images(output),
            Self::FromVariable { .. } | Self::ToVariable { .. } | Self::Rearrange { .. } | Self::Portable { .. } => {
                false
            }
        };
        by_image.then_some(output.images)
    }

    /// A map that the step may write another one over, place by place.
    pub fn in_place(&self) -> Option<(MapId, MapId)> {
        match self {
            Self::Floats(step) => Some((step.in_place()?, step.output())),
            Self::Integers(step) => Some((step.in_place()?, step.output())),
            _ => None,
        }
    }

    /// Floats and bytes of memory that the step needs while it runs.
    pub fn scratch_lens(&self, maps: &[Map]) -> [usize; 2] {
        match self {
            Self::Floats(step) => [step.scratch_len(), 0],
            Self::Integers(step) => [0, step.scratch_len()],
            Self::Rearrange { from, .. } => match maps[from.0].layout {
                layout if layout.storage == Storage::Float => [layout.len(), 0],
                layout => [0, layout.len()],
            },
            _ => [0, 0],
        }
    }
}

/// An arena, and the memory of the step that runs.
pub(super) struct Arena<'r, T> {
    /// All maps.
    pub maps: &'r mut [T],
    /// Memory of the step that runs.
    pub scratch: &'r mut [T],
}

/// The memory that steps work in.
pub(super) struct Memory<'r, 'a> {
    pub machine: Machine,
    pub maps: &'r [Map],
    pub floats: Arena<'r, f32>,
    pub bytes: Arena<'r, u8>,
    /// The file's buffers, if a step needs them.
    pub session: Option<Session<'r, 'a>>,
}

/// What a step works with: the maps that it reads, and the image of the batch that it computes.
#[derive(Clone, Copy)]
pub(super) struct Task<'r, T> {
    pub machine: Machine,
    pub maps: &'r [Map],
    pub others: Others<'r, T>,
    pub image: usize,
}

impl<'r, T> Task<'r, T> {
    /// The items of a map, which must not be the one that is written.
    pub fn items(&self, map: MapId) -> &'r [T] {
        self.others.items(&self.maps[map.0])
    }

    /// How a map lies.
    pub fn layout(&self, map: MapId) -> MapLayout {
        self.maps[map.0].layout
    }

    /// What a step adds to a plane of `output`: a plane of another map, if there is one.
    pub fn residual(&self, map: Option<MapId>, output: MapId, depth: usize) -> Residual<'r, T> {
        let Some(map) = map else { return Residual::None };
        if self.maps[map.0].place == self.maps[output.0].place {
            return Residual::Output;
        }
        Residual::Map(self.items(map), self.layout(map).plane(self.image, depth))
    }
}

/// Maps that can be read while another one is written.
#[derive(Clone, Copy)]
pub(super) struct Others<'r, T> {
    before: &'r [T],
    after: &'r [T],
    after_start: usize,
}

impl<'r, T> Others<'r, T> {
    /// The items of a map, which must not be the one that is written.
    fn items(&self, map: &Map) -> &'r [T] {
        match map.place.start.checked_sub(self.after_start) {
            Some(start) => &self.after[start..start + map.place.len()],
            None => &self.before[map.place.clone()],
        }
    }
}

impl<T> Arena<'_, T> {
    /// Runs a step for an image of the batch, or for all of them if it takes them at once.
    fn run(&mut self, step: &dyn MapStep<T>, machine: Machine, maps: &[Map], image: usize) {
        let (others, output) = split(self.maps, &maps[step.output().0]);
        step.run(Task { machine, maps, others, image }, output, self.scratch);
    }
}

/// The map to be written, and all others.
fn split<'r, T>(maps: &'r mut [T], map: &Map) -> (Others<'r, T>, &'r mut [T]) {
    let (before, rest) = maps.split_at_mut(map.place.start);
    let (output, after) = rest.split_at_mut(map.place.len());
    (Others { before, after, after_start: map.place.end }, output)
}

impl Memory<'_, '_> {
    /// Runs a step for an image of the batch, or for all of them if it takes them at once.
    pub fn run(&mut self, step: &Step, image: usize) {
        let maps = self.maps;
        match step {
            Step::Floats(step) => self.floats.run(&**step, self.machine, maps, image),
            Step::Integers(step) => self.bytes.run(&**step, self.machine, maps, image),
            Step::FromVariable { variable, map } => {
                let Map { layout, place } = &maps[map.0];
                let Some(session) = &self.session else { return };
                let values = session.variable(*variable);
                match layout.storage {
                    Storage::Float => {
                        layout.gather(&mut self.floats.maps[place.clone()], |start, run| values.read(start, run))
                    }
                    Storage::Byte | Storage::Word => {
                        layout.gather_integers(&mut self.bytes.maps[place.clone()], |start, run| {
                            values.read_integers(start, run);
                        })
                    }
                }
            }
            Step::ToVariable { map, variable } => {
                let Map { layout, place } = &maps[map.0];
                let Some(mut values) = self.session.as_mut().and_then(|session| session.variable_mut(*variable)) else {
                    return;
                };
                match layout.storage {
                    Storage::Float => {
                        layout.scatter(&self.floats.maps[place.clone()], |start, run| values.write(start, run));
                    }
                    Storage::Byte | Storage::Word => {
                        layout.scatter_integers(&self.bytes.maps[place.clone()], |start, run| {
                            values.write_integers(start, run);
                        })
                    }
                }
            }
            Step::Rearrange { from, to } => {
                let (from, to) = (&maps[from.0], &maps[to.0]);
                match from.layout.storage {
                    Storage::Float => {
                        let Arena { maps, scratch } = &mut self.floats;
                        from.layout.scatter(&maps[from.place.clone()], |start, run| {
                            scratch[start..][..run.len()].copy_from_slice(run);
                        });
                        to.layout.gather(&mut maps[to.place.clone()], |start, run| {
                            run.copy_from_slice(&scratch[start..][..run.len()]);
                        });
                    }
                    storage @ (Storage::Byte | Storage::Word) => {
                        let Arena { maps, scratch } = &mut self.bytes;
                        let width = storage.width();
                        from.layout.scatter(&maps[from.place.clone()], |start, run| {
                            scratch[start * width..][..run.len()].copy_from_slice(run);
                        });
                        to.layout.gather_integers(&mut maps[to.place.clone()], |start, run| {
                            storage.decode(&scratch[start * width..][..run.len() * width], run);
                        });
                    }
                }
            }
            Step::Portable { function } => {
                if let Some(session) = &mut self.session {
                    session.run_function(*function);
                }
            }
        }
    }
}
