//! Functions of one or two variables, value by value, with factors and summands a channel.

use super::pixels::Pixels;
use super::{Activation, Kernel, Simd, load_up_to, store_up_to};

/// How two variables are joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) enum Combine {
    /// `a + b`.
    Add,
    /// `a - b`.
    Sub,
    /// `a * b`.
    Mul,
    /// The greater.
    Max,
    /// The lesser.
    Min,
}

/// A plane to be computed: `activation(scale * (a combined with b) + shift)`.
pub(in crate::host) struct ElementwisePlane<'a> {
    /// Rows of the plane.
    pub rows: usize,
    /// Pixels in a row.
    pub columns: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// The first variable, and where its pixels lie.
    pub a: (&'a [f32], Pixels),
    /// How it is joined with a second one.
    pub b: Option<(Combine, (&'a [f32], Pixels))>,
    /// A factor and a summand for each channel.
    pub scale_shift: Option<(&'a [f32], &'a [f32])>,
    /// What is applied last.
    pub activation: Activation,
    /// The output, and where its pixels lie.
    pub output: (&'a mut [f32], Pixels),
}

impl ElementwisePlane<'_> {
    /// Whether all that the kernel touches is there.
    fn is_sound(&self) -> bool {
        let fit = |pixels: Pixels, len| pixels.fit(self.rows, self.columns, self.channels, len);
        fit(self.a.1, self.a.0.len())
            && self.b.is_none_or(|(_, (values, pixels))| fit(pixels, values.len()))
            && self.scale_shift.is_none_or(|(a, b)| a.len() == self.channels && b.len() == self.channels)
            && fit(self.output.1, self.output.0.len())
    }
}

impl Kernel for ElementwisePlane<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        assert!(self.is_sound(), "the planner keeps planes within their maps");
        for row in 0..self.rows {
            for column in 0..self.columns {
                for channel in (0..self.channels).step_by(S::LANES) {
                    let count = self.channels - channel;
                    // SAFETY: every pixel of a sound plane has as many floats as there are channels, in all variables.
                    unsafe {
                        let from = self.a.0.as_ptr().add(self.a.1.at(row, column) + channel);
                        let mut value = load_up_to(simd, from, count);
                        if let Some((combine, (b, pixels))) = self.b {
                            let b = load_up_to(simd, b.as_ptr().add(pixels.at(row, column) + channel), count);
                            value = match combine {
                                Combine::Add => simd.add(value, b),
                                Combine::Sub => simd.sub(value, b),
                                Combine::Mul => simd.mul(value, b),
                                Combine::Max => simd.max(value, b),
                                Combine::Min => simd.min(value, b),
                            };
                        }
                        if let Some((scale, shift)) = self.scale_shift {
                            let scale = load_up_to(simd, scale.as_ptr().add(channel), count);
                            let shift = load_up_to(simd, shift.as_ptr().add(channel), count);
                            value = simd.mul_add(value, scale, shift);
                        }
                        let to = self.output.0.as_mut_ptr().add(self.output.1.at(row, column) + channel);
                        store_up_to(simd, to, count, self.activation.apply(simd, value));
                    }
                }
            }
        }
    }
}
