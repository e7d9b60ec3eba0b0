//! Functions that take each value from a place that is found axis by axis: padding with what is there, moving, repeating.

use super::variables::values_record;
use super::{Call, Planner, Reason};
use crate::arrays::Numbers;
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use fewbit_core::function::arguments::{BorderMode, PadMode};
use fewbit_core::{Function, Shape};

/// Plans such a function; false if it is none.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<bool, Reason> {
    let Some(&input) = call.inputs.first() else { return Ok(false) };
    let (x, y) = (planner.shape(input), planner.shape(call.output));
    let Some(source) = source(&call.function, x) else { return Ok(false) };
    if x.rank() != y.rank() {
        return Ok(false);
    }
    let strides = x.strides();
    let mut places = Vec::new();
    for axis in (0..y.rank()).rev() {
        for at in 0..y[axis] {
            let place = source(axis, at).min(x[axis].saturating_sub(1)) * strides[axis];
            // The items of a shape fit an `i32`.
            places.push(i32::try_from(place).unwrap_or(0));
        }
    }
    let operand = planner.operand(input);
    let same = operand.format == planner.format(call.output);
    let target = match same {
        true => Record::default().with("data", planner.output(call.output, 0)),
        false => {
            planner.reals(&operand);
            planner.features.use_all(&[Feature::TakeReals]);
            planner.real_target(call.output, 0)
        }
    };
    let constants = Record::default()
        .with("x", values_record(&operand))
        .with("y", target)
        .with("axes", y.rank())
        .with("items", y.items())
        .with("size", if same { operand.format.bytes(1) } else { 0 })
        .with("extents", int_array(planner, "extents", y.iter().map(|&extent| extent as i32).collect()))
        .with("places", int_array(planner, "places", places));
    planner.step("take_values", "take_t", constants, &[Feature::Take]);
    Ok(true)
}

fn int_array(planner: &mut Planner<'_, '_>, purpose: &str, numbers: Vec<i32>) -> CValue {
    planner.arrays.name(purpose, Numbers::Integers32(numbers)).into()
}

/// For an axis and a place along it in the output, the place in the input; one beyond the end stands for the last.
type Source = Box<dyn Fn(usize, usize) -> usize>;

fn source(function: &Function, x: Shape) -> Option<Source> {
    Some(match *function {
        Function::Pad(arguments) => {
            let first = x.rank().saturating_sub(arguments.pad_width.len() / 2);
            let before = move |axis: usize| {
                let width = axis.checked_sub(first).and_then(|pair| arguments.pad_width.get(2 * pair).copied());
                usize::try_from(width.unwrap_or(0)).unwrap_or(0)
            };
            match arguments.mode {
                PadMode::Constant => return None,
                PadMode::Reflect => Box::new(move |axis, at| mirror(at.abs_diff(before(axis)), x[axis])),
                PadMode::Repeat => Box::new(move |axis, at| at.saturating_sub(before(axis))),
            }
        }
        Function::Shift(arguments) => {
            let first = x.rank().saturating_sub(arguments.shifts.len());
            Box::new(move |axis, at| {
                let entry = axis.checked_sub(first).and_then(|entry| arguments.shifts.get(entry));
                let (at, extent) = (at as i64 - entry.map_or(0, |&by| i64::from(by)), x[axis] as i64);
                let at = match arguments.border_mode {
                    BorderMode::Nearest => at.max(0),
                    // The mirror repeats the items at the ends.
                    BorderMode::Reflect => match (at + 2 * extent).abs() % (2 * extent) {
                        at if at < extent => at,
                        at => 2 * extent - 1 - at,
                    },
                };
                usize::try_from(at).unwrap_or(0)
            })
        }
        Function::Unpooling(arguments) => {
            let first = x.rank().saturating_sub(arguments.kernel.len() + usize::from(arguments.channel_last));
            Box::new(move |axis, at| {
                let factor = axis.checked_sub(first).and_then(|entry| arguments.kernel.get(entry));
                at / factor.map_or(1, |&factor| usize::try_from(factor).unwrap_or(1).max(1))
            })
        }
        _ => return None,
    })
}

/// The place within an axis that is mirrored at its ends again and again, without repeating them.
fn mirror(place: usize, extent: usize) -> usize {
    let last = extent.saturating_sub(1);
    match place.checked_div(last) {
        Some(turns) if turns % 2 == 1 => last - place % last,
        Some(_) => place % last,
        None => 0,
    }
}
