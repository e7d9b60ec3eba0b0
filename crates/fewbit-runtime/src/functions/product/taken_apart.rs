//! [`IntegerProduct`]: what an integer product is made of, so that the kernels of hosts compute the same bits.

pub(crate) use super::epilogue::Alignment;
use super::epilogue::IntegerEpilogue;
use super::{Product, Weights};
use fewbit_core::NumberFormat;
use fewbit_nnb::Values;

/// What a product in integers is made of, for other ways to compute the same.
pub(crate) struct IntegerProduct<'v> {
    product: Product<'v>,
    output: NumberFormat,
    weights: Values<'v>,
}

impl<'v> IntegerProduct<'v> {
    /// `None` if outputs of this format are not computed in integers, or if weights do not lie in rows, one for each
    /// output channel.
    pub(in super::super) fn new(product: Product<'v>, output: NumberFormat) -> Option<Self> {
        let Weights::Plain(matrix) = &product.weights else { return None };
        let in_rows = matrix.row_items() == Some(product.taps);
        let weights = in_rows.then(|| matrix.values())?;
        IntegerEpilogue::new(&product.terms, product.arithmetic.integer()?, output)?;
        Some(Self { product, output, weights })
    }

    /// The weights, row by row.
    pub fn weights(&self) -> Values<'v> {
        self.weights
    }

    /// What each channel's sum is multiplied by.
    pub fn alpha(&self) -> Option<Values<'v>> {
        self.product.terms.alpha
    }

    /// What is added to each channel's sum.
    pub fn bias(&self) -> Option<Values<'v>> {
        self.product.terms.bias
    }

    /// How the sums of a channel are aligned and rounded.
    pub fn alignment(&self, channel: usize) -> Option<Alignment> {
        IntegerEpilogue::new(&self.product.terms, self.product.arithmetic.integer()?, self.output)?.align(channel)
    }
}
