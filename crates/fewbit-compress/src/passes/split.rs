//! Splits fused functions into the plain ones that they stand for.
//!
//! Other passes then need not know them, and NNabla's C runtime, which has no fused functions, can run the result. What
//! is worth fusing on a device is for [`fuse_convolutions`](super::fuse_convolutions) to say, once number formats are
//! known.

use fewbit_core::function::arguments::{
    Alpha, BatchNormalization, Convolution, FusedBatchNormalization, FusedConvolution, InPlace, LeakyReLU,
    Nonlinearity, NormalizationNonlinearity, PadMode,
};
use fewbit_core::network::NetworkError;
use fewbit_core::shape_rule::FusedConvolutionInputs;
use fewbit_core::{Function, IntList, Network, Node, Operation, Shape, Variable, VariableId};

/// Splits every `FusedBatchNormalization` and `FusedConvolution` into convolution, batch normalisation, addition and
/// nonlinearity. A `FusedConvolution` whose padding `Convolution` does not have stays.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn split_fused(network: &Network) -> Result<Network, NetworkError> {
    let mut network = network.clone();
    let mut nodes = Vec::with_capacity(network.nodes.len());
    for node in std::mem::take(&mut network.nodes) {
        let parts = match &node.operation {
            Operation::Known(Function::FusedBatchNormalization(fused)) => Some(normalization_parts(fused, &node)),
            Operation::Known(Function::FusedConvolution(fused)) => convolution_parts(&network, fused, &node),
            _ => None,
        };
        match parts {
            Some(parts) => join(&mut network, &mut nodes, &node, parts),
            None => nodes.push(node),
        }
    }
    network.nodes = nodes;
    network.validate()?;
    Ok(network)
}

/// A plain function of a fused one. It takes the value of the part before it, or the fused function's first input, and
/// then these inputs.
struct Part {
    function: Function,
    inputs: Vec<VariableId>,
}

fn normalization_parts(fused: &FusedBatchNormalization, node: &Node) -> Vec<Part> {
    let FusedBatchNormalization { axes, decay_rate, eps, batch_stat, nonlinearity } = *fused;
    let normalization = normalization(axes, decay_rate, eps, batch_stat);
    let mut parts = vec![Part { function: normalization, inputs: node.inputs[1..5].to_vec() }];
    parts.extend(node.inputs.get(5).map(|&z| addition(z)));
    let function = match nonlinearity {
        NormalizationNonlinearity::ReLU => Function::ReLU(InPlace { inplace: false }),
    };
    parts.push(Part { function, inputs: Vec::new() });
    parts
}

/// `None` if the plain functions cannot say the same.
fn convolution_parts(network: &Network, fused: &FusedConvolution, node: &Node) -> Option<Vec<Part>> {
    let shapes: Vec<Shape> = node.inputs.iter().map(|&id| network.variable(id).shape).collect();
    let places = FusedConvolutionInputs::new(&&shapes[..]).ok()?;
    let convolution = Convolution {
        base_axis: fused.base_axis,
        pad: plain_padding(fused)?,
        stride: fused.stride,
        dilation: fused.dilation,
        group: fused.group,
        channel_last: fused.channel_last,
    };
    let weights = std::iter::once(1).chain(places.bias).map(|place| node.inputs[place]).collect();
    let mut parts = vec![Part { function: Function::Convolution(convolution), inputs: weights }];
    if let Some(first) = places.normalization {
        let rank = network.variable(node.inputs[0]).shape.rank();
        let axis = if fused.channel_last { i32::try_from(rank).ok()? - 1 } else { fused.base_axis };
        let axes = IntList::filled(axis, 1).ok()?;
        let function = normalization(axes, fused.decay_rate, fused.eps, fused.batch_stat);
        parts.push(Part { function, inputs: node.inputs[first..first + 4].to_vec() });
    }
    parts.extend(places.residual.map(|place| addition(node.inputs[place])));
    let argument = || fused.nonlinearity_args.first().copied();
    let function = match fused.nonlinearity {
        Nonlinearity::Identity => None,
        Nonlinearity::ReLU => Some(Function::ReLU(InPlace { inplace: false })),
        Nonlinearity::Sigmoid => Some(Function::Sigmoid),
        Nonlinearity::Tanh => Some(Function::Tanh),
        Nonlinearity::LeakyReLU => Some(Function::LeakyReLU(LeakyReLU { alpha: argument()?, inplace: false })),
        Nonlinearity::ELU => Some(Function::ELU(Alpha { alpha: argument()? })),
        Nonlinearity::ReLU6 => Some(Function::ReLU6),
    };
    parts.extend(function.map(|function| Part { function, inputs: Vec::new() }));
    Some(parts)
}

fn normalization(axes: IntList, decay_rate: f32, eps: f32, batch_stat: bool) -> Function {
    let (no_scale, no_bias) = (false, false);
    Function::BatchNormalization(BatchNormalization { axes, decay_rate, eps, batch_stat, no_scale, no_bias })
}

fn addition(z: VariableId) -> Part {
    Part { function: Function::Add2(InPlace { inplace: false }), inputs: vec![z] }
}

/// The padding as `Convolution` has it: the same number of zeros on both sides.
fn plain_padding(fused: &FusedConvolution) -> Option<IntList> {
    let axes = fused.stride.len();
    let pad = if fused.pad.len() == 2 * axes {
        let pairs = fused.pad.chunks_exact(2);
        if pairs.clone().any(|pair| pair[0] != pair[1]) {
            return None;
        }
        IntList::try_from_iter(pairs.map(|pair| pair[0])).ok()?
    } else {
        fused.pad
    };
    let zeros = fused.pad_mode == PadMode::Constant && fused.constant_value == 0.0;
    (zeros || pad.iter().all(|&pad| pad == 0)).then_some(pad)
}

/// Appends the parts one behind the other in place of `node`.
fn join(network: &mut Network, nodes: &mut Vec<Node>, node: &Node, parts: Vec<Part>) {
    let mut value = node.inputs[0];
    let last = parts.len() - 1;
    for (index, Part { function, inputs }) in parts.into_iter().enumerate() {
        let output = node.outputs[0];
        // Every part has the shape of the whole: the convolution gives it, the others keep it.
        let output = if index == last {
            output
        } else {
            let Variable { name, shape, format, .. } = network.variable(output);
            let name = network.free_name(&format!("{name}_{}", function.name()));
            let part = Variable { format: *format, ..Variable::buffer(name, *shape) };
            network.add(part)
        };
        let name = if index == last { node.name.clone() } else { format!("{}_{}", node.name, function.name()) };
        nodes.push(Node {
            name,
            operation: Operation::Known(function),
            inputs: std::iter::once(value).chain(inputs).collect(),
            outputs: vec![output],
            implementation: 0,
        });
        value = output;
    }
}
