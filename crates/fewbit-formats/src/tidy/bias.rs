//! What is added to the result of a layer is its bias.

use super::{function, has_one_reader};
use fewbit_core::function::arguments::Nonlinearity;
use fewbit_core::{Function, Network, Shape, Variable, VariableId};
use std::collections::HashSet;

/// Makes each parameter that is added to a layer's result, one value a channel, the layer's bias.
pub(super) fn absorb(network: &mut Network) {
    let (readers, mut writers) = (network.readers(), network.writers());
    let mut gone = HashSet::new();
    for place in 0..network.nodes.len() {
        let Some(Function::Add2(_)) = function(network, place) else { continue };
        let &[a, b] = &network.nodes[place].inputs[..] else { continue };
        let output = network.nodes[place].outputs[0];
        for (sum, added) in [(a, b), (b, a)] {
            let Some(layer) = writers[sum.0] else { continue };
            if has_one_reader(network, &readers, sum)
                && network.variable(sum).shape == network.variable(output).shape
                && add(network, layer, sum, added, has_one_reader(network, &readers, added))
            {
                network.nodes[layer].outputs[0] = output;
                writers[output.0] = Some(layer);
                gone.insert(place);
                break;
            }
        }
    }
    let mut places = 0..;
    network.nodes.retain(|_| places.next().is_some_and(|place| !gone.contains(&place)));
}

/// Gives a layer a bias, or adds to the one that it has; false if it cannot have this one. `added` may become the bias
/// itself if nothing else reads it.
fn add(network: &mut Network, layer: usize, sum: VariableId, added: VariableId, added_is_free: bool) -> bool {
    let Some(channel_axis) = channel_axis(network, layer, sum) else { return false };
    let shape = network.variable(sum).shape;
    let channels = shape[channel_axis];
    let Some(values) = network.variable(added).values() else { return false };
    let of_channels = network.variable(added).shape;
    let Some(missing) = shape.rank().checked_sub(of_channels.rank()) else { return false };
    let single = |axis: usize| of_channels[axis] == 1;
    if (0..of_channels.rank()).any(|axis| !single(axis) && axis + missing != channel_axis) {
        return false;
    }
    let mut bias: Vec<f32> = (0..channels).map(|channel| values[channel % values.len()]).collect();
    let own = network.nodes[layer].inputs.get(2).copied();
    if let Some(own) = own {
        let Some(own) = network.variable(own).values().filter(|own| own.len() == channels) else { return false };
        bias.iter_mut().zip(own).for_each(|(bias, own)| *bias += own);
    }
    let Ok(list) = Shape::new(&[channels]) else { return false };
    let name = network.variable(own.unwrap_or(added)).name.clone();
    if added_is_free && own.is_none() {
        let place = network.variable_mut(added);
        *place = Variable::parameter(name, list, bias);
        network.nodes[layer].inputs.push(added);
        return true;
    }
    let name = network.free_name(&name);
    let bias = network.add(Variable::parameter(name, list, bias));
    network.nodes[layer].inputs.truncate(2);
    network.nodes[layer].inputs.push(bias);
    true
}

/// The axis of the channels in the result of a layer that can have a bias.
fn channel_axis(network: &Network, layer: usize, sum: VariableId) -> Option<usize> {
    let rank = network.variable(sum).shape.rank();
    let after_weights = network.nodes[layer].inputs.get(2);
    let channel = |base_axis: i32, channel_last: bool| match channel_last {
        true => rank.checked_sub(1),
        false => usize::try_from(base_axis).ok().filter(|&axis| axis < rank),
    };
    match function(network, layer)? {
        Function::Convolution(it) => channel(it.base_axis, it.channel_last),
        Function::Deconvolution(it) => channel(it.base_axis, it.channel_last),
        Function::FusedConvolution(it) => {
            // Of what may follow the weights, only a bias has one axis.
            let plain = network.nodes[layer].inputs.len() <= 3
                && after_weights.is_none_or(|&id| network.variable(id).shape.rank() == 1)
                && it.nonlinearity == Nonlinearity::Identity;
            if plain { channel(it.base_axis, it.channel_last) } else { None }
        }
        Function::Affine(_) => {
            let weights = network.variable(network.nodes[layer].inputs[1]).shape;
            if weights.rank() == 2 { rank.checked_sub(1) } else { None }
        }
        _ => None,
    }
}
