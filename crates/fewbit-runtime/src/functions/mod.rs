//! What each function computes: a kernel a family, over all number formats.
//!
//! Kernels read runs of values into small arrays on the stack, compute there, and write runs. In *reference* semantics,
//! and where a function has no integer form, they compute in floats; values of fixed-point variables are exact in a
//! float, so that functions which only move or compare values give the integer result either way.
//!
//! Shapes and arguments were checked when the model was opened: kernels rely on them, and where something could still
//! be missing they write nothing.

mod activation;
mod affine;
mod arrays;
mod binary;
mod convolution;
mod interpolate;
mod matmul;
mod normalization;
mod pooling;
mod product;
mod quantization;
mod reduction;
mod unary;
mod unpooling;
mod window;

use crate::call::{Call, Inputs};
use crate::session::Semantics;
use crate::values::ValuesMut;
use fewbit_core::{Function, NumberFormat};

/// How many values kernels read at a time.
pub(crate) const RUN: usize = 64;

/// Whether a function gives exact integers in an output of this format, if *integer* semantics have it compute in integers
/// at all: sums have 64 bits, which positions that lie far apart exceed.
pub(crate) fn is_exact<'v>(function: &Function, inputs: &dyn Inputs<'v>, output: NumberFormat) -> bool {
    match function {
        Function::Affine(_)
        | Function::BinaryConnectAffine(_)
        | Function::BinaryWeightAffine(_)
        | Function::INQAffine(_) => affine::product(function, inputs, Semantics::Integer, 0)
            .is_none_or(|product| product.is_exact(product.rows, output)),
        // Other functions are no convolutions and give no product.
        function => convolution::product(function, inputs, Semantics::Integer)
            .is_none_or(|(product, groups)| product.is_exact(groups.output_channels(), output)),
    }
}

/// Computes one output of a function.
pub(crate) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    match function {
        Function::Convolution(_)
        | Function::FusedConvolution(_)
        | Function::DepthwiseConvolution(_)
        | Function::BinaryConnectConvolution(_)
        | Function::BinaryWeightConvolution(_)
        | Function::INQConvolution(_)
        | Function::Deconvolution(_)
        | Function::DepthwiseDeconvolution(_) => convolution::run(function, call, output),
        Function::Affine(_)
        | Function::BinaryConnectAffine(_)
        | Function::BinaryWeightAffine(_)
        | Function::INQAffine(_) => affine::run(function, call, output),
        Function::BatchMatmul(arguments) => matmul::run(arguments, call, output),
        Function::MaxPooling(_)
        | Function::AveragePooling(_)
        | Function::SumPooling(_)
        | Function::GlobalAveragePooling => pooling::run(function, call, output),
        Function::Unpooling(arguments) => unpooling::run(arguments, call, output),
        Function::Interpolate(arguments) => interpolate::run(arguments, call, output),
        Function::BatchNormalization(_)
        | Function::FusedBatchNormalization(_)
        | Function::GroupNormalization(_)
        | Function::InstanceNormalization(_)
        | Function::LayerNormalization(_)
        | Function::TensorNormalization(_)
        | Function::MeanSubtraction(_) => normalization::run(function, call, output),
        Function::Sum(_) | Function::Mean(_) | Function::Max(_) | Function::Min(_) | Function::Prod(_) => {
            reduction::run(function, call, output);
        }
        Function::Softmax(_)
        | Function::LogSoftmax(_)
        | Function::CReLU(_)
        | Function::CELU(_)
        | Function::PReLU(_) => activation::run(function, call, output),
        Function::FixedPointQuantize(_)
        | Function::MinMaxQuantize(_)
        | Function::Pow2Quantize(_)
        | Function::Prune(_)
        | Function::QuantizeLinear(_)
        | Function::DequantizeLinear => quantization::run(function, call, output),
        Function::Constant(_)
        | Function::Embed
        | Function::Concatenate(_)
        | Function::Split(_)
        | Function::Stack(_)
        | Function::Slice(_)
        | Function::Pad(_)
        | Function::Transpose(_)
        | Function::Broadcast(_)
        | Function::BroadcastTo(_)
        | Function::Tile(_)
        | Function::OneHot(_)
        | Function::Flip(_)
        | Function::Shift(_)
        | Function::Reshape(_)
        | Function::Trilu(_)
        | Function::Gather(_)
        | Function::MatrixDiag
        | Function::MatrixDiagPart => arrays::run(function, call, output),
        function if binary::run(function, call, output) => {}
        function => unary::run(function, call, output),
    }
}
