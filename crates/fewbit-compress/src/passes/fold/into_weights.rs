//! A scale and shift into the weights and biases of the functions around it.

use crate::channelwise::Channelwise;
use crate::linear::{Linear, Units};
use crate::passes::edit::{free_name, redirect, set_values, sibling_name};
use fewbit_core::{Function, Network, Operation, Shape, Variable, VariableId};

/// A scale and shift of each unit of a linear function.
struct Unitwise {
    scale: Vec<f64>,
    shift: Vec<f64>,
}

impl Channelwise {
    /// The scale and shift of each unit of a variable of this shape.
    fn by_unit(&self, units: Units, shape: Shape) -> Option<Unitwise> {
        let items = units.items_of_axis(shape, self.axis)?;
        let pick = |values: &[f64]| items.iter().map(|&item| values[item]).collect();
        Some(Unitwise { scale: pick(&self.scale), shift: pick(&self.shift) })
    }
}

/// Folds what the node at `place` does into the node that writes its input. `false` if that cannot be.
pub fn into_writer(network: &mut Network, place: usize, map: &Channelwise) -> bool {
    let (x, y) = (network.nodes[place].inputs[0], network.nodes[place].outputs[0]);
    let Some(writer) = network.nodes[..place].iter().position(|node| node.outputs.contains(&x)) else { return false };
    let readers = network.nodes.iter().flat_map(|node| &node.inputs).filter(|read| **read == x).count();
    if readers != 1 || network.outputs.contains(&x) {
        return false;
    }
    let Some(linear) = linear_with_parameters(network, writer) else { return false };
    let Some(map) = map.by_unit(linear.output_units, network.variable(x).shape) else { return false };

    let bias = values_of(network, writer, linear.bias);
    let bias: Vec<f64> = (0..linear.outputs)
        .map(|unit| bias.as_ref().map_or(0.0, |bias| f64::from(bias[unit])) * map.scale[unit] + map.shift[unit])
        .collect();
    set_bias(network, writer, &linear, &bias);
    match linear.alpha {
        Some(alpha) => {
            let values = values_of(network, writer, alpha).unwrap_or_default();
            let scaled =
                values.iter().zip(&map.scale).map(|(value, scale)| (f64::from(*value) * scale) as f32).collect();
            set_values(network, writer, alpha, scaled);
        }
        None if linear.binary => give_alpha(network, writer, &linear, &map.scale),
        None => {
            let weights = values_of(network, writer, linear.weight).unwrap_or_default();
            let scaled = linear.scale(&weights, |_, output| map.scale[output]);
            set_values(network, writer, linear.weight, scaled);
        }
    }
    for output in network.nodes[writer].outputs.iter_mut().filter(|output| **output == x) {
        *output = y;
    }
    true
}

/// Folds what the node at `place` does into all nodes that read its output. `false` if that cannot be.
pub fn into_readers(network: &mut Network, place: usize, map: &Channelwise) -> bool {
    let (x, y) = (network.nodes[place].inputs[0], network.nodes[place].outputs[0]);
    let shape = network.variable(y).shape;
    let no_shift = map.shift.iter().all(|shift| *shift == 0.0);
    let mut readers: Vec<(usize, Linear, Unitwise)> = Vec::new();
    for (reader, node) in network.nodes.iter().enumerate().filter(|(_, node)| node.inputs.contains(&y)) {
        let linear = linear_with_parameters(network, reader)
            .filter(|linear| !linear.binary && (linear.unpadded || no_shift))
            .filter(|_| node.inputs[1..].iter().all(|id| *id != y));
        let Some(linear) = linear else { return false };
        let Some(map) = map.by_unit(linear.input_units, shape) else { return false };
        readers.push((reader, linear, map));
    }
    if readers.is_empty() || network.outputs.contains(&y) {
        return false;
    }
    for (reader, linear, map) in readers {
        let weights = values_of(network, reader, linear.weight).unwrap_or_default();
        let mut bias = linear.sum(&weights, |input| map.shift[input]);
        if let Some(old) = values_of(network, reader, linear.bias) {
            for (bias, old) in bias.iter_mut().zip(old) {
                *bias += f64::from(old);
            }
        }
        set_bias(network, reader, &linear, &bias);
        set_values(network, reader, linear.weight, linear.scale(&weights, |input, _| map.scale[input]));
    }
    redirect(network, y, x);
    true
}

/// The view of a node whose weights, scales and bias are all parameters.
fn linear_with_parameters(network: &Network, place: usize) -> Option<Linear> {
    let node = &network.nodes[place];
    let linear = Linear::of(network, node)?;
    let all = node.inputs[1..].iter().all(|id| !network.variable(*id).is_buffer());
    all.then_some(linear)
}

fn values_of(network: &Network, node: usize, input: usize) -> Option<Vec<f32>> {
    let id = *network.nodes[node].inputs.get(input)?;
    network.variable(id).values().map(<[f32]>::to_vec)
}

/// Gives a node a bias, in place of the old one or, if there is anything to add, as a new parameter.
fn set_bias(network: &mut Network, node: usize, linear: &Linear, values: &[f64]) {
    let stored = values.iter().map(|&value| value as f32).collect();
    if network.nodes[node].inputs.len() > linear.bias {
        set_values(network, node, linear.bias, stored);
    } else if values.iter().any(|value| *value != 0.0) {
        let bias = new_parameter(network, node, linear, "b", stored);
        network.nodes[node].inputs.push(bias);
    }
}

/// A parameter with one value for each output unit.
fn new_parameter(network: &mut Network, node: usize, linear: &Linear, name: &str, values: Vec<f32>) -> VariableId {
    let weights = &network.variable(network.nodes[node].inputs[linear.weight]).name;
    let name = sibling_name(network, weights, name);
    let shape = Shape::new(&[linear.outputs]).expect("fewer outputs than weights, which have a shape");
    network.add(Variable::parameter(free_name(network, &name), shape, values))
}

/// Turns a function with plain binary weights into one with a scale for each output unit.
fn give_alpha(network: &mut Network, node: usize, linear: &Linear, scale: &[f64]) {
    let values = scale.iter().map(|&scale| scale as f32).collect();
    let alpha = new_parameter(network, node, linear, "alpha", values);
    let node = &mut network.nodes[node];
    node.inputs.insert(linear.bias, alpha);
    node.operation = match node.operation {
        Operation::Known(Function::BinaryConnectConvolution(arguments)) => {
            Operation::Known(Function::BinaryWeightConvolution(arguments))
        }
        Operation::Known(Function::BinaryConnectAffine(arguments)) => {
            Operation::Known(Function::BinaryWeightAffine(arguments))
        }
        ref other => other.clone(),
    };
}
