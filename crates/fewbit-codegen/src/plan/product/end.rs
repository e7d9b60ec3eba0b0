//! What follows a sum of products: in integers if everything is, else in floats.

use super::operands::{Normalization, Operands};
use super::weights::{Bounds, Weights};
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use crate::plan::combine::Ending;
use crate::plan::variables::{Operand, values_record};
use crate::plan::{Call, NARROW, Planner, Reason, TOO_FAR_APART, WIDE};
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::{NumberFormat, Rounding};
use fewbit_runtime::requantize::{magnitude, position, shift_between};

/// The largest shift to the right in 32 bits.
const LARGEST_NARROW_SHIFT: u32 = 31;

/// What is farther right than this is zero, as it is behind this shift.
const LARGEST_WIDE_SHIFT: u32 = 64;

/// Shifts of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Alignment {
    sum: u32,
    bias: u32,
    residual: u32,
    right: u32,
    /// The largest magnitude before the shift to the right.
    largest: u128,
}

/// The integer form of what follows.
#[derive(Debug)]
pub(super) struct IntegerEnd {
    alignments: Vec<Alignment>,
    low: i32,
    high: i32,
}

impl IntegerEnd {
    /// `None` if something is a float, or if there is no exact form: of normalisation and of smooth nonlinearities.
    pub fn new(
        planner: &Planner<'_, '_>,
        call: &Call,
        operands: &Operands,
        x: &Operand,
        weights: &Weights,
        bounds: &Bounds,
    ) -> Option<Self> {
        let output = planner.format(call.output);
        let (low, high) = output.integer_range()?;
        let to = i32::from(output.position()?);
        let stored = |value: f32| output.quantize(value, Rounding::HalfUp);
        let (low, high) = match operands.nonlinearity {
            Nonlinearity::Identity => (low, high),
            Nonlinearity::ReLU => (0, high),
            Nonlinearity::ReLU6 => (0, high.min(stored(6.0))),
            Nonlinearity::Sigmoid | Nonlinearity::Tanh | Nonlinearity::LeakyReLU | Nonlinearity::ELU => return None,
        };
        let addends = [operands.alpha, operands.bias, operands.residual];
        let integers = addends.iter().flatten().all(|&variable| position(planner.format(variable)).is_some());
        // Whether the positions of a variable's channels differ.
        let differ = |variable: &Option<usize>| {
            let values = variable.and_then(|variable| planner.parameter(variable));
            values.is_some_and(|values| !values.channel_positions().is_empty())
        };
        if !integers || operands.normalization.is_some() || differ(&operands.residual) {
            return None;
        }
        let uniform = weights.have_one_position() && !differ(&operands.alpha) && !differ(&operands.bias);
        let x_position = position(x.format)?;
        let alignment = |channel: usize| {
            let alpha = Addend::new(planner, operands.alpha, channel);
            let bias = Addend::new(planner, operands.bias, channel);
            let residual = Addend::new(planner, operands.residual, channel);
            let sum = x_position + weights.position(channel) + alpha.map_or(0, |alpha| alpha.position);
            let of = |addend: Option<Addend>| addend.map_or(sum, |addend| addend.position);
            // Shifts to the left of the output are done before, where they are exact.
            let common = sum.max(of(bias)).max(of(residual)).max(to);
            let product = u128::from(bounds[channel]) * alpha.map_or(1, |alpha| alpha.largest.into());
            let shift = |largest: u128, from: i32| if largest == 0 { 0 } else { shift_between(from, common) };
            let largest_of = |addend: Option<Addend>| addend.map_or(0, |addend| u128::from(addend.largest));
            let mut alignment = Alignment {
                sum: shift(product, sum),
                bias: shift(largest_of(bias), of(bias)),
                residual: shift(largest_of(residual), of(residual)),
                right: shift_between(to, common).min(LARGEST_WIDE_SHIFT),
                largest: 0,
            };
            let shifted = |largest: u128, shift: u32| {
                if shift < 64 { largest.saturating_mul(1 << shift) } else { u128::MAX }
            };
            alignment.largest = shifted(product, alignment.sum)
                .saturating_add(shifted(largest_of(bias), alignment.bias))
                .saturating_add(shifted(largest_of(residual), alignment.residual));
            alignment
        };
        let mut alignments: Vec<Alignment> = (0..bounds.len()).map(alignment).collect();
        if uniform && let Some(&first) = alignments.first() {
            let all = |shift: fn(&Alignment) -> u32| alignments.iter().map(shift).max().unwrap_or(0);
            let largest = alignments.iter().map(|alignment| alignment.largest).max().unwrap_or(0);
            let (sum, bias, residual) = (all(|a| a.sum), all(|a| a.bias), all(|a| a.residual));
            alignments = vec![Alignment { sum, bias, residual, largest, ..first }];
        }
        Some(Self { alignments, low, high })
    }

    /// The constants of the kernel.
    pub fn record(&self, planner: &mut Planner<'_, '_>, operands: &Operands) -> Result<Record, Reason> {
        let narrow = |alignment: &Alignment| {
            let rounding = if alignment.right == 0 { 0 } else { 1u128 << (alignment.right - 1) };
            alignment.right <= LARGEST_NARROW_SHIFT && alignment.largest + rounding < NARROW
        };
        planner.features.use_all(&[Feature::IntegerEnd]);
        if !self.alignments.iter().all(narrow) {
            planner.features.use_all(&[Feature::WideSums]);
        }
        if self.alignments.iter().any(|alignment| alignment.largest >= WIDE) {
            return Err(TOO_FAR_APART.into());
        }
        let alignments = self.alignments.iter().map(|alignment| {
            let shift = |shift: u32| CValue::unsigned(shift);
            let record = Record::default()
                .with("sum", shift(alignment.sum))
                .with("bias", shift(alignment.bias))
                .with("residual", shift(alignment.residual))
                .with("right", shift(alignment.right));
            CValue::from(record)
        });
        let mut record = Record::default()
            .with("alignments", CValue::compound("alignment_t", alignments.collect()))
            .with("channel_alignments", self.alignments.len() > 1)
            .with("low", self.low)
            .with("high", self.high);
        let addends = [
            (operands.alpha, "alpha", Feature::Alpha),
            (operands.bias, "bias", Feature::Bias),
            (operands.residual, "residual", Feature::Residual),
        ];
        for (variable, name, feature) in addends {
            if let Some(variable) = variable {
                planner.features.use_all(&[feature]);
                let operand = planner.integer_operand(variable);
                record = record.with(name, planner.integers(&operand));
            }
        }
        Ok(record)
    }
}

/// Something that is added or multiplied.
#[derive(Clone, Copy, Debug)]
struct Addend {
    position: i32,
    /// The largest magnitude for a channel.
    largest: u64,
}

impl Addend {
    fn new(planner: &Planner<'_, '_>, variable: Option<usize>, channel: usize) -> Option<Self> {
        let variable = variable?;
        let format = planner.format(variable);
        Some(match planner.parameter(variable) {
            Some(values) if channel < values.len() => Self {
                position: if format == NumberFormat::Sign { 0 } else { values.position_at(channel).into() },
                largest: match values.channel_positions().is_empty() && values.len() > channel {
                    true => (0..values.len()).map(|index| u64::from(values.integer(index).unsigned_abs())).max()?,
                    false => values.integer(channel).unsigned_abs().into(),
                },
            },
            _ => Self { position: position(format)?, largest: magnitude(format)? },
        })
    }
}

/// Makes sums that do not end in integers wide enough.
pub(super) fn check_sums(planner: &mut Planner<'_, '_>, bounds: &Bounds) {
    if bounds.iter().any(|&largest| u128::from(largest) >= NARROW) {
        planner.features.use_all(&[Feature::WideSums]);
    }
}

/// The constants of an end in floats; `scales` say what one of an integer sum stands for.
pub(super) fn real(
    planner: &mut Planner<'_, '_>,
    operands: &Operands,
    scales: Option<Vec<f32>>,
) -> Result<Record, Reason> {
    planner.features.use_all(&[Feature::RealEnd]);
    let mut record = Record::default();
    let addends = [
        (operands.alpha, "alpha", Feature::RealAlpha),
        (operands.bias, "bias", Feature::RealBias),
        (operands.residual, "residual", Feature::RealResidual),
    ];
    for (variable, name, feature) in addends {
        if let Some(variable) = variable {
            planner.features.use_all(&[feature]);
            let operand = planner.operand(variable);
            planner.reals(&operand);
            record = record.with(name, values_record(&operand));
        }
    }
    if let Some(normalization) = &operands.normalization {
        record = with_normalization(planner, normalization, record)?;
    }
    if let Some(scales) = scales {
        planner.features.use_all(&[Feature::RealEndOfIntegers]);
        let differ = scales.len() > 1;
        record = record.with("scales", planner.float_array("scales", scales)).with("channel_scales", differ);
    }
    let alpha = operands.nonlinearity_alpha;
    let ending = |name, feature| Ending { name, feature: Some(feature), a: alpha, b: 0.0 };
    let ending = match operands.nonlinearity {
        Nonlinearity::Identity => Ending::default(),
        Nonlinearity::ReLU => Ending::RELU,
        Nonlinearity::ReLU6 => Ending::clamp(0.0, 6.0),
        Nonlinearity::Sigmoid => ending("FUNCTION_SIGMOID", Feature::Sigmoid),
        Nonlinearity::Tanh => ending("FUNCTION_TANH", Feature::Tanh),
        Nonlinearity::LeakyReLU => ending("FUNCTION_LEAKY_RELU", Feature::LeakyRelu),
        Nonlinearity::ELU => ending("FUNCTION_ELU", Feature::Elu),
    };
    planner.features.use_all(ending.feature.as_slice());
    Ok(ending.add_to(record))
}

fn with_normalization(
    planner: &mut Planner<'_, '_>,
    normalization: &Normalization,
    record: Record,
) -> Result<Record, Reason> {
    planner.features.use_all(&[Feature::RealNormalization]);
    let read = |planner: &Planner<'_, '_>, variable: usize| {
        let values = planner.parameter(variable).ok_or("has statistics or parameters that the network computes")?;
        Ok::<_, Reason>((0..values.len()).map(|index| values.get(index)).collect::<Vec<f32>>())
    };
    let [beta, gamma, mean, variance] = normalization.parameters;
    let mut deviation = read(planner, variance)?;
    deviation.iter_mut().for_each(|variance| *variance = libm::sqrtf(*variance + normalization.eps));
    let fields = [
        ("mean", read(planner, mean)?),
        ("deviation", deviation),
        ("gamma", read(planner, gamma)?),
        ("beta", read(planner, beta)?),
    ];
    Ok(fields.into_iter().fold(record, |record, (name, values)| record.with(name, planner.float_array(name, values))))
}
