//! [`Convolution`] and [`Depthwise`]: convolutions and affine functions over feature maps, with what follows them.

use super::pooling::Windows;
use super::{Map, MapId, Others};
use crate::host::layout::{MapLayout, SPATIAL};
use crate::host::packing::PackedWeights;
use crate::host::simd::convolution::{Plane, Residual, Window};
use crate::host::simd::depthwise::DepthwisePlane;
use crate::host::simd::pixels::Pixels;
use crate::host::simd::{Activation, Machine};
use std::vec::Vec;

/// A convolution, whose weights may be split into groups of channels; an affine function is one whose window is a whole
/// image.
#[derive(Debug)]
pub(in crate::host) struct Convolution {
    pub input: MapId,
    pub output: MapId,
    pub windows: WindowGrid,
    /// What a pixel sums over.
    pub window: Window,
    /// The weights of each group.
    pub groups: Vec<PackedWeights>,
    /// Input channels of a group.
    pub group_channels: usize,
    /// A map that is added.
    pub residual: Option<MapId>,
    pub activation: Activation,
    pub pooling: Option<Pooled>,
}

/// The pooling function that follows a convolution: of the convolution's own output only the rows that a window covers
/// are kept, in the step's memory.
#[derive(Debug)]
pub(in crate::host) struct Pooled {
    /// The windows, over a ring of rows.
    pub windows: Windows,
    /// Rows of the ring.
    pub ring: usize,
    /// Pixels in a row.
    pub columns: usize,
}

/// Where the windows of a convolution begin in its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct WindowGrid {
    /// Where the first window of an image begins.
    pub first: usize,
    /// From an image to the next.
    pub image_step: usize,
    /// From a window to the next along each spatial axis.
    pub steps: [usize; SPATIAL],
}

impl WindowGrid {
    /// The windows of a plane.
    pub fn plane(&self, image: usize, depth: usize) -> Pixels {
        let [plane_step, row_step, pixel_step] = self.steps;
        Pixels { first: self.first + image * self.image_step + depth * plane_step, row_step, pixel_step }
    }
}

impl Convolution {
    /// Floats of memory that the step needs: the ring of rows before pooling.
    pub fn scratch_len(&self) -> usize {
        let channels: usize = self.groups.iter().map(PackedWeights::outputs).sum();
        self.pooling.as_ref().map_or(0, |pooled| pooled.ring * pooled.columns * channels)
    }

    /// Computes the output.
    pub fn run(&self, machine: Machine, maps: &[Map], others: Others<'_>, output: &mut [f32], scratch: &mut [f32]) {
        let layout = maps[self.output.0].layout;
        layout.clear_frame(output);
        let input = others.floats(&maps[self.input.0]);
        let [depth, rows, columns] = layout.extents;
        for image in 0..layout.images {
            for z in 0..depth {
                let part = Part {
                    rows,
                    columns,
                    windows: self.windows.plane(image, z),
                    residual: others.residual(maps, self.residual, self.output, image, z),
                };
                let pixels = layout.plane(image, z);
                match &self.pooling {
                    None => self.compute(machine, input, part, output, pixels),
                    Some(pooled) => self.compute_pooled(machine, pooled, input, part, (output, &layout, pixels), scratch),
                }
            }
        }
    }

    /// Computes a plane, or some rows of it.
    fn compute(&self, machine: Machine, input: &[f32], part: Part<'_>, output: &mut [f32], pixels: Pixels) {
        let mut first_output = 0;
        for (group, weights) in self.groups.iter().enumerate() {
            machine.run(Plane {
                rows: part.rows,
                columns: part.columns,
                input,
                input_pixels: part.windows.moved(group * self.group_channels),
                window: &self.window,
                weights,
                residual: part.residual.map(|pixels| pixels.moved(first_output)),
                activation: self.activation,
                output: &mut *output,
                output_pixels: pixels.moved(first_output),
            });
            first_output += weights.outputs();
        }
    }

    /// Computes a plane and pools it at once.
    fn compute_pooled(
        &self,
        machine: Machine,
        pooled: &Pooled,
        input: &[f32],
        part: Part<'_>,
        (output, layout, pixels): (&mut [f32], &MapLayout, Pixels),
        scratch: &mut [f32],
    ) {
        let row_step = pooled.columns * layout.channels;
        let mut next = 0;
        for row in 0..part.rows {
            let covered = pooled.windows.covered(row);
            next = next.max(covered.start);
            while next < covered.end {
                // As many rows as follow one another in the ring.
                let slot = next % pooled.ring;
                let rows = (covered.end - next).min(pooled.ring - slot);
                let some = Part {
                    rows,
                    columns: pooled.columns,
                    windows: part.windows.row(next),
                    residual: part.residual.map(|pixels| pixels.row(next)),
                };
                let ring = Pixels { first: slot * row_step, row_step, pixel_step: layout.channels };
                self.compute(machine, input, some, scratch, ring);
                next += rows;
            }
            pooled.windows.pool(machine, [0, row], layout.channels, scratch, (&mut *output, pixels.row(row)));
        }
    }
}

/// Rows of a plane that are computed together.
#[derive(Clone, Copy)]
struct Part<'a> {
    rows: usize,
    columns: usize,
    windows: Pixels,
    residual: Residual<'a>,
}

/// A convolution whose channels do not mix.
#[derive(Debug)]
pub(in crate::host) struct Depthwise {
    pub input: MapId,
    pub output: MapId,
    pub windows: WindowGrid,
    /// Distances of the window's pixels from its first.
    pub taps: Vec<usize>,
    /// The weights of all channels for each tap.
    pub weights: Vec<f32>,
    pub bias: Vec<f32>,
    pub activation: Activation,
}

impl Depthwise {
    /// Computes the output.
    pub fn run(&self, machine: Machine, maps: &[Map], others: Others<'_>, output: &mut [f32]) {
        let layout = maps[self.output.0].layout;
        layout.clear_frame(output);
        let [depth, rows, columns] = layout.extents;
        for image in 0..layout.images {
            for z in 0..depth {
                machine.run(DepthwisePlane {
                    rows,
                    columns,
                    channels: layout.channels,
                    input: others.floats(&maps[self.input.0]),
                    input_pixels: self.windows.plane(image, z),
                    taps: &self.taps,
                    weights: &self.weights,
                    bias: &self.bias,
                    activation: self.activation,
                    output: &mut *output,
                    output_pixels: layout.plane(image, z),
                });
            }
        }
    }
}
