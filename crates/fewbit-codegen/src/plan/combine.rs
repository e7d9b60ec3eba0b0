//! Functions of values at the same place: in exact integers with one rounding if all of them are fixed-point, else in
//! floats.

use super::variables::{Operand, values_record};
use super::{Call, NARROW, Planner, Reason, TOO_FAR_APART, WIDE};
use crate::c_value::{CValue, Record};
use crate::feature::Feature;
use crate::nest::{Nest, stretched, strides_over};
use fewbit_core::{Function, NumberFormat, Rounding};
use fewbit_runtime::requantize::{magnitude, position, shift_between};

/// The largest shift to the right of numbers of 32 bits.
const LARGEST_NARROW_SHIFT: u32 = 31;

/// What is farther right than this is zero, as it is behind this shift.
const LARGEST_WIDE_SHIFT: u32 = 64;

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
    if let Some(form) = IntegerForm::new(terms, planner.format(output), ending)? {
        emit_integers(planner, nest, terms, output, start, &form);
    } else {
        emit_reals(planner, nest, terms, output, start, ending);
    }
    Ok(())
}

/// How terms are joined, as far as integers are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Added and subtracted.
    Sum,
    /// Multiplied.
    Product,
    /// One of them is chosen; a single one is too.
    Choice,
}

impl Kind {
    /// `None` for what has no integer form.
    fn of(joins: &[Term]) -> Option<Self> {
        let all = |wanted: &[Join]| joins.iter().all(|term| wanted.contains(&term.join));
        match () {
            () if joins.is_empty() || all(&[Join::Maximum, Join::Minimum]) => Some(Self::Choice),
            () if all(&[Join::Add, Join::Subtract]) => Some(Self::Sum),
            () if all(&[Join::Multiply]) => Some(Self::Product),
            () => None,
        }
    }
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
    /// Whether 32 bits do not hold everything.
    wide: bool,
}

impl IntegerForm {
    /// `None` if something is a float, and for choices that are exact in floats where integers would not fit.
    ///
    /// # Errors
    /// When sums or products exceed 64 bits.
    fn new(terms: &[Term], output: NumberFormat, ending: Ending) -> Result<Option<Self>, Reason> {
        let (Some(to), Some((low, high))) = (output.position().map(i32::from), output.integer_range()) else {
            return Ok(None);
        };
        let Some((kind, (least, greatest))) = Kind::of(&terms[1..]).zip(ending.range()) else { return Ok(None) };
        let of = |term: &Term| position(term.operand.format).zip(magnitude(term.operand.format));
        let Some(numbers) = terms.iter().map(of).collect::<Option<Vec<(i32, u64)>>>() else { return Ok(None) };

        let positions = numbers.iter().map(|(position, _)| *position);
        let common = if kind == Kind::Product { positions.clone().sum() } else { positions.clone().max().unwrap_or(0) };
        let magnitudes = || numbers.iter().map(|(_, magnitude)| u128::from(*magnitude));
        if kind == Kind::Product && magnitudes().fold(1, u128::saturating_mul) >= WIDE {
            // The runtime multiplies so many factors in floats too.
            return Ok(None);
        }
        // Shifts to the left of the output are done before, where they are exact.
        let lifted = common.max(to);
        let mut left: Vec<u32> = positions.map(|position| shift_between(position, lifted)).collect();
        if kind == Kind::Product {
            left.fill(0);
            left[0] = shift_between(common, lifted);
        }
        let shifted = magnitudes().zip(&left);
        let shifted = shifted.map(|(largest, &shift)| if shift < 64 { largest << shift } else { u128::MAX });
        let largest = match kind {
            Kind::Sum => shifted.fold(0, u128::saturating_add),
            Kind::Product => shifted.fold(1, u128::saturating_mul),
            Kind::Choice => shifted.max().unwrap_or(0),
        };
        if largest >= WIDE {
            return match kind {
                Kind::Choice => Ok(None),
                Kind::Sum | Kind::Product => Err(TOO_FAR_APART.into()),
            };
        }
        let right = shift_between(to, lifted).min(LARGEST_WIDE_SHIFT);
        let rounding = if right == 0 { 0 } else { 1 << (right - 1) };
        let stored = |value: f32| output.quantize(value, Rounding::HalfUp);
        Ok(Some(Self {
            left,
            right,
            low: low.max(stored(least)),
            high: high.min(stored(greatest)),
            wide: right > LARGEST_NARROW_SHIFT || largest + rounding >= NARROW,
        }))
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
    if form.wide {
        planner.features.use_all(&[Feature::CombineWide]);
    }
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

fn emit_reals(planner: &mut Planner<'_, '_>, nest: &Nest, terms: &[Term], output: usize, start: usize, ending: Ending) {
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
    fn integers_as_wide_as_they_must_be() {
        let form = |a, b, join, to| IntegerForm::new(&[term(a, Join::Add), term(b, join)], to, Ending::default());
        let sum = form(fixed(8, 3), fixed(8, 6), Join::Add, fixed(8, 2)).expect("few bits").expect("integers");
        assert_eq!(sum, IntegerForm { left: vec![3, 0], right: 4, low: -128, high: 127, wide: false });
        let product = form(fixed(8, 3), fixed(16, 6), Join::Multiply, fixed(16, 12)).expect("few bits");
        let lifted = IntegerForm { left: vec![3, 0], right: 0, low: -32768, high: 32767, wide: false };
        assert_eq!(product, Some(lifted));
        let wide = |form: Result<Option<IntegerForm>, Reason>| form.expect("64 bits").expect("integers").wide;
        assert!(wide(form(fixed(16, 16), fixed(16, 16), Join::Multiply, fixed(16, 0))));
        assert!(wide(form(fixed(16, 0), fixed(16, 20), Join::Subtract, fixed(16, 2))));
        assert!(form(fixed(16, -20), fixed(16, 30), Join::Add, fixed(16, 2)).is_err());
        assert_eq!(form(fixed(16, -20), fixed(16, 30), Join::Maximum, fixed(16, 2)), Ok(None));
        assert_eq!(form(fixed(8, 0), fixed(8, 0), Join::Divide, fixed(8, 0)), Ok(None));
        assert_eq!(form(NumberFormat::Float32, fixed(8, 0), Join::Add, fixed(8, 0)), Ok(None));
    }

    #[test]
    fn functions_that_only_limit_are_integer_limits() {
        let x = [term(fixed(8, 4), Join::Add)];
        let form = IntegerForm::new(&x, fixed(8, 4), Ending::clamp(0.0, 6.0)).expect("few bits").expect("a limit");
        assert_eq!((form.low, form.high), (0, 96));
        let sigmoid = Ending { name: "", feature: Some(Feature::Sigmoid), ..Ending::default() };
        assert_eq!(IntegerForm::new(&x, fixed(8, 4), sigmoid), Ok(None));
    }
}
