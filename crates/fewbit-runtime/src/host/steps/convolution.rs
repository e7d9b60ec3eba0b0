//! [`Convolution`] and [`Depthwise`]: convolutions and affine functions over feature maps, with what follows them.

use super::pooling::Windows;
use super::{MapId, Task};
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
    /// From a window to the next along each spatial axis.
    pub steps: [usize; SPATIAL],
}

impl WindowGrid {
    /// The windows of a plane of the input.
    pub fn plane(&self, input: &MapLayout, image: usize, depth: usize) -> Pixels {
        let [plane_step, row_step, pixel_step] = self.steps;
        Pixels { first: self.first + input.image_start(image) + depth * plane_step, row_step, pixel_step }
    }
}

impl Convolution {
    /// Floats of memory that the step needs: the ring of rows before pooling.
    pub fn scratch_len(&self) -> usize {
        let channels: usize = self.groups.iter().map(PackedWeights::outputs).sum();
        self.pooling.as_ref().map_or(0, |pooled| pooled.ring * pooled.columns * channels)
    }

    /// Whether the pixels of an image are computed together with those of all others: where an image has but one.
    pub fn takes_all_images(&self, output: MapLayout) -> bool {
        output.extents == [1; SPATIAL] && self.pooling.is_none()
    }

    /// Computes the output.
    pub fn run(&self, task: Task<'_>, output: &mut [f32], scratch: &mut [f32]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        let floats = task.floats(self.input);
        if self.takes_all_images(layout) {
            (0..layout.images).for_each(|image| layout.clear_frame(output, image));
            // The images are the pixels of one row.
            let row = |map: MapLayout, pixels: Pixels| Pixels { pixel_step: map.image_step(), ..pixels };
            let residual = task.residual(self.residual, self.output, 0);
            let part = Part {
                rows: 1,
                columns: layout.images,
                windows: row(input, self.windows.plane(&input, 0, 0)),
                residual: match self.residual {
                    Some(map) => residual.map(|pixels| row(task.layout(map), pixels)),
                    None => residual,
                },
            };
            self.compute(task.machine, floats, part, output, row(layout, layout.plane(0, 0)));
            return;
        }
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let windows = self.windows.plane(&input, task.image, z);
            let part = Part { rows, columns, windows, residual: task.residual(self.residual, self.output, z) };
            let pixels = layout.plane(task.image, z);
            match &self.pooling {
                None => self.compute(task.machine, floats, part, output, pixels),
                Some(pooled) => {
                    self.compute_pooled(task.machine, pooled, floats, part, (output, &layout, pixels), scratch);
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
    pub fn run(&self, task: Task<'_>, output: &mut [f32]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            task.machine.run(DepthwisePlane {
                rows,
                columns,
                channels: layout.channels,
                input: task.floats(self.input),
                input_pixels: self.windows.plane(&input, task.image, z),
                taps: &self.taps,
                weights: &self.weights,
                bias: &self.bias,
                activation: self.activation,
                output: &mut *output,
                output_pixels: layout.plane(task.image, z),
            });
        }
    }
}
