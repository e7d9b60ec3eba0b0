//! Which functions can write their output over one of their inputs.

use super::{FusedConvolutionInputs, Shapes};
use crate::function::Function;

impl Function {
    /// Whether each value of the output depends, of the input at this index, on the value at the same place alone: then
    /// the output may take the input's memory, if the values of both have the same width. Where this holds for several
    /// inputs, it holds for all of them together: they may be one variable.
    pub fn works_in_place(&self, inputs: &dyn Shapes, input: usize) -> bool {
        // Reshaped values are as many as before and in the same order.
        let same_order = || matches!(self, Self::Reshape(_)) || self.output_shape(inputs) == Ok(inputs.shape(input));
        self.reads_in_step(inputs, input) && same_order()
    }

    /// Whether it reads the input in the order in which it writes its output, if both have the same order of values.
    pub(super) fn reads_in_step(&self, inputs: &dyn Shapes, input: usize) -> bool {
        match self {
            Self::Add2(_)
            | Self::BcAdd2(_)
            | Self::AddN
            | Self::Sub2(_)
            | Self::Mul2(_)
            | Self::MulN
            | Self::Div2(_)
            | Self::Pow2(_)
            | Self::ATan2
            | Self::Minimum2
            | Self::Maximum2
            | Self::LogicalAnd
            | Self::LogicalOr
            | Self::LogicalXor
            | Self::Equal
            | Self::NotEqual
            | Self::GreaterEqual
            | Self::Greater
            | Self::LessEqual
            | Self::Less => true,
            // The condition may have fewer axes.
            Self::Where => input > 0,
            // The residual input: it is read where the output is about to be written.
            Self::FusedConvolution(_) => {
                FusedConvolutionInputs::new(inputs).is_ok_and(|places| places.residual == Some(input))
            }
            // The statistics of the batch depend on all values of the first input.
            Self::FusedBatchNormalization(arguments) => input == 5 || (input == 0 && !arguments.batch_stat),
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
            | Self::Sinc
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
            | Self::LogicalAndScalar(_)
            | Self::LogicalOrScalar(_)
            | Self::LogicalXorScalar(_)
            | Self::LogicalNot
            | Self::EqualScalar(_)
            | Self::NotEqualScalar(_)
            | Self::GreaterEqualScalar(_)
            | Self::GreaterScalar(_)
            | Self::LessEqualScalar(_)
            | Self::LessScalar(_)
            | Self::IsNaN
            | Self::IsInf
            | Self::ResetNaN(_)
            | Self::ResetInf(_)
            | Self::Sign(_)
            | Self::Abs
            | Self::Exp
            | Self::Log
            | Self::Round
            | Self::Ceil
            | Self::Floor
            | Self::Sin
            | Self::Cos
            | Self::Tan
            | Self::Sinh
            | Self::Cosh
            | Self::ASin
            | Self::ACos
            | Self::ATan
            | Self::ASinh
            | Self::ACosh
            | Self::ATanh
            | Self::Erf
            | Self::FixedPointQuantize(_)
            | Self::Pow2Quantize(_)
            | Self::QuantizeLinear(_)
            | Self::DequantizeLinear
            | Self::Identity
            | Self::Dropout(_)
            | Self::Reshape(_) => input == 0,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function::arguments::{InPlace, Reshape};
    use crate::{IntList, Shape};

    #[test]
    fn values_in_the_same_order_may_have_another_shape() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let arguments = Reshape { shape: IntList::from_slice(&[6]).expect("a short list"), inplace: false };
        assert!(Function::Reshape(arguments).works_in_place(&&[shape(&[2, 3])][..], 0));
    }

    #[test]
    fn an_input_that_is_stretched_cannot_be_written_over() {
        let shape = |dims: &[usize]| Shape::new(dims).expect("a small shape");
        let add = Function::Add2(InPlace { inplace: false });
        let inputs = [shape(&[2, 3]), shape(&[1, 3])];
        assert!(add.works_in_place(&&inputs[..], 0));
        assert!(!add.works_in_place(&&inputs[..], 1));
        // Both may be one variable, but not where one of them is stretched.
        let equal = [shape(&[2, 3]), shape(&[2, 3])];
        assert!([0, 1].iter().all(|&input| add.works_in_place(&&equal[..], input)));
        assert!(!Function::GlobalAveragePooling.works_in_place(&&[shape(&[1, 3, 1, 1])][..], 0));
    }
}
