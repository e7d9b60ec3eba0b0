//! [`graph`]: a network as cards, each a few functions that belong together, and the edges between them.

use super::arguments::arguments;
use super::category::Category;
use crate::number;
use crate::plot::text::{SIZE, SMALL, shorten, width};
use fewbit_core::{Network, Node, Variable, VariableId};
use std::collections::BTreeMap;

/// Cards and edges; an edge leads from a card to one behind it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The cards, in the order of execution of their first functions.
    pub cards: Vec<Card>,
    /// The edges.
    pub edges: Vec<Edge>,
}

/// Functions that belong together, from the top down; or an input or output of the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// A line each.
    pub lines: Vec<Line>,
}

/// A function, in two rows of text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// What kind it is.
    pub category: Category,
    /// Upper left, in bold: the function.
    pub title: String,
    /// Beside it: its arguments.
    pub remark: String,
    /// Lower left: its parameters, or the name of an input or output.
    pub detail: String,
    /// Upper right: the shape of what it gives.
    pub shape: String,
    /// Lower right: its type and bytes.
    pub storage: String,
    /// All names, shown where the pointer rests.
    pub tip: String,
}

/// What one card hands on to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The place of the card that gives it.
    pub from: usize,
    /// The place of the card that takes it.
    pub to: usize,
    /// The variables, shown where the pointer rests.
    pub tip: String,
}

/// Room around text, in pixels.
pub const PADDING: f64 = 12.0;

/// The height of a line.
pub const LINE: f64 = 40.0;

/// Between what stands left and right.
const GAP: f64 = 28.0;

/// Remarks and details are shortened to this.
const WIDEST: f64 = 260.0;

impl Card {
    /// Width and height in pixels.
    pub fn size(&self) -> (f64, f64) {
        let line = |line: &Line| {
            let remark = if line.remark.is_empty() { 0.0 } else { 8.0 + width(&line.remark, SMALL) };
            // Bold text is wider.
            let upper = width(&line.title, SIZE) * 1.1 + remark + GAP + width(&line.shape, SIZE);
            let lower = width(&line.detail, SMALL) + GAP + width(&line.storage, SMALL);
            upper.max(lower)
        };
        let widest = self.lines.iter().map(line).fold(150.0, f64::max);
        ((widest + 2.0 * PADDING).ceil(), LINE * self.lines.len() as f64)
    }
}

/// The cards of a network.
pub fn graph(network: &Network) -> Graph {
    let mut builder = Builder::new(network);
    for &input in &network.inputs {
        builder.add_input(input);
    }
    for node in &network.nodes {
        builder.add_node(node);
    }
    for &output in &network.outputs {
        builder.add_output(output);
    }
    builder.finish()
}

struct Builder<'n> {
    network: &'n Network,
    cards: Vec<Card>,
    /// For each variable, the card that gives it.
    giver: Vec<Option<usize>>,
    /// For each card, the variable that it gives last, if that is the only one and may be passed on within the card.
    last: Vec<Option<VariableId>>,
    /// How often each variable is read, by functions and from outside.
    readers: Vec<usize>,
    /// The variables between two cards.
    edges: BTreeMap<(usize, usize), Vec<VariableId>>,
}

impl<'n> Builder<'n> {
    fn new(network: &'n Network) -> Self {
        let mut readers = vec![0; network.variables.len()];
        let inputs = network.nodes.iter().flat_map(|node| &node.inputs);
        for id in inputs.chain(&network.outputs) {
            if let Some(count) = readers.get_mut(id.0) {
                *count += 1;
            }
        }
        let giver = vec![None; network.variables.len()];
        Self { network, cards: Vec::new(), giver, last: Vec::new(), readers, edges: BTreeMap::new() }
    }

    fn variable(&self, id: VariableId) -> Option<&'n Variable> {
        self.network.variables.get(id.0)
    }

    fn add_input(&mut self, id: VariableId) {
        let Some(variable) = self.variable(id) else { return };
        self.giver[id.0] = Some(self.cards.len());
        self.cards.push(Card { lines: vec![outer("input", variable)] });
        self.last.push(None);
    }

    fn add_output(&mut self, id: VariableId) {
        let Some(variable) = self.variable(id) else { return };
        if let Some(from) = self.giver[id.0] {
            self.edges.entry((from, self.cards.len())).or_default().push(id);
        }
        self.cards.push(Card { lines: vec![outer("output", variable)] });
        self.last.push(None);
    }

    fn add_node(&mut self, node: &Node) {
        let (data, parameters): (Vec<VariableId>, Vec<VariableId>) = {
            let known = node.inputs.iter().copied().filter(|id| id.0 < self.network.variables.len());
            known.partition(|id| self.network.variable(*id).is_buffer())
        };
        let outputs: Vec<&Variable> = node.outputs.iter().filter_map(|id| self.variable(*id)).collect();
        let parameters: Vec<&Variable> = parameters.iter().filter_map(|id| self.variable(*id)).collect();
        let lines = lines(node, &parameters, &outputs);
        let card = match self.card_to_join(node, &data) {
            Some(card) => {
                self.cards[card].lines.extend(lines);
                card
            }
            None => {
                self.cards.push(Card { lines });
                self.last.push(None);
                self.cards.len() - 1
            }
        };
        for id in data {
            // A variable that is given only later breaks the rules of networks.
            if let Some(from) = self.giver[id.0].filter(|from| *from < card) {
                let ids = self.edges.entry((from, card)).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        for id in node.outputs.iter().filter(|id| id.0 < self.network.variables.len()) {
            self.giver[id.0] = Some(card);
        }
        self.last[card] = match node.outputs[..] {
            [output] => Some(output),
            _ => None,
        };
    }

    /// The card whose last value this function passes on in the same shape, and is the only one to read.
    fn card_to_join(&self, node: &Node, data: &[VariableId]) -> Option<usize> {
        let (&[input], &[output]) = (data, &node.outputs[..]) else { return None };
        let card = self.giver[input.0]?;
        let same_shape = self.variable(input)?.shape == self.variable(output)?.shape;
        let passes_on = Category::of(node.operation.spec().name) != Category::Weights && same_shape;
        (passes_on && self.last[card] == Some(input) && self.readers[input.0] == 1).then_some(card)
    }

    fn finish(self) -> Graph {
        let text = |ids: &[VariableId]| {
            let tips: Vec<String> = ids.iter().filter_map(|id| self.variable(*id)).map(whole).collect();
            tips.join("; ")
        };
        let edges = self.edges.iter().map(|(&(from, to), ids)| Edge { from, to, tip: text(ids) }).collect();
        Graph { cards: self.cards, edges }
    }
}

/// A variable with all that is known of it.
fn whole(variable: &Variable) -> String {
    format!("{}: {} {}", variable.name, variable.shape, storage(variable))
}

/// Type and bytes.
fn storage(variable: &Variable) -> String {
    let bytes = number::bytes(variable.bytes() as u64);
    match &variable.channel_positions {
        Some(_) => format!("{} by channel, {bytes}", variable.format.type_name()),
        None => format!("{}, {bytes}", variable.format),
    }
}

fn outer(title: &str, variable: &Variable) -> Line {
    Line {
        category: Category::Data,
        title: title.into(),
        remark: String::new(),
        detail: shorten(&variable.name, WIDEST, SMALL),
        shape: variable.shape.to_string(),
        storage: storage(variable),
        tip: whole(variable),
    }
}

/// The lines of a function: one, and another for each output after the first.
fn lines(node: &Node, parameters: &[&Variable], outputs: &[&Variable]) -> Vec<Line> {
    let function = node.operation.spec().name;
    let category = Category::of(function);
    let mut tip = vec![format!("{} ({function})", node.name)];
    tip.extend(parameters.iter().map(|variable| whole(variable)));
    tip.extend(outputs.iter().map(|variable| format!("gives {}", whole(variable))));
    let tip = tip.join("\n");
    let line = |place: usize, output: Option<&&Variable>| Line {
        category,
        title: if place == 0 { function.into() } else { String::new() },
        remark: if place == 0 { shorten(&arguments(&node.operation), WIDEST, SMALL) } else { String::new() },
        detail: if place == 0 { shorten(&parameter_text(parameters), WIDEST, SMALL) } else { String::new() },
        shape: output.map(|variable| variable.shape.to_string()).unwrap_or_default(),
        storage: output.map(|variable| storage(variable)).unwrap_or_default(),
        tip: tip.clone(),
    };
    let more = outputs.iter().enumerate().skip(1);
    std::iter::once(line(0, outputs.first())).chain(more.map(|(place, output)| line(place, Some(output)))).collect()
}

/// Shapes, types and bytes of parameters: `64x3x3x3 + 64, FIXED8, 1.75 KiB`.
fn parameter_text(parameters: &[&Variable]) -> String {
    let (Some(first), others) = (parameters.first(), &parameters[parameters.len().min(1)..]) else {
        return String::new();
    };
    let bytes: u64 = parameters.iter().map(|variable| variable.bytes() as u64).sum();
    let shapes = if others.len() > 2 {
        let like_first = others.iter().all(|variable| variable.shape == first.shape);
        if like_first {
            format!("{} times {}", parameters.len(), first.shape)
        } else {
            format!("{} and {} more", first.shape, others.len())
        }
    } else {
        let shapes: Vec<String> = parameters.iter().map(|variable| variable.shape.to_string()).collect();
        shapes.join(" + ")
    };
    let mut types: Vec<String> = parameters
        .iter()
        .map(
            |variable| if others.is_empty() { variable.format.to_string() } else { variable.format.type_name().into() },
        )
        .collect();
    types.dedup();
    format!("{shapes}, {}, {}", types.join(" + "), number::bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use fewbit_core::function::arguments::InPlace;
    use fewbit_core::{Function, Operation, Shape};

    fn network(readers_of_first: usize) -> Network {
        let shape = Shape::new(&[1, 8]).unwrap();
        let mut network = Network::default();
        let mut before = network.add(Variable::buffer("x", shape));
        network.inputs = vec![before];
        for index in 0..2 + readers_of_first {
            let input = if index < 2 { before } else { network.nodes[0].outputs[0] };
            let output = network.add(Variable::buffer(format!("h{index}"), shape));
            network.nodes.push(Node {
                name: format!("f{index}"),
                operation: Operation::Known(Function::ReLU(InPlace { inplace: false })),
                inputs: vec![input],
                outputs: vec![output],
                implementation: 0,
            });
            before = output;
        }
        network.outputs = vec![before];
        network.validate().unwrap();
        network
    }

    #[test]
    fn a_value_that_is_read_once_is_passed_on_within_a_card() {
        let lines = |graph: &Graph| graph.cards.iter().map(|card| card.lines.len()).collect::<Vec<_>>();
        let chain = graph(&network(0));
        assert_eq!(lines(&chain), [1, 2, 1]);
        assert_eq!(chain.edges.iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>(), [(0, 1), (1, 2)]);
        let branch = graph(&network(1));
        assert_eq!(lines(&branch), [1, 1, 1, 1, 1]);
        assert_eq!(
            branch.edges.iter().map(|edge| (edge.from, edge.to)).collect::<Vec<_>>(),
            [(0, 1), (1, 2), (1, 3), (3, 4)]
        );
    }

    #[test]
    fn references_to_nothing_are_left_out() {
        let mut broken = network(1);
        broken.nodes[0].inputs.push(VariableId(99));
        broken.nodes[1].outputs.push(VariableId(98));
        broken.outputs.push(VariableId(97));
        assert_eq!(graph(&broken).cards.len(), 5);
    }
}
