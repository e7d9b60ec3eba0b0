//! Which functions can write their output over one of their inputs.

use super::{FusedConvolutionInputs, Shapes};
use crate::function::Function;

impl Function {
    /// Whether each value of the output depends, of the input at this index, on the value at the same place alone: then
    /// the output may take the input's memory, if the values of both have the same width.
    pub fn works_in_place(&self, inputs: &dyn Shapes, input: usize) -> bool {
        let same_shape = || self.output_shape(inputs) == Ok(inputs.shape(input));
        self.reads_in_step(inputs, input) && same_shape()
    }

    /// Whether it reads the input in the order in which it writes its output, if both have the same shape.
    pub(super) fn reads_in_step(&self, inputs: &dyn Shapes, input: usize) -> bool {
        match self {
            Self::Add2(_) | Self::BcAdd2(_) | Self::Sub2(_) | Self::Mul2(_) | Self::Div2(_) | Self::Pow2(_) => {
                input < 2
            }
            Self::Minimum2 | Self::Maximum2 => input < 2,
            // The residual input: it is read where the output is about to be written.
            Self::FusedConvolution(_) => {
                FusedConvolutionInputs::new(inputs).is_ok_and(|places| places.residual == Some(input))
            }
            Self::FusedBatchNormalization(_) => input == 0 || input == 5,
            Self::BatchNormalization(arguments) => input == 0 && !arguments.batch_stat,
            Self::ReLU(_)
            | Self::LeakyReLU(_)
            | Self::ReLU6
            | Self::ELU(_)
            | Self::SELU(_)
            | Self::PReLU(_)
            | Self::SoftPlus(_)
            | Self::Sigmoid
            | Self::Swish
            | Self::Tanh
            | Self::GELU
            | Self::Mish
            | Self::HardSigmoid
            | Self::HardTanh
            | Self::LogSigmoid
            | Self::SoftSign
            | Self::TanhShrink
            | Self::BinarySigmoid
            | Self::BinaryTanh
            | Self::AddScalar(_)
            | Self::MulScalar(_)
            | Self::PowScalar(_)
            | Self::RSubScalar(_)
            | Self::RDivScalar(_)
            | Self::RPowScalar(_)
            | Self::MinimumScalar(_)
            | Self::MaximumScalar(_)
            | Self::Abs
            | Self::Exp
            | Self::Log
            | Self::Round
            | Self::Ceil
            | Self::Floor
            | Self::FixedPointQuantize(_)
            | Self::Identity
            | Self::Dropout(_) => input == 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Shape;
    use crate::function::arguments::InPlace;

    #[test]
    fn an_input_that_is_stretched_cannot_be_written_over() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let add = Function::Add2(InPlace { inplace: false });
        let inputs = [shape(&[2, 3]), shape(&[1, 3])];
        assert!(add.works_in_place(&&inputs[..], 0));
        assert!(!add.works_in_place(&&inputs[..], 1));
        assert!(!Function::GlobalAveragePooling.works_in_place(&&[shape(&[1, 3, 1, 1])][..], 0));
    }
}
