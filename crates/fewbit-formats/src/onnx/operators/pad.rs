//! Padding.

use super::functions::pad;
use super::slice::{self, Range};
use super::{Operator, Result};
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::{Arguments, axes};
use crate::onnx::import::context::{Context, Outputs};
use crate::onnx::tensor::Tensor;
use fewbit_core::Shape;
use fewbit_core::function::arguments::PadMode;

pub(super) static OPERATORS: &[Operator] =
    &[Operator::map("Pad", "Pad, Slice", map).limits("by known widths; not in mode 'wrap'")];

/// Items before and after each axis; negative numbers cut off.
fn widths(c: &Context<'_>, x: Shape) -> Result<Vec<(i64, i64)>> {
    let list = c.list("pads", 1, 11)?.ok_or_else(|| NodeError::invalid("it has no widths"))?;
    let which = match if c.opset() < 18 { None } else { c.integers(3, "axes")? } {
        Some(list) => axes(list, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    if list.len() != 2 * which.len() {
        return Err(NodeError::invalid(format!("it has {} widths, but needs two for each axis", list.len())));
    }
    let mut widths = vec![(0, 0); x.rank()];
    for (entry, &axis) in which.iter().enumerate() {
        widths[axis] = (list[entry], list[entry + which.len()]);
    }
    Ok(widths)
}

fn map(c: &mut Context<'_>) -> Result<Outputs> {
    let mode = match c.attributes().word("mode", &["constant", "reflect", "edge", "wrap"])? {
        "constant" => PadMode::Constant,
        "reflect" => PadMode::Reflect,
        "edge" => PadMode::Repeat,
        mode => return Err(NodeError::unsupported(format!("mode '{mode}' is not supported"))),
    };
    let value = match c.opset() < 11 {
        true => c.attributes().float("value")?,
        false => c.constant(2, "the value in the padding")?.and_then(Tensor::single),
    };
    let x = c.input(0)?;
    let shape = c.shape(x);
    let widths = widths(c, shape)?;
    let mut kept = Vec::new();
    let mut added = Vec::new();
    for (&dim, &(before, after)) in shape.iter().zip(&widths) {
        let cut = |width: i64| usize::try_from(width.saturating_neg()).unwrap_or(0);
        let count = dim.checked_sub(cut(before)).and_then(|rest| rest.checked_sub(cut(after)));
        let count = count.ok_or_else(|| NodeError::invalid("it cuts off more than there is"))?;
        kept.push(Range { start: cut(before), step: 1, count });
        added.push((usize::try_from(before).unwrap_or(0), usize::try_from(after).unwrap_or(0)));
    }
    let y = slice::apply(c, x, &kept)?;
    // Leading axes without padding need not be named.
    let first = added.iter().position(|&width| width != (0, 0));
    let y = match first {
        Some(first) => c.apply(pad(&added[first..], mode, value.unwrap_or(0.0))?, &[y])?,
        None => y,
    };
    Ok(c.output(y))
}
