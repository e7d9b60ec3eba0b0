//! [`Classes`]: which channels of which variables can only be scaled together.

use crate::calibrate::channel_axis;
use crate::forest::Forest;
use crate::linear::Linear;
use fewbit_core::{Function, Network, Node, Operation, VariableId};

/// The channels of a network's buffers in classes of those that must have the same scale.
#[derive(Clone, Debug, PartialEq)]
pub struct Classes {
    /// The class of each channel of each buffer; empty for parameters.
    pub of_channel: Vec<Vec<usize>>,
    /// Whether each class may be scaled at all.
    pub free: Vec<bool>,
    /// The free classes of variables that are connected, which can be scaled as one.
    pub connected: Vec<Vec<usize>>,
}

impl Classes {
    /// The classes of a network.
    pub fn new(network: &Network) -> Self {
        let mut ties = Ties::new(network);
        for id in network.inputs.iter().chain(&network.outputs) {
            ties.fix(*id);
        }
        for node in &network.nodes {
            match Linear::of(network, node) {
                Some(linear) => ties.linear(network, node, &linear),
                None => ties.other(network, node),
            }
        }
        ties.classes()
    }

    /// The class of a channel, if it may be scaled.
    pub fn free_class(&self, id: VariableId, channel: usize) -> Option<usize> {
        let class = *self.of_channel[id.0].get(channel)?;
        self.free[class].then_some(class)
    }
}

/// Classes under construction.
struct Ties {
    /// Where each variable's channels begin.
    starts: Vec<usize>,
    /// The channels of all buffers.
    channels: Forest,
    fixed: Vec<bool>,
    /// The variables that are connected.
    variables: Forest,
}

impl Ties {
    fn new(network: &Network) -> Self {
        let mut starts = vec![0];
        for (index, variable) in network.variables.iter().enumerate() {
            let axis = channel_axis(network, VariableId(index));
            let count = if variable.is_buffer() { axis.map_or(1, |axis| variable.shape[axis]) } else { 0 };
            starts.push(starts[index] + count);
        }
        let count = starts.last().copied().unwrap_or(0);
        let variables = Forest::new(network.variables.len());
        Self { starts, channels: Forest::new(count), fixed: vec![false; count], variables }
    }

    fn channels_of(&self, id: VariableId) -> std::ops::Range<usize> {
        self.starts[id.0]..self.starts[id.0 + 1]
    }

    fn fix(&mut self, id: VariableId) {
        for channel in self.channels_of(id) {
            self.fixed[channel] = true;
        }
    }

    /// Ties each channel of `part` to those of `whole` from `first` on.
    fn tie_part(&mut self, whole: VariableId, part: VariableId, first: usize) {
        let (of_whole, of_part) = (self.channels_of(whole), self.channels_of(part));
        for (a, b) in of_whole.skip(first).zip(of_part) {
            self.channels.join(a, b);
        }
        self.variables.join(whole.0, part.0);
    }

    /// A linear function ties nothing, if its weights can take up both scales. Signs cannot: all inputs of a binary
    /// function must be scaled alike, for the factors of its outputs to take that up.
    fn linear(&mut self, network: &Network, node: &Node, linear: &Linear) {
        let (x, y) = (node.inputs[0], node.outputs[0]);
        let scaled = linear.alpha.or((!linear.binary).then_some(linear.weight));
        let own = |place: usize| node.inputs.get(place).is_none_or(|id| is_own(network, *id));
        if !scaled.is_some_and(own) || !own(linear.bias) {
            self.fix(x);
            self.fix(y);
            return;
        }
        if linear.channels(network, x, linear.input_units).is_none() {
            self.fix(x);
        }
        if linear.channels(network, y, linear.output_units).is_none() {
            self.fix(y);
        }
        if linear.binary {
            let channels = self.channels_of(x);
            channels.clone().skip(1).for_each(|channel| self.channels.join(channels.start, channel));
        }
    }

    /// A function that gives scaled outputs for scaled inputs ties them; any other fixes its buffers.
    fn other(&mut self, network: &Network, node: &Node) {
        let buffers: Vec<VariableId> =
            node.inputs.iter().filter(|id| network.variable(**id).is_buffer()).copied().collect();
        let all_buffers = buffers.len() == node.inputs.len();
        if let ([output], Operation::Known(function)) = (&node.outputs[..], &node.operation) {
            let axis = channel_axis(network, *output);
            let same_axis = buffers.iter().all(|id| channel_axis(network, *id) == axis);
            let same_count = buffers.iter().all(|id| self.channels_of(*id).len() == self.channels_of(*output).len());
            match function {
                Function::Reshape(_) => return self.reshape(network, node.inputs[0], *output),
                Function::Concatenate(arguments)
                    if all_buffers && same_axis && network.variable(*output).shape.axis(arguments.axis) == axis =>
                {
                    let mut first = 0;
                    for id in buffers {
                        self.tie_part(*output, id, first);
                        first += self.channels_of(id).len();
                    }
                    return;
                }
                function
                    if same_axis
                        && same_count
                        && (scales_channels(function, axis, network.variable(*output).shape.rank())
                            || adds(function) && all_buffers) =>
                {
                    return buffers.iter().for_each(|id| self.tie_part(*output, *id, 0));
                }
                _ => {}
            }
        }
        buffers.iter().chain(&node.outputs).for_each(|id| self.fix(*id));
    }

    /// Flattening makes a channel of every value; those of a channel before stay together.
    fn reshape(&mut self, network: &Network, x: VariableId, y: VariableId) {
        let (from, to) = (network.variable(x).shape, network.variable(y).shape);
        let flattens = from.rank() >= 2 && to.rank() == 2 && from[0] == to[0];
        if !flattens || channel_axis(network, x) != Some(1) || channel_axis(network, y) != Some(1) {
            self.fix(x);
            self.fix(y);
            return;
        }
        let run = from.split_items(2).1;
        for (value, channel) in self.channels_of(y).enumerate() {
            if let Some(origin) = self.channels_of(x).nth(value / run.max(1)) {
                self.channels.join(channel, origin);
            }
        }
        self.variables.join(x.0, y.0);
    }

    fn classes(self) -> Classes {
        let leaders: Vec<usize> = self.channels.members().map(|channel| self.channels.leader(channel)).collect();
        let mut free = vec![true; leaders.len()];
        for (channel, leader) in leaders.iter().enumerate() {
            free[*leader] &= !self.fixed[channel];
        }
        // Only leaders stand for classes.
        for (channel, leader) in leaders.iter().enumerate() {
            free[channel] &= channel == *leader;
        }
        let mut connected = vec![Vec::new(); self.variables.members().len()];
        let mut of_channel = Vec::with_capacity(connected.len());
        for index in self.variables.members() {
            let channels = &leaders[self.channels_of(VariableId(index))];
            connected[self.variables.leader(index)].extend(channels.iter().copied().filter(|class| free[*class]));
            of_channel.push(channels.to_vec());
        }
        for classes in &mut connected {
            classes.sort_unstable();
            classes.dedup();
        }
        connected.retain(|classes| !classes.is_empty());
        Classes { of_channel, free, connected }
    }
}

/// Whether one function alone reads a parameter, so that it can be changed for that one.
fn is_own(network: &Network, id: VariableId) -> bool {
    let reads = network.nodes.iter().flat_map(|node| &node.inputs).filter(|read| **read == id).count();
    reads == 1 && !network.variable(id).is_buffer() && !network.outputs.contains(&id)
}

/// Whether scaling a channel of the first input by a positive factor scales the same channel of the output.
fn scales_channels(function: &Function, axis: Option<usize>, rank: usize) -> bool {
    // The window lies over the last axes, or those before the last.
    let pools_channels = |kernel: &[i32], channel_last: bool| {
        let first = rank.saturating_sub(kernel.len() + usize::from(channel_last));
        axis.is_none_or(|axis| (first..first + kernel.len()).contains(&axis))
    };
    match function {
        Function::Identity
        | Function::Dropout(_)
        | Function::ReLU(_)
        | Function::LeakyReLU(_)
        | Function::PReLU(_)
        | Function::Abs
        | Function::Unpooling(_)
        | Function::Interpolate(_) => true,
        Function::GlobalAveragePooling => axis == Some(1),
        Function::MaxPooling(arguments) | Function::SumPooling(arguments) => {
            !pools_channels(&arguments.kernel, arguments.channel_last)
        }
        Function::AveragePooling(arguments) => !pools_channels(&arguments.kernel, arguments.channel_last),
        _ => false,
    }
}

/// Whether scaling all inputs by the same factor scales the output.
fn adds(function: &Function) -> bool {
    matches!(
        function,
        Function::Add2(_)
            | Function::BcAdd2(_)
            | Function::Sub2(_)
            | Function::AddN
            | Function::Minimum2
            | Function::Maximum2
    )
}
