//! From a group to its steps: the weights packed, the windows laid over the maps.

use super::build::Builder;
use super::group::{Group, Head, Pooling};
use crate::host::layout::{MapLayout, SPATIAL};
use crate::host::linear::Linear;
use crate::host::packing::PackedWeights;
use crate::host::simd::convolution::Window;
use crate::host::simd::{Activation, Combine};
use crate::host::steps::convolution::{Convolution, Depthwise, Pooled, WindowGrid};
use crate::host::steps::elementwise::Elementwise;
use crate::host::steps::pooling::{Pooling as PoolingStep, Windows};
use crate::host::steps::winograd::{self, Winograd};
use crate::host::steps::{MapId, Step};
use fewbit_core::shape_rule::{ConvolutionGeometry, SpatialAxis};
use std::vec;
use std::vec::Vec;

impl Builder<'_, '_, '_> {
    /// Adds the steps of a group; `None` if a map would be too large.
    pub(super) fn lower(&mut self, group: &Group) -> Option<()> {
        let input = self.map(group.input, group.input_axes)?;
        let residual = match group.residual {
            Some(variable) => Some(self.map(variable, group.output_axes)?),
            None => None,
        };
        match &group.head {
            Head::Convolution { geometry, linear } => self.lower_convolution(group, geometry, linear, input, residual),
            Head::Affine { outputs, linear } => {
                let output = self.new_map(group.output, group.output_axes)?;
                let layout = self.layouts[input.0];
                let step = Convolution {
                    input,
                    output,
                    windows: WindowGrid { first: layout.at(0, [0; SPATIAL]), steps: [0; SPATIAL] },
                    window: image_window(&layout),
                    groups: vec![pack_affine(self.machine.lanes(), &layout, group, linear, *outputs)],
                    group_channels: layout.channels,
                    residual,
                    activation: group.activation,
                    pooling: None,
                };
                self.step(Step::Convolution(step), &group.functions);
                Some(())
            }
            Head::Pooling => {
                let output = self.new_map(group.output, group.output_axes)?;
                let pooling = group.pooling.as_ref()?;
                self.pooling_step(pooling, input, output, &group.functions);
                Some(())
            }
            Head::Elementwise { combine, scale_shift } => {
                let combine = match *combine {
                    Some((combine, variable)) => Some((combine, self.map(variable, group.output_axes)?)),
                    None => None,
                };
                let output = self.new_map(group.output, group.output_axes)?;
                let step = Elementwise {
                    input,
                    combine,
                    scale_shift: scale_shift.as_ref().map(|values| (values.scale(), values.shift())),
                    activation: group.activation,
                    output,
                };
                self.step(Step::Elementwise(step), &group.functions);
                Some(())
            }
        }
    }

    fn lower_convolution(
        &mut self,
        group: &Group,
        geometry: &ConvolutionGeometry,
        linear: &Linear,
        input: MapId,
        residual: Option<MapId>,
    ) -> Option<()> {
        let axes = spatial(geometry);
        let from = self.layouts[input.0];
        let convolved = from.resized(axes.map(|axis| axis.output), geometry.output_channels);
        let windows = window_grid(&from, &axes);
        let depthwise = geometry.groups > 1
            && geometry.groups == geometry.input_channels
            && geometry.groups == geometry.output_channels;
        // What follows the sums is done with them where the kernel can, else by steps of their own.
        let winograd = winograd::suits(geometry);
        let fuses_pooling = !depthwise && !winograd && convolved.extents[0] == 1;
        let (own_residual, own_pooling) =
            (residual.filter(|_| !depthwise), group.pooling.as_ref().filter(|_| fuses_pooling));
        let (later_residual, later_pooling) =
            (residual.filter(|_| depthwise), group.pooling.as_ref().filter(|_| !fuses_pooling));
        let mut own_activation = group.activation;
        if later_residual.is_some() {
            own_activation = Activation::Identity;
        }

        let more_steps = later_residual.is_some() || later_pooling.is_some();
        let mut output =
            if more_steps { self.add_map(convolved)? } else { self.new_map(group.output, group.output_axes)? };
        let step = if depthwise {
            let taps = taps(&from, &axes);
            let channels = geometry.output_channels;
            Step::Depthwise(Depthwise {
                input,
                output,
                windows,
                // A row of weights has one channel: its places are the taps.
                weights: (0..taps.len()).flat_map(|tap| (0..channels).map(move |c| linear.weight(c, tap))).collect(),
                bias: (0..channels).map(|channel| linear.bias(channel)).collect(),
                taps,
                activation: own_activation,
            })
        } else if winograd {
            Step::Winograd(Winograd {
                input,
                output,
                windows,
                window: Window::new(vec![0], geometry.input_channels),
                weights: winograd::pack(self.machine.lanes(), geometry, linear),
                bias: (0..geometry.output_channels).map(|channel| linear.bias(channel)).collect(),
                residual: own_residual,
                activation: own_activation,
            })
        } else {
            Step::Convolution(Convolution {
                input,
                output,
                windows,
                window: window(&from, &axes, geometry),
                groups: pack_groups(self.machine.lanes(), geometry, &axes, linear),
                group_channels: geometry.input_channels / geometry.groups,
                residual: own_residual,
                activation: own_activation,
                pooling: own_pooling.map(|pooling| pooled(pooling, &convolved)),
            })
        };
        self.step(step, &group.functions);

        if let Some(residual) = later_residual {
            let input = output;
            output = match later_pooling {
                Some(_) => self.add_map(convolved)?,
                None => self.new_map(group.output, group.output_axes)?,
            };
            let combine = Some((Combine::Add, residual));
            let step = Elementwise { input, combine, scale_shift: None, activation: group.activation, output };
            self.step(Step::Elementwise(step), &[]);
        }
        if let Some(pooling) = later_pooling {
            let input = output;
            output = self.new_map(group.output, group.output_axes)?;
            self.pooling_step(pooling, input, output, &[]);
        }
        Some(())
    }

    fn pooling_step(&mut self, pooling: &Pooling, input: MapId, output: MapId, functions: &[usize]) {
        let layout = self.layouts[input.0];
        let row = |z, y| layout.at(0, [z, y, 0]);
        let windows =
            Windows::new(&pooling.function, pooling.geometry.as_ref(), layout.extents, pooling.activation, row);
        self.step(Step::Pooling(PoolingStep { input, output, windows }), functions);
    }
}

/// The spatial axes of a convolution, those that it does not have with a window of one place.
fn spatial(geometry: &ConvolutionGeometry) -> [SpatialAxis; SPATIAL] {
    let missing = SPATIAL - geometry.axes.len();
    let one = SpatialAxis { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, ..SpatialAxis::default() };
    core::array::from_fn(|axis| axis.checked_sub(missing).map_or(one, |axis| geometry.axes[axis]))
}

/// Where the windows begin, in a map whose frame contains the padding.
fn window_grid(map: &MapLayout, axes: &[SpatialAxis; SPATIAL]) -> WindowGrid {
    let steps = map.steps();
    WindowGrid {
        first: (0..SPATIAL).map(|axis| (map.frame.0[axis][0] - axes[axis].pad) * steps[axis]).sum(),
        steps: core::array::from_fn(|axis| axes[axis].stride * steps[axis]),
    }
}

/// The distances of a window's pixels from its first, in order.
fn taps(map: &MapLayout, axes: &[SpatialAxis; SPATIAL]) -> Vec<usize> {
    let [planes, rows, columns] = core::array::from_fn(|axis| {
        (0..axes[axis].kernel).map(move |tap| tap * axes[axis].dilation * map.steps()[axis])
    });
    planes
        .flat_map(|plane| rows.clone().map(move |row| plane + row))
        .flat_map(|place| columns.clone().map(move |column| place + column))
        .collect()
}

/// What a pixel sums over: the channels of its group, in each tap.
fn window(map: &MapLayout, axes: &[SpatialAxis; SPATIAL], geometry: &ConvolutionGeometry) -> Window {
    let taps = taps(map, axes);
    let [.., columns] = axes;
    // Neighbouring taps of a row follow one another in memory, channels and all.
    if geometry.groups == 1 && (columns.dilation == 1 || columns.kernel == 1) {
        let rows = taps.into_iter().step_by(columns.kernel).collect();
        return Window::new(rows, columns.kernel * geometry.input_channels);
    }
    Window::new(taps, geometry.input_channels / geometry.groups)
}

/// All pixels of an image.
fn image_window(map: &MapLayout) -> Window {
    let [depth, height, width] = map.extents;
    if map.is_dense() {
        return Window::new(vec![0], depth * height * width * map.channels);
    }
    let origin = map.at(0, [0; SPATIAL]);
    let rows = (0..depth).flat_map(|z| (0..height).map(move |y| map.at(0, [z, y, 0]) - origin)).collect();
    Window::new(rows, width * map.channels)
}

/// The weights of each group, in the order of the window: a tap's channels follow one another.
fn pack_groups(
    lanes: usize,
    geometry: &ConvolutionGeometry,
    axes: &[SpatialAxis; SPATIAL],
    linear: &Linear,
) -> Vec<PackedWeights> {
    let taps: usize = axes.iter().map(|axis| axis.kernel).product();
    let channels = geometry.input_channels / geometry.groups;
    let outputs = geometry.output_channels / geometry.groups;
    let place = |place: usize| match geometry.channel_last {
        true => place,
        false => place % channels * taps + place / channels,
    };
    (0..geometry.groups)
        .map(|group| {
            let output = |output| group * outputs + output;
            PackedWeights::new(
                lanes,
                outputs,
                taps * channels,
                |o, p| linear.weight(output(o), place(p)),
                |o| linear.bias(output(o)),
            )
        })
        .collect()
}

/// The weights of an affine function, in the order of a map's pixels.
fn pack_affine(lanes: usize, map: &MapLayout, group: &Group, linear: &Linear, outputs: usize) -> PackedWeights {
    let pixels: usize = map.extents.iter().product();
    let channels = map.channels;
    let place = |place: usize| match group.input_axes.channel_last() {
        true => place,
        false => place % channels * pixels + place / channels,
    };
    PackedWeights::new(lanes, outputs, pixels * channels, |o, p| linear.weight(o, place(p)), |o| linear.bias(o))
}

/// The pooling of a convolution's output through a ring of its rows.
fn pooled(pooling: &Pooling, convolved: &MapLayout) -> Pooled {
    let [_, _, columns] = convolved.extents;
    let windows = |ring: usize| {
        let row = |_, y| y % ring * columns * convolved.channels;
        Windows::new(&pooling.function, pooling.geometry.as_ref(), convolved.extents, pooling.activation, row)
    };
    let ring = windows(1).tallest().max(1);
    Pooled { windows: windows(ring), ring, columns }
}
