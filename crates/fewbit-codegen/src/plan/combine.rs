//! Functions of values at the same place: in integers where those give the bits of the runtime, else in floats.
//!
//! The runtime computes these functions in floats and rounds once, half up. As long as every number on the way fits the
//! 24 bits of a float's mantissa, that is what exact integers give, without a float instruction.

use super::variables::{Operand, values_record};
use super::{Call, Planner, Reason};
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use crate::nest::{Nest, stretched, strides_over};
use fewbit_core::{Function, NumberFormat, Rounding};
use fewbit_runtime::requantize::{magnitude, position, shift_between};

/// Numbers up to this magnitude are floats without rounding.
const EXACT_IN_FLOATS: u64 = 1 << 24;

/// The largest shift to the right for which the kernel has room.
const LARGEST_SHIFT: u32 = 31;

/// How an operand joins those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Join {
    Add,
    Subtract,
    Multiply,
    Divide,
    Maximum,
    Minimum,
    /// Values below zero are multiplied.
    Slope,
}

/// One operand.
#[derive(Clone, Debug)]
pub(super) struct Term {
    pub operand: Operand,
    pub join: Join,
    /// Which strides of the nest are its own.
    pub nest_index: usize,
}

/// A function of the joined values, and its arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ending {
    /// The name in generated code.
    pub name: &'static str,
    /// What the function needs; `None` for none.
    pub feature: Option<Feature>,
    pub a: f32,
    pub b: f32,
}

impl Default for Ending {
    /// The joined values themselves.
    fn default() -> Self {
        Self { name: "FUNCTION_IDENTITY", feature: None, a: 0.0, b: 0.0 }
    }
}

impl Ending {
    /// `max(x, 0)`.
    pub const RELU: Self = Self { name: "FUNCTION_RELU", feature: Some(Feature::Relu), a: 0.0, b: 0.0 };

    /// `x` kept between two numbers.
    pub fn clamp(a: f32, b: f32) -> Self {
        Self { name: "FUNCTION_CLAMP", feature: Some(Feature::Clamp), a, b }
    }

    /// The fields of a kernel's constants.
    pub fn add_to(self, record: Record) -> Record {
        record.with("function", self.name).with("a", self.a).with("b", self.b)
    }

    /// The least and the greatest real number that comes out, if that is all it does.
    fn range(self) -> Option<(f32, f32)> {
        match self.feature {
            None => Some((f32::NEG_INFINITY, f32::INFINITY)),
            Some(Feature::Relu) => Some((0.0, f32::INFINITY)),
            Some(Feature::Clamp) => Some((self.a, self.b)),
            _ => None,
        }
    }
}

/// Plans a function of several variables.
pub(super) fn plan(planner: &mut Planner<'_, '_>, call: &Call) -> Result<(), Reason> {
    let shape = planner.shape(call.output);
    let join = match call.function {
        Function::Sub2(_) => Join::Subtract,
        Function::Mul2(_) | Function::MulN => Join::Multiply,
        Function::Div2(_) => Join::Divide,
        Function::Maximum2 => Join::Maximum,
        Function::Minimum2 => Join::Minimum,
        Function::PReLU(_) => Join::Slope,
        _ => Join::Add,
    };
    let mut strides = vec![stretched(shape, shape)];
    let mut terms = Vec::new();
    for (index, &input) in call.inputs.iter().enumerate() {
        let own = planner.shape(input);
        strides.push(match &call.function {
            Function::PReLU(arguments) if index == 1 => {
                let axis = shape.axis(arguments.base_axis);
                strides_over(&shape, |has| axis == Some(has) && own.items() != 1)
            }
            _ => stretched(own, shape),
        });
        terms.push(Term { operand: planner.operand(input), join, nest_index: index + 1 });
    }
    // An output of extent 1 has stride 0, which is as good as any.
    strides[0] = strides_over(&shape, |_| true);
    emit(planner, &Nest::new(&shape, &strides), &terms, call.output, 0, call.ending())
}

/// Emits the kernel that joins terms and stores the results from the item `start` of the output on. The strides of the
/// output are the first of the nest.
pub(super) fn emit(
    planner: &mut Planner<'_, '_>,
    nest: &Nest,
    terms: &[Term],
    output: usize,
    start: usize,
    ending: Ending,
) -> Result<(), Reason> {
    if let Some(form) = IntegerForm::new(terms, planner.format(output), ending) {
        emit_integers(planner, nest, terms, output, start, &form);
    } else {
        emit_reals(planner, nest, terms, output, start, ending);
    }
    Ok(())
}

/// The shifts of exact integers, and what they are limited to.
#[derive(Debug, PartialEq, Eq)]
struct IntegerForm {
    /// To the left, for each term.
    left: Vec<u32>,
    /// To the right, for the result.
    right: u32,
    low: i32,
    high: i32,
}

impl IntegerForm {
    /// `None` if something is a float, or if floats would round on the way.
    fn new(terms: &[Term], output: NumberFormat, ending: Ending) -> Option<Self> {
        let to = i32::from(output.position()?);
        let (low, high) = output.integer_range()?;
        let (least, greatest) = ending.range()?;
        let joins = &terms[1..];
        let multiplies = !joins.is_empty() && joins.iter().all(|term| term.join == Join::Multiply);
        let selects = joins.iter().all(|term| matches!(term.join, Join::Maximum | Join::Minimum));
        let adds = joins.iter().all(|term| matches!(term.join, Join::Add | Join::Subtract));
        if !(multiplies || selects || adds) {
            return None;
        }
        let positions: Option<Vec<i32>> = terms.iter().map(|term| position(term.operand.format)).collect();
        let magnitudes: Option<Vec<u64>> = terms.iter().map(|term| magnitude(term.operand.format)).collect();
        let (positions, magnitudes) = (positions?, magnitudes?);
        let common = if multiplies { positions.iter().sum() } else { positions.iter().copied().max()? };
        // Shifts to the left of the output are done before, where they are exact.
        let lifted = common.max(to);
        let mut left: Vec<u32> = match multiplies {
            true => vec![0; terms.len()],
            false => positions.iter().map(|&position| shift_between(position, lifted)).collect(),
        };
        if multiplies {
            left[0] = shift_between(common, lifted);
        }
        let shifted = |(magnitude, shift): (&u64, &u32)| 1u64.checked_shl(*shift)?.checked_mul(*magnitude);
        let shifted: Option<Vec<u64>> = magnitudes.iter().zip(&left).map(shifted).collect();
        let combine = |a: u64, b: u64| match (multiplies, selects) {
            (true, _) => a.saturating_mul(b),
            (_, true) => a.max(b),
            _ => a.saturating_add(b),
        };
        let largest = shifted?.into_iter().reduce(combine)?;
        let before_lifting = largest >> shift_between(common, lifted).min(63);
        if !selects && before_lifting > EXACT_IN_FLOATS {
            return None;
        }
        let right = shift_between(to, lifted);
        let rounding = if right == 0 { 0 } else { 1u64.checked_shl(right - 1)? };
        let fits = largest.saturating_add(rounding) <= i32::MAX as u64;
        let stored = |value: f32| output.quantize(value, Rounding::HalfUp);
        let (low, high) = (low.max(stored(least)), high.min(stored(greatest)));
        (fits && right <= LARGEST_SHIFT && left.iter().all(|&shift| shift < LARGEST_SHIFT))
            .then_some(Self { left, right, low, high })
    }
}

fn emit_integers(
    planner: &mut Planner<'_, '_>,
    nest: &Nest,
    terms: &[Term],
    output: usize,
    start: usize,
    form: &IntegerForm,
) {
    let mut list = Vec::new();
    for (term, &left) in terms.iter().zip(&form.left) {
        let (operation, feature) = match term.join {
            Join::Subtract => ("INTEGER_SUBTRACT", Some(Feature::IntegerSubtract)),
            Join::Multiply => ("INTEGER_MULTIPLY", Some(Feature::IntegerMultiply)),
            Join::Maximum => ("INTEGER_MAXIMUM", Some(Feature::IntegerMaximum)),
            Join::Minimum => ("INTEGER_MINIMUM", Some(Feature::IntegerMinimum)),
            Join::Add | Join::Divide | Join::Slope => ("INTEGER_ADD", None),
        };
        planner.features.use_all(feature.as_slice());
        let record = Record::default()
            .with("x", planner.integers(&term.operand))
            .with("strides", nest.strides(term.nest_index))
            .with("operation", operation)
            .with("shift", CValue::unsigned(left));
        list.push(CValue::from(record));
    }
    let constants = Record::default()
        .with("nest", nest.record(&mut planner.limits))
        .with("terms", CValue::compound("integer_term_t", list))
        .with("term_count", terms.len())
        .with("y", planner.integer_target(output, start))
        .with("y_strides", nest.strides(0))
        .with("shift", CValue::unsigned(form.right))
        .with("low", form.low)
        .with("high", form.high);
    planner.step("combine_integers", "combine_integers_t", constants, &[Feature::CombineIntegers]);
}

fn emit_reals(
    planner: &mut Planner<'_, '_>,
    nest: &Nest,
    terms: &[Term],
    output: usize,
    start: usize,
    ending: Ending,
) {
    let mut list = Vec::new();
    for (index, term) in terms.iter().enumerate() {
        let (operation, feature) = match term.join {
            Join::Add => ("REAL_ADD", None),
            Join::Subtract => ("REAL_SUBTRACT", Some(Feature::RealSubtract)),
            Join::Multiply => ("REAL_MULTIPLY", Some(Feature::RealMultiply)),
            Join::Divide => ("REAL_DIVIDE", Some(Feature::RealDivide)),
            Join::Maximum => ("REAL_MAXIMUM", Some(Feature::RealMaximum)),
            Join::Minimum => ("REAL_MINIMUM", Some(Feature::RealMinimum)),
            Join::Slope => ("REAL_SLOPE", Some(Feature::RealSlope)),
        };
        // The first operand joins nothing.
        if index > 0 {
            planner.features.use_all(feature.as_slice());
        }
        planner.reals(&term.operand);
        let record = Record::default()
            .with("x", values_record(&term.operand))
            .with("strides", nest.strides(term.nest_index))
            .with("operation", operation);
        list.push(CValue::from(record));
    }
    planner.features.use_all(ending.feature.as_slice());
    let constants = Record::default()
        .with("nest", nest.record(&mut planner.limits))
        .with("terms", CValue::compound("real_term_t", list))
        .with("term_count", terms.len())
        .with("y", planner.real_target(output, start))
        .with("y_strides", nest.strides(0));
    planner.step("combine_reals", "combine_reals_t", ending.add_to(constants), &[Feature::CombineReals]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(format: NumberFormat, join: Join) -> Term {
        Term { operand: Operand { data: String::from("x"), format }, join, nest_index: 1 }
    }

    fn fixed(bits: usize, position: i8) -> NumberFormat {
        if bits == 8 { NumberFormat::Fixed8 { position } } else { NumberFormat::Fixed16 { position } }
    }

    #[test]
    fn integers_where_floats_do_not_round() {
        let form = |a, b, join, to| IntegerForm::new(&[term(a, Join::Add), term(b, join)], to, Ending::default());
        let sum = form(fixed(8, 3), fixed(8, 6), Join::Add, fixed(8, 2)).expect("few bits");
        assert_eq!(sum, IntegerForm { left: vec![3, 0], right: 4, low: -128, high: 127 });
        let product = form(fixed(8, 3), fixed(16, 6), Join::Multiply, fixed(16, 12)).expect("23 bits");
        assert_eq!(product, IntegerForm { left: vec![3, 0], right: 0, low: -32768, high: 32767 });
        assert_eq!(form(fixed(16, 3), fixed(16, 6), Join::Multiply, fixed(16, 2)), None);
        assert_eq!(form(fixed(16, 0), fixed(16, 12), Join::Add, fixed(16, 2)), None);
        assert!(form(fixed(16, 0), fixed(16, 12), Join::Maximum, fixed(16, 2)).is_some());
        assert_eq!(form(fixed(8, 0), fixed(8, 0), Join::Divide, fixed(8, 0)), None);
        assert_eq!(form(NumberFormat::Float32, fixed(8, 0), Join::Add, fixed(8, 0)), None);
    }

    #[test]
    fn functions_that_only_limit_are_integer_limits() {
        let x = [term(fixed(8, 4), Join::Add)];
        let form = IntegerForm::new(&x, fixed(8, 4), Ending::clamp(0.0, 6.0)).expect("a limit");
        assert_eq!((form.low, form.high), (0, 96));
        let sigmoid = Ending { name: "", feature: Some(Feature::Sigmoid), ..Ending::default() };
        assert_eq!(IntegerForm::new(&x, fixed(8, 4), sigmoid), None);
    }
}
