//! [`Arithmetic`]: the two kinds of numbers that maps hold and kernels compute with, [`Floats`] and [`Integers`].
//!
//! Plans, steps and the walk over tiles are the same for both.

use super::simd::Machine;
use super::simd::convolution::Plane;
use super::simd::depthwise::DepthwisePlane;
use super::simd::pooling::PooledRow;
use super::storage::Item;
use core::fmt::Debug;

/// Numbers that kernels compute with.
pub(super) trait Arithmetic: Sized + Debug + 'static {
    /// What maps consist of.
    type Item: Item + Debug + Send + Sync;

    /// What packed weights consist of.
    type Weight: Copy + Default + Debug + Send + Sync;

    /// What becomes of a sum before it is stored.
    type Finish: Debug + Send + Sync;

    /// What becomes of a pooled value before it is stored.
    type PoolingFinish: Debug + Send + Sync;

    /// Items of a window that are multiplied with one packed weight.
    const PLACE: usize;

    /// Items of an output value.
    fn output_width(finish: &Self::Finish) -> usize;

    /// Items of a value that is added.
    fn residual_width(finish: &Self::Finish) -> usize;

    /// Whether there is what the finish needs for so many output channels.
    fn is_complete(finish: &Self::Finish, outputs: usize) -> bool;

    /// Computes a plane of a convolution.
    fn convolve(machine: Machine, plane: Plane<'_, Self>);

    /// Computes a plane of a convolution whose channels do not mix.
    fn convolve_depthwise(machine: Machine, plane: DepthwisePlane<'_, Self>);

    /// Computes a row of a pooling function.
    fn pool(machine: Machine, row: PooledRow<'_, Self>);
}

/// Floats.
#[derive(Clone, Copy, Debug)]
pub(super) struct Floats;

/// Integers of 8 and 16 bits, in sums of 32 bits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Integers;

impl Arithmetic for Floats {
    type Item = f32;
    type Weight = f32;
    type Finish = super::simd::Activation;
    type PoolingFinish = super::simd::Activation;

    const PLACE: usize = 1;

    fn output_width(_finish: &Self::Finish) -> usize {
        1
    }

    fn residual_width(_finish: &Self::Finish) -> usize {
        1
    }

    fn is_complete(_finish: &Self::Finish, _outputs: usize) -> bool {
        true
    }

    fn convolve(machine: Machine, plane: Plane<'_, Self>) {
        machine.run(plane);
    }

    fn convolve_depthwise(machine: Machine, plane: DepthwisePlane<'_, Self>) {
        machine.run(plane);
    }

    fn pool(machine: Machine, row: PooledRow<'_, Self>) {
        machine.run(row);
    }
}

impl Arithmetic for Integers {
    type Item = u8;
    type Weight = i32;
    type Finish = super::simd::integer::Finish;
    type PoolingFinish = super::simd::integer::PoolingFinish;

    // The instructions multiply four bytes or two words at a time.
    const PLACE: usize = 4;

    fn output_width(finish: &Self::Finish) -> usize {
        finish.output.width()
    }

    fn residual_width(finish: &Self::Finish) -> usize {
        finish.residual.width()
    }

    fn is_complete(finish: &Self::Finish, outputs: usize) -> bool {
        finish.is_complete(outputs)
    }

    fn convolve(machine: Machine, plane: Plane<'_, Self>) {
        machine.run_integer(plane);
    }

    fn convolve_depthwise(machine: Machine, plane: DepthwisePlane<'_, Self>) {
        machine.run_integer(plane);
    }

    fn pool(machine: Machine, row: PooledRow<'_, Self>) {
        machine.run_integer(row);
    }
}
