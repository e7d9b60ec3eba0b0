//! Convolutions as their definition says, one product after the other.

use super::Spec;
use fewbit_core::function::arguments::PadMode;
use std::ops::{Add, Mul};

/// Sums for each item of the batch, output channel and place, of `x` in the order `batch, channels, places` and weights in
/// the order `groups, outputs, inputs, taps`. `constant` stands in the padding.
pub fn sums<T>(spec: &Spec, x: &[T], weights: &[T], constant: T) -> Vec<T>
where
    T: Copy + Default + Add<Output = T> + Mul<Output = T>,
{
    let (extents_in, extents_out) = (spec.input_extents(), spec.output_extents());
    let kernel = spec.kernel_extents();
    let (places_in, places_out) = (extents_in.iter().product::<usize>(), extents_out.iter().product::<usize>());
    let taps = kernel.iter().product::<usize>();
    let mut y = vec![T::default(); spec.batch * spec.groups * spec.outputs * places_out];
    for item in 0..spec.batch {
        for group in 0..spec.groups {
            for output in 0..spec.outputs {
                for input in 0..spec.inputs {
                    let x = &x[((item * spec.groups + group) * spec.inputs + input) * places_in..][..places_in];
                    let w = &weights[((group * spec.outputs + output) * spec.inputs + input) * taps..][..taps];
                    let y = &mut y[((item * spec.groups + group) * spec.outputs + output) * places_out..][..places_out];
                    if spec.kind.is_deconvolution() {
                        spread(spec, x, w, y);
                    } else {
                        convolve(spec, x, w, constant, y);
                    }
                }
            }
        }
    }
    y
}

/// Adds to each output what lies under the kernel.
fn convolve<T: Copy + Add<Output = T> + Mul<Output = T>>(spec: &Spec, x: &[T], w: &[T], constant: T, y: &mut [T]) {
    for (place, y) in y.iter_mut().enumerate() {
        let place = coordinates(place, &spec.output_extents());
        for (tap, &w) in w.iter().enumerate() {
            let tap = coordinates(tap, &spec.kernel_extents());
            let mut index = Some(0);
            for ((axis, &place), &tap) in spec.axes.iter().zip(&place).zip(&tap) {
                let at = place * axis.stride as i64 + tap * axis.dilation as i64 - axis.pad as i64;
                let at = beyond_border(spec.pad_mode, at, axis.input as i64);
                index = index.zip(at).map(|(index, at)| index * axis.input + at);
            }
            *y = *y + w * index.map_or(constant, |index| x[index]);
        }
    }
}

/// The place within an axis that stands for one that may lie beyond it, walking back step by step.
fn beyond_border(mode: PadMode, mut at: i64, extent: i64) -> Option<usize> {
    while !(0..extent).contains(&at) {
        match mode {
            PadMode::Constant => return None,
            PadMode::Repeat => at = at.clamp(0, extent - 1),
            PadMode::Reflect if extent == 1 => at = 0,
            PadMode::Reflect if at < 0 => at = -at,
            PadMode::Reflect => at = 2 * (extent - 1) - at,
        }
    }
    usize::try_from(at).ok()
}

/// Adds each input times the kernel to the outputs around it.
fn spread<T: Copy + Add<Output = T> + Mul<Output = T>>(spec: &Spec, x: &[T], w: &[T], y: &mut [T]) {
    let extents = spec.output_extents();
    for (place, &x) in x.iter().enumerate() {
        let place = coordinates(place, &spec.input_extents());
        for (tap, &w) in w.iter().enumerate() {
            let tap = coordinates(tap, &spec.kernel_extents());
            let mut index = Some(0);
            for (((axis, &place), &tap), &extent) in spec.axes.iter().zip(&place).zip(&tap).zip(&extents) {
                let at = place * axis.stride as i64 + tap * axis.dilation as i64 - axis.pad as i64;
                let at = usize::try_from(at).ok().filter(|&at| at < extent);
                index = index.zip(at).map(|(index, at)| index * extent + at);
            }
            if let Some(index) = index {
                y[index] = y[index] + x * w;
            }
        }
    }
}

fn coordinates(mut index: usize, extents: &[usize]) -> Vec<i64> {
    let mut coordinates = vec![0; extents.len()];
    for (coordinate, &extent) in coordinates.iter_mut().zip(extents).rev() {
        *coordinate = (index % extent) as i64;
        index /= extent;
    }
    coordinates
}
