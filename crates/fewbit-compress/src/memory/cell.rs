//! [`cells`]: which variables share a place because a function works in place, and when each place is in use.

use fewbit_core::shape_rule::Shapes;
use fewbit_core::{Network, Node, Operation, Shape, VariableId};
use fewbit_nnb::write::buffers::lives;
use std::ops::RangeInclusive;

/// A place for one or more variables that follow each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Those that lie there.
    pub variables: Vec<VariableId>,
    /// The functions during which it is in use, by their place in the network.
    pub life: RangeInclusive<usize>,
    /// Bytes of the largest.
    pub bytes: usize,
}

/// Whether a function that works in place gives its input's memory to its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InPlace {
    /// It does.
    Shared,
    /// Inputs and outputs always lie apart.
    Apart,
}

/// The places that the buffers of a network need.
pub fn cells(network: &Network, sharing: InPlace) -> Vec<Cell> {
    let lives = lives(network);
    let mut cells: Vec<Cell> = Vec::new();
    let mut cell_of: Vec<Option<usize>> = vec![None; network.variables.len()];
    let open = |id: VariableId, cell_of: &mut Vec<Option<usize>>, cells: &mut Vec<Cell>| {
        let variable = network.variable(id);
        if variable.is_buffer() && cell_of[id.0].is_none() {
            cell_of[id.0] = Some(cells.len());
            // A variable that no function touches is there only to be read: it needs a place all the same.
            let life = lives[id.0].clone().unwrap_or(0..=network.nodes.len());
            cells.push(Cell { variables: vec![id], life, bytes: variable.bytes() });
        }
    };
    for (place, node) in network.nodes.iter().enumerate() {
        for &input in &node.inputs {
            open(input, &mut cell_of, &mut cells);
        }
        if sharing == InPlace::Shared
            && let Some((input, output)) = in_place(network, node, |id| ends_at(&lives, id, place))
            && let (Some(cell), Some(life)) = (cell_of[input.0], &lives[output.0])
        {
            cells[cell].variables.push(output);
            cells[cell].life = *cells[cell].life.start()..=*life.end();
            cell_of[output.0] = Some(cell);
        }
        for &output in &node.outputs {
            open(output, &mut cell_of, &mut cells);
        }
    }
    for index in 0..network.variables.len() {
        open(VariableId(index), &mut cell_of, &mut cells);
    }
    cells
}

fn ends_at(lives: &[Option<RangeInclusive<usize>>], id: VariableId, place: usize) -> bool {
    lives[id.0].as_ref().is_some_and(|life| *life.end() == place)
}

/// The input that a node can write over, and the output that takes its memory.
fn in_place(
    network: &Network,
    node: &Node,
    ends_here: impl Fn(VariableId) -> bool,
) -> Option<(VariableId, VariableId)> {
    let Operation::Known(function) = &node.operation else { return None };
    let &[output] = node.outputs.as_slice() else { return None };
    let inputs = NodeInputs { network, node };
    let bits = |id: VariableId| network.variable(id).format.bits();
    // A node may read the same input twice, and then once elsewhere than in step.
    let in_step = |input: VariableId| {
        let mut uses = node.inputs.iter().enumerate().filter(|(_, id)| **id == input);
        uses.all(|(index, _)| function.works_in_place(&inputs, index))
    };
    let usable = |&input: &VariableId| {
        network.variable(input).is_buffer() && ends_here(input) && bits(input) == bits(output) && in_step(input)
    };
    node.inputs.iter().copied().find(usable).map(|input| (input, output))
}

struct NodeInputs<'n> {
    network: &'n Network,
    node: &'n Node,
}

impl Shapes for NodeInputs<'_> {
    fn count(&self) -> usize {
        self.node.inputs.len()
    }

    fn shape(&self, index: usize) -> Shape {
        self.network.variable(self.node.inputs[index]).shape
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments;
    use fewbit_core::{Function, NumberFormat, Variable};

    fn add_node(network: &mut Network, function: Function, inputs: &[VariableId], format: NumberFormat) -> VariableId {
        let shape = network.variable(inputs[0]).shape;
        let name = format!("v{}", network.variables.len());
        let output = network.add(Variable { format, ..Variable::buffer(name, shape) });
        network.nodes.push(Node {
            name: format!("f{}", network.nodes.len()),
            operation: Operation::Known(function),
            inputs: inputs.into(),
            outputs: vec![output],
            implementation: 0,
        });
        output
    }

    /// `relu` may take its input's memory only where nothing reads the input later, and where values are as wide.
    #[test]
    fn memory_is_handed_on_where_it_is_free() {
        let (byte, wide) = (NumberFormat::Fixed8 { position: 4 }, NumberFormat::Fixed16 { position: 8 });
        let relu = Function::ReLU(arguments::InPlace { inplace: false });
        let add = Function::Add2(arguments::InPlace { inplace: false });
        let mut network = Network::default();
        let shape = Shape::new(&[1, 10]).expect("a shape");
        let x = network.add(Variable { format: byte, ..Variable::buffer("v0", shape) });
        let a = add_node(&mut network, relu, &[x], byte);
        let b = add_node(&mut network, relu, &[x], byte);
        let c = add_node(&mut network, add, &[a, b], byte);
        let d = add_node(&mut network, relu, &[c], wide);
        network.inputs = vec![x];
        network.outputs = vec![d];
        network.validate().expect("a valid network");

        let cells = cells(&network, InPlace::Shared);
        let shared: Vec<Vec<VariableId>> = cells.iter().map(|cell| cell.variables.clone()).collect();
        assert_eq!(shared, [vec![x, b], vec![a, c], vec![d]]);
        let lives: Vec<_> = cells.iter().map(|cell| cell.life.clone()).collect();
        assert_eq!(lives, [0..=2, 0..=3, 3..=4]);
        assert_eq!(cells.iter().map(|cell| cell.bytes).collect::<Vec<_>>(), [10, 10, 20]);
        assert_eq!(super::cells(&network, InPlace::Apart).len(), 5);
    }
}
