//! The window that convolutions and pooling move over the spatial axes.

use super::Result;
use crate::onnx::error::NodeError;
use crate::onnx::import::arguments::Arguments;

/// A window along each spatial axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) axes: Vec<WindowAxis>,
}

/// The window along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowAxis {
    /// Extent of the input.
    pub(super) input: usize,
    /// How many values the window takes.
    pub(super) kernel: usize,
    /// The step of the window.
    pub(super) stride: usize,
    /// The distance between the values that it takes.
    pub(super) dilation: usize,
    /// Padding in front.
    pub(super) begin: usize,
    /// Padding behind.
    pub(super) end: usize,
}

/// What an operator says of its padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AutoPad {
    /// It is given.
    Given,
    /// As much as the output needs to have the extent of the input divided by the stride; an odd one behind.
    SameUpper,
    /// The same; an odd one in front.
    SameLower,
    /// None.
    Valid,
}

impl AutoPad {
    pub(super) fn of(arguments: &impl Arguments) -> Result<Self> {
        let words = ["NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"];
        Ok(match arguments.attributes().word("auto_pad", &words)? {
            "SAME_UPPER" => Self::SameUpper,
            "SAME_LOWER" => Self::SameLower,
            "VALID" => Self::Valid,
            _ => Self::Given,
        })
    }

    /// Padding divided into that in front and that behind.
    pub(super) fn divide(self, total: usize) -> (usize, usize) {
        match self {
            Self::SameLower => (total.div_ceil(2), total / 2),
            _ => (total / 2, total.div_ceil(2)),
        }
    }
}

impl WindowAxis {
    /// The extent of the window.
    pub(super) fn extent(&self) -> Option<usize> {
        self.kernel.checked_sub(1)?.checked_mul(self.dilation)?.checked_add(1)
    }

    /// How many places the window has, with the last one cut off by the border if `ceil`.
    pub(super) fn places(&self, ceil: bool) -> Option<usize> {
        let room = self.input.checked_add(self.begin)?.checked_add(self.end)?.checked_sub(self.extent()?)?;
        let places = if ceil { room.div_ceil(self.stride) } else { room / self.stride } + 1;
        // A window must not begin behind the input.
        let beyond = ceil && (places - 1) * self.stride >= self.input + self.begin;
        Some(places - usize::from(beyond))
    }
}

impl Window {
    /// The window of a node with a kernel of these extents over spatial axes of these.
    pub(super) fn new(arguments: &impl Arguments, kernel: &[usize], input: &[usize]) -> Result<Self> {
        let rank = input.len();
        if kernel.len() != rank {
            return Err(NodeError::invalid(format!("its kernel has {} spatial axes, its input {rank}", kernel.len())));
        }
        let strides = positive(arguments, "strides", rank)?;
        let dilations = positive(arguments, "dilations", rank)?;
        let pads = sizes(arguments, "pads", 2 * rank)?.unwrap_or_else(|| vec![0; 2 * rank]);
        let auto_pad = AutoPad::of(arguments)?;
        let mut axes = Vec::with_capacity(rank);
        for axis in 0..rank {
            let mut entry = WindowAxis {
                input: input[axis],
                kernel: kernel[axis],
                stride: strides[axis],
                dilation: dilations[axis],
                begin: 0,
                end: 0,
            };
            (entry.begin, entry.end) = match auto_pad {
                AutoPad::Given => (pads[axis], pads[axis + rank]),
                AutoPad::Valid => (0, 0),
                same => same.divide(same_padding(&entry).ok_or_else(too_large)?),
            };
            axes.push(entry);
        }
        Ok(Self { axes })
    }

    /// One value of each axis.
    pub(super) fn each(&self, value: impl Fn(&WindowAxis) -> usize) -> Vec<usize> {
        self.axes.iter().map(value).collect()
    }
}

/// The padding that gives as many places as the input has strides.
fn same_padding(axis: &WindowAxis) -> Option<usize> {
    let places = axis.input.div_ceil(axis.stride);
    let needed = places.saturating_sub(1).checked_mul(axis.stride)?.checked_add(axis.extent()?)?;
    Some(needed.saturating_sub(axis.input))
}

fn too_large() -> NodeError {
    NodeError::invalid("its window is larger than the address space")
}

/// An attribute with `count` numbers that are not negative.
pub(super) fn sizes(arguments: &impl Arguments, name: &str, count: usize) -> Result<Option<Vec<usize>>> {
    let Some(list) = arguments.attributes().ints(name)? else { return Ok(None) };
    if list.len() != count {
        return Err(NodeError::invalid(format!("attribute '{name}' has {} entries, but needs {count}", list.len())));
    }
    // Beyond 32 bits there are no shapes, and sums of such numbers cannot overflow.
    let size = |&value: &i64| u32::try_from(value).ok().and_then(|value| usize::try_from(value).ok());
    let sizes: Option<Vec<usize>> = list.iter().map(size).collect();
    sizes
        .map(Some)
        .ok_or_else(|| NodeError::invalid(format!("attribute '{name}' must not have negative or huge entries")))
}

/// An attribute with `count` numbers above zero, which are one if it is not given.
pub(super) fn positive(arguments: &impl Arguments, name: &str, count: usize) -> Result<Vec<usize>> {
    let list = sizes(arguments, name, count)?.unwrap_or_else(|| vec![1; count]);
    if list.contains(&0) {
        return Err(NodeError::invalid(format!("attribute '{name}' must have entries above zero")));
    }
    Ok(list)
}
