//! How large integer sums can become.

use super::store::{Channels, stored_integers};
use fewbit_core::{Network, NumberFormat, VariableId};

/// The largest whole number up to which single precision holds all.
const EXACT_SINGLE: f64 = 16_777_216.0;

/// The largest magnitude of the integers of a format; zero for floats, which have none.
pub(super) fn magnitude(format: NumberFormat) -> f64 {
    format.integer_range().map_or(0.0, |(low, high)| f64::from(low.unsigned_abs().max(high.unsigned_abs())))
}

/// The number of fractional bits of the integers that a format stores; signs are the integers +1 and -1. `None` for floats.
pub(super) fn position(format: NumberFormat) -> Option<i32> {
    match format {
        NumberFormat::Float32 => None,
        NumberFormat::Sign => Some(0),
        format => format.position().map(i32::from),
    }
}

/// Something that is added: integers up to a size, at a position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Addend {
    pub(super) largest: f64,
    pub(super) position: i32,
}

impl Addend {
    /// The values of a variable for each of so many channels; `None` for floats.
    pub(super) fn of_variable(network: &Network, id: VariableId, channels: usize) -> Option<Vec<Self>> {
        let variable = network.variable(id);
        let formats = Channels::new(network, id);
        let integers = stored_integers(network, id);
        let addend = |channel: usize| {
            let format = formats.of_output(channel, channels);
            let largest = match integers.get(channel) {
                Some(integer) if integers.len() == channels => f64::from(integer.unsigned_abs()),
                _ => magnitude(variable.format),
            };
            Some(Self { largest, position: position(format)? })
        };
        (0..channels).map(addend).collect()
    }

    /// The product with the values of another.
    pub(super) fn times(self, other: Self) -> Self {
        Self { largest: self.largest * other.largest, position: self.position + other.position }
    }
}

/// Whether a sum of these addends is exact in single precision in whatever order it is made, and still is with half a step
/// at the position `to` more.
pub(super) fn fits_single(addends: &[Addend], to: Option<i32>) -> bool {
    let common = addends.iter().map(|addend| addend.position).max().unwrap_or(0);
    let aligned = |addend: &Addend| addend.largest * f64::from(common - addend.position).exp2();
    let half = to.map_or(0.0, |to| if common > to { f64::from(common - to - 1).exp2() } else { 0.0 });
    addends.iter().map(aligned).sum::<f64>() + half <= EXACT_SINGLE
}

/// How many bits the values of a variable may have whose sums of products with weights, the magnitudes of which add up to
/// `weights`, are exact in single precision.
pub(super) fn exact_bits(weights: f64) -> i32 {
    (EXACT_SINGLE / weights.max(1.0)).log2().floor() as i32
}
