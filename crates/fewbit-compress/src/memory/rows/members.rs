//! [`Members`]: the nodes of a group, and how their rows depend on each other.

use fewbit_core::shape_rule::{RowRule, Shapes};
use fewbit_core::{Function, Network, Node, NumberFormat, Operation, Shape, VariableId};
use std::ops::Range;

/// The most nodes of a group, inputs of one that are computed in the group, and rows of a variable: the runtime's limits.
const MAX_NODES: usize = 128;
const MAX_INPUTS: usize = 4;
const MAX_ROWS: usize = 4096;

/// A group before its steps are ordered.
#[derive(Clone, Debug)]
pub struct Members {
    /// The axis along which rows follow each other.
    pub axis: usize,
    /// The nodes in their order.
    pub nodes: Vec<Member>,
    /// The variable whose rows the caller gives, if there is one.
    pub pushed: Option<Rows>,
}

/// A node of a group.
#[derive(Clone, Debug)]
pub struct Member {
    /// How its rows depend on its inputs.
    pub rule: RowRule,
    /// What it computes.
    pub output: Rows,
    /// The inputs that are computed in the group or given row by row.
    pub inputs: Vec<MemberInput>,
}

/// A variable of a group.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// The variable.
    pub variable: VariableId,
    /// How many rows it has.
    pub count: usize,
    /// Bytes of a row.
    pub bytes: usize,
    /// Whether it is kept as a whole until the group is done.
    pub kept: bool,
    /// Bytes that its buffer needs at least: those of sums that are not complete.
    pub least_bytes: usize,
}

/// An input of a node, computed in the same group.
#[derive(Clone, Copy, Debug)]
pub struct MemberInput {
    /// The member that computes it; `None` for the variable whose rows the caller gives.
    pub source: Option<usize>,
    /// Its place among the node's inputs.
    pub place: usize,
    /// Whether rows of it are read, not all of it.
    pub reads_rows: bool,
    /// Whether the node may write each row over the same row of it.
    pub in_place: bool,
}

impl Members {
    /// The nodes of a range as a group whose rows lie along `axis`; `None` if some node cannot be computed by rows there.
    /// With `pushed`, the caller gives the rows of this input of the network.
    pub fn new(network: &Network, range: &Range<usize>, axis: usize, pushed: Option<VariableId>) -> Option<Self> {
        if range.len() > MAX_NODES {
            return None;
        }
        let pushed = match pushed {
            Some(variable) => Some(Rows::new(network, variable, axis, false)?),
            None => None,
        };
        let mut members = Self { axis, nodes: Vec::with_capacity(range.len()), pushed };
        for node in &network.nodes[range.clone()] {
            let member = members.member(network, range, node)?;
            members.nodes.push(member);
        }
        Some(members)
    }

    fn member(&self, network: &Network, range: &Range<usize>, node: &Node) -> Option<Member> {
        let Operation::Known(function) = &node.operation else { return None };
        let &[output] = node.outputs.as_slice() else { return None };
        let rule = function.row_rule(&NodeInputs { network, node }, self.axis)?;
        let copies = matches!(function, Function::Identity);
        let shape = network.variable(output).shape;
        let mut rows = Rows::new(network, output, self.axis, is_used_outside(network, range, output))?;
        if rows.kept && !copies && !is_contiguous(shape, self.axis) {
            return None;
        }
        if let RowRule::Fold(window) = rule
            && window.output == 1
            && !matches!(function, Function::MaxPooling(_))
        {
            rows.least_bytes = 4 * shape.items();
            if !sums_fit(network, node.inputs[0]) {
                return None;
            }
        }
        let mut inputs = Vec::new();
        for (place, &id) in node.inputs.iter().enumerate() {
            let input = network.variable(id);
            let reads_rows = rule.reads_rows(place, input.shape, shape, self.axis);
            let finds_rows = copies || place == 0 && rule != RowRule::InStep;
            let same_width = input.format.bits() == network.variable(output).format.bits();
            let in_place = reads_rows && same_width && function.works_in_place(&NodeInputs { network, node }, place);
            let written = network.nodes[range.clone()].iter().any(|node| node.outputs.contains(&id));
            let source = self.nodes.iter().position(|member| member.output.variable == id);
            let pushed = self.pushed.filter(|pushed| pushed.variable == id);
            match source {
                Some(source) => {
                    let output = &self.nodes[source].output;
                    if !reads_rows && !output.kept {
                        return None;
                    }
                    if reads_rows && output.kept && !is_contiguous(input.shape, self.axis) {
                        return None;
                    }
                    inputs.push(MemberInput { source: Some(source), place, reads_rows, in_place });
                }
                None if written => return None,
                None if pushed.is_some() => {
                    if !reads_rows {
                        return None;
                    }
                    inputs.push(MemberInput { source: None, place, reads_rows, in_place });
                }
                None if !reads_rows || finds_rows => {}
                None if input.is_buffer() && is_contiguous(input.shape, self.axis) => {}
                None => return None,
            }
        }
        (inputs.len() <= MAX_INPUTS).then_some(Member { rule, output: rows, inputs })
    }

    /// Whether no group can hold a node, whatever stands before it.
    pub fn is_hopeless(network: &Network, node: usize) -> bool {
        let node = &network.nodes[node];
        let Operation::Known(function) = &node.operation else { return true };
        let rank = node.inputs.first().map_or(0, |&id| network.variable(id).shape.rank());
        node.outputs.len() != 1
            || (0..rank).all(|axis| function.row_rule(&NodeInputs { network, node }, axis).is_none())
    }

    /// Whether the member at `writer` may write its rows over those of the variable at `source`.
    pub fn works_over(&self, writer: usize, source: usize) -> bool {
        let Some(member) = self.nodes.get(writer) else { return false };
        let is_source = |input: &&MemberInput| input.source.unwrap_or(self.nodes.len()) == source;
        let mut uses = member.inputs.iter().filter(is_source).peekable();
        uses.peek().is_some() && uses.all(|input| input.in_place)
    }

    /// The variables: of each member its output, and behind them the one whose rows the caller gives.
    pub fn variables(&self) -> impl Iterator<Item = &Rows> {
        self.nodes.iter().map(|member| &member.output).chain(&self.pushed)
    }
}

impl Rows {
    fn new(network: &Network, variable: VariableId, axis: usize, kept: bool) -> Option<Self> {
        let record = network.variable(variable);
        let count = *record.shape.get(axis)?;
        let bytes = record.format.bytes(record.shape.row(axis).items());
        (count <= MAX_ROWS).then_some(Self { variable, count, bytes, kept, least_bytes: 0 })
    }
}

/// Whether each row lies in one piece in the whole variable.
pub fn is_contiguous(shape: Shape, axis: usize) -> bool {
    shape.get(axis).is_some_and(|&rows| rows == 1) || shape.split_items(axis).0 == 1
}

/// Whether something beyond a range of nodes reads a variable.
pub fn is_used_outside(network: &Network, range: &Range<usize>, variable: VariableId) -> bool {
    let beyond = network.nodes.iter().enumerate().filter(|(index, _)| !range.contains(index));
    network.outputs.contains(&variable) || beyond.into_iter().any(|(_, node)| node.inputs.contains(&variable))
}

/// Whether 32 bits hold the sum of all values of a variable.
fn sums_fit(network: &Network, variable: VariableId) -> bool {
    let variable = network.variable(variable);
    match variable.format {
        NumberFormat::Float32 => true,
        format => (variable.shape.items() as u64) << (format.bits() - 1) <= i32::MAX as u64,
    }
}

/// The shapes of a node's inputs.
pub struct NodeInputs<'n> {
    /// The network.
    pub network: &'n Network,
    /// The node.
    pub node: &'n Node,
}

impl Shapes for NodeInputs<'_> {
    fn count(&self) -> usize {
        self.node.inputs.len()
    }

    fn shape(&self, index: usize) -> Shape {
        self.network.variable(self.node.inputs[index]).shape
    }
}
