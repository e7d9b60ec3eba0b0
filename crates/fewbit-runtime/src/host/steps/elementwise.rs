//! [`Elementwise`] and [`IntegerElementwise`]: functions of feature maps, value by value.

use super::{MapId, MapStep, Task};
use crate::host::simd::elementwise::ElementwisePlane;
use crate::host::simd::integer::Rounding;
use crate::host::simd::integer::elementwise::{IntegerElementwisePlane, Operand};
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

impl MapStep<f32> for Elementwise {
    fn reads(&self) -> Vec<MapId> {
        [self.input].into_iter().chain(self.combine.map(|(_, map)| map)).collect()
    }

    fn output(&self) -> MapId {
        self.output
    }

    fn run(&self, task: Task<'_, f32>, output: &mut [f32], _scratch: &mut [f32]) {
        let layout = task.layout(self.output);
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let plane = |map| (task.items(map), task.layout(map).plane(task.image, z));
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

/// The sum or the product of maps, rounded.
#[derive(Debug)]
pub(in crate::host) struct IntegerElementwise {
    /// The maps, each with a factor.
    pub operands: Vec<(MapId, i32)>,
    pub is_product: bool,
    pub roundings: Vec<Rounding>,
    pub output: MapId,
}

impl MapStep<u8> for IntegerElementwise {
    fn reads(&self) -> Vec<MapId> {
        self.operands.iter().map(|(map, _)| *map).collect()
    }

    fn output(&self) -> MapId {
        self.output
    }

    fn run(&self, task: Task<'_, u8>, output: &mut [u8], _scratch: &mut [u8]) {
        let layout = task.layout(self.output);
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            let operands: Vec<Operand<'_>> = (self.operands.iter())
                .map(|&(map, factor)| {
                    let layout = task.layout(map);
                    let pixels = layout.plane(task.image, z);
                    Operand { map: (task.items(map), pixels), storage: layout.storage, factor }
                })
                .collect();
            task.machine.run_integer(IntegerElementwisePlane {
                rows,
                columns,
                channels: layout.channels,
                operands: &operands,
                is_product: self.is_product,
                roundings: &self.roundings,
                output: (&mut *output, layout.plane(task.image, z)),
                storage: layout.storage,
            });
        }
    }
}
