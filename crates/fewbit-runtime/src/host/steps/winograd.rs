//! [`Winograd`]: convolutions of 3 x 3 taps by fewer multiplications.

use super::convolution::WindowGrid;
use super::{MapId, MapStep, Task};
use crate::host::linear::Linear;
use crate::host::packing::{Arrangement, PackedWeights};
use crate::host::simd::Activation;
use crate::host::simd::convolution::Window;
use crate::host::simd::winograd::{PLACES, WinogradPlane, scratch_len, transform_weights};
use fewbit_core::shape_rule::ConvolutionGeometry;
use std::vec::Vec;

/// A convolution of 3 x 3 taps.
#[derive(Debug)]
pub(in crate::host) struct Winograd {
    pub input: MapId,
    pub output: MapId,
    pub windows: WindowGrid,
    /// A pixel's channels.
    pub window: Window,
    pub weights: Vec<PackedWeights<f32>>,
    pub bias: Vec<f32>,
    /// A map that is added.
    pub residual: Option<MapId>,
    pub activation: Activation,
}

/// Whether a convolution can be computed so, and gains by it.
pub(in crate::host) fn suits(geometry: &ConvolutionGeometry) -> bool {
    /// With fewer channels the transforms cost more than the multiplications saved.
    const LEAST_CHANNELS: usize = 12;
    let [.., rows, columns] = &geometry.axes[..] else { return false };
    geometry.groups == 1
        && geometry.input_channels.min(geometry.output_channels) >= LEAST_CHANNELS
        && [rows, columns].iter().all(|axis| axis.kernel == 3 && axis.stride == 1 && axis.dilation == 1)
        && geometry.axes.iter().rev().skip(2).all(|axis| axis.kernel == 1)
}

/// The weights of each place of a transformed tile.
pub(in crate::host) fn pack(lanes: usize, geometry: &ConvolutionGeometry, linear: &Linear) -> Vec<PackedWeights<f32>> {
    let (inputs, outputs) = (geometry.input_channels, geometry.output_channels);
    let place = |tap: usize, input: usize| if geometry.channel_last { tap * inputs + input } else { input * 9 + tap };
    let transformed: Vec<[f64; PLACES]> = (0..outputs)
        .flat_map(|output| {
            (0..inputs).map(move |input| {
                transform_weights(core::array::from_fn(|tap| linear.exact_weight(output, place(tap, input))))
            })
        })
        .collect();
    let weight = |place: usize| {
        let transformed = &transformed;
        move |output: usize, input: usize| transformed[output * inputs + input][place] as f32
    };
    (0..PLACES)
        .map(|place| PackedWeights::new(Arrangement::Consecutive { lanes }, outputs, inputs, weight(place), |_| 0.0))
        .collect()
}

impl MapStep<f32> for Winograd {
    fn reads(&self) -> Vec<MapId> {
        [self.input].into_iter().chain(self.residual).collect()
    }

    fn output(&self) -> MapId {
        self.output
    }

    fn in_place(&self) -> Option<MapId> {
        self.residual.filter(|residual| *residual != self.input)
    }

    fn scratch_len(&self) -> usize {
        let lanes = self.weights.first().map_or(1, PackedWeights::lanes);
        scratch_len(self.window.len(), self.bias.len(), lanes)
    }

    fn run(&self, task: Task<'_, f32>, output: &mut [f32], scratch: &mut [f32]) {
        let (layout, input) = (task.layout(self.output), task.layout(self.input));
        layout.clear_frame(output, task.image);
        let [depth, rows, columns] = layout.extents;
        for z in 0..depth {
            task.machine.run(WinogradPlane {
                rows,
                columns,
                input: task.items(self.input),
                input_pixels: self.windows.plane(&input, task.image, z),
                window: &self.window,
                weights: &self.weights,
                bias: &self.bias,
                residual: task.residual(self.residual, self.output, z),
                activation: self.activation,
                output: &mut *output,
                output_pixels: layout.plane(task.image, z),
                scratch: &mut *scratch,
            });
        }
    }
}
