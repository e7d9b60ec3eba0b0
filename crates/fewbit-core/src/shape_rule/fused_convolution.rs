//! The inputs of `FusedConvolution`, whose meaning depends on how many there are.

use super::{Result, ShapeRuleError, Shapes, bad_input};
use crate::shape::Shape;

/// The places of the optional inputs of a `FusedConvolution`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FusedConvolutionInputs {
    /// The bias.
    pub bias: Option<usize>,
    /// The first of beta, gamma, mean and variance of a batch normalisation, which follow each other.
    pub normalization: Option<usize>,
    /// What is added before the nonlinearity.
    pub residual: Option<usize>,
}

impl FusedConvolutionInputs {
    /// The places by NNabla's rule: after `x` and the weights come nothing, a bias or a residual (a bias has one axis),
    /// both, a normalisation, or a normalisation and a residual.
    ///
    /// # Errors
    /// When there is another number of inputs.
    pub fn new(inputs: &dyn Shapes) -> Result<Self> {
        let none = Self::default();
        Ok(match inputs.count() {
            2 => none,
            3 if inputs.shape(2).rank() == 1 => Self { bias: Some(2), ..none },
            3 => Self { residual: Some(2), ..none },
            4 => Self { bias: Some(2), residual: Some(3), ..none },
            6 => Self { normalization: Some(2), ..none },
            7 => Self { normalization: Some(2), residual: Some(6), ..none },
            found => return Err(ShapeRuleError::InputCount { found, least: 2, most: 7 }),
        })
    }

    /// Checks the shapes of the optional inputs for an output of this shape and number of channels.
    pub(super) fn check(&self, inputs: &dyn Shapes, output: Shape, output_channels: usize) -> Result<()> {
        let channels = self.bias.into_iter().chain(self.normalization.into_iter().flat_map(|first| first..first + 4));
        for index in channels {
            if inputs.shape(index).items() != output_channels {
                return Err(bad_input(inputs, index, "but must have one value for each output channel"));
            }
        }
        match self.residual {
            Some(index) if inputs.shape(index) != output => {
                Err(bad_input(inputs, index, "but must have the shape of the output"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_inputs_tells_their_places() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let (x, w, bias) = (shape(&[1, 4, 8, 8]), shape(&[4, 4, 1, 1]), shape(&[4]));
        let normalization = shape(&[1, 4, 1, 1]);
        let places =
            |inputs: &[Shape]| FusedConvolutionInputs::new(&inputs).map(|p| (p.bias, p.normalization, p.residual));
        assert_eq!(places(&[x, w]), Ok((None, None, None)));
        assert_eq!(places(&[x, w, bias]), Ok((Some(2), None, None)));
        assert_eq!(places(&[x, w, x]), Ok((None, None, Some(2))));
        assert_eq!(places(&[x, w, bias, x]), Ok((Some(2), None, Some(3))));
        let n = normalization;
        assert_eq!(places(&[x, w, n, n, n, n]), Ok((None, Some(2), None)));
        assert_eq!(places(&[x, w, n, n, n, n, x]), Ok((None, Some(2), Some(6))));
        assert!(places(&[x, w, n, n, n]).is_err());
    }
}
