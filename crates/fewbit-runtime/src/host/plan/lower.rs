//! From a group to its steps: the weights packed, the windows laid over the maps.

use super::build::Builder;
use super::group::{Group, Head, Pooling};
use super::windows::{Runs, affine_place, convolution_place, is_depthwise, pooled, spatial, taps, window_grid};
use crate::host::arithmetic::Floats;
use crate::host::layout::{MapLayout, SPATIAL};
use crate::host::linear::Linear;
use crate::host::packing::{Arrangement, PackedWeights};
use crate::host::simd::convolution::Window;
use crate::host::simd::{Activation, Combine};
use crate::host::steps::convolution::{Convolution, Depthwise, WindowGrid};
use crate::host::steps::elementwise::Elementwise;
use crate::host::steps::pooling::{Pooling as PoolingStep, Windows};
use crate::host::steps::winograd::{self, Winograd};
use crate::host::steps::{MapId, MapStep, Step};
use crate::host::storage::Storage;
use fewbit_core::shape_rule::ConvolutionGeometry;
use std::boxed::Box;
use std::vec;
use std::vec::Vec;

impl Builder<'_, '_, '_> {
    /// Adds the steps of a group; `None` if a map would be too large.
    pub(super) fn lower(&mut self, group: &Group) -> Option<()> {
        let input = self.map(group.input, group.input_axes, Storage::Float)?;
        let residual = match group.residual {
            Some(variable) => Some(self.map(variable, group.output_axes, Storage::Float)?),
            None => None,
        };
        match &group.head {
            Head::Convolution { geometry, linear } => self.lower_convolution(group, geometry, linear, input, residual),
            Head::Affine { outputs, linear } => {
                let output = self.new_map(group.output, group.output_axes, Storage::Float)?;
                let layout = self.layouts[input.0];
                let weights = pack_affine(self.machine.lanes(), &layout, group, linear, *outputs);
                let step = Convolution::<Floats> {
                    input,
                    output,
                    windows: WindowGrid { first: layout.at(0, [0; SPATIAL]), steps: [0; SPATIAL] },
                    window: Runs::of_image(&layout).window::<Floats>(),
                    groups: vec![(weights, group.activation)],
                    group_items: layout.pixel_len(),
                    residual,
                    pooling: None,
                };
                self.float_step(step, &group.functions);
                Some(())
            }
            Head::Pooling => {
                let output = self.new_map(group.output, group.output_axes, Storage::Float)?;
                let (pooling, activation) = group.pooling.as_ref()?;
                self.pooling_step(pooling, *activation, input, output, &group.functions);
                Some(())
            }
            Head::Elementwise { combine, scale_shift } => {
                let combine = match *combine {
                    Some((combine, variable)) => {
                        Some((combine, self.map(variable, group.output_axes, Storage::Float)?))
                    }
                    None => None,
                };
                let output = self.new_map(group.output, group.output_axes, Storage::Float)?;
                let step = Elementwise {
                    input,
                    combine,
                    scale_shift: scale_shift.as_ref().map(|values| (values.scale(), values.shift())),
                    activation: group.activation,
                    output,
                };
                self.float_step(step, &group.functions);
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
        let convolved = from.resized(axes.map(|axis| axis.output), geometry.output_channels, Storage::Float);
        let windows = window_grid(&from, &axes);
        let depthwise = is_depthwise(geometry);
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
        let mut output = if more_steps {
            self.add_map(convolved)?
        } else {
            self.new_map(group.output, group.output_axes, Storage::Float)?
        };
        if depthwise {
            let taps = taps(&from, &axes);
            let channels = geometry.output_channels;
            let step = Depthwise::<Floats> {
                input,
                output,
                windows,
                // A row of weights has one channel: its places are the taps.
                weights: (0..taps.len()).flat_map(|tap| (0..channels).map(move |c| linear.weight(c, tap))).collect(),
                bias: (0..channels).map(|channel| linear.bias(channel)).collect(),
                taps,
                finish: own_activation,
            };
            self.float_step(step, &group.functions);
        } else if winograd {
            let step = Winograd {
                input,
                output,
                windows,
                window: Window::new(vec![0], geometry.input_channels),
                weights: winograd::pack(self.machine.lanes(), geometry, linear),
                bias: (0..geometry.output_channels).map(|channel| linear.bias(channel)).collect(),
                residual: own_residual,
                activation: own_activation,
            };
            self.float_step(step, &group.functions);
        } else {
            let weights = pack_groups(self.machine.lanes(), geometry, linear);
            let step = Convolution::<Floats> {
                input,
                output,
                windows,
                window: Runs::of_convolution(&from, &axes, geometry).window::<Floats>(),
                groups: weights.into_iter().map(|weights| (weights, own_activation)).collect(),
                group_items: geometry.input_channels / geometry.groups,
                residual: own_residual,
                pooling: own_pooling.map(|(pooling, activation)| pooled(pooling, || *activation, &convolved)),
            };
            self.float_step(step, &group.functions);
        }

        if let Some(residual) = later_residual {
            let input = output;
            output = match later_pooling {
                Some(_) => self.add_map(convolved)?,
                None => self.new_map(group.output, group.output_axes, Storage::Float)?,
            };
            let combine = Some((Combine::Add, residual));
            let step = Elementwise { input, combine, scale_shift: None, activation: group.activation, output };
            self.float_step(step, &[]);
        }
        if let Some((pooling, activation)) = later_pooling {
            let input = output;
            output = self.new_map(group.output, group.output_axes, Storage::Float)?;
            self.pooling_step(pooling, *activation, input, output, &[]);
        }
        Some(())
    }

    fn pooling_step(
        &mut self,
        pooling: &Pooling,
        activation: Activation,
        input: MapId,
        output: MapId,
        functions: &[usize],
    ) {
        let layout = self.layouts[input.0];
        let row = |z, y| layout.at(0, [z, y, 0]);
        let windows = Windows::new(&pooling.function, pooling.geometry.as_ref(), layout.extents, activation, row);
        self.float_step(PoolingStep::<Floats> { input, output, windows }, functions);
    }

    fn float_step(&mut self, step: impl MapStep<f32> + 'static, functions: &[usize]) {
        self.step(Step::Floats(Box::new(step)), functions);
    }
}

/// The weights of each group, in the order of the window: a tap's channels follow one another.
fn pack_groups(lanes: usize, geometry: &ConvolutionGeometry, linear: &Linear) -> Vec<PackedWeights<f32>> {
    let taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
    let window_len = taps * (geometry.input_channels / geometry.groups);
    let outputs = geometry.output_channels / geometry.groups;
    let place = convolution_place(geometry);
    (0..geometry.groups)
        .map(|group| {
            let output = |output| group * outputs + output;
            let weight = |o, p| linear.weight(output(o), place(p));
            PackedWeights::new(Arrangement::Consecutive { lanes }, outputs, window_len, weight, |o| {
                linear.bias(output(o))
            })
        })
        .collect()
}

/// The weights of an affine function, in the order of a map's pixels.
fn pack_affine(lanes: usize, map: &MapLayout, group: &Group, linear: &Linear, outputs: usize) -> PackedWeights<f32> {
    let place = affine_place(map, group.input_axes);
    let window_len = map.extents.iter().product::<usize>() * map.channels;
    PackedWeights::new(
        Arrangement::Consecutive { lanes },
        outputs,
        window_len,
        |o, p| linear.weight(o, place(p)),
        |o| linear.bias(o),
    )
}
