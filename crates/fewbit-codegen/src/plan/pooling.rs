//! Pooling.

use super::{Call, Planner, Reason};
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use crate::limits::Limit;
use fewbit_core::Function;
use fewbit_core::shape_rule::{PoolingAxis, PoolingGeometry};
use fewbit_runtime::requantize::{magnitude, position, shift_between};

/// Shifts beyond this are left to floats: no file of versions 2 and 3 has them.
const LARGEST_SHIFT: u32 = 15;

/// Plans a pooling function.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<(), Reason> {
    let x = planner.shape(call.inputs[0]);
    let (kind, including_pad) = match &call.function {
        Function::MaxPooling(_) => ("POOLING_MAXIMUM", false),
        Function::SumPooling(_) => ("POOLING_SUM", false),
        Function::AveragePooling(arguments) => ("POOLING_AVERAGE", arguments.including_pad),
        _ => ("POOLING_AVERAGE", false),
    };
    let (axes, outer) = axes(&call.function, x)?;
    let (outputs, inputs): (usize, usize) =
        (axes.iter().map(|axis| axis.output).product(), axes.iter().map(|axis| axis.input).product());
    // Coordinates beyond the border are counted too.
    let reach = axes.iter().map(|axis| axis.input.saturating_add(2 * axis.pad).saturating_add(axis.kernel)).max();
    let taps = axes.iter().fold(1usize, |taps, axis| taps.saturating_mul(axis.kernel));
    if i32::try_from(taps.max(reach.unwrap_or(0))).is_err() {
        return Err("has a window that is too large for the 32-bit numbers of generated code".into());
    }
    planner.limits.include(Limit::Pooling, axes.len());
    let record = |axis: &PoolingAxis| {
        Record::default()
            .with("input", axis.input)
            .with("output", axis.output)
            .with("kernel", axis.kernel)
            .with("stride", axis.stride)
            .with("pad", axis.pad)
    };
    let unit = PoolingAxis { input: 1, output: 1, kernel: 1, stride: 1, pad: 0 };
    let axes_value = CValue::Filled {
        limit: Limit::Pooling,
        filler: Box::new(record(&unit).into()),
        items: axes.iter().map(|axis| record(axis).into()).collect(),
    };
    let operand = planner.operand(call.inputs[0]);
    let constants = Record::default()
        .with("axes", axes_value)
        .with("outer", outer)
        .with("outputs", outputs)
        .with("inputs", inputs)
        .with("kind", kind)
        .with("including_pad", including_pad);

    let output = planner.format(call.output);
    let shifts = position(operand.format)
        .zip(output.position())
        .map(|(from, to)| (shift_between(from, to.into()), shift_between(to.into(), from)));
    match shifts.zip(output.integer_range()) {
        Some(((left, right), (low, high))) if left.max(right) <= LARGEST_SHIFT => {
            let largest = magnitude(operand.format).unwrap_or(0).saturating_mul(taps as u64) << left;
            let divisor = (taps as u64) << right;
            // An average adds to a quotient and doubles a remainder.
            if largest.max(divisor) >= 1 << 30 {
                planner.features.use_all(&[Feature::PoolingWide]);
            }
            let constants = constants
                .with("x", planner.integers(&operand))
                .with("y", planner.integer_target(call.output, 0))
                .with_if(Feature::PoolingIntegers, "left", CValue::unsigned(left))
                .with_if(Feature::PoolingIntegers, "right", CValue::unsigned(right))
                .with_if(Feature::PoolingIntegers, "low", low)
                .with_if(Feature::PoolingIntegers, "high", high);
            planner.step("pool_integers", "pooling_t", constants, &[Feature::PoolingIntegers]);
        }
        Some(_) => return Err("has positions of input and output that lie more than 15 apart".into()),
        None => {
            let constants = constants.with("x", planner.reals(&operand)).with("y", planner.real_target(call.output, 0));
            planner.step("pool_reals", "pooling_t", constants, &[Feature::PoolingReals]);
        }
    }
    Ok(())
}

/// The axes of the window, and how many images it moves over.
fn axes(function: &Function, x: fewbit_core::Shape) -> Result<(Vec<PoolingAxis>, usize), Reason> {
    let identity = |extent| PoolingAxis { input: extent, output: extent, kernel: 1, stride: 1, pad: 0 };
    if let Function::GlobalAveragePooling = function {
        let (outer, input) = x.split_items(2);
        return Ok((vec![PoolingAxis { input, output: 1, kernel: input.max(1), stride: 1, pad: 0 }], outer));
    }
    let geometry = PoolingGeometry::new(function, x).map_err(|error| error.to_string())?;
    let mut axes: Vec<PoolingAxis> = geometry.axes.to_vec();
    // Channels that come last are an axis along which the window does not reach beyond its place.
    if geometry.inner > 1 {
        axes.push(identity(geometry.inner));
    }
    Ok((axes, geometry.outer))
}
