//! Functions that sum products: convolutions, deconvolutions, affine functions.
//!
//! The decisions are those of the runtime's kernels: sums are integers if the input and the weights are, with one position
//! in each row; what follows is integer too if everything in it is. Since the weights are known here, bounds of sums are
//! those of the weights themselves, so that most sums are found to fit 32 bits.
//!
//! | module | what it does |
//! |---|---|
//! | [`operands`] | the inputs of a function by their meaning |
//! | [`geometry`] | where values lie: window, groups, steps |
//! | [`weights`] | the weights row by row, and bounds of their sums |
//! | [`end`] | what follows a sum |

mod end;
mod geometry;
mod operands;
mod weights;

use super::variables::{Operand, values_record};
use super::{Call, Planner, Reason};
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use fewbit_core::function::arguments::PadMode;
use fewbit_core::{Function, NumberFormat, Rounding};
use geometry::Geometry;
use operands::Operands;
use weights::Weights;

/// Plans a function that sums products.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<(), Reason> {
    let operands = Operands::new(planner, call)?;
    let geometry = Geometry::new(planner, call, &operands)?;
    let weights = Weights::new(planner, call, &operands, &geometry)?;
    let x = planner.operand(operands.x);
    let integers = weights.are_integers() && x.format != NumberFormat::Float32;

    let mut constants = geometry.record(&mut planner.limits, &mut planner.features);
    constants = constants.with("weights", weights_record(planner, &weights.operand));
    constants = with_border(planner, call, x.format, constants);
    let (kernel, features): (_, &[Feature]) = match integers {
        true => ("product_integers", &[Feature::IntegerSums]),
        false => ("product_reals", &[Feature::RealSums]),
    };
    constants = if integers {
        constants.with("x", planner.integers(&x))
    } else {
        let steps = match &weights.steps {
            Some(steps) => planner.float_array("steps", steps.iter().copied()),
            None => String::from("NULL"),
        };
        constants.with("x", planner.reals(&x)).with_if(Feature::RealSums, "weight_steps", steps)
    };
    let bounds = integers.then(|| weights.bounds(x.format));
    match bounds.as_ref().and_then(|bounds| end::IntegerEnd::new(planner, call, &operands, &x, &weights, bounds)) {
        Some(end) => {
            let end = end.record(planner, &operands)?;
            constants = constants.with("y", planner.integer_target(call.output, 0)).with_if(
                Feature::IntegerEnd,
                "integer_end",
                CValue::compound("integer_end_t", vec![end.into()]),
            );
        }
        None => {
            if let Some(bounds) = &bounds {
                end::check_sums(planner, bounds);
            }
            let scales = bounds.as_ref().map(|_| weights.scales(&x));
            let end = end::real(planner, &operands, scales)?;
            constants = constants.with("y", planner.real_target(call.output, 0)).with_if(
                Feature::RealEnd,
                "real_end",
                CValue::compound("real_end_t", vec![end.into()]),
            );
        }
    }
    planner.step(kernel, "product_t", constants, features);
    Ok(())
}

/// What the kernel is told of the weights.
fn weights_record(planner: &mut Planner<'_, '_>, weights: &Operand) -> Record {
    planner.features.use_all(&[match weights.format {
        NumberFormat::Float32 => Feature::ReadFloat,
        NumberFormat::Fixed16 { .. } => Feature::Weights16,
        NumberFormat::Fixed8 { .. } => Feature::Weights8,
        NumberFormat::Fixed4 { .. } => Feature::Weights4,
        NumberFormat::Fixed2 { .. } => Feature::Weights2,
        NumberFormat::Sign => Feature::WeightsSign,
    }]);
    values_record(weights)
}

/// With what lies beyond the border.
fn with_border(planner: &mut Planner<'_, '_>, call: &Call, x: NumberFormat, constants: Record) -> Record {
    let Function::FusedConvolution(arguments) = &call.function else { return constants };
    if arguments.constant_value == 0.0 || arguments.pad_mode != PadMode::Constant {
        return constants;
    }
    planner.features.use_all(&[Feature::PaddingValue]);
    constants
        .with_if(Feature::PaddingValue, "integer_padding", x.quantize(arguments.constant_value, Rounding::HalfUp))
        .with_if(Feature::RealSums, "real_padding", arguments.constant_value)
}
