//! Comparisons, and what is made of their outcomes.

use super::Operator;
use super::activation::one;

pub(super) static OPERATORS: &[Operator] = &[
    Operator::new("EQUAL", "Equal", |c| Ok(vec![c.pair("Equal")?])),
    Operator::new("NOT_EQUAL", "Equal, Not", |c| {
        let equal = c.pair("Equal")?;
        Ok(vec![c.node("Not", &[&equal], Vec::new())])
    }),
    Operator::new("GREATER", "Greater", |c| Ok(vec![c.pair("Greater")?])),
    Operator::new("GREATER_EQUAL", "GreaterOrEqual", |c| Ok(vec![c.pair("GreaterOrEqual")?])),
    Operator::new("LESS", "Less", |c| Ok(vec![c.pair("Less")?])),
    Operator::new("LESS_EQUAL", "LessOrEqual", |c| Ok(vec![c.pair("LessOrEqual")?])),
    Operator::new("LOGICAL_AND", "And", |c| Ok(vec![c.pair("And")?])),
    Operator::new("LOGICAL_OR", "Or", |c| Ok(vec![c.pair("Or")?])),
    Operator::new("LOGICAL_NOT", "Not", |c| one(c, "Not")),
    Operator::new("SELECT_V2", "Where", |c| {
        let (condition, yes, no) = (c.input(0)?, c.input(1)?, c.input(2)?);
        Ok(vec![c.node("Where", &[&condition, &yes, &no], Vec::new())])
    }),
];
