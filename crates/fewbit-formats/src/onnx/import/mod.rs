//! Graph to [`Network`]: node by node, computing what is known and making functions of the rest.
//!
//! | module | what it holds |
//! |---|---|
//! | `arguments` | what an operator knows of itself |
//! | `constants` | an operator whose inputs are all known |
//! | `context` | an operator while functions are made of it |
//! | `names` | unique names |

pub(crate) mod arguments;
pub(crate) mod constants;
pub(crate) mod context;
pub(crate) mod names;

use super::error::{NodeError, OnnxError, UnsupportedNode, UnsupportedNodes};
use super::graph::{Extent, Graph, Input, MAX_CONSTANTS, Node};
use super::operators;
use super::tensor::Tensor;
use super::{Import, OnnxOptions};
use constants::Constants;
use context::{Context, Outputs, Value};
use fewbit_core::{Function, Network, Node as NetworkNode, Operation, Shape, Variable, VariableId};
use names::Names;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The most values of a constant that is computed when the file is read, if its inputs have fewer: a small file could
/// otherwise claim any amount of memory.
const MAX_COMPUTED: usize = 1 << 24;

/// What a parameter is for, as far as functions cannot share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Use {
    Plain,
    AffineWeight,
}

/// The network while it is made.
struct Importer {
    network: Network,
    /// Constants of types that are not supported, with what is to be said of them.
    unreadable: HashMap<String, String>,
    /// The values of the graph so far.
    values: HashMap<String, Value>,
    opset: i64,
    /// The batch size of the file and the one asked for, if they differ.
    batch_change: Option<(usize, usize)>,
    variable_names: Names,
    node_names: Names,
    /// The parameters made of each constant, so that no weight is stored twice.
    parameters: HashMap<(String, Use), Vec<VariableId>>,
    /// How many values constants may still have.
    budget: usize,
    warnings: Vec<String>,
}

/// Makes a network of a graph.
///
/// # Errors
/// When the shape of an input stays open, and when nodes cannot be translated: all of them at once.
pub(super) fn import(graph: Graph, options: &OnnxOptions) -> Result<Import, OnnxError> {
    let Graph { name, opset, nodes, constants, unreadable, inputs, outputs, warnings } = graph;
    let mut importer = Importer {
        unreadable,
        network: Network { name, ..Network::default() },
        values: HashMap::new(),
        opset,
        batch_change: None,
        variable_names: Names::default(),
        node_names: Names::default(),
        parameters: HashMap::new(),
        budget: MAX_CONSTANTS.saturating_sub(constants.iter().map(|(_, tensor)| tensor.len()).sum()),
        warnings,
    };
    importer.variable_names.reserve(inputs.iter().map(|input| &input.name));
    importer.variable_names.reserve(constants.iter().map(|(name, _)| name));
    importer.variable_names.reserve(nodes.iter().flat_map(|node| &node.outputs));
    importer.node_names.reserve(nodes.iter().map(|node| &node.name));
    importer.values.extend(constants.into_iter().map(|(name, tensor)| (name, Value::Constant(tensor))));
    importer.add_inputs(&inputs, options)?;
    importer.add_nodes(&nodes, &outputs)?;
    for name in &outputs {
        importer.add_output(name)?;
    }
    Ok(Import { network: importer.network, warnings: importer.warnings })
}

impl Importer {
    fn add_inputs(&mut self, inputs: &[Input], options: &OnnxOptions) -> Result<(), OnnxError> {
        let first = |input: &Input| input.extents.first().cloned();
        // Names under which an extent is the batch size, wherever they stand.
        let batch_names: HashSet<String> = inputs
            .iter()
            .filter_map(|input| match first(input) {
                Some(Extent::Open(name)) if !name.is_empty() => Some(name),
                _ => None,
            })
            .collect();
        let stated = match inputs.first().and_then(first) {
            Some(Extent::Fixed(extent)) => Some(extent),
            _ => None,
        };
        self.batch_change = stated.zip(options.batch).filter(|(stated, wanted)| stated != wanted);
        let batch = options.batch.or(stated).unwrap_or(1);
        for input in inputs {
            let error = |reason: String| OnnxError::Input { name: input.name.clone(), reason };
            let mut dims = Vec::new();
            for (axis, extent) in input.extents.iter().enumerate() {
                dims.push(match extent {
                    Extent::Fixed(extent) if axis == 0 && self.batch_change.is_some_and(|(old, _)| old == *extent) => {
                        batch
                    }
                    Extent::Fixed(extent) => *extent,
                    Extent::Open(_) if axis == 0 => batch,
                    Extent::Open(name) if batch_names.contains(name) => batch,
                    Extent::Open(name) if name.is_empty() => return Err(error(format!("leaves axis {axis} open"))),
                    Extent::Open(name) => return Err(error(format!("leaves axis {axis} ('{name}') open"))),
                });
            }
            let shape = Shape::new(&dims).map_err(|reason| error(format!("cannot be: {reason}")))?;
            if !input.element.is_float() {
                self.warnings
                    .push(format!("input '{}' holds integers in the file; fewbit takes them as floats", input.name));
            }
            let id = self.network.add(Variable::buffer(self.variable_names.claim(&input.name), shape));
            self.network.inputs.push(id);
            self.values.insert(input.name.clone(), Value::Computed { id, element: input.element });
        }
        Ok(())
    }

    fn add_nodes(&mut self, nodes: &[Node], outputs: &[String]) -> Result<(), OnnxError> {
        let read: HashSet<&str> =
            nodes.iter().flat_map(|node| &node.inputs).chain(outputs).map(String::as_str).collect();
        let mut unsupported = UnsupportedNodes::default();
        for node in nodes {
            match self.translate(node).and_then(|outputs| self.bind(node, outputs, &read)) {
                Ok(()) => {}
                Err(NodeError::Unsupported(reason)) => {
                    let (node, operator) = (node.name.clone(), node.operator.clone());
                    unsupported.0.push(UnsupportedNode { node, operator, reason });
                }
                Err(NodeError::Invalid(reason)) => {
                    let (node, operator) = (node.name.clone(), node.operator.clone());
                    return Err(OnnxError::Node { node, operator, reason });
                }
                Err(NodeError::TooManyConstants) => {
                    return Err(OnnxError::TooManyConstants { limit: MAX_CONSTANTS });
                }
            }
            for name in node.outputs.iter().filter(|name| !name.is_empty()) {
                self.values.entry(name.clone()).or_insert(Value::Unknown);
            }
        }
        if unsupported.0.is_empty() { Ok(()) } else { Err(OnnxError::Unsupported(unsupported)) }
    }

    /// The values that a node gives; `None` if it depends on a node that fewbit cannot compute.
    fn translate(&mut self, node: &Node) -> Result<Option<Outputs>, NodeError> {
        let operator = operators::find(&node.operator)
            .ok_or_else(|| NodeError::unsupported("fewbit has no function for this operator"))?;
        if let Some(reason) = node.inputs.iter().find_map(|name| self.unreadable.get(name)) {
            return Err(NodeError::unsupported(reason));
        }
        let given = |name: &&String| !name.is_empty();
        let inputs = || node.inputs.iter().filter(given).map(|name| self.values.get(name.as_str()));
        if inputs().any(|value| matches!(value, None | Some(Value::Unknown))) {
            return Ok(None);
        }
        let known = inputs().all(|value| matches!(value, Some(Value::Constant(_))));
        if let Some(fold) = operator.fold
            && known
        {
            let inputs: Vec<_> = node.inputs.iter().map(|name| self.constant(name)).collect();
            let size: usize = inputs.iter().flatten().map(Tensor::len).sum();
            let limit = self.budget.min(MAX_COMPUTED.max(size));
            let tensors = fold(&Constants { node, opset: self.opset, inputs, limit })?;
            let size = tensors.iter().map(Tensor::len).sum();
            self.budget = self.budget.checked_sub(size).ok_or(NodeError::TooManyConstants)?;
            return Ok(Some(tensors.into_iter().map(Value::Constant).collect()));
        }
        let map = operator.map.ok_or_else(|| {
            NodeError::unsupported("fewbit computes this operator only where all its inputs are constants")
        })?;
        let (first_variable, first_node) = (self.network.variables.len(), self.network.nodes.len());
        let outputs = map(&mut Context { importer: self, node })?;
        self.name_functions(&node.name, first_node);
        self.name_variables(node, &outputs, first_variable);
        Ok(Some(outputs))
    }

    fn constant(&self, name: &str) -> Option<Tensor> {
        match self.values.get(name) {
            Some(Value::Constant(tensor)) => Some(tensor.clone()),
            _ => None,
        }
    }

    /// Joins the values that a node gives to the names of its outputs.
    fn bind(&mut self, node: &Node, outputs: Option<Outputs>, read: &HashSet<&str>) -> Result<(), NodeError> {
        let Some(outputs) = outputs else { return Ok(()) };
        if let Some(name) = node.outputs.iter().skip(outputs.len()).find(|name| read.contains(name.as_str())) {
            return Err(NodeError::unsupported(format!("its output '{name}' is not computed")));
        }
        for (name, value) in node.outputs.iter().zip(outputs).filter(|(name, _)| !name.is_empty()) {
            self.values.insert(name.clone(), value);
        }
        Ok(())
    }

    /// Names the functions from `first` on, which were made of one node: the last has the node's name.
    fn name_functions(&mut self, name: &str, first: usize) {
        let last = self.network.nodes.len().saturating_sub(1);
        for place in first..self.network.nodes.len() {
            let function = self.network.nodes[place].operation.spec().name;
            self.network.nodes[place].name = match place == last {
                true => self.node_names.claim(name),
                false => self.node_names.claim(&format!("{name}/{function}")),
            };
        }
    }

    /// Gives the variables from `first` on that are outputs of a node the names of these outputs.
    fn name_variables(&mut self, node: &Node, outputs: &Outputs, first: usize) {
        for (name, value) in node.outputs.iter().zip(outputs).filter(|(name, _)| !name.is_empty()) {
            if let Value::Computed { id, .. } = value
                && id.0 >= first
                && self.network.variable(*id).is_buffer()
            {
                self.rename(*id, name);
            }
        }
    }

    fn rename(&mut self, id: VariableId, name: &str) {
        self.variable_names.release(&self.network.variable(id).name);
        self.network.variable_mut(id).name = self.variable_names.claim(name);
    }

    /// A parameter of these values, made of the constant `source`.
    fn parameter(&mut self, source: &str, used: Use, shape: Shape, values: Arc<[f32]>) -> VariableId {
        let known = self.parameters.entry((source.into(), used)).or_default();
        let same = |id: &&VariableId| {
            let variable = self.network.variable(**id);
            variable.shape == shape && variable.values() == Some(&values[..])
        };
        if let Some(id) = known.iter().find(same) {
            return *id;
        }
        let id = self.network.add(Variable::parameter(self.variable_names.claim(source), shape, values));
        known.push(id);
        id
    }

    /// Makes a value an output of the network, under the name that the file gives it.
    ///
    /// # Errors
    /// When it is a constant of a type that is not supported.
    fn add_output(&mut self, name: &str) -> Result<(), OnnxError> {
        let id = match self.values.get(name) {
            Some(Value::Computed { id, .. }) => *id,
            Some(Value::Constant(tensor)) => {
                let (shape, values) = (tensor.shape, tensor.to_floats());
                self.parameter(name, Use::Plain, shape, values)
            }
            // Every other output is given by something, and all nodes were translated.
            Some(Value::Unknown) | None => {
                let reason = "its type is not supported".into();
                return Err(OnnxError::Tensor { name: name.into(), reason });
            }
        };
        let id = if self.network.variable(id).name == name {
            id
        } else if self.network.variable(id).is_buffer()
            && !self.network.inputs.contains(&id)
            && !self.network.outputs.contains(&id)
        {
            self.rename(id, name);
            id
        } else {
            self.copy(id, name)
        };
        self.network.outputs.push(id);
        Ok(())
    }

    /// A variable with the values of another, which has a name already.
    fn copy(&mut self, id: VariableId, name: &str) -> VariableId {
        let shape = self.network.variable(id).shape;
        let copy = self.network.add(Variable::buffer(self.variable_names.claim(name), shape));
        self.network.nodes.push(NetworkNode {
            name: self.node_names.claim(name),
            operation: Operation::Known(Function::Identity),
            inputs: vec![id],
            outputs: vec![copy],
            implementation: 0,
        });
        copy
    }
}
