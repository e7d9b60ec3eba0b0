//! Joins a convolution with the addition and the nonlinearity behind it.
//!
//! What was stored between them is not: there is one rounding at the end where there were up to three, and no buffer for
//! the sum before the shortcut is added. The sum can then take the shortcut's memory, into which it accumulates.
//!
//! It comes last, when number formats are known: other passes need know plain functions only, and formats say what is
//! worth fusing. NNabla's table has one fused function, `FusedConvolution`, which has no pooling and no affine form, and
//! which NNabla's C runtime does not compute.

use super::remove_unused;
use crate::sum::Sum;
use fewbit_core::function::arguments::{Convolution, FusedConvolution, Nonlinearity, PadMode};
use fewbit_core::network::NetworkError;
use fewbit_core::shape_rule::{ConvolutionGeometry, FusedConvolutionInputs};
use fewbit_core::{FloatList, Function, Network, Node, Operation, Shape, VariableId};

/// Makes a `FusedConvolution` of every `Convolution` and `DepthwiseConvolution` whose output only an addition of the
/// same shape or a nonlinearity reads, and of the nonlinearity behind that addition.
///
/// The addition is taken in if what is added is there before the convolution. A nonlinearity that has no integer form is
/// taken in only where it gives floats: alone it is a table, and needs no float on the way.
///
/// # Errors
/// When the network breaks a rule of [`Network::validate`].
pub fn fuse_convolutions(network: &Network) -> Result<Network, NetworkError> {
    network.validate()?;
    let mut network = network.clone();
    let mut place = 0;
    while place < network.nodes.len() {
        if let Some(chain) = Chain::at(&network, place) {
            chain.fuse(&mut network, place);
        }
        place += 1;
    }
    remove_unused(&network)
}

/// A convolution and what is to be fused into it.
struct Chain {
    convolution: Convolution,
    /// The input, the weights, and the bias if there is one.
    inputs: Vec<VariableId>,
    /// The shape of the weights of an ordinary convolution.
    weight_shape: Shape,
    residual: Option<VariableId>,
    nonlinearity: Nonlinearity,
    nonlinearity_args: FloatList,
    /// What the last function writes.
    output: VariableId,
    /// The functions behind the convolution, by their place in the network.
    followers: Vec<usize>,
}

impl Chain {
    /// What can be fused into the function at `place`; `None` if nothing can.
    fn at(network: &Network, place: usize) -> Option<Self> {
        let node = &network.nodes[place];
        let (convolution, weight_shape) = ordinary(network, node)?;
        let mut chain = Self {
            convolution,
            inputs: node.inputs.clone(),
            weight_shape,
            residual: None,
            nonlinearity: Nonlinearity::Identity,
            nonlinearity_args: FloatList::default(),
            output: *node.outputs.first()?,
            followers: Vec::new(),
        };
        chain.take_addition(network, place);
        chain.take_nonlinearity(network);
        let fits = || chain.has_places(network) && chain.sum().is_exact(network);
        (!chain.followers.is_empty() && fits()).then_some(chain)
    }

    fn take_addition(&mut self, network: &Network, place: usize) {
        let Some(reader) = only_reader(network, self.output) else { return };
        let node = &network.nodes[reader];
        let (Operation::Known(Function::Add2(_)), &[a, b], &[sum]) =
            (&node.operation, &node.inputs[..], &node.outputs[..])
        else {
            return;
        };
        let added = if a == self.output { b } else { a };
        let shape = |id: VariableId| network.variable(id).shape;
        let is_there = network.inputs.contains(&added)
            || network.nodes[..place].iter().any(|writer| writer.outputs.contains(&added));
        if is_there && shape(added) == shape(self.output) && shape(sum) == shape(self.output) {
            self.residual = Some(added);
            self.output = sum;
            self.followers.push(reader);
        }
    }

    fn take_nonlinearity(&mut self, network: &Network) {
        let Some(reader) = only_reader(network, self.output) else { return };
        let node = &network.nodes[reader];
        let (Operation::Known(function), &[output]) = (&node.operation, &node.outputs[..]) else { return };
        let (nonlinearity, argument) = match function {
            Function::ReLU(_) => (Nonlinearity::ReLU, None),
            Function::ReLU6 => (Nonlinearity::ReLU6, None),
            Function::Sigmoid => (Nonlinearity::Sigmoid, None),
            Function::Tanh => (Nonlinearity::Tanh, None),
            Function::LeakyReLU(arguments) => (Nonlinearity::LeakyReLU, Some(arguments.alpha)),
            Function::ELU(arguments) => (Nonlinearity::ELU, Some(arguments.alpha)),
            _ => return,
        };
        let has_integer_form = matches!(nonlinearity, Nonlinearity::ReLU | Nonlinearity::ReLU6);
        if has_integer_form || !network.variable(output).format.is_fixed() {
            self.nonlinearity = nonlinearity;
            self.nonlinearity_args = FloatList::try_from_iter(argument).unwrap_or_default();
            self.output = output;
            self.followers.push(reader);
        }
    }

    /// Whether the places of the fused function's inputs mean what they should: a bias is told by its single axis.
    fn has_places(&self, network: &Network) -> bool {
        let shapes: Vec<Shape> =
            self.inputs.iter().chain(&self.residual).map(|&id| network.variable(id).shape).collect();
        let bias = (self.inputs.len() > 2).then_some(2);
        let residual = self.residual.map(|_| self.inputs.len());
        FusedConvolutionInputs::new(&&shapes[..])
            .is_ok_and(|found| found == FusedConvolutionInputs { bias, residual, normalization: None })
    }

    /// What the fused function adds up.
    fn sum(&self) -> Sum {
        Sum {
            x: self.inputs[0],
            weights: self.inputs[1],
            alpha: None,
            added: self.inputs[2..].iter().copied().chain(self.residual).collect(),
            output: self.output,
            channels: self.weight_shape[0],
        }
    }

    fn fuse(self, network: &mut Network, place: usize) {
        let Convolution { base_axis, pad, stride, dilation, group, channel_last } = self.convolution;
        let function = FusedConvolution {
            base_axis,
            pad,
            stride,
            dilation,
            group,
            channel_last,
            // Those of a normalisation, which there is none of.
            decay_rate: 0.9,
            eps: 1e-5,
            batch_stat: false,
            nonlinearity: self.nonlinearity,
            nonlinearity_args: self.nonlinearity_args,
            pad_mode: PadMode::Constant,
            constant_value: 0.0,
        };
        network.variable_mut(self.inputs[1]).shape = self.weight_shape;
        let node = &mut network.nodes[place];
        node.operation = Operation::Known(Function::FusedConvolution(function));
        node.inputs = self.inputs.into_iter().chain(self.residual).collect();
        node.outputs = vec![self.output];
        for follower in self.followers.into_iter().rev() {
            network.nodes.remove(follower);
        }
    }
}

/// A node as an ordinary convolution, with the shape of its weights. Each input channel of a depthwise convolution is a
/// group of one.
fn ordinary(network: &Network, node: &Node) -> Option<(Convolution, Shape)> {
    let [x, weights] = [0, 1].map(|place| node.inputs.get(place).map(|&id| network.variable(id)));
    let (x, weights) = (x?, weights?);
    match &node.operation {
        Operation::Known(Function::Convolution(convolution)) => Some((*convolution, weights.shape)),
        Operation::Known(function @ Function::DepthwiseConvolution(depthwise)) => {
            // Their weights get another shape, which nobody else must see.
            only_reader(network, node.inputs[1]).filter(|_| !weights.is_buffer())?;
            let geometry = ConvolutionGeometry::new(function, x.shape, weights.shape).ok()?;
            let (outputs, kernel) = weights.shape.split_first()?;
            let dims: Vec<usize> = [*outputs, 1].into_iter().chain(kernel.iter().copied()).collect();
            let convolution = Convolution {
                base_axis: depthwise.base_axis,
                pad: depthwise.pad,
                stride: depthwise.stride,
                dilation: depthwise.dilation,
                group: i32::try_from(geometry.groups).ok()?,
                channel_last: false,
            };
            Some((convolution, Shape::new(&dims).ok()?))
        }
        _ => None,
    }
}

/// The function that alone reads a variable, once, and the caller does not.
fn only_reader(network: &Network, id: VariableId) -> Option<usize> {
    let mut readers = (network.nodes.iter().enumerate())
        .flat_map(|(place, node)| node.inputs.iter().filter(|read| **read == id).map(move |_| place));
    let reader = readers.next()?;
    (readers.next().is_none() && !network.outputs.contains(&id)).then_some(reader)
}
