//! [`Network`]: functions joined by variables, with their shapes, number formats and parameters.
//!
//! Readers of file formats produce it, passes take one and return another, writers consume it. It is plain data: a
//! change that breaks its rules is found by [`Network::validate`], which every reader and pass ends with.

mod edit;

use crate::argument::ArgumentValue;
use crate::function::Function;
use crate::number::NumberFormat;
use crate::shape::Shape;
use crate::shape_rule::ShapeRuleError;
use crate::spec::FunctionSpec;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec;
use alloc::vec::Vec;

/// The place of a variable in [`Network::variables`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VariableId(pub usize);

/// A network: nodes in an order in which they can run, and the variables between them.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Network {
    /// Its name, for people.
    pub name: String,
    /// All variables; nodes refer to them by place.
    pub variables: Vec<Variable>,
    /// The nodes in the order of execution.
    pub nodes: Vec<Node>,
    /// The variables that the caller fills.
    pub inputs: Vec<VariableId>,
    /// The variables that the caller reads.
    pub outputs: Vec<VariableId>,
}

/// A value between functions: computed for each run, or given with the network.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name, unique in the network.
    pub name: String,
    /// Its extents, the batch included.
    pub shape: Shape,
    /// How its values are stored.
    pub format: NumberFormat,
    /// For fixed-point weights whose output channels have positions of their own: one for each channel, instead of
    /// the one in `format`. Channels are the outermost axis of the values as `.nnb` stores them: the first of a
    /// convolution's weights, the last of an affine function's, which are stored transposed. A fewbit extension.
    pub channel_positions: Option<Arc<[i8]>>,
    /// Where its values come from.
    pub kind: VariableKind,
}

/// Where the values of a variable come from.
#[derive(Clone, Debug, PartialEq)]
pub enum VariableKind {
    /// From the caller or from a node, anew for each run.
    Buffer,
    /// From the file: real numbers in row-major order, before they are stored in the variable's format. Shared, so
    /// that copies of a network do not copy its weights.
    Parameter(Arc<[f32]>),
}

/// A function applied to variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Its name, for people and for settings files.
    pub name: String,
    /// What it computes.
    pub operation: Operation,
    /// Its inputs, in the function's order.
    pub inputs: Vec<VariableId>,
    /// Its outputs, in the function's order.
    pub outputs: Vec<VariableId>,
    /// NNabla's number of the implementation to use, carried through to `.nnb`; 0 is the ordinary one.
    pub implementation: u16,
}

/// What a node computes.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// A function that fewbit computes.
    Known(Function),
    /// A function that fewbit only carries from one file to another.
    Opaque(OpaqueFunction),
}

/// A function of the table that fewbit does not compute, with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub struct OpaqueFunction {
    /// Its row in the table.
    pub spec: &'static FunctionSpec,
    /// Its arguments, one for each of the specification's.
    pub arguments: Vec<ArgumentValue>,
}

/// Rows of the table are unique by name.
impl PartialEq for FunctionSpec {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Operation {
    /// The function's row in the table.
    pub fn spec(&self) -> &'static FunctionSpec {
        match self {
            Self::Known(function) => function.spec(),
            Self::Opaque(function) => function.spec,
        }
    }

    /// The function's arguments, in the order of the specification.
    pub fn arguments(&self) -> Vec<ArgumentValue> {
        match self {
            Self::Known(function) => {
                let mut values = Vec::new();
                function.visit_arguments(|_, value| values.push(value));
                values
            }
            Self::Opaque(function) => function.arguments.clone(),
        }
    }
}

impl Variable {
    /// A float buffer.
    pub fn buffer(name: impl Into<String>, shape: Shape) -> Self {
        Self::new(name.into(), shape, VariableKind::Buffer)
    }

    /// A float parameter. `values` are in row-major order, one for each item of `shape`.
    pub fn parameter(name: impl Into<String>, shape: Shape, values: impl Into<Arc<[f32]>>) -> Self {
        Self::new(name.into(), shape, VariableKind::Parameter(values.into()))
    }

    fn new(name: String, shape: Shape, kind: VariableKind) -> Self {
        Self { name, shape, format: NumberFormat::Float32, channel_positions: None, kind }
    }

    /// The values of a parameter; `None` for a buffer.
    pub fn values(&self) -> Option<&[f32]> {
        match &self.kind {
            VariableKind::Parameter(values) => Some(values),
            VariableKind::Buffer => None,
        }
    }

    /// Whether it is computed for each run.
    pub fn is_buffer(&self) -> bool {
        self.kind == VariableKind::Buffer
    }

    /// Bytes of its values in its format.
    pub fn bytes(&self) -> usize {
        self.format.bytes(self.shape.items())
    }
}

/// How a network breaks its rules.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// A reference to a variable that is not there.
    #[error("{place} refers to variable number {index}, but the network has {count} variables")]
    NoSuchVariable {
        /// The node, or the list of inputs or outputs.
        place: String,
        /// The number.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// Two variables of the same name.
    #[error("two variables have the name '{0}'")]
    DuplicateName(String),
    /// A parameter with more or fewer values than its shape has items.
    #[error("parameter '{name}' has {values} values, but its shape {shape} has {} items", shape.items())]
    ValueCount {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Shape,
        /// Its number of values.
        values: usize,
    },
    /// Positions a channel where there are no channels, or of a variable that cannot have them.
    #[error(
        "variable '{name}' has {count} channel positions; only fixed-point parameters have them, and their number must divide the items"
    )]
    ChannelPositions {
        /// Its name.
        name: String,
        /// How many positions.
        count: usize,
    },
    /// A parameter with infinite values or values that are not numbers.
    #[error(
        "parameter '{name}' contains {count} values that are not finite numbers; train or export the network again"
    )]
    NotFinite {
        /// Its name.
        name: String,
        /// How many.
        count: usize,
    },
    /// A buffer that is read before anything wrote it.
    #[error("function '{node}' reads variable '{variable}' before any function writes it")]
    ReadBeforeWritten {
        /// The reading node.
        node: String,
        /// The variable.
        variable: String,
    },
    /// An output that no function writes and no caller fills.
    #[error("output '{0}' is never written")]
    OutputNotWritten(String),
    /// A variable that cannot be written there: a parameter, a network's input, or one that is written already.
    #[error("function '{node}' writes variable '{variable}', which {reason}")]
    BadOutput {
        /// The writing node.
        node: String,
        /// The variable.
        variable: String,
        /// Why not.
        reason: &'static str,
    },
    /// A network's input that is a parameter.
    #[error("input '{0}' is a parameter")]
    InputIsParameter(String),
    /// Shapes that the function does not take, or an output of another shape than it gives.
    #[error("function '{node}' ({function}): {error}")]
    Shape {
        /// The node.
        node: String,
        /// Its function.
        function: &'static str,
        /// What is wrong.
        error: ShapeRuleError,
    },
}

impl Network {
    /// The variable with this id. Ids come from the network itself: one of another network may be out of range.
    pub fn variable(&self, id: VariableId) -> &Variable {
        &self.variables[id.0]
    }

    /// The variable with this id, to be changed.
    pub fn variable_mut(&mut self, id: VariableId) -> &mut Variable {
        &mut self.variables[id.0]
    }

    /// The id of the variable with this name.
    pub fn find(&self, name: &str) -> Option<VariableId> {
        self.variables.iter().position(|variable| variable.name == name).map(VariableId)
    }

    /// Adds a variable.
    pub fn add(&mut self, variable: Variable) -> VariableId {
        self.variables.push(variable);
        VariableId(self.variables.len() - 1)
    }

    /// For each variable, the nodes that read it, by their place. A node that reads it twice is listed twice.
    pub fn readers(&self) -> Vec<Vec<usize>> {
        let mut readers = vec![Vec::new(); self.variables.len()];
        for (place, node) in self.nodes.iter().enumerate() {
            for input in &node.inputs {
                readers[input.0].push(place);
            }
        }
        readers
    }

    /// For each variable, the node that writes it, by its place.
    pub fn writers(&self) -> Vec<Option<usize>> {
        let mut writers = vec![None; self.variables.len()];
        for (place, node) in self.nodes.iter().enumerate() {
            for output in &node.outputs {
                writers[output.0] = Some(place);
            }
        }
        writers
    }

    /// Checks every rule: references, names, values, the order of nodes, shapes.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn validate(&self) -> Result<(), NetworkError> {
        self.check_references()?;
        self.check_variables()?;
        self.check_order()?;
        self.check_shapes()
    }

    fn check_references(&self) -> Result<(), NetworkError> {
        let count = self.variables.len();
        let check = |place: &dyn Fn() -> String, ids: &[VariableId]| match ids.iter().find(|id| id.0 >= count) {
            Some(id) => Err(NetworkError::NoSuchVariable { place: place(), index: id.0, count }),
            None => Ok(()),
        };
        check(&|| "the list of inputs".into(), &self.inputs)?;
        check(&|| "the list of outputs".into(), &self.outputs)?;
        for node in &self.nodes {
            check(&|| alloc::format!("function '{}'", node.name), &node.inputs)?;
            check(&|| alloc::format!("function '{}'", node.name), &node.outputs)?;
        }
        Ok(())
    }

    fn check_variables(&self) -> Result<(), NetworkError> {
        let mut names: Vec<&str> = self.variables.iter().map(|variable| variable.name.as_str()).collect();
        names.sort_unstable();
        if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(NetworkError::DuplicateName(pair[0].into()));
        }
        for Variable { name, shape, format, channel_positions, kind } in &self.variables {
            if let Some(positions) = channel_positions {
                let divides = !positions.is_empty() && shape.items().is_multiple_of(positions.len());
                if !format.is_fixed() || *kind == VariableKind::Buffer || !divides {
                    return Err(NetworkError::ChannelPositions { name: name.clone(), count: positions.len() });
                }
            }
            let VariableKind::Parameter(values) = kind else { continue };
            if values.len() != shape.items() {
                return Err(NetworkError::ValueCount { name: name.clone(), shape: *shape, values: values.len() });
            }
            let count = values.iter().filter(|value| !value.is_finite()).count();
            if count > 0 {
                return Err(NetworkError::NotFinite { name: name.clone(), count });
            }
        }
        Ok(())
    }

    fn check_order(&self) -> Result<(), NetworkError> {
        let name = |id: VariableId| self.variable(id).name.clone();
        let mut written: Vec<bool> = self.variables.iter().map(|variable| !variable.is_buffer()).collect();
        for &input in &self.inputs {
            if !self.variable(input).is_buffer() {
                return Err(NetworkError::InputIsParameter(name(input)));
            }
            written[input.0] = true;
        }
        for node in &self.nodes {
            if let Some(&input) = node.inputs.iter().find(|input| !written[input.0]) {
                return Err(NetworkError::ReadBeforeWritten { node: node.name.clone(), variable: name(input) });
            }
            for &output in &node.outputs {
                let reason = if !self.variable(output).is_buffer() {
                    "is a parameter"
                } else if self.inputs.contains(&output) {
                    "is an input of the network"
                } else if written[output.0] {
                    "is written already"
                } else {
                    written[output.0] = true;
                    continue;
                };
                return Err(NetworkError::BadOutput { node: node.name.clone(), variable: name(output), reason });
            }
        }
        match self.outputs.iter().find(|output| !written[output.0]) {
            Some(&output) => Err(NetworkError::OutputNotWritten(name(output))),
            None => Ok(()),
        }
    }

    fn check_shapes(&self) -> Result<(), NetworkError> {
        for node in &self.nodes {
            let Operation::Known(function) = &node.operation else { continue };
            let shapes = |ids: &[VariableId]| -> Vec<Shape> { ids.iter().map(|&id| self.variable(id).shape).collect() };
            function
                .check_shapes(&&shapes(&node.inputs)[..], &&shapes(&node.outputs)[..])
                .map_err(|error| NetworkError::Shape { node: node.name.clone(), function: function.name(), error })?;
        }
        Ok(())
    }
}
