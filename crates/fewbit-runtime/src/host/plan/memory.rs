//! When each feature map is needed, and so where it lies.
//!
//! Steps that treat the images of a batch one by one are run image by image: all of them for the first image, then for the
//! next. What passes between them is near in the caches then, and of a map that only they touch one image is stored.

use super::arena::{Lifetime, place};
use crate::host::layout::MapLayout;
use crate::host::steps::{Map, MapId, Step};
use crate::host::storage::Storage;
use core::ops::Range;
use std::vec::Vec;

/// Steps that are run together, so many times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::host) struct Segment {
    /// The steps.
    pub steps: Range<usize>,
    /// The images of the batch, one a time.
    pub images: usize,
}

/// Where all maps are.
pub(super) struct MemoryPlan {
    pub segments: Vec<Segment>,
    pub maps: Vec<Map>,
    /// Floats and bytes of the two arenas.
    pub arena_lens: [usize; 2],
}

/// What the kernels may read beyond the end of a map of integers.
const OVERHANG: usize = 3;

impl MemoryPlan {
    /// Finds places for maps of these layouts. `inputs` are written before the first step, `outputs` read after the last.
    pub fn new(steps: &[Step], mut layouts: Vec<MapLayout>, inputs: &[MapId], outputs: &[MapId]) -> Self {
        let segments = segments(steps, &layouts);
        let touched = |step: &Step| step.reads().into_iter().chain(step.writes());
        // Of a map that steps of two segments touch, all images are stored.
        let mut segment_of = std::vec![None; layouts.len()];
        let mut is_whole = std::vec![false; layouts.len()];
        for (number, segment) in segments.iter().enumerate() {
            for map in steps[segment.steps.clone()].iter().flat_map(touched) {
                is_whole[map.0] |= segment_of[map.0].replace(number).is_some_and(|other| other != number);
            }
        }
        inputs.iter().chain(outputs).for_each(|map| is_whole[map.0] = true);
        for (layout, is_whole) in layouts.iter_mut().zip(&is_whole) {
            layout.images = if *is_whole { layout.images } else { 1.min(layout.images) };
        }

        // Before the first step and after the last there are the inputs and the outputs.
        let mut lifetimes: Vec<Lifetime> =
            layouts.iter().map(|layout| Lifetime { len: len(layout), first: usize::MAX, last: 0 }).collect();
        let mut last_read = std::vec![0; layouts.len()];
        let mut touch = |map: MapId, first: usize, last: usize| {
            let lifetime = &mut lifetimes[map.0];
            (lifetime.first, lifetime.last) = (lifetime.first.min(first), lifetime.last.max(last));
        };
        for segment in &segments {
            for index in segment.steps.clone() {
                for map in touched(&steps[index]) {
                    last_read[map.0] = index + 1;
                    // The segment begins again for the next image of a map that outlives it.
                    match is_whole[map.0] {
                        true => touch(map, segment.steps.start + 1, segment.steps.end),
                        false => touch(map, index + 1, index + 1),
                    }
                }
            }
        }
        inputs.iter().for_each(|&map| touch(map, 0, 0));
        for &map in outputs {
            touch(map, steps.len() + 1, steps.len() + 1);
            last_read[map.0] = steps.len() + 1;
        }

        // A map that takes the place of another, which it replaces value by value, lives on from it.
        let mut place_of: Vec<usize> = (0..lifetimes.len()).collect();
        for (index, step) in steps.iter().enumerate() {
            let Some((old, new)) = step.in_place() else { continue };
            if layouts[old.0] == layouts[new.0] && last_read[old.0] == index + 1 {
                let owner = place_of[old.0];
                place_of[new.0] = owner;
                lifetimes[owner].last = lifetimes[owner].last.max(lifetimes[new.0].last);
                lifetimes[new.0].len = 0;
            }
        }
        let mut maps: Vec<Map> = layouts.iter().map(|&layout| Map { layout, place: 0..0 }).collect();
        let arena_lens = [true, false].map(|floats| {
            let of_arena: Vec<usize> =
                (0..maps.len()).filter(|&map| (layouts[map].storage == Storage::Float) == floats).collect();
            let (places, arena_len) = place(&of_arena.iter().map(|&map| lifetimes[map]).collect::<Vec<_>>());
            for (&map, place) in of_arena.iter().zip(places) {
                maps[map].place = place;
            }
            arena_len
        });
        for (map, owner) in place_of.into_iter().enumerate() {
            maps[map].place = maps[owner].place.clone();
        }
        Self { segments, maps, arena_lens }
    }
}

/// Items of a map with what may be read beyond its end.
fn len(layout: &MapLayout) -> usize {
    layout.len() + if layout.storage == Storage::Float { 0 } else { OVERHANG }
}

/// Splits steps into segments: neighbours that treat the same number of images one by one belong together.
fn segments(steps: &[Step], layouts: &[MapLayout]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        let images = step.images(layouts);
        match segments.last_mut() {
            Some(segment) if images.is_some_and(|images| images == segment.images) && images != Some(1) => {
                segment.steps.end = index + 1;
            }
            _ => segments.push(Segment { steps: index..index + 1, images: images.unwrap_or(1) }),
        }
    }
    segments
}
