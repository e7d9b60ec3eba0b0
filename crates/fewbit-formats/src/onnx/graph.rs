//! [`Graph`]: the content of an ONNX file, checked to hang together, its nodes in an order in which they can run.

use super::attributes::Attributes;
use super::element::Element;
use super::error::OnnxError;
use super::external::ExternalFiles;
use super::message::tensor_proto::DataType;
use super::message::tensor_shape_proto::dimension;
use super::message::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use super::order;
use super::stored;
use super::tensor::Tensor;
use std::collections::{HashMap, HashSet};

/// The oldest version of the operators that is read: since then, shapes are broadcast as numpy does it.
const OLDEST_OPSET: i64 = 7;

/// The newest version that was looked at.
const NEWEST_OPSET: i64 = 23;

/// The most values of a tensor of which few are stored, and of which a small file could otherwise claim any number.
pub(crate) const MAX_SPARSE: usize = 1 << 24;

/// The most values that all constants of a file may have together, 1 GiB of floats.
pub(crate) const MAX_CONSTANTS: usize = 1 << 28;

/// A file's graph.
#[derive(Clone, Debug)]
pub(crate) struct Graph {
    pub(crate) name: String,
    /// The version of the operators.
    pub(crate) opset: i64,
    /// The nodes that the outputs need, each after those that it reads from.
    pub(crate) nodes: Vec<Node>,
    /// Known values by name.
    pub(crate) constants: Vec<(String, Tensor)>,
    /// Known values of types that are not supported, with what is to be said of them.
    pub(crate) unreadable: HashMap<String, String>,
    pub(crate) inputs: Vec<Input>,
    pub(crate) outputs: Vec<String>,
    /// What a person should know, a sentence each.
    pub(crate) warnings: Vec<String>,
}

/// A value that the caller gives.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) name: String,
    pub(crate) element: Element,
    pub(crate) extents: Vec<Extent>,
}

/// The extent of an input along one axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Stated in the file.
    Fixed(usize),
    /// Left open under a name, which may be empty.
    Open(String),
}

/// An operator applied to values.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Its name; where the file gives none, one made of its operator and its place.
    pub(crate) name: String,
    /// The operator's name, after its domain and a dot if that is not ONNX's own.
    pub(crate) operator: String,
    /// The values that it reads; an empty name stands for an optional one that is missing.
    pub(crate) inputs: Vec<String>,
    /// The values that it gives; an empty name stands for one that nobody wants.
    pub(crate) outputs: Vec<String>,
    pub(crate) attributes: Attributes,
}

impl Graph {
    /// The graph of a decoded file.
    ///
    /// # Errors
    /// When the file's operators are too old, or names of values do not fit together.
    pub(crate) fn new(model: ModelProto, files: &ExternalFiles) -> Result<Self, OnnxError> {
        let opset = opset(&model);
        if opset < OLDEST_OPSET {
            return Err(OnnxError::Opset { found: opset, oldest: OLDEST_OPSET });
        }
        let mut warnings = Vec::new();
        if opset > NEWEST_OPSET {
            warnings.push(format!(
                "the file uses version {opset} of ONNX's operators, fewbit knows those up to {NEWEST_OPSET}; compare results"
            ));
        }
        let graph = model.graph.ok_or(OnnxError::NoNetwork("it has no graph"))?;
        let unreadable = unreadable(&graph);
        let constants = constants(&graph, files)?;
        let known: HashSet<&str> =
            constants.iter().map(|(name, _)| name).chain(unreadable.keys()).map(String::as_str).collect();
        // Old files list their initializers among the inputs.
        let inputs = graph.input.iter().filter(|input| !known.contains(input.name.as_str()));
        let inputs = inputs.map(Input::new).collect::<Result<Vec<_>, _>>()?;
        let outputs: Vec<String> = graph.output.iter().map(|output| output.name.clone()).collect();
        if outputs.is_empty() {
            return Err(OnnxError::NoNetwork("its graph has no outputs"));
        }
        let nodes = graph.node.into_iter().enumerate().map(|(place, node)| Node::new(place, node)).collect();
        let given = known.iter().copied().chain(inputs.iter().map(|input| input.name.as_str()));
        let nodes = order::sorted(nodes, given, &outputs)?;
        Ok(Self { name: graph.name, opset, nodes, constants, unreadable, inputs, outputs, warnings })
    }
}

/// The version of ONNX's own operators that a file asks for. Files before the third version of the format ask for none at
/// all; one that asks for others only has none of ONNX's own.
fn opset(model: &ModelProto) -> i64 {
    let own = model.opset_import.iter().filter(|import| is_own_domain(&import.domain));
    let otherwise = if model.opset_import.is_empty() { 1 } else { NEWEST_OPSET };
    own.map(|import| import.version).max().unwrap_or(otherwise)
}

fn is_own_domain(domain: &str) -> bool {
    domain.is_empty() || domain == "ai.onnx"
}

/// Initializers that are texts or otherwise no numbers: what needs them cannot be computed, but the rest can.
fn unreadable(graph: &GraphProto) -> HashMap<String, String> {
    let unsupported = |proto: &&TensorProto| Element::of(proto.data_type()).is_none();
    let reason = |proto: &TensorProto| {
        let kind = proto.data_type().as_str_name();
        (proto.name.clone(), format!("its input '{}' is of type {kind}, which is not supported", proto.name))
    };
    graph.initializer.iter().filter(unsupported).map(reason).collect()
}

fn constants(graph: &GraphProto, files: &ExternalFiles) -> Result<Vec<(String, Tensor)>, OnnxError> {
    let mut constants: Vec<(String, Tensor)> = Vec::with_capacity(graph.initializer.len());
    let mut left = MAX_CONSTANTS;
    let mut count = |tensor: &Tensor| -> Result<usize, OnnxError> {
        left = left.checked_sub(tensor.len()).ok_or(OnnxError::TooManyConstants { limit: MAX_CONSTANTS })?;
        Ok(left)
    };
    for initializer in graph.initializer.iter().filter(|it| Element::of(it.data_type()).is_some()) {
        let tensor = stored::tensor(initializer, files)?;
        count(&tensor)?;
        constants.push((initializer.name.clone(), tensor));
    }
    for initializer in &graph.sparse_initializer {
        let tensor = stored::sparse(initializer, files, MAX_SPARSE)?;
        count(&tensor)?;
        let name = initializer.values.as_ref().map(|values| values.name.clone()).unwrap_or_default();
        constants.push((name, tensor));
    }
    let mut names = HashSet::new();
    match constants.iter().find(|(name, _)| !names.insert(name)) {
        Some((name, _)) => Err(OnnxError::Duplicate(name.clone())),
        None => Ok(constants),
    }
}

impl Input {
    fn new(info: &ValueInfoProto) -> Result<Self, OnnxError> {
        let error = |reason: &str| OnnxError::Input { name: info.name.clone(), reason: reason.into() };
        let tensor = info.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
        let tensor = tensor.ok_or_else(|| error("is not a tensor"))?;
        let data_type = DataType::try_from(tensor.elem_type).unwrap_or_default();
        let element = Element::of(data_type)
            .ok_or_else(|| error(&format!("is of type {}, which is not supported", data_type.as_str_name())))?;
        let shape = tensor.shape.as_ref().ok_or_else(|| error("has no shape"))?;
        let extent = |dim: &Option<dimension::Value>| match dim {
            Some(dimension::Value::DimValue(extent)) => match usize::try_from(*extent) {
                // Some exporters write 0 or -1 for what they do not know.
                Ok(0) | Err(_) => Extent::Open(String::new()),
                Ok(extent) => Extent::Fixed(extent),
            },
            Some(dimension::Value::DimParam(name)) => Extent::Open(name.clone()),
            None => Extent::Open(String::new()),
        };
        let extents = shape.dim.iter().map(|dim| extent(&dim.value)).collect();
        Ok(Self { name: info.name.clone(), element, extents })
    }
}

impl Node {
    fn new(place: usize, node: NodeProto) -> Self {
        let operator = match is_own_domain(&node.domain) {
            true => node.op_type,
            false => format!("{}.{}", node.domain, node.op_type),
        };
        let name = if node.name.is_empty() { format!("{operator}_{place}") } else { node.name };
        let attributes = Attributes::new(node.attribute);
        Self { name, operator, inputs: node.input, outputs: node.output, attributes }
    }
}
