//! Where the windows of functions lie in the maps that they read.

use super::group::Pooling;
use crate::host::arithmetic::Arithmetic;
use crate::host::layout::{Axes, MapLayout, SPATIAL};
use crate::host::simd::convolution::Window;
use crate::host::steps::convolution::{Pooled, WindowGrid};
use crate::host::steps::pooling::Windows;
use fewbit_core::shape_rule::{ConvolutionGeometry, SpatialAxis};
use std::vec;
use std::vec::Vec;

/// The spatial axes of a convolution, those that it does not have with a window of one place.
pub(super) fn spatial(geometry: &ConvolutionGeometry) -> [SpatialAxis; SPATIAL] {
    let missing = SPATIAL - geometry.axes.len();
    let one = SpatialAxis { input: 1, output: 1, kernel: 1, stride: 1, dilation: 1, ..SpatialAxis::default() };
    core::array::from_fn(|axis| axis.checked_sub(missing).map_or(one, |axis| geometry.axes[axis]))
}

/// Whether a convolution has a channel of the input for each channel of the output, and they do not mix.
pub(super) fn is_depthwise(geometry: &ConvolutionGeometry) -> bool {
    geometry.groups > 1 && geometry.groups == geometry.input_channels && geometry.groups == geometry.output_channels
}

/// Where the windows begin, in a map whose frame contains the padding.
pub(super) fn window_grid(map: &MapLayout, axes: &[SpatialAxis; SPATIAL]) -> WindowGrid {
    let steps = map.steps();
    WindowGrid {
        first: (0..SPATIAL).map(|axis| (map.frame.0[axis][0] - axes[axis].pad) * steps[axis]).sum(),
        steps: core::array::from_fn(|axis| axes[axis].stride * steps[axis]),
    }
}

/// The distances of a window's pixels from its first, in order.
pub(super) fn taps(map: &MapLayout, axes: &[SpatialAxis; SPATIAL]) -> Vec<usize> {
    let [planes, rows, columns] = core::array::from_fn(|axis| {
        (0..axes[axis].kernel).map(move |tap| tap * axes[axis].dilation * map.steps()[axis])
    });
    planes
        .flat_map(|plane| rows.clone().map(move |row| plane + row))
        .flat_map(|place| columns.clone().map(move |column| place + column))
        .collect()
}

/// What a pixel sums over: runs of consecutive values, in the order of the window, a tap's channels after one another.
pub(super) struct Runs {
    /// Where they begin.
    distances: Vec<usize>,
    /// How many values each has.
    pub values: usize,
    /// Items of a value.
    width: usize,
}

impl Runs {
    /// The channels of a group, in each tap of a convolution.
    pub fn of_convolution(map: &MapLayout, axes: &[SpatialAxis; SPATIAL], geometry: &ConvolutionGeometry) -> Self {
        let (taps, width) = (taps(map, axes), map.storage.width());
        let [.., columns] = axes;
        // Neighbouring taps of a row follow one another in memory, channels and all.
        if geometry.groups == 1 && (columns.dilation == 1 || columns.kernel == 1) {
            let rows = taps.into_iter().step_by(columns.kernel).collect();
            return Self { distances: rows, values: columns.kernel * geometry.input_channels, width };
        }
        Self { distances: taps, values: geometry.input_channels / geometry.groups, width }
    }

    /// All pixels of an image.
    pub fn of_image(map: &MapLayout) -> Self {
        let ([depth, height, columns], width) = (map.extents, map.storage.width());
        if map.is_dense() {
            return Self { distances: vec![0], values: depth * height * columns * map.channels, width };
        }
        let origin = map.at(0, [0; SPATIAL]);
        let rows = (0..depth).flat_map(|z| (0..height).map(move |y| map.at(0, [z, y, 0]) - origin)).collect();
        Self { distances: rows, values: columns * map.channels, width }
    }

    /// How many runs there are.
    pub fn count(&self) -> usize {
        self.distances.len()
    }

    /// Weights that a run is multiplied with, packed as the kernels need them.
    pub fn places<A: Arithmetic>(&self) -> usize {
        (self.values * self.width).div_ceil(A::PLACE)
    }

    /// The same for the kernels.
    pub fn window<A: Arithmetic>(&self) -> Window {
        Window::new(self.distances.clone(), self.places::<A>() * A::PLACE)
    }
}

/// Where in the file's row of weights that of a value in a window is, by its place there. A window has so many `taps`, or
/// pixels, of so many `channels`.
pub(super) fn place_in_row(place: usize, channels: usize, taps: usize, channel_last: bool) -> usize {
    if channel_last { place } else { place % channels * taps + place / channels }
}

/// The same for a group of a convolution.
pub(super) fn convolution_place(geometry: &ConvolutionGeometry) -> impl Fn(usize) -> usize + Copy + use<> {
    let taps: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
    let (channels, channel_last) = (geometry.input_channels / geometry.groups, geometry.channel_last);
    move |place| place_in_row(place, channels, taps, channel_last)
}

/// The same for an affine function of a map.
pub(super) fn affine_place(map: &MapLayout, axes: Axes) -> impl Fn(usize) -> usize + Copy + use<> {
    let (pixels, channels) = (map.extents.iter().product(), map.channels);
    move |place| place_in_row(place, channels, pixels, axes.channel_last())
}

/// The pooling of a convolution's output through a ring of its rows.
pub(super) fn pooled<A: Arithmetic>(
    pooling: &Pooling,
    finish: impl Fn() -> A::PoolingFinish,
    convolved: &MapLayout,
) -> Pooled<A> {
    let [_, _, columns] = convolved.extents;
    let windows = |ring: usize| {
        let row = |_, y| y % ring * columns * convolved.pixel_len();
        Windows::new(&pooling.function, pooling.geometry.as_ref(), convolved.extents, finish(), row)
    };
    let ring = windows(1).tallest().max(1);
    Pooled { windows: windows(ring), ring, convolved: *convolved }
}
