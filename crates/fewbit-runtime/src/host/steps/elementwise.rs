//! [`Elementwise`]: functions of one or two feature maps, value by value.

use super::{Map, MapId, Others};
use crate::host::simd::elementwise::ElementwisePlane;
use crate::host::simd::{Activation, Combine, Machine};
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
    pub fn run(&self, machine: Machine, maps: &[Map], others: Others<'_>, output: &mut [f32]) {
        let (input, second) = (&maps[self.input.0], self.combine.map(|(combine, map)| (combine, &maps[map.0])));
        let layout = maps[self.output.0].layout;
        layout.clear_frame(output);
        let [depth, rows, columns] = layout.extents;
        for image in 0..layout.images {
            for z in 0..depth {
                machine.run(ElementwisePlane {
                    rows,
                    columns,
                    channels: layout.channels,
                    a: (others.floats(input), input.layout.plane(image, z)),
                    b: second.map(|(combine, map)| (combine, others.floats(map), map.layout.plane(image, z))),
                    scale_shift: self.scale_shift.as_ref().map(|(scale, shift)| (&scale[..], &shift[..])),
                    activation: self.activation,
                    output: (&mut *output, layout.plane(image, z)),
                });
            }
        }
    }
}
