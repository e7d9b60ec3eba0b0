//! [`Elementwise`]: functions of one or two feature maps, value by value.

use super::{MapId, Task};
use crate::host::simd::elementwise::ElementwisePlane;
use crate::host::simd::{Activation, Combine};
use std::vec::Vec;

/// `activation(scale * (input combined with another map) + shift)`.
#[derive(Debug)]
pub(in crate::host) struct Elementwise {
    pub input: MapId,
    pub combine: Option<(Combine, MapId)>,
    /// A factor and a summand for each channel.
    pub scale_shift: Option<(Vec<f32>, Vec<f32>)>,
    pub activation: Activation,
    pub output: MapId,
}

impl Elementwise {
    /// Computes the output.
    pub fn run(&self, task: Task<'_>, output: &mut [f32]) {
        let layout = task.layout(self.output);
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let plane = |map| (task.floats(map), task.layout(map).plane(task.image, z));
            task.machine.run(ElementwisePlane {
                rows,
                columns,
                channels: layout.channels,
                a: plane(self.input),
                b: self.combine.map(|(combine, map)| (combine, plane(map))),
                scale_shift: self.scale_shift.as_ref().map(|(scale, shift)| (&scale[..], &shift[..])),
                activation: self.activation,
                output: (&mut *output, layout.plane(task.image, z)),
            });
        }
    }
}
