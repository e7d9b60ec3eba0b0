//! Which functions the kernels apply to what they store.

use crate::host::simd::Activation;
use fewbit_core::Function;
use fewbit_core::function::arguments::{FusedConvolution, Nonlinearity, PadMode};

/// The activation that a function is, if it is a cheap one.
pub(super) fn activation(function: &Function) -> Option<Activation> {
    Some(match function {
        Function::ReLU(_) => Activation::RELU,
        Function::ReLU6 => Activation::Clamp { low: 0.0, high: 6.0 },
        Function::HardTanh => Activation::Clamp { low: -1.0, high: 1.0 },
        Function::LeakyReLU(arguments) => Activation::Leaky { slope: arguments.alpha },
        _ => return None,
    })
}

/// Whether a fused convolution has the padding that the kernels have: zeros, or none.
pub(super) fn pads_with_zeros(arguments: &FusedConvolution) -> bool {
    let zeros = arguments.pad_mode == PadMode::Constant && arguments.constant_value == 0.0;
    zeros || arguments.pad.iter().all(|&pad| pad == 0)
}

/// The activation of a fused convolution; `None` if it, or the padding, is of a kind that the kernels do not have.
pub(super) fn fused_activation(arguments: &FusedConvolution) -> Option<Activation> {
    if !pads_with_zeros(arguments) {
        return None;
    }
    Some(match arguments.nonlinearity {
        Nonlinearity::Identity => Activation::Identity,
        Nonlinearity::ReLU => Activation::RELU,
        Nonlinearity::ReLU6 => Activation::Clamp { low: 0.0, high: 6.0 },
        Nonlinearity::LeakyReLU => Activation::Leaky { slope: *arguments.nonlinearity_args.first()? },
        Nonlinearity::Sigmoid | Nonlinearity::Tanh | Nonlinearity::ELU => return None,
    })
}
