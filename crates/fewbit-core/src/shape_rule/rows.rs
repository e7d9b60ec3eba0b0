//! Which rows of its inputs a function needs for a row of its output: what lets it run before its inputs are complete.
//!
//! A *row* is everything of a variable at one place of one axis, the row axis: of an image `(1, C, H, W)` with row axis 2,
//! `C * W` values. A function whose rule is known can be computed row by row, and its inputs need to be kept only as
//! long as rows still read them.

use super::{ConvolutionGeometry, PoolingGeometry, Shapes};
use crate::function::Function;
use crate::function::arguments::PadMode;
use crate::shape::Shape;
use core::ops::Range;

/// How the rows of a function's output depend on those of its inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowRule {
    /// A row of the output needs the same row of each input that has rows.
    InStep,
    /// A row of the output needs a window of rows of the first input, and the same row of other inputs that have rows.
    Window(RowWindow),
    /// The rows of the first input are folded one by one into the rows of the output whose windows they lie under: as a
    /// running maximum, or as a running sum. The first input needs to be kept for one row only.
    Fold(RowWindow),
}

/// How a window moves over the rows of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowWindow {
    /// Rows of the input, at least one.
    pub input: usize,
    /// Rows of the output.
    pub output: usize,
    /// Rows from the first tap to the last, at least one.
    span: usize,
    stride: usize,
    pad: usize,
    /// Whether input rows are spread over the output (deconvolution) instead of the window over the input.
    spread: bool,
}

impl RowRule {
    /// Whether a row of the output needs only some rows of the input at `index`, not all of it.
    pub fn reads_rows(&self, index: usize, input: Shape, output: Shape, axis: usize) -> bool {
        match self {
            Self::InStep => input.rank() == output.rank() && input[axis] == output[axis],
            // Weights and biases are needed as a whole; a residual has the shape of the output.
            Self::Window(_) => index == 0 || index > 1 && input == output,
            Self::Fold(_) => index == 0,
        }
    }

    /// How many steps the function takes for an output of so many rows: one for each, or for each that is folded in.
    pub fn steps(&self, output_rows: usize) -> usize {
        match self {
            Self::InStep | Self::Window(_) => output_rows,
            Self::Fold(window) => window.input,
        }
    }

    /// The rows of the first input, and of others whose rows are read, that the step number `step` needs.
    pub fn needed(&self, index: usize, step: usize) -> Range<usize> {
        match self {
            Self::Window(window) if index == 0 => window.needed(step),
            Self::InStep | Self::Window(_) | Self::Fold(_) => step..step + 1,
        }
    }

    /// The rows of the output that a step writes.
    pub fn written(&self, step: usize) -> Range<usize> {
        match self {
            Self::InStep | Self::Window(_) => step..step + 1,
            Self::Fold(window) => window.over(step),
        }
    }

    /// How many rows of the output are complete after so many steps.
    pub fn complete(&self, steps: usize) -> usize {
        match self {
            Self::InStep | Self::Window(_) => steps,
            Self::Fold(window) => window.complete(steps),
        }
    }
}

impl RowWindow {
    /// The rows of the input that a row of the output needs: at least one; neither end ever goes back.
    pub fn needed(&self, output: usize) -> Range<usize> {
        let last = self.input.saturating_sub(1);
        let (first_tap, last_tap) = if self.spread {
            let place = output.saturating_add(self.pad);
            ((place + 1).saturating_sub(self.span).div_ceil(self.stride), place / self.stride)
        } else {
            let start = output.saturating_mul(self.stride);
            (start.saturating_sub(self.pad), start.saturating_add(self.span - 1).saturating_sub(self.pad))
        };
        // Windows that lie in the padding altogether count as lying on the row next to it, which is what a border that is
        // repeated reads.
        first_tap.min(last)..last_tap.min(last).max(first_tap.min(last)) + 1
    }

    /// The rows of the output whose windows lie over a row of the input; for folds.
    pub fn over(&self, input: usize) -> Range<usize> {
        let padded = input.saturating_add(self.pad);
        let first = (padded + 1).saturating_sub(self.span).div_ceil(self.stride);
        first.min(self.output)..(padded / self.stride + 1).min(self.output)
    }

    /// How many rows of the output are complete after so many rows of the input; for folds.
    pub fn complete(&self, input: usize) -> usize {
        if input >= self.input { self.output } else { self.over(input).start }
    }

    /// Whether each window lies over a row of the input.
    fn covers_input(&self) -> bool {
        let last_start = self.output.saturating_sub(1).saturating_mul(self.stride);
        self.output > 0 && self.span > self.pad && last_start < self.input.saturating_add(self.pad)
    }
}

impl Function {
    /// The rule for rows along an axis of the output and of the first input, which have the same number of axes; `None` if
    /// the function needs its input as a whole.
    pub fn row_rule(&self, inputs: &dyn Shapes, axis: usize) -> Option<RowRule> {
        let output = self.output_shape(inputs).ok()?;
        let x = inputs.shape(0);
        if x.rank() != output.rank() || axis >= output.rank() || x.items() == 0 || output.items() == 0 {
            return None;
        }
        match self {
            Self::Convolution(_)
            | Self::FusedConvolution(_)
            | Self::DepthwiseConvolution(_)
            | Self::BinaryConnectConvolution(_)
            | Self::BinaryWeightConvolution(_)
            | Self::INQConvolution(_)
            | Self::Deconvolution(_)
            | Self::DepthwiseDeconvolution(_) => self.convolution_rows(inputs, axis),
            Self::MaxPooling(_) | Self::AveragePooling(_) | Self::SumPooling(_) => self.pooling_rows(x, axis),
            Self::GlobalAveragePooling => (axis == 2).then(|| {
                let (input, output) = (x[axis], 1);
                RowRule::Fold(RowWindow { input, output, span: input, stride: 1, pad: 0, spread: false })
            }),
            _ => (self.keeps_rows_apart(inputs, axis) && rows_fit(inputs, output, axis)).then_some(RowRule::InStep),
        }
    }

    fn convolution_rows(&self, inputs: &dyn Shapes, axis: usize) -> Option<RowRule> {
        if let Self::FusedConvolution(arguments) = self
            && (arguments.batch_stat || arguments.pad_mode == PadMode::Reflect)
        {
            return None;
        }
        let weights = match self {
            // Their float weights, which have the same shape, come first.
            Self::BinaryConnectConvolution(_) | Self::BinaryWeightConvolution(_) => 2,
            _ => 1,
        };
        let geometry = ConvolutionGeometry::new(self, inputs.shape(0), inputs.shape(weights)).ok()?;
        let first = geometry.base_axis + usize::from(!geometry.channel_last);
        let rows = geometry.axes.first().filter(|_| axis == first)?;
        Some(RowRule::Window(RowWindow {
            input: rows.input,
            output: rows.output,
            span: (rows.kernel - 1) * rows.dilation + 1,
            stride: rows.stride,
            pad: rows.pad,
            spread: geometry.kind == super::ConvolutionKind::Deconvolution,
        }))
    }

    fn pooling_rows(&self, x: Shape, axis: usize) -> Option<RowRule> {
        let geometry = PoolingGeometry::new(self, x).ok()?;
        let rows = geometry.axes.first().filter(|_| axis == geometry.first_axis)?;
        let window = RowWindow {
            input: rows.input,
            output: rows.output,
            span: rows.kernel,
            stride: rows.stride,
            pad: rows.pad,
            spread: false,
        };
        // A maximum so far takes no more memory than the maximum. Sums take four bytes each: that pays where there is one
        // row of them.
        let folds = matches!(self, Self::MaxPooling(_)) || window.output == 1;
        Some(if folds && window.covers_input() { RowRule::Fold(window) } else { RowRule::Window(window) })
    }

    /// Whether no row of the output depends on another row of an input.
    fn keeps_rows_apart(&self, inputs: &dyn Shapes, row_axis: usize) -> bool {
        let x = inputs.shape(0);
        match self {
            Self::Concatenate(arguments) => x.axis(arguments.axis) != Some(row_axis),
            Self::Softmax(arguments) | Self::LogSoftmax(arguments) => x.axis(arguments.axis) != Some(row_axis),
            Self::BatchNormalization(arguments) => {
                !arguments.batch_stat && arguments.axes.iter().all(|&named| x.axis(named) != Some(row_axis))
            }
            Self::FusedBatchNormalization(arguments) => {
                !arguments.batch_stat && arguments.axes.iter().all(|&named| x.axis(named) != Some(row_axis))
            }
            Self::PReLU(arguments) => inputs.shape(1).items() == 1 || x.axis(arguments.base_axis) != Some(row_axis),
            Self::Reshape(_) => false,
            _ => (0..inputs.count()).any(|input| self.reads_in_step(inputs, input)),
        }
    }
}

/// Whether every input has as many rows as the output, or none that a row of the output would have to choose from.
fn rows_fit(inputs: &dyn Shapes, output: Shape, axis: usize) -> bool {
    (0..inputs.count()).all(|index| {
        let input = inputs.shape(index);
        // Axes are matched from the last.
        let extent = (axis + input.rank()).checked_sub(output.rank()).and_then(|axis| input.get(axis));
        match extent {
            None | Some(1) => true,
            Some(&extent) => input.rank() == output.rank() && extent == output[axis],
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::arguments::{Convolution, Deconvolution, InPlace, Pooling};
    use crate::list::IntList;

    fn shape(dims: &[usize]) -> Shape {
        Shape::new(dims).expect("a small shape")
    }

    fn ints(values: &[i32]) -> IntList {
        IntList::from_slice(values).expect("few values")
    }

    fn window(rule: Option<RowRule>) -> RowWindow {
        match rule {
            Some(RowRule::Window(window) | RowRule::Fold(window)) => window,
            other => panic!("{other:?} has no window"),
        }
    }

    #[test]
    fn a_convolution_needs_the_rows_under_its_kernel() {
        let (pad, stride, dilation) = (ints(&[2, 0]), ints(&[2, 1]), ints(&[2, 1]));
        let function =
            Function::Convolution(Convolution { base_axis: 1, pad, stride, dilation, group: 1, channel_last: false });
        let window = window(function.row_rule(&&[shape(&[1, 3, 9, 9]), shape(&[4, 3, 3, 3])][..], 2));
        let needed: [_; 5] = core::array::from_fn(|row| window.needed(row));
        assert_eq!(needed, [0..3, 0..5, 2..7, 4..9, 6..9]);
        assert_eq!(function.row_rule(&&[shape(&[1, 3, 9, 9]), shape(&[4, 3, 3, 3])][..], 3), None);
    }

    #[test]
    fn a_deconvolution_needs_the_rows_that_are_spread_over_its_own() {
        let function = Function::Deconvolution(Deconvolution {
            base_axis: 1,
            pad: ints(&[1, 1]),
            stride: ints(&[2, 2]),
            dilation: ints(&[1, 1]),
            group: 1,
            channel_last: false,
            output_padding: ints(&[0, 0]),
        });
        let window = window(function.row_rule(&&[shape(&[1, 2, 3, 3]), shape(&[2, 2, 3, 3])][..], 2));
        // Row y of the output takes from rows i with 0 <= y + 1 - 2 i <= 2.
        let needed: [_; 5] = core::array::from_fn(|row| window.needed(row));
        assert_eq!(needed, [0..1, 0..2, 1..2, 1..3, 2..3]);
    }

    #[test]
    fn pooling_folds_rows_as_they_come() {
        let (kernel, stride, pad) = (ints(&[3, 3]), ints(&[2, 2]), ints(&[1, 1]));
        let pooling = Pooling { kernel, stride, ignore_border: false, pad, channel_last: false };
        let inputs = [shape(&[1, 3, 6, 6])];
        let rule = Function::MaxPooling(pooling).row_rule(&&inputs[..], 2);
        assert!(matches!(rule, Some(RowRule::Fold(_))));
        let window = window(rule);
        let over: [_; 6] = core::array::from_fn(|row| window.over(row));
        assert_eq!(over, [0..1, 0..2, 1..2, 1..3, 2..3, 2..4]);
        assert_eq!([0, 1, 2, 3, 6].map(|rows| window.complete(rows)), [0, 0, 1, 1, 4]);
        assert!(matches!(Function::SumPooling(pooling).row_rule(&&inputs[..], 2), Some(RowRule::Window(_))));
        assert!(matches!(Function::GlobalAveragePooling.row_rule(&&inputs[..], 2), Some(RowRule::Fold(_))));
    }

    #[test]
    fn a_map_that_is_stretched_over_rows_has_none_to_choose_from() {
        let add = Function::Add2(InPlace { inplace: false });
        let (map, channels) = (shape(&[1, 3, 6, 6]), shape(&[1, 3, 1, 1]));
        assert_eq!(add.row_rule(&&[map, channels][..], 2), Some(RowRule::InStep));
        assert_eq!(add.row_rule(&&[map, shape(&[6, 6])][..], 2), None);
        assert_eq!(Function::Sigmoid.row_rule(&&[map][..], 2), Some(RowRule::InStep));
        assert_eq!(Function::Embed.row_rule(&&[map, map][..], 2), None);
    }
}
