//! Functions that change each value by itself: the loop, and the mathematics of those that take more than a line.
//!
//! Formulas are NNabla's, so that results at the ends of the range (infinities, values that are not numbers) are its own.

use super::elementwise::{Operand, join};
use crate::call::Call;
use crate::values::ValuesMut;

/// Applies a function to every value of the first input.
pub(super) fn map(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32) -> f32) {
    join([Operand::whole(call.input(0))], output, |[x]| function(x));
}

/// [`map`] for a function that is true or false.
pub(super) fn test(call: &Call<'_, '_>, output: &mut ValuesMut<'_>, function: impl Fn(f32) -> bool) {
    map(call, output, |x| truth(function(x)));
}

/// One for true and zero for false.
pub(super) fn truth(value: bool) -> f32 {
    f32::from(u8::from(value))
}

/// `max(x, 0)`; zero for what is not a number.
pub(super) fn relu(x: f32) -> f32 {
    if x > 0.0 { x } else { 0.0 }
}

/// `min(max(x, 0), 6)`.
pub(super) fn relu6(x: f32) -> f32 {
    x.clamp(0.0, 6.0)
}

/// `x` above zero, `alpha * x` below.
pub(super) fn leaky_relu(x: f32, alpha: f32) -> f32 {
    if x > 0.0 { x } else { alpha * x }
}

/// `x` from zero on, `alpha * (exp(x) - 1)` below.
pub(super) fn elu(x: f32, alpha: f32) -> f32 {
    if x >= 0.0 { x } else { alpha * (libm::expf(x) - 1.0) }
}

/// Klambauer et al. 2017, "Self-Normalizing Neural Networks", equation 2.
pub(super) fn selu(x: f32, scale: f32, alpha: f32) -> f32 {
    if x > 0.0 { scale * x } else { alpha * scale * (libm::expf(x) - 1.0) }
}

/// The logistic function.
pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

/// `x * sigmoid(x)`.
pub(super) fn swish(x: f32) -> f32 {
    x / (1.0 + libm::expf(-x))
}

/// The logarithm of the logistic function.
pub(super) fn log_sigmoid(x: f32) -> f32 {
    x.min(0.0) - libm::logf(libm::expf(-x.abs()) + 1.0)
}

/// `log(1 + exp(beta * x)) / beta`.
pub(super) fn soft_plus(x: f32, beta: f32) -> f32 {
    let tail = |x: f32| libm::logf(libm::expf(x * beta) + 1.0) / beta;
    if x > 0.0 { x + tail(-x) } else { tail(x) }
}

/// The approximation of Hendrycks and Gimpel 2016, "Gaussian Error Linear Units", section 2, with
/// `(1 + tanh(u)) / 2 = 1 / (1 + exp(-2 u))`, which keeps its precision where `tanh` comes near to -1.
pub(super) fn gelu(x: f32) -> f32 {
    /// `2 sqrt(2 / pi)`.
    const SLOPE: f32 = 1.595_769;
    x / (1.0 + libm::expf(-SLOPE * (x + 0.044_715 * (x * x * x))))
}

/// `x * tanh(log(1 + exp(x)))`.
pub(super) fn mish(x: f32) -> f32 {
    x * libm::tanhf(libm::logf(libm::expf(x) + 1.0))
}

/// 0 below -2.5, 1 above 2.5, and a line between.
pub(super) fn hard_sigmoid(x: f32) -> f32 {
    if x > 2.5 {
        1.0
    } else if x < -2.5 {
        0.0
    } else {
        0.2 * x + 0.5
    }
}

/// `sin(x) / x`, and its limit at zero.
pub(super) fn sinc(x: f32) -> f32 {
    if x == 0.0 { 1.0 } else { libm::sinf(x) / x }
}

/// The sign of `x`; `at_zero` for zero and for what is not a number.
pub(super) fn sign(x: f32, at_zero: f32) -> f32 {
    if x > 0.0 {
        1.0
    } else if x < 0.0 {
        -1.0
    } else {
        at_zero
    }
}

/// `x` to the power of `exponent`. A half is the square root, which differs from the power at negative infinity.
pub(super) fn pow_scalar(x: f32, exponent: f32) -> f32 {
    if exponent == 0.5 { libm::sqrtf(x) } else { libm::powf(x, exponent) }
}
