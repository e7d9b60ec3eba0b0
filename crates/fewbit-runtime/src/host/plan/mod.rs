//! [`Plan`]: the functions of a file as steps over feature maps.
//!
//! 1. [`graph`] finds who reads what, and whether the file passes values in the plain way.
//! 2. [`group`] joins functions that are computed as one.
//!    [`integer`] does the same for fixed-point functions.
//! 3. [`build`] turns groups, and functions without a fast kernel, into steps, with conversions where variables pass from
//!    one kind to the other; [`lower`] makes the weights and windows of a group, [`lower_integer`] those of a fixed-point
//!    one, [`windows`] what they have in common.
//! 4. [`memory`] finds out when each map is needed, [`arena`] a place for it.

mod activation;
mod arena;
mod build;
mod graph;
mod group;
mod integer;
mod lower;
mod lower_integer;
mod memory;
mod windows;

use super::simd::Machine;
use super::steps::{Map, MapId, Step};
use crate::model::Model;
use crate::session::Semantics;
pub(super) use memory::Segment;
use std::vec;
use std::vec::Vec;

/// What to do, and in which memory.
#[derive(Debug)]
pub(super) struct Plan {
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// The functions of the file that each step computes.
    pub functions: Vec<Vec<usize>>,
    /// Which steps are run image by image.
    pub segments: Vec<Segment>,
    /// All feature maps.
    pub maps: Vec<Map>,
    /// Floats and bytes of the arenas.
    pub arena_lens: [usize; 2],
    /// Floats and bytes that the most demanding steps need beside them.
    pub scratch_lens: [usize; 2],
    /// Where each input of the network goes.
    pub inputs: Vec<Inlet>,
    /// Where each output of the network is.
    pub outputs: Vec<Outlet>,
    /// Whether a step, an input or an output is in the file's buffers.
    pub needs_buffers: bool,
}

/// Where an input of the network goes.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Inlet {
    /// The maps that hold it.
    pub maps: Vec<MapId>,
    /// Whether it goes to its buffer of the file too.
    pub buffer: bool,
}

/// Where an output of the network is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlet {
    /// In a map.
    Map(MapId),
    /// In its buffer of the file.
    Buffer,
}

impl Plan {
    /// The plan for a model on a machine.
    pub fn new(model: &Model<'_>, semantics: Semantics, machine: Machine) -> Self {
        if model.nnb().group_count() > 0 {
            // A plan that goes by whole variables has nothing to do with one that goes by rows.
            return Self::portable(model);
        }
        graph::Graph::new(model)
            .and_then(|graph| build::Builder::new(model, semantics, &graph, machine).build())
            .unwrap_or_else(|| Self::portable(model))
    }

    /// The plan that computes every function with the portable runtime.
    pub fn portable(model: &Model<'_>) -> Self {
        let nnb = model.nnb();
        let functions = 0..nnb.function_count();
        Self {
            steps: functions.clone().map(|function| Step::Portable { function }).collect(),
            functions: functions.clone().map(|function| vec![function]).collect(),
            segments: vec![Segment { steps: functions, images: 1 }],
            maps: Vec::new(),
            arena_lens: [0; 2],
            scratch_lens: [0; 2],
            inputs: vec![Inlet { maps: Vec::new(), buffer: true }; nnb.inputs().len()],
            outputs: vec![Outlet::Buffer; nnb.outputs().len()],
            needs_buffers: true,
        }
    }
}
