//! Functions that round values to those of a coarser number format, or set small ones to zero.

use super::elementwise::{Operand, join};
use super::groups::Groups;
use super::layout::broadcast_strides;
use super::reduction;
use super::unary::map;
use crate::call::Call;
use crate::values::ValuesMut;
use fewbit_core::function::arguments::{
    FixedPointQuantize, MinMaxQuantize, Pow2Quantize, Prune, QuantizeLinear, RoundMode,
};
use fewbit_nnb::Values;

/// Multiples of a step within the range of a number of bits. With signs, the range is symmetric.
pub(super) fn fixed_point(arguments: &FixedPointQuantize, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let step = arguments.delta;
    let bits = arguments.n - i32::from(arguments.sign);
    let high = ((libm::exp2(f64::from(bits)) - 1.0) * f64::from(step)) as f32;
    let low = if arguments.sign { -high } else { 0.0 };
    map(call, output, |x| {
        if x > high {
            high
        } else if x < low {
            low
        } else {
            // Half a step goes away from zero.
            libm::roundf(x / step) * step
        }
    });
}

/// Powers of two from `2^m` down, as many as a number of bits can tell apart, and perhaps zero.
pub(super) fn pow2(arguments: &Pow2Quantize, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let &Pow2Quantize { sign, with_zero, n, m, .. } = arguments;
    let bits = (n - i32::from(sign) - i32::from(with_zero)).clamp(0, 31);
    let high = libm::exp2f(m as f32);
    let low = libm::exp2(f64::from(m) - libm::exp2(f64::from(bits)) + 1.0) as f32;
    let threshold = low * core::f32::consts::FRAC_1_SQRT_2;
    map(call, output, |x| {
        let size = x.abs();
        let power = libm::exp2f(libm::roundf(libm::log2f(size)));
        let power = if power > high {
            high
        } else if power >= low || power.is_nan() {
            power
        } else if with_zero && size < threshold {
            0.0
        } else {
            low
        };
        match x < 0.0 {
            true if sign => -power,
            true if with_zero => 0.0,
            true => low,
            false => power,
        }
    });
}

/// Equal steps between the ends of a range, which are moved so that zero is one of the steps.
///
/// Inputs are the values, the ends of the range, and the integers that stand for the ends. The range in the file cannot be
/// written to: where the function adapts it to the input, each run begins with the range that the file holds.
///
/// Jacob et al. 2018, "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
/// section 3.
pub(super) fn min_max(arguments: &MinMaxQuantize, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    let shape = x.shape();
    // The range is the same along an axis where none of its ends has more than one place.
    let differs = |input, axis| broadcast_strides(call.input_shape(input), shape).nth(axis) != Some(0);
    let groups = Groups::new(&shape, |axis| (1..=4).any(|input| differs(input, axis)));
    let ends = [1, 2, 3, 4].map(|input| groups.operand(call.input(input), |axis| differs(input, axis)));
    for group in 0..groups.count {
        let [mut low, mut high, first, last] = ends.map(|end| end.get(group * groups.size));
        if arguments.x_min_max {
            let least = reduction::least(&groups, &x, group).0;
            let greatest = reduction::greatest(&groups, &x, group).0;
            let decay = if arguments.ema { arguments.decay } else { 0.0 };
            low = decay * low + (1.0 - decay) * least;
            high = decay * high + (1.0 - decay) * greatest;
        }
        let steps = Steps::new(low, high, first, last, arguments.eps);
        groups.map(&x, output, group, |_, _, run| {
            for value in run {
                *value = steps.nearest(*value);
            }
        });
    }
}

/// Equal steps, one of which is zero.
struct Steps {
    low: f32,
    high: f32,
    step: f32,
}

impl Steps {
    /// The steps between `low` and `high`, at least `eps` apart, that the integers from `first` to `last` stand for.
    fn new(low: f32, high: f32, first: f32, last: f32, eps: f32) -> Self {
        let high = if high - low < eps { low + eps } else { high };
        let step = (high - low) / (last - first);
        let zero = first - low / step;
        let zero = if zero <= first {
            first
        } else if zero >= last {
            last
        } else {
            libm::roundf(zero)
        };
        Self { low: (first - zero) * step, high: (last - zero) * step, step }
    }

    fn nearest(&self, value: f32) -> f32 {
        let value = if value > self.low { value } else { self.low };
        let value = if value < self.high { value } else { self.high };
        libm::roundf((value - self.low) / self.step) * self.step + self.low
    }
}

/// `round(x / scale) + zero_point`, saturated to bytes; the zero point is rounded and saturated too.
pub(super) fn linear(arguments: &QuantizeLinear, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let lowest = f32::from(u8::from(arguments.narrow_range));
    let (low, high) = if arguments.dtype == UNSIGNED_BYTE { (lowest, 255.0) } else { (lowest - 128.0, 127.0) };
    let round = match arguments.round_mode {
        RoundMode::HalfAwayFromZero => libm::roundf,
        RoundMode::HalfToEven => libm::rintf,
    };
    join(broadcast_inputs(call), output, |[x, scale, zero_point]| {
        (round(x / scale) + round(zero_point).clamp(low, high)).clamp(low, high)
    });
}

/// NNabla's number of the type of unsigned bytes.
const UNSIGNED_BYTE: i32 = 2;

/// `(x - zero_point) * scale`.
pub(super) fn dequantize_linear(call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    join(broadcast_inputs(call), output, |[x, scale, zero_point]| (x - zero_point) * scale);
}

/// Three inputs, stretched to the shape of the first.
fn broadcast_inputs<'c>(call: &Call<'c, '_>) -> [Operand<'c>; 3] {
    [0, 1, 2].map(|input| Operand::broadcast(call.input(input), call.input_shape(0)))
}

/// Sets a share of the values to zero, those smallest in magnitude.
pub(super) fn prune(arguments: &Prune, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let x = call.input(0);
    let Some(last) = x.len().checked_sub(1) else { return };
    let place = (last as f32 * arguments.rate) as usize;
    let threshold = magnitude_at(place.min(last), &x) + if arguments.rate == 1.0 { 1.0 } else { 0.0 };
    map(call, output, |x| if x.abs() < threshold { 0.0 } else { x });
}

/// The magnitude at `place` among all magnitudes in ascending order.
///
/// There is no memory to sort in: the number is found digit by digit, from counts of the values that share the digits
/// found so far. The bits of floats without a sign are in the order of their values.
fn magnitude_at(place: usize, values: &Values<'_>) -> f32 {
    const DIGIT: u32 = 4;
    let whole = Groups::new(&[values.len()], |_| false);
    let (mut found, mut place) = (0, place);
    for shift in (0..u32::BITS).step_by(DIGIT as usize).rev() {
        let prefix = |bits: u32| u64::from(bits) >> (shift + DIGIT);
        let mut counts = [0; 1 << DIGIT];
        whole.fold(values, 0, (), |(), _, run| {
            for bits in run.iter().map(|value| value.abs().to_bits()).filter(|&bits| prefix(bits) == prefix(found)) {
                counts[(bits >> shift) as usize % counts.len()] += 1;
            }
        });
        for (digit, count) in (0..).zip(counts) {
            if place < count {
                found |= digit << shift;
                break;
            }
            place -= count;
        }
    }
    f32::from_bits(found)
}
