//! What each function computes: one table of all functions, and a kernel a family, over all number formats.
//!
//! Kernels read runs of values into small arrays on the stack, compute there, and write runs. In *reference* semantics,
//! and where a function has no integer form, they compute in floats; values of fixed-point variables are exact in a
//! float, so that functions which only move or compare values give the integer result either way.
//!
//! Shapes and arguments were checked when the model was opened: kernels rely on them, and where something could still
//! be missing they write nothing.

mod activation;
mod affine;
mod arithmetic;
mod arrays;
mod batch_normalization;
mod binary;
mod convolution;
mod elementwise;
mod groups;
mod indexing;
mod interpolate;
mod layout;
mod matmul;
mod normalization;
mod pooling;
mod product;
mod quantization;
mod reduction;
mod remap;
mod rescale;
mod unary;
mod unpooling;
mod window;

use crate::call::{Call, Inputs};
use crate::session::Semantics;
use crate::values::ValuesMut;
use arithmetic::Join;
use binary::{logic, map2, test2};
use fewbit_core::{Function, NumberFormat};
use rescale::clip;
use unary::{map, test};

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
        function => match Join::of(function) {
            Some(join) => join.is_exact(inputs, output),
            // Other functions are no convolutions and give no product.
            None => convolution::product(function, inputs, Semantics::Integer)
                .is_none_or(|(product, groups)| product.is_exact(groups.output_channels(), output)),
        },
    }
}

/// Computes one output of a function.
///
/// Every function has its line here: one that is added to [`Function`] does not compile until it has.
pub(crate) fn run(function: &Function, call: &Call<'_, '_>, output: &mut ValuesMut<'_>) {
    // Kernels loop over what the shapes say, which may be much although another extent of zero leaves nothing of it.
    if output.is_empty() {
        return;
    }
    match function {
        // Layers
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

        // Activations
        Function::ReLU(_) => clip(call, output, 0.0..=f32::INFINITY, unary::relu),
        Function::ReLU6 => clip(call, output, 0.0..=6.0, unary::relu6),
        Function::LeakyReLU(arguments) => map(call, output, |x| unary::leaky_relu(x, arguments.alpha)),
        Function::PReLU(arguments) => activation::prelu(arguments, call, output),
        Function::CReLU(arguments) => activation::crelu(arguments, call, output),
        Function::ELU(arguments) => map(call, output, |x| unary::elu(x, arguments.alpha)),
        Function::SELU(arguments) => map(call, output, |x| unary::selu(x, arguments.scale, arguments.alpha)),
        Function::CELU(arguments) => activation::celu(arguments, call, output),
        Function::Sigmoid => map(call, output, unary::sigmoid),
        Function::LogSigmoid => map(call, output, unary::log_sigmoid),
        Function::HardSigmoid => map(call, output, unary::hard_sigmoid),
        Function::BinarySigmoid => test(call, output, |x| x > 0.0),
        Function::Swish => map(call, output, unary::swish),
        Function::Mish => map(call, output, unary::mish),
        Function::GELU => map(call, output, unary::gelu),
        Function::Tanh => map(call, output, libm::tanhf),
        Function::HardTanh => clip(call, output, -1.0..=1.0, |x| x.clamp(-1.0, 1.0)),
        Function::BinaryTanh => map(call, output, |x| if x > 0.0 { 1.0 } else { -1.0 }),
        Function::TanhShrink => map(call, output, |x| x - libm::tanhf(x)),
        Function::SoftPlus(arguments) => map(call, output, |x| unary::soft_plus(x, arguments.beta)),
        Function::SoftSign => map(call, output, |x| x / (1.0 + x.abs())),
        Function::Sinc => map(call, output, unary::sinc),
        Function::Softmax(arguments) => activation::softmax(arguments, call, output),
        Function::LogSoftmax(arguments) => activation::log_softmax(arguments, call, output),

        // Arithmetic
        Function::Add2(_) | Function::BcAdd2(_) | Function::AddN => Join::Sum.run(call, output),
        Function::Sub2(_) => Join::Difference.run(call, output),
        Function::Mul2(_) | Function::MulN => Join::Product.run(call, output),
        Function::Div2(_) => map2(call, output, |a, b| a / b),
        Function::Pow2(_) => map2(call, output, libm::powf),
        Function::Minimum2 => map2(call, output, |a, b| if a < b { a } else { b }),
        Function::Maximum2 => map2(call, output, |a, b| if a > b { a } else { b }),
        Function::ATan2 => map2(call, output, libm::atan2f),
        Function::AddScalar(arguments) => map(call, output, |x| x + arguments.val),
        Function::MulScalar(arguments) => map(call, output, |x| x * arguments.val),
        Function::PowScalar(arguments) => map(call, output, |x| unary::pow_scalar(x, arguments.val)),
        Function::RSubScalar(arguments) => map(call, output, |x| arguments.val - x),
        Function::RDivScalar(arguments) => map(call, output, |x| arguments.val / x),
        Function::RPowScalar(arguments) => map(call, output, |x| libm::powf(arguments.val, x)),
        Function::MinimumScalar(arguments) => {
            clip(
                call,
                output,
                f32::NEG_INFINITY..=arguments.val,
                |x| if x < arguments.val { x } else { arguments.val },
            );
        }
        Function::MaximumScalar(arguments) => {
            clip(call, output, arguments.val..=f32::INFINITY, |x| if x > arguments.val { x } else { arguments.val });
        }

        // Logic: everything but zero is true
        Function::LogicalAnd => logic(call, output, |a, b| a && b),
        Function::LogicalOr => logic(call, output, |a, b| a || b),
        Function::LogicalXor => logic(call, output, |a, b| a != b),
        Function::LogicalAndScalar(arguments) => test(call, output, |x| (x != 0.0) && arguments.val),
        Function::LogicalOrScalar(arguments) => test(call, output, |x| (x != 0.0) || arguments.val),
        Function::LogicalXorScalar(arguments) => test(call, output, |x| (x != 0.0) != arguments.val),
        Function::LogicalNot => test(call, output, |x| x == 0.0),
        Function::Equal => test2(call, output, |a, b| a == b),
        Function::NotEqual => test2(call, output, |a, b| a != b),
        Function::Greater => test2(call, output, |a, b| a > b),
        Function::GreaterEqual => test2(call, output, |a, b| a >= b),
        Function::Less => test2(call, output, |a, b| a < b),
        Function::LessEqual => test2(call, output, |a, b| a <= b),
        Function::EqualScalar(arguments) => test(call, output, |x| x == arguments.val),
        Function::NotEqualScalar(arguments) => test(call, output, |x| x != arguments.val),
        Function::GreaterScalar(arguments) => test(call, output, |x| x > arguments.val),
        Function::GreaterEqualScalar(arguments) => test(call, output, |x| x >= arguments.val),
        Function::LessScalar(arguments) => test(call, output, |x| x < arguments.val),
        Function::LessEqualScalar(arguments) => test(call, output, |x| x <= arguments.val),
        Function::IsNaN => test(call, output, f32::is_nan),
        Function::IsInf => test(call, output, f32::is_infinite),
        Function::ResetNaN(arguments) => map(call, output, |x| if x.is_nan() { arguments.val } else { x }),
        Function::ResetInf(arguments) => map(call, output, |x| if x.is_infinite() { arguments.val } else { x }),
        Function::Where => binary::choose(call, output),

        // Mathematics
        Function::Sign(arguments) => map(call, output, |x| unary::sign(x, arguments.alpha)),
        Function::Abs => map(call, output, f32::abs),
        Function::Exp => map(call, output, libm::expf),
        Function::Log => map(call, output, libm::logf),
        Function::Round => map(call, output, libm::roundf),
        Function::Ceil => map(call, output, libm::ceilf),
        Function::Floor => map(call, output, libm::floorf),
        Function::Sin => map(call, output, libm::sinf),
        Function::Cos => map(call, output, libm::cosf),
        Function::Tan => map(call, output, libm::tanf),
        Function::Sinh => map(call, output, libm::sinhf),
        Function::Cosh => map(call, output, libm::coshf),
        Function::ASin => map(call, output, libm::asinf),
        Function::ACos => map(call, output, libm::acosf),
        Function::ATan => map(call, output, libm::atanf),
        Function::ASinh => map(call, output, libm::asinhf),
        Function::ACosh => map(call, output, libm::acoshf),
        Function::ATanh => map(call, output, libm::atanhf),
        Function::Erf => map(call, output, libm::erff),

        // Normalisation
        Function::BatchNormalization(arguments) => batch_normalization::run(arguments, call, output),
        Function::FusedBatchNormalization(arguments) => batch_normalization::fused(arguments, call, output),
        Function::GroupNormalization(arguments) => normalization::group(arguments, call, output),
        Function::InstanceNormalization(arguments) => normalization::instance(arguments, call, output),
        Function::LayerNormalization(arguments) => normalization::layer(arguments, call, output),
        Function::TensorNormalization(arguments) => normalization::tensor(arguments, call, output),
        Function::MeanSubtraction(arguments) => normalization::mean_subtraction(arguments, call, output),

        // Reductions
        Function::Sum(arguments) => reduction::sum(arguments, call, output),
        Function::Mean(arguments) => reduction::mean(arguments, call, output),
        Function::Prod(arguments) => reduction::prod(arguments, call, output),
        Function::Max(arguments) => reduction::max(arguments, call, output),
        Function::Min(arguments) => reduction::min(arguments, call, output),

        // Arrays
        Function::Constant(arguments) => arrays::constant(arguments, output),
        Function::Identity | Function::Dropout(_) | Function::Reshape(_) => arrays::same(call, output),
        Function::Concatenate(arguments) | Function::Stack(arguments) => arrays::join_along(arguments, call, output),
        Function::Split(arguments) => arrays::split(arguments, call, output),
        Function::Slice(arguments) => arrays::slice(arguments, call, output),
        Function::Transpose(arguments) => arrays::transpose(arguments, call, output),
        Function::Flip(arguments) => arrays::flip(arguments, call, output),
        Function::Broadcast(_) => arrays::broadcast(call, output),
        Function::BroadcastTo(arguments) => arrays::broadcast_to(arguments, call, output),
        Function::Tile(_) => arrays::tile(call, output),
        Function::MatrixDiag => arrays::matrix_diag(call, output),
        Function::MatrixDiagPart => arrays::matrix_diag_part(call, output),
        Function::Trilu(arguments) => arrays::trilu(arguments, call, output),
        Function::Embed => indexing::embed(call, output),
        Function::Gather(arguments) => indexing::gather(arguments, call, output),
        Function::OneHot(arguments) => indexing::one_hot(arguments, call, output),
        Function::Pad(arguments) => remap::pad(arguments, call, output),
        Function::Shift(arguments) => remap::shift(arguments, call, output),
        Function::Interpolate(arguments) => interpolate::run(arguments, call, output),

        // Quantisation
        Function::FixedPointQuantize(arguments) => quantization::fixed_point(arguments, call, output),
        Function::Pow2Quantize(arguments) => quantization::pow2(arguments, call, output),
        Function::MinMaxQuantize(arguments) => quantization::min_max(arguments, call, output),
        Function::QuantizeLinear(arguments) => quantization::linear(arguments, call, output),
        Function::DequantizeLinear => quantization::dequantize_linear(call, output),
        Function::Prune(arguments) => quantization::prune(arguments, call, output),
    }
}
