//! [`ProductSize`]: how much there is to multiply in functions that are products of matrices.

use super::{ConvolutionGeometry, ConvolutionKind, Shapes};
use crate::function::Function;

/// A function as products of matrices of the same size, for each item of the batch and each group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductSize {
    /// How many products there are.
    pub count: usize,
    /// Rows of weights: output channels of a group.
    pub rows: usize,
    /// Columns: places of the output; of a deconvolution, which spreads each value of its input, places of the input.
    pub columns: usize,
    /// Factors of a sum: input channels of a group, times the taps of the kernel.
    pub taps: usize,
}

impl ProductSize {
    /// The size for inputs of these shapes; `None` for other functions, and for shapes that do not fit.
    pub fn of(function: &Function, inputs: &dyn Shapes) -> Option<Self> {
        if inputs.count() < 2 {
            return None;
        }
        let (x, weights) = (inputs.shape(0), inputs.shape(1));
        let base_axis = match function {
            Function::Affine(a) => a.base_axis,
            Function::BinaryConnectAffine(a) | Function::BinaryWeightAffine(a) => a.base_axis,
            Function::INQAffine(a) => a.base_axis,
            Function::BatchMatmul(arguments) => {
                let ([.., a_rows, a_columns], [.., b_rows, b_columns]) = (x.dims(), weights.dims()) else {
                    return None;
                };
                let (rows, taps) = if arguments.transpose_a { (a_columns, a_rows) } else { (a_rows, a_columns) };
                let columns = if arguments.transpose_b { b_rows } else { b_columns };
                // Axes of the batch that both have count once.
                let stack = |items: usize, matrix: usize| items.checked_div(matrix).unwrap_or(0);
                let count = stack(x.items(), rows * taps).max(stack(weights.items(), taps * columns));
                return Some(Self { count, rows: *rows, columns: *columns, taps: *taps });
            }
            _ => return Self::of_convolution(function, inputs),
        };
        let base = x.axis(base_axis).or_else(|| usize::try_from(base_axis).ok().filter(|&axis| axis == x.rank()))?;
        let (taps, rows) = weights.split_items(1);
        Some(Self { count: 1, rows, columns: x.split_items(base).0, taps })
    }

    fn of_convolution(function: &Function, inputs: &dyn Shapes) -> Option<Self> {
        let geometry = ConvolutionGeometry::new(function, inputs.shape(0), inputs.shape(1)).ok()?;
        let groups = geometry.groups.max(1);
        let kernel: usize = geometry.axes.iter().map(|axis| axis.kernel).product();
        let spreads = geometry.kind == ConvolutionKind::Deconvolution;
        let columns = geometry.axes.iter().map(|axis| if spreads { axis.input } else { axis.output }).product();
        Some(Self {
            count: geometry.batch * groups,
            rows: geometry.output_channels / groups,
            columns,
            taps: geometry.input_channels / groups * kernel,
        })
    }

    /// Multiplications with an addition; those with zeros of the padding count too.
    pub fn multiply_accumulates(&self) -> u64 {
        let factors = [self.count, self.rows, self.columns, self.taps];
        factors.iter().fold(1, |product: u64, &factor| product.saturating_mul(factor as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::arguments::{Affine, BatchMatmul, Convolution, Deconvolution, DepthwiseConvolution};
    use crate::list::IntList;
    use crate::shape::Shape;

    fn work(function: Function, x: &[usize], weights: &[usize]) -> Option<u64> {
        let shapes = [Shape::new(x).expect("a shape"), Shape::new(weights).expect("a shape")];
        ProductSize::of(&function, &&shapes[..]).map(|size| size.multiply_accumulates())
    }

    fn two(value: i32) -> IntList {
        IntList::filled(value, 2).expect("few values")
    }

    #[test]
    fn work_is_what_loops_over_all_indices_count() {
        let plain =
            Convolution { base_axis: 1, pad: two(1), stride: two(2), dilation: two(1), group: 2, channel_last: false };
        // 2 images, 4 x 4 places, 6 output channels, 2 of 4 input channels, 3 x 3 taps.
        let count = 2 * 16 * 6 * 2 * 9;
        assert_eq!(work(Function::Convolution(plain), &[2, 4, 8, 8], &[6, 2, 3, 3]), Some(count));
        let depthwise =
            DepthwiseConvolution { base_axis: 1, pad: two(1), stride: two(1), dilation: two(1), multiplier: 2 };
        assert_eq!(work(Function::DepthwiseConvolution(depthwise), &[1, 3, 5, 5], &[6, 3, 3]), Some(25 * 6 * 9));
        let spread = Deconvolution {
            base_axis: 1,
            pad: two(0),
            stride: two(2),
            dilation: two(1),
            group: 1,
            channel_last: false,
            output_padding: two(0),
        };
        // Each of 5 x 5 values of 3 channels meets the 2 x 2 taps of 4 outputs.
        assert_eq!(work(Function::Deconvolution(spread), &[1, 3, 5, 5], &[3, 4, 2, 2]), Some(25 * 3 * 4 * 4));
        assert_eq!(work(Function::Affine(Affine { base_axis: 1 }), &[7, 2, 5], &[10, 3, 2]), Some(7 * 10 * 6));
        let matmul = BatchMatmul { transpose_a: true, transpose_b: false };
        assert_eq!(work(Function::BatchMatmul(matmul), &[3, 4, 2], &[3, 4, 5]), Some(3 * 4 * 2 * 5));
        assert_eq!(work(Function::Tanh, &[1, 2], &[1, 2]), None);
    }
}
