//! Orders of axes that cancel each other.
//!
//! A network of a tool that keeps channels last has a transpose before and after each layer that wants them first. Here the
//! transposes float down: a function that does not mind the order of axes works on the values as they lie, and a
//! transpose is only made where a function wants the order, or the caller. On the way, most meet their opposite.

mod follow;
mod order;

use fewbit_core::function::arguments::{Axes, Reshape};
use fewbit_core::{Function, Network, Node, Operation, Shape, Variable, VariableId};
use follow::{Followed, Reordered, follow};
use order::Order;
use std::collections::HashMap;

/// Removes transposes that cancel each other, if that leaves fewer values to be moved, and makes those that move nothing
/// reshapes.
pub(super) fn cancel(network: &mut Network) {
    let before = Cost::of(network);
    if before.transposes == 0 {
        return;
    }
    // A step that cannot be taken leaves the network as it is.
    if let Some(floated) = Floating::new(network).run(network)
        && floated.validate().is_ok()
        && Cost::of(&floated) < before
    {
        *network = floated;
    }
    for place in 0..network.nodes.len() {
        let Some((order, shape)) = transpose(network, &network.nodes[place]) else { continue };
        if let Some(shape) = order.apply(shape).filter(|_| order.moves_nothing(shape))
            && let Some(shape) = order::int_list(shape.iter().copied())
        {
            network.nodes[place].operation = Operation::Known(Function::Reshape(Reshape { shape, inplace: true }));
        }
    }
}

/// What orders of axes cost, the dearest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    /// Values that transposes move.
    moved: usize,
    /// Functions that only make another order or shape.
    functions: usize,
    /// Those of them that are transposes.
    transposes: usize,
}

impl Cost {
    fn of(network: &Network) -> Self {
        let mut cost = Self { moved: 0, functions: 0, transposes: 0 };
        for node in &network.nodes {
            if let Some((order, shape)) = transpose(network, node) {
                cost.moved += if order.moves_nothing(shape) { 0 } else { shape.items() };
                cost.transposes += 1;
                cost.functions += 1;
            }
            cost.functions += usize::from(matches!(node.operation, Operation::Known(Function::Reshape(_))));
        }
        cost
    }
}

/// The order that a node makes of a variable of which shape, if it is a transpose.
fn transpose(network: &Network, node: &Node) -> Option<(Order, Shape)> {
    let Operation::Known(Function::Transpose(Axes { axes })) = &node.operation else { return None };
    Some((Order::of_axes(axes)?, network.variable(node.inputs[0]).shape))
}

/// Makes each input that only one and the same transpose reads an input in the order behind the transpose.
pub(crate) fn turn_inputs(network: &mut Network) {
    let readers = network.readers();
    for input in network.inputs.clone() {
        let order = |&reader: &usize| transpose(network, &network.nodes[reader]).map(|(order, _)| order);
        let mut orders: Vec<Option<Order>> = readers[input.0].iter().map(order).collect();
        orders.dedup();
        let [Some(order)] = &orders[..] else { continue };
        let Some(shape) = order.apply(network.variable(input).shape).filter(|_| !network.outputs.contains(&input))
        else {
            continue;
        };
        network.variable_mut(input).shape = shape;
        for &reader in &readers[input.0] {
            let output = network.nodes[reader].outputs[0];
            if network.outputs.contains(&output) {
                // An output keeps its name: it is copied.
                network.nodes[reader].operation = Operation::Known(Function::Identity);
            } else {
                network.redirect(output, input);
            }
        }
    }
    network.remove_unused();
}

/// How the values of a variable of the old network lie in the new one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Held {
    /// The variable of the new network.
    id: VariableId,
    /// Which of its axes are those of the old variable.
    order: Order,
}

/// The new network while it is made.
struct Floating {
    network: Network,
    /// How each variable of the old network is held, by its place, once it is known.
    held: Vec<Option<Held>>,
    /// Transposes that were made already.
    made: HashMap<Held, VariableId>,
    /// Variables of the old network that a transpose wrote, to be written again if the same order is wanted.
    written: HashMap<Held, VariableId>,
    /// Parameters that were put into another order, each with the one that it was made of.
    reordered: Vec<(VariableId, VariableId)>,
}

impl Floating {
    /// The variables are those of the old network; more are added, and those that are not written any more fall away.
    fn new(network: &Network) -> Self {
        let held = |(place, variable): (usize, &Variable)| {
            Some(Held { id: VariableId(place), order: Order::identity(variable.shape.rank()) })
        };
        Self {
            network: Network { nodes: Vec::new(), ..network.clone() },
            held: network.variables.iter().enumerate().map(held).collect(),
            made: HashMap::new(),
            written: HashMap::new(),
            reordered: Vec::new(),
        }
    }

    fn run(mut self, old: &Network) -> Option<Network> {
        for node in &old.nodes {
            self.node(old, node)?;
        }
        for &output in &old.outputs {
            let held = self.held[output.0].clone()?;
            if held.id == output {
                continue;
            }
            if held.order.is_identity()
                && self.network.writers()[held.id.0].is_some()
                && !old.outputs.contains(&held.id)
            {
                self.write_instead(held.id, output);
            } else {
                self.write_order(&held, output)?;
            }
        }
        self.name_parameters();
        self.network.remove_unused();
        Some(self.network)
    }

    /// Makes what writes and reads `old` write and read the output `new`.
    fn write_instead(&mut self, old: VariableId, new: VariableId) {
        let variables = self.network.nodes.iter_mut().flat_map(|node| node.inputs.iter_mut().chain(&mut node.outputs));
        for id in variables.filter(|id| **id == old) {
            *id = new;
        }
        self.network.variable_mut(new).shape = self.network.variable(old).shape;
    }

    /// Gives a parameter in another order the name of the one that it was made of, if nothing reads that any more.
    fn name_parameters(&mut self) {
        let readers = self.network.readers();
        for &(new, old) in &self.reordered {
            if readers[old.0].is_empty() && !self.network.outputs.contains(&old) {
                let name = std::mem::take(&mut self.network.variable_mut(old).name);
                let free = std::mem::replace(&mut self.network.variable_mut(new).name, name);
                self.network.variable_mut(old).name = free;
            }
        }
    }

    fn node(&mut self, old: &Network, node: &Node) -> Option<()> {
        let Operation::Known(function) = node.operation else { return self.in_order(node) };
        if let Function::Transpose(Axes { axes }) = function {
            let held = self.held[node.inputs[0].0].clone()?;
            let held = Held { order: held.order.then(&Order::of_axes(&axes)?)?, ..held };
            let output = node.outputs[0];
            if !old.outputs.contains(&output) {
                self.written.entry(held.clone()).or_insert(output);
            }
            self.held[output.0] = Some(held);
            return Some(());
        }
        match self.followed(old, node, &function) {
            Some(followed) => self.follow_node(old, node, followed),
            None => self.in_order(node),
        }
    }

    /// The function as it works on values that lie in another order; `None` if it minds the order, or its inputs lie in different
    /// ones.
    fn followed(&self, old: &Network, node: &Node, function: &Function) -> Option<Followed> {
        let buffers = || node.inputs.iter().filter(|id| old.variable(**id).is_buffer());
        let held = self.held[buffers().next()?.0].as_ref()?;
        let same = |id: &VariableId| self.held[id.0].as_ref().is_some_and(|other| other.order == held.order);
        let shape = self.network.variable(held.id).shape;
        if held.order.is_identity() || !buffers().all(same) {
            return None;
        }
        follow(function, &held.order, shape)
    }

    /// Adds the function as it works on values as they lie.
    fn follow_node(&mut self, old: &Network, node: &Node, followed: Followed) -> Option<()> {
        let Followed { function, order, parameters } = followed;
        let output = node.outputs[0];
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for (place, &id) in node.inputs.iter().enumerate() {
            inputs.push(if old.variable(id).is_buffer() {
                self.held[id.0].as_ref()?.id
            } else {
                let reordered = parameters.reorder(old.variable(id), place)?;
                self.parameter(id, reordered)
            });
        }
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.network.variable(id).shape).collect();
        let shape = function.output_shape(&&shapes[..]).ok()?;
        if order.apply(shape)? != old.variable(output).shape || node.outputs.len() != 1 {
            return None;
        }
        // The old variable takes the new shape, as long as it is no output that the caller wants in order.
        let id = if order.is_identity() || !old.outputs.contains(&output) {
            self.network.variable_mut(output).shape = shape;
            output
        } else {
            let name = self.network.free_name(&old.variable(output).name);
            self.network.add(Variable::buffer(name, shape))
        };
        self.held[output.0] = Some(Held { id, order });
        self.network.nodes.push(Node {
            operation: Operation::Known(function),
            inputs,
            outputs: vec![id],
            ..node.clone()
        });
        Some(())
    }

    /// A parameter of the new network with the values of `old`.
    fn parameter(&mut self, old: VariableId, reordered: Reordered) -> VariableId {
        let Reordered::Moved(shape, values) = reordered else { return old };
        let name = self.network.free_name(&self.network.variable(old).name);
        let new = self.network.add(Variable::parameter(name, shape, values));
        self.reordered.push((new, old));
        new
    }

    /// Adds a node as it is, with its inputs in order.
    fn in_order(&mut self, node: &Node) -> Option<()> {
        let mut inputs = Vec::with_capacity(node.inputs.len());
        for id in &node.inputs {
            let held = self.held[id.0].clone()?;
            let reshapes = matches!(node.operation, Operation::Known(Function::Reshape(_)));
            // To a new shape it is all the same how single axes lie.
            let as_it_lies = reshapes && held.order.moves_nothing(self.network.variable(held.id).shape);
            inputs.push(if as_it_lies { held.id } else { self.ordered(&held)? });
        }
        self.network.nodes.push(Node { inputs, ..node.clone() });
        Some(())
    }

    /// A variable with the values in order.
    fn ordered(&mut self, held: &Held) -> Option<VariableId> {
        if held.order.is_identity() {
            return Some(held.id);
        }
        if let Some(id) = self.made.get(held) {
            return Some(*id);
        }
        let id = match self.written.get(held) {
            Some(id) => *id,
            None => {
                let source = self.network.variable(held.id);
                let (name, shape) = (format!("{}_ordered", source.name), held.order.apply(source.shape)?);
                let name = self.network.free_name(&name);
                self.network.add(Variable::buffer(name, shape))
            }
        };
        self.write_order(held, id)?;
        self.made.insert(held.clone(), id);
        Some(id)
    }

    /// Writes the values in order to a variable.
    fn write_order(&mut self, held: &Held, output: VariableId) -> Option<()> {
        let shape = self.network.variable(held.id).shape;
        let function = if held.order.is_identity() {
            Function::Identity
        } else if held.order.moves_nothing(shape) {
            let shape = order::int_list(self.network.variable(output).shape.iter().copied())?;
            Function::Reshape(Reshape { shape, inplace: true })
        } else {
            Function::Transpose(Axes { axes: held.order.axes()? })
        };
        let name = format!("{}/{}", self.network.variable(output).name, function.name());
        self.network.nodes.push(Node {
            name,
            operation: Operation::Known(function),
            inputs: vec![held.id],
            outputs: vec![output],
            implementation: 0,
        });
        Some(())
    }
}
