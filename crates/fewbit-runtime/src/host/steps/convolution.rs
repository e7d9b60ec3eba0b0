//! [`Convolution`] and [`Depthwise`]: convolutions and affine functions over feature maps, with what follows them.

use super::pooling::Windows;
use super::{MapId, MapStep, Task};
use crate::host::arithmetic::Arithmetic;
use crate::host::layout::{MapLayout, SPATIAL};
use crate::host::packing::PackedWeights;
use crate::host::simd::Machine;
use crate::host::simd::convolution::{Plane, Residual, Window};
use crate::host::simd::depthwise::DepthwisePlane;
use crate::host::simd::pixels::Pixels;
use std::vec::Vec;

/// A convolution, whose weights may be split into groups of channels; an affine function is one whose window is a whole
/// image.
#[derive(Debug)]
pub(in crate::host) struct Convolution<A: Arithmetic> {
    pub input: MapId,
    pub output: MapId,
    pub windows: WindowGrid,
    /// What a pixel sums over.
    pub window: Window,
    /// The weights of each group, and what becomes of its sums.
    pub groups: Vec<(PackedWeights<A::Weight>, A::Finish)>,
    /// Items of a pixel's channels in a group.
    pub group_items: usize,
    /// A map that is added.
    pub residual: Option<MapId>,
    pub pooling: Option<Pooled<A>>,
}

/// The pooling function that follows a convolution: of the convolution's own output only the rows that a window covers
/// are kept, in the step's memory.
#[derive(Debug)]
pub(in crate::host) struct Pooled<A: Arithmetic> {
    /// The windows, over a ring of rows.
    pub windows: Windows<A>,
    /// Rows of the ring.
    pub ring: usize,
    /// How the convolution's own output would lie.
    pub convolved: MapLayout,
}

impl<A: Arithmetic> Pooled<A> {
    /// Items of a row of the ring.
    fn row_len(&self) -> usize {
        let [.., columns] = self.convolved.extents;
        columns * self.convolved.pixel_len()
    }
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

impl<A: Arithmetic> MapStep<A::Item> for Convolution<A> {
    fn reads(&self) -> Vec<MapId> {
        [self.input].into_iter().chain(self.residual).collect()
    }

    fn output(&self) -> MapId {
        self.output
    }

    // Where an image has but one pixel.
    fn takes_all_images(&self, output: MapLayout) -> bool {
        output.extents == [1; SPATIAL] && self.pooling.is_none()
    }

    fn in_place(&self) -> Option<MapId> {
        // With pooling the output has another form.
        self.residual.filter(|residual| self.pooling.is_none() && *residual != self.input)
    }

    // The ring of rows before pooling.
    fn scratch_len(&self) -> usize {
        self.pooling.as_ref().map_or(0, |pooled| pooled.ring * pooled.row_len())
    }

    fn run(&self, task: Task<'_, A::Item>, output: &mut [A::Item], scratch: &mut [A::Item]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        let items = task.items(self.input);
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
            self.compute(task.machine, items, part, output, row(layout, layout.plane(0, 0)));
            return;
        }
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let windows = self.windows.plane(&input, task.image, z);
            let part = Part { rows, columns, windows, residual: task.residual(self.residual, self.output, z) };
            let pixels = layout.plane(task.image, z);
            match &self.pooling {
                None => self.compute(task.machine, items, part, output, pixels),
                Some(pooled) => {
                    self.compute_pooled(task.machine, pooled, items, part, (output, &layout, pixels), scratch);
                }
            }
        }
    }
}

impl<A: Arithmetic> Convolution<A> {
    /// Computes a plane, or some rows of it.
    fn compute(&self, machine: Machine, input: &[A::Item], part: Part<'_, A>, output: &mut [A::Item], pixels: Pixels) {
        let mut first_output = 0;
        for (group, (weights, finish)) in self.groups.iter().enumerate() {
            let plane = Plane {
                rows: part.rows,
                columns: part.columns,
                input,
                input_pixels: part.windows.moved(group * self.group_items),
                window: &self.window,
                weights,
                residual: part.residual.map(|pixels| pixels.moved(first_output * A::residual_width(finish))),
                finish,
                output: &mut *output,
                output_pixels: pixels.moved(first_output * A::output_width(finish)),
            };
            A::convolve(machine, plane);
            first_output += weights.outputs();
        }
    }

    /// Computes a plane and pools it at once.
    fn compute_pooled(
        &self,
        machine: Machine,
        pooled: &Pooled<A>,
        input: &[A::Item],
        part: Part<'_, A>,
        (output, layout, pixels): (&mut [A::Item], &MapLayout, Pixels),
        scratch: &mut [A::Item],
    ) {
        let convolved = &pooled.convolved;
        let row_step = pooled.row_len();
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
                    columns: convolved.extents[2],
                    windows: part.windows.row(next),
                    residual: part.residual.map(|pixels| pixels.row(next)),
                };
                let ring = Pixels { first: slot * row_step, row_step, pixel_step: convolved.pixel_len() };
                self.compute(machine, input, some, scratch, ring);
                next += rows;
            }
            pooled.windows.pool(machine, [0, row], [convolved, layout], scratch, (&mut *output, pixels.row(row)));
        }
    }
}

/// Rows of a plane that are computed together.
struct Part<'a, A: Arithmetic> {
    rows: usize,
    columns: usize,
    windows: Pixels,
    residual: Residual<'a, A::Item>,
}

/// A convolution whose channels do not mix.
#[derive(Debug)]
pub(in crate::host) struct Depthwise<A: Arithmetic> {
    pub input: MapId,
    pub output: MapId,
    pub windows: WindowGrid,
    /// Distances of the window's pixels from its first.
    pub taps: Vec<usize>,
    /// The weights of all channels for each tap.
    pub weights: Vec<A::Weight>,
    pub bias: Vec<A::Weight>,
    pub finish: A::Finish,
}

impl<A: Arithmetic> MapStep<A::Item> for Depthwise<A> {
    fn reads(&self) -> Vec<MapId> {
        [self.input].into()
    }

    fn output(&self) -> MapId {
        self.output
    }

    fn run(&self, task: Task<'_, A::Item>, output: &mut [A::Item], _scratch: &mut [A::Item]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let plane = DepthwisePlane {
                rows,
                columns,
                channels: layout.channels,
                input: task.items(self.input),
                input_pixels: self.windows.plane(&input, task.image, z),
                input_storage: input.storage,
                taps: &self.taps,
                weights: &self.weights,
                bias: &self.bias,
                finish: &self.finish,
                output: &mut *output,
                output_pixels: layout.plane(task.image, z),
            };
            A::convolve_depthwise(task.machine, plane);
        }
    }
}
