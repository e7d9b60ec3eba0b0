//! Affine functions: a matrix of weights times the vector of each item of the batch.

use super::product::arithmetic::Arithmetic;
use super::product::matrix::Matrix;
use super::product::operands::Operands;
use super::product::{OutputSteps, Part, Patches, Product, Weights};
use crate::call::{Call, Inputs};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::Function;

/// Computes an affine function.
pub(super) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    let Some(product) = product(function, call, call.semantics(), output.len()) else { return };
    let whole = core::iter::once(Part { weights: 0, x: 0, channel: 0, output: 0 });
    product.run(whole, output);
}

/// The product that an affine function computes for an output of so many items.
pub(super) fn product<'v>(
    function: &Function,
    inputs: &dyn Inputs<'v>,
    semantics: Semantics,
    output_items: usize,
) -> Option<Product<'v>> {
    let Operands { x, weights, weights_are_stored, powers, terms } = Operands::new(function, inputs)?;
    // Weights have the shape (in, out...). Files hold them as (out, in), but for those of INQAffine; weights that the
    // network computes are as it computes them.
    let (taps, outputs) = weights.shape().split_items(1);
    let transposed = weights_are_stored && !matches!(function, Function::INQAffine(_));
    let (output_step, tap_step) = if transposed { (taps, 1) } else { (1, outputs) };
    let matrix = Matrix::new(weights, output_step, tap_step);
    Some(Product {
        rows: outputs,
        columns: output_items.checked_div(outputs)?,
        taps,
        arithmetic: Arithmetic::new(semantics, &x, &matrix, powers, taps),
        weights: Weights::new(matrix, powers),
        patches: Patches::Matrix(Matrix::new(x, taps, 1)),
        steps: OutputSteps { row: 1, column: outputs },
        terms,
    })
}
