//! [`Context`]: one node while functions are made of it.

use super::arguments::Arguments;
use super::{Importer, Use};
use crate::onnx::element::Element;
use crate::onnx::error::NodeError;
use crate::onnx::graph::Node;
use crate::onnx::tensor::Tensor;
use fewbit_core::function::arguments as nnabla;
use fewbit_core::{Function, IntList, Node as NetworkNode, Operation, Shape, Variable, VariableId};
use std::sync::Arc;

type Result<T> = std::result::Result<T, NodeError>;

/// A value of the graph.
#[derive(Clone, Debug)]
pub(crate) enum Value {
    /// Known when the file is read.
    Constant(Tensor),
    /// A variable of the network.
    Computed {
        /// The variable.
        id: VariableId,
        /// What ONNX takes its values for.
        element: Element,
    },
    /// The result of a node that fewbit cannot compute.
    Unknown,
}

/// What an operator gives: a value for each of the node's outputs, of which the last ones may be missing.
pub(crate) type Outputs = Vec<Value>;

/// A node, and the network that its functions go to.
pub(crate) struct Context<'i> {
    pub(super) importer: &'i mut Importer,
    pub(super) node: &'i Node,
}

impl Arguments for Context<'_> {
    fn node(&self) -> &Node {
        self.node
    }

    fn opset(&self) -> i64 {
        self.importer.opset
    }

    fn known(&self, input: usize) -> Option<&Tensor> {
        match self.value(input)? {
            Value::Constant(tensor) => Some(tensor),
            _ => None,
        }
    }
}

impl Context<'_> {
    fn value(&self, input: usize) -> Option<&Value> {
        let name = self.node.inputs.get(input).filter(|name| !name.is_empty())?;
        self.importer.values.get(name)
    }

    fn required(&self, input: usize) -> Result<&Value> {
        self.value(input).ok_or_else(|| NodeError::invalid(format!("input {input} is missing")))
    }

    /// How many inputs the node lists.
    pub(crate) fn input_count(&self) -> usize {
        self.node.inputs.len()
    }

    /// An input as a variable; a known one becomes a parameter.
    pub(crate) fn input(&mut self, input: usize) -> Result<VariableId> {
        match self.required(input)? {
            Value::Computed { id, .. } => Ok(*id),
            Value::Constant(tensor) => {
                let (shape, values) = (tensor.shape, tensor.to_floats());
                Ok(self.parameter_of(input, shape, values))
            }
            Value::Unknown => Err(NodeError::invalid(format!("input {input} is not known"))),
        }
    }

    /// An input for a function that matches axes from the last: ones are put before the extents of a parameter with fewer
    /// axes, since not every runtime of NNabla's does so by itself.
    pub(crate) fn input_of_rank(&mut self, input: usize, rank: usize) -> Result<VariableId> {
        let Some(tensor) = self.known(input) else { return self.input(input) };
        let mut dims = vec![1; rank.saturating_sub(tensor.shape.rank())];
        dims.extend_from_slice(&tensor.shape);
        let (shape, values) = (Shape::new(&dims)?, tensor.to_floats());
        Ok(self.parameter_of(input, shape, values))
    }

    /// An input in another shape with as many items.
    pub(crate) fn input_with_shape(&mut self, input: usize, dims: &[usize]) -> Result<VariableId> {
        let shape = Shape::new(dims)?;
        let found = self.input_shape(input)?;
        if found.items() != shape.items() {
            return Err(NodeError::invalid(format!(
                "input {input} has the shape {found}, but must have {} items",
                shape.items()
            )));
        }
        match self.known(input).map(Tensor::to_floats) {
            Some(values) => Ok(self.parameter_of(input, shape, values)),
            None => {
                let id = self.input(input)?;
                self.reshape(id, dims)
            }
        }
    }

    /// All inputs as variables.
    pub(crate) fn inputs(&mut self) -> Result<Vec<VariableId>> {
        (0..self.input_count()).map(|input| self.input(input)).collect()
    }

    /// The shape of an input, known or not.
    pub(crate) fn input_shape(&self, input: usize) -> Result<Shape> {
        match self.required(input)? {
            Value::Computed { id, .. } => Ok(self.shape(*id)),
            Value::Constant(tensor) => Ok(tensor.shape),
            Value::Unknown => Err(NodeError::invalid(format!("input {input} is not known"))),
        }
    }

    /// What ONNX takes the values of an input for.
    pub(crate) fn element(&self, input: usize) -> Element {
        match self.value(input) {
            Some(Value::Constant(tensor)) => tensor.element,
            Some(Value::Computed { element, .. }) => *element,
            _ => Element::Float,
        }
    }

    /// The only value of an input that is known and has just one.
    pub(crate) fn single(&self, input: usize) -> Option<f32> {
        self.known(input)?.single()
    }

    /// A parameter made of a known input.
    pub(crate) fn parameter_of(&mut self, input: usize, shape: Shape, values: impl Into<Arc<[f32]>>) -> VariableId {
        let source = self.node.inputs.get(input).cloned().unwrap_or_default();
        self.importer.parameter(&source, Use::Plain, shape, values.into())
    }

    /// The weights of an affine function, made of a known input. Devices store them transposed, so that other functions
    /// cannot share them.
    pub(crate) fn affine_weight_of(&mut self, input: usize, shape: Shape, values: impl Into<Arc<[f32]>>) -> VariableId {
        let source = self.node.inputs.get(input).cloned().unwrap_or_default();
        self.importer.parameter(&source, Use::AffineWeight, shape, values.into())
    }

    /// A parameter that belongs to this node alone.
    pub(crate) fn parameter(&mut self, what: &str, shape: Shape, values: impl Into<Arc<[f32]>>) -> VariableId {
        let source = format!("{}/{what}", self.node.name);
        self.importer.parameter(&source, Use::Plain, shape, values.into())
    }

    /// The shape of a variable.
    pub(crate) fn shape(&self, id: VariableId) -> Shape {
        self.importer.network.variable(id).shape
    }

    /// The batch size that the file states, and the one that was asked for, where they differ.
    pub(crate) fn batch_change(&self) -> Option<(usize, usize)> {
        self.importer.batch_change
    }

    /// Adds a function with one output.
    pub(crate) fn apply(&mut self, function: Function, inputs: &[VariableId]) -> Result<VariableId> {
        let shapes: Vec<Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let shape = function.output_shape(&&shapes[..])?;
        let base = self.node.outputs.iter().find(|name| !name.is_empty()).unwrap_or(&self.node.name);
        let name = self.importer.variable_names.fresh(base);
        let output = self.importer.network.add(Variable::buffer(name, shape));
        self.importer.network.nodes.push(NetworkNode {
            // Names are given when all functions of the node are there.
            name: String::new(),
            operation: Operation::Known(function),
            inputs: inputs.to_vec(),
            outputs: vec![output],
            implementation: 0,
        });
        Ok(output)
    }

    /// The function of one variable that a list of functions is, one after the other.
    pub(crate) fn apply_all(&mut self, input: VariableId, functions: &[Function]) -> Result<VariableId> {
        functions.iter().try_fold(input, |id, &function| self.apply(function, &[id]))
    }

    /// The variable in another shape with as many items.
    pub(crate) fn reshape(&mut self, id: VariableId, dims: &[usize]) -> Result<VariableId> {
        if self.shape(id).dims() == dims {
            return Ok(id);
        }
        self.apply(Function::Reshape(nnabla::Reshape { shape: ints(dims)?, inplace: true }), &[id])
    }

    /// The variable with its axes in another order.
    pub(crate) fn transpose(&mut self, id: VariableId, order: &[usize]) -> Result<VariableId> {
        if order.iter().enumerate().all(|(place, &axis)| place == axis) {
            return Ok(id);
        }
        self.apply(Function::Transpose(nnabla::Axes { axes: ints(order)? }), &[id])
    }

    /// The outputs of an operator with one output, of the same kind of numbers as its first input.
    pub(crate) fn output(&self, id: VariableId) -> Outputs {
        self.typed_output(id, self.element(0))
    }

    /// The outputs of an operator with one output.
    pub(crate) fn typed_output(&self, id: VariableId, element: Element) -> Outputs {
        vec![Value::Computed { id, element }]
    }
}

/// A list of extents, axes or the like as functions take it.
pub(crate) fn ints(values: &[usize]) -> Result<IntList> {
    let mut list = IntList::new();
    for &value in values {
        list.push(i32::try_from(value).map_err(|_| NodeError::unsupported(format!("{value} is too large")))?)?;
    }
    Ok(list)
}
