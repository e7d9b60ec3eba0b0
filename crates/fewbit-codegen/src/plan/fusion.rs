//! Which `ReLU`s cost nothing: they become the lower limit of the function before them.
//!
//! Rounding keeps the order of numbers, so that a limit of zero before the store is a limit of zero behind it, as long as
//! both variables have the same format. The function then writes where the `ReLU` would have.

use fewbit_core::Function;
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_runtime::Model;

/// Whether the function at `index` can compute the `ReLU` behind it: the variable between them is read by nobody else, and
/// the output of the `ReLU` lies on none of the function's inputs.
pub(super) fn takes_relu(model: &Model<'_>, index: usize) -> bool {
    let Some((function, Function::ReLU(_))) = model.function(index).zip(model.function(index + 1)) else {
        return false;
    };
    if !has_limit(&function) {
        return false;
    }
    let (record, relu) = (model.nnb().function(index), model.nnb().function(index + 1));
    let lists = [record.outputs, relu.inputs, relu.outputs];
    if lists.iter().any(|list| list.len() != 1) {
        return false;
    }
    let [between, read, output] = lists.map(|list| list.get(0));
    if between != read || model.nnb().variable(between).format != model.nnb().variable(output).format {
        return false;
    }
    let readers: usize = (0..model.nnb().function_count())
        .map(|other| model.nnb().function(other).inputs.iter().filter(|&input| input == between).count())
        .sum();
    if readers != 1 || model.nnb().outputs().iter().any(|other| other == between) {
        return false;
    }
    let (place, between) = (model.arena_range(output), model.arena_range(between));
    let is_free = |input: usize| match (&place, model.arena_range(input)) {
        (Some(place), Some(input)) => place.end <= input.start || input.end <= place.start,
        _ => true,
    };
    place.is_some() && (place == between || record.inputs.iter().all(is_free))
}

/// Whether the kernel of a function can limit its results.
fn has_limit(function: &Function) -> bool {
    match function {
        Function::FusedConvolution(arguments) => {
            matches!(arguments.nonlinearity, Nonlinearity::Identity | Nonlinearity::ReLU)
        }
        Function::Convolution(_)
        | Function::DepthwiseConvolution(_)
        | Function::BinaryConnectConvolution(_)
        | Function::BinaryWeightConvolution(_)
        | Function::Deconvolution(_)
        | Function::DepthwiseDeconvolution(_)
        | Function::Affine(_)
        | Function::BinaryConnectAffine(_)
        | Function::BinaryWeightAffine(_)
        | Function::Add2(_)
        | Function::BcAdd2(_)
        | Function::AddN
        | Function::Sub2(_)
        | Function::Mul2(_)
        | Function::MulN
        | Function::BatchNormalization(_) => true,
        _ => false,
    }
}
