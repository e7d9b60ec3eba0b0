//! Products of matrices that both are variables, with axes of the batch that broadcast.

use super::product::arithmetic::Arithmetic;
use super::product::matrix::Matrix;
use super::product::operands::Terms;
use super::product::{OutputSteps, Part, Patches, Product, Weights};
use crate::call::{Call, Inputs};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::Shape;
use fewbit_core::function::arguments::BatchMatmul;

/// Computes `a * b` for each item of the batch.
pub(super) fn run(arguments: &BatchMatmul, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let (a, b) = (call.input(0), call.input(1));
    let [Some(left), Some(right), Some(result)] = [a.shape(), b.shape(), output.shape()].map(Stack::new) else {
        return;
    };
    let Some(product) = product(arguments, call, call.semantics()) else { return };
    let parts = (0..result.len()).map(|item| Part {
        weights: left.start(item, &result),
        x: right.start(item, &result),
        channel: 0,
        output: item * result.rows * result.columns,
    });
    product.run(parts, output);
}

/// The product for one item of the batch.
pub(super) fn product<'v>(
    arguments: &BatchMatmul,
    inputs: &dyn Inputs<'v>,
    semantics: Semantics,
) -> Option<Product<'v>> {
    if inputs.count() < 2 {
        return None;
    }
    let (a, b) = (inputs.values(0), inputs.values(1));
    let (left, right) = (Stack::new(a.shape())?, Stack::new(b.shape())?);
    let (rows, taps) = if arguments.transpose_a { (left.columns, left.rows) } else { (left.rows, left.columns) };
    let columns = if arguments.transpose_b { right.rows } else { right.columns };
    let steps = |stack: &Stack, transpose: bool| if transpose { (1, stack.columns) } else { (stack.columns, 1) };
    let (a_row, a_tap) = steps(&left, arguments.transpose_a);
    let (b_tap, b_column) = steps(&right, arguments.transpose_b);
    // Rows of a stack are no channels, whose positions could differ.
    let matrix = Matrix::new(a, a_row, a_tap);
    Some(Product {
        rows,
        columns,
        taps,
        arithmetic: Arithmetic::new(semantics, &b, &matrix, None, taps),
        weights: Weights::Plain(matrix),
        patches: Patches::Matrix(Matrix::new(b, b_column, b_tap)),
        steps: OutputSteps { row: columns, column: 1 },
        terms: Terms::default(),
    })
}

/// A variable seen as a stack of matrices.
struct Stack {
    shape: Shape,
    rows: usize,
    columns: usize,
}

impl Stack {
    /// `None` for a shape of less than two axes.
    fn new(shape: Shape) -> Option<Self> {
        let &[.., rows, columns] = shape.dims() else { return None };
        Some(Self { shape, rows, columns })
    }

    /// The axes of the stack.
    fn batch(&self) -> &[usize] {
        &self.shape[..self.shape.rank() - 2]
    }

    /// How many matrices there are.
    fn len(&self) -> usize {
        self.batch().iter().product()
    }

    /// Where the matrix begins that belongs to the `item`-th one of `result`: extents of 1 stretch.
    fn start(&self, mut item: usize, result: &Self) -> usize {
        let mut start = 0;
        let mut step = self.rows * self.columns;
        let own = self.batch().iter().rev().copied().chain(core::iter::repeat(1));
        for (&extent, own) in result.batch().iter().rev().zip(own) {
            if own > 1 {
                start += item % extent * step;
            }
            step *= own;
            item /= extent;
        }
        start
    }
}
