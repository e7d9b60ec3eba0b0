//! Sums, differences and products of variables: exact for fixed-point numbers, with one rounding at the end.
//!
//! Numbers of 16 bits whose positions are far apart have sums and products that a float cannot hold.

use super::RUN;
use super::binary::{fold, map2};
use super::elementwise::Operand;
use crate::call::{Call, Inputs};
use crate::requantize::{Magnitude, Requantizer, Total, fits_narrow, is_exact, magnitude, position, shift_between};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::{Function, NumberFormat};

/// What inputs are joined to, value by value, each stretched to the shape of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// The sum of all.
    Sum,
    /// The first less the second.
    Difference,
    /// The product of all.
    Product,
}

impl Join {
    /// How a function joins its inputs; `None` for other functions.
    pub fn of(function: &Function) -> Option<Self> {
        match function {
            Function::Add2(_) | Function::BcAdd2(_) | Function::AddN => Some(Self::Sum),
            Function::Sub2(_) => Some(Self::Difference),
            Function::Mul2(_) | Function::MulN => Some(Self::Product),
            _ => None,
        }
    }

    /// Joins the inputs of a call.
    pub fn run(self, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
        let exact = Exact::new(self, call, output.format()).filter(|_| call.semantics() == Semantics::Integer);
        match exact {
            Some(exact) if exact.narrow => exact.run::<i32>(call, output),
            Some(exact) => exact.run::<i64>(call, output),
            None => self.run_in_floats(call, output),
        }
    }

    fn run_in_floats(self, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
        match (self, call.input_count()) {
            (Self::Sum, 2) => map2(call, output, |a, b| a + b),
            (Self::Sum, _) => fold(call, output, &|a, b| a + b),
            (Self::Difference, _) => map2(call, output, |a, b| a - b),
            (Self::Product, 2) => map2(call, output, |a, b| a * b),
            (Self::Product, _) => fold(call, output, &|a, b| a * b),
        }
    }

    /// Whether integers come out exactly, if *integer* semantics have them computed as integers.
    pub fn is_exact<'v>(self, inputs: &dyn Inputs<'v>, output: NumberFormat) -> bool {
        let Some(to) = position(output) else { return true };
        match Exact::new(self, inputs, output) {
            Some(_) if self != Self::Product => is_exact(addends(inputs), to),
            _ => true,
        }
    }
}

/// The largest values of each input.
fn addends<'i, 'v: 'i>(inputs: &'i dyn Inputs<'v>) -> impl Iterator<Item = Magnitude> + Clone + 'i {
    let format = |index| inputs.values(index).format();
    (0..inputs.count()).map(move |index| Magnitude {
        largest: magnitude(format(index)).unwrap_or(0),
        position: position(format(index)).unwrap_or(0),
    })
}

/// How fixed-point inputs are joined.
struct Exact {
    join: Join,
    /// The position that addends are brought to.
    position: i32,
    requantizer: Requantizer,
    /// Whether 32 bits are known to hold everything.
    narrow: bool,
}

impl Exact {
    /// `None` if something is a float, if channels have positions of their own, or if a product of so many factors may
    /// exceed 64 bits.
    fn new<'v>(join: Join, inputs: &dyn Inputs<'v>, output: NumberFormat) -> Option<Self> {
        let mut common: Option<i32> = None;
        let mut product = Magnitude { largest: 1, position: 0 };
        for index in 0..inputs.count() {
            let values = inputs.values(index);
            let (largest, position) = (magnitude(values.format())?, position(values.format())?);
            if !values.channel_positions().is_empty() {
                return None;
            }
            common = common.max(Some(position));
            product.largest = product.largest.saturating_mul(largest);
            product.position += position;
        }
        if join == Join::Product && i64::try_from(product.largest).is_err() {
            return None;
        }
        let (position, narrow) = match join {
            Join::Sum | Join::Difference => (common?, fits_narrow(addends(inputs))),
            Join::Product => (product.position, fits_narrow(core::iter::once(product))),
        };
        Some(Self { join, position, requantizer: Requantizer::new(position, output)?, narrow })
    }

    fn run<T: Total>(&self, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
        let shape = output.shape();
        let (mut totals, mut values, mut stored) = ([T::default(); RUN], [T::default(); RUN], [0; RUN]);
        for place in (0..output.len()).step_by(RUN) {
            let count = RUN.min(output.len() - place);
            for index in 0..call.input_count() {
                let input = call.input(index);
                // Known to have a position.
                let shift = shift_between(position(input.format()).unwrap_or(0), self.position);
                Operand::broadcast(input, shape).read_beside(output, place, &mut values[..count]);
                let join = |total: T, value: T| match self.join {
                    _ if index == 0 && self.join == Join::Product => value,
                    _ if index == 0 => value.shifted(shift),
                    Join::Sum => total.plus(value.shifted(shift)),
                    Join::Difference => total.plus(value.negated().shifted(shift)),
                    Join::Product => total.times(value),
                };
                for (total, value) in totals.iter_mut().zip(&values[..count]) {
                    *total = join(*total, *value);
                }
            }
            for (stored, total) in stored.iter_mut().zip(&totals[..count]) {
                *stored = total.rounded(&self.requantizer);
            }
            output.write_integers(place, &stored[..count]);
        }
    }
}
