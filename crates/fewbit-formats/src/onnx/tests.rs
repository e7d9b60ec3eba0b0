//! Graphs that are made here, to be read: what they become, and what is said of those that cannot be.

use super::message::attribute_proto::AttributeType;
use super::message::tensor_proto::{DataLocation, DataType};
use super::message::tensor_shape_proto::{Dimension, dimension};
use super::message::*;
use super::{OnnxError, OnnxOptions, open, read, write};
use crate::error::FormatError;
use fewbit_core::{Function, Network, Node, Operation, Shape, Variable};
use prost::Message;
use std::fs;

/// A graph with the input `x` of shape 1x4 and the output `y`.
#[derive(Clone)]
struct Made(ModelProto);

impl Made {
    fn new() -> Self {
        let graph = GraphProto {
            input: vec![input("x", &[Ok(1), Ok(4)])],
            output: vec![ValueInfoProto { name: "y".into(), r#type: None }],
            ..GraphProto::default()
        };
        let opset_import = vec![OperatorSetIdProto { domain: String::new(), version: 17 }];
        Self(ModelProto { ir_version: 8, graph: Some(graph), opset_import, ..ModelProto::default() })
    }

    fn graph(&mut self) -> &mut GraphProto {
        self.0.graph.as_mut().expect("every graph here has one")
    }

    fn node(mut self, operator: &str, inputs: &[&str], outputs: &[&str]) -> Self {
        let names = |names: &[&str]| names.iter().map(|&name| name.into()).collect();
        self.graph().node.push(NodeProto {
            input: names(inputs),
            output: names(outputs),
            name: format!("{operator} of {}", outputs.first().copied().unwrap_or("nothing")),
            op_type: operator.into(),
            ..NodeProto::default()
        });
        self
    }

    /// Gives the last node an attribute.
    fn ints(mut self, name: &str, ints: &[i64]) -> Self {
        let r#type = AttributeType::Ints.into();
        let attribute = AttributeProto { name: name.into(), ints: ints.to_vec(), r#type, ..AttributeProto::default() };
        self.graph().node.last_mut().expect("a node").attribute.push(attribute);
        self
    }

    fn int(mut self, name: &str, value: i64) -> Self {
        let r#type = AttributeType::Int.into();
        let attribute = AttributeProto { name: name.into(), i: Some(value), r#type, ..AttributeProto::default() };
        self.graph().node.last_mut().expect("a node").attribute.push(attribute);
        self
    }

    fn floats(mut self, name: &str, dims: &[i64], values: &[f32]) -> Self {
        self.graph().initializer.push(TensorProto {
            name: name.into(),
            dims: dims.to_vec(),
            data_type: DataType::Float.into(),
            float_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    fn integers(mut self, name: &str, values: &[i64]) -> Self {
        self.graph().initializer.push(TensorProto {
            name: name.into(),
            dims: vec![i64::try_from(values.len()).expect("few values")],
            data_type: DataType::Int64.into(),
            int64_data: values.to_vec(),
            ..TensorProto::default()
        });
        self
    }

    fn read(&self) -> Result<Network, OnnxError> {
        self.read_with(&OnnxOptions::default())
    }

    fn read_with(&self, options: &OnnxOptions) -> Result<Network, OnnxError> {
        match read(&self.0.encode_to_vec(), options) {
            Ok(import) => Ok(import.network),
            Err(FormatError::Onnx(error)) => Err(error),
            Err(error) => panic!("not an error of this module: {error}"),
        }
    }

    /// What a person reads of it.
    fn error(&self) -> String {
        self.read().expect_err("a graph that cannot be read").to_string()
    }
}

/// An input; an extent that is open has a name.
fn input(name: &str, extents: &[Result<i64, &str>]) -> ValueInfoProto {
    let dim = extents.iter().map(|extent| Dimension {
        value: Some(match extent {
            Ok(extent) => dimension::Value::DimValue(*extent),
            Err(name) => dimension::Value::DimParam((*name).into()),
        }),
    });
    let shape = Some(TensorShapeProto { dim: dim.collect() });
    let tensor_type = Some(type_proto::Tensor { elem_type: DataType::Float.into(), shape });
    ValueInfoProto { name: name.into(), r#type: Some(TypeProto { tensor_type }) }
}

fn functions(network: &Network) -> Vec<&'static str> {
    network.nodes.iter().map(|node| node.operation.spec().name).collect()
}

fn names(network: &Network) -> Vec<&str> {
    network.variables.iter().map(|variable| variable.name.as_str()).collect()
}

#[test]
fn names_of_the_file_stay_and_others_are_made_of_them() {
    let network = Made::new()
        .node("HardSwish", &["x"], &["h"])
        .node("Gemm", &["h", "w", "b"], &["y"])
        .floats("w", &[4, 2], &[1.0; 8])
        .floats("b", &[2], &[0.5; 2])
        .read()
        .expect("a good graph");
    assert_eq!(functions(&network), ["AddScalar", "ReLU6", "Mul2", "MulScalar", "Affine"]);
    assert_eq!(names(&network), ["x", "h_1", "h_2", "h_3", "h", "w", "b", "y"]);
    let last = &network.nodes[3];
    assert_eq!((last.name.as_str(), network.nodes[0].name.as_str()), ("HardSwish of h", "HardSwish of h/AddScalar"));
}

#[test]
fn shapes_are_computed_when_the_file_is_read() {
    let network = Made::new()
        .node("Shape", &["x"], &["shape"])
        .node("Gather", &["shape", "first"], &["batch"])
        .node("Concat", &["batch", "rest"], &["wanted"])
        .int("axis", 0)
        .node("Reshape", &["x", "wanted"], &["y"])
        .integers("first", &[0])
        .integers("rest", &[2, -1])
        .read()
        .expect("a good graph");
    assert_eq!(functions(&network), ["Reshape"]);
    assert_eq!(network.variable(network.outputs[0]).shape.dims(), [1, 2, 2]);
}

#[test]
fn an_output_that_is_an_input_or_a_constant_has_a_value() {
    let mut made = Made::new().node("Identity", &["x"], &["y"]).floats("c", &[2], &[1.0, 2.0]);
    made.graph().output.push(ValueInfoProto { name: "c".into(), r#type: None });
    made.graph().output.push(ValueInfoProto { name: "x".into(), r#type: None });
    let network = made.read().expect("a good graph");
    let outputs: Vec<&str> = network.outputs.iter().map(|id| network.variable(*id).name.as_str()).collect();
    assert_eq!(outputs, ["y", "c", "x"]);
    let file = write(&network).expect("all of it is in ONNX");
    let again = read(&file, &OnnxOptions::default()).expect("just written").network;
    assert_eq!(again.outputs.len(), 3);
}

#[test]
fn all_that_cannot_be_computed_is_named_at_once() {
    let error = Made::new()
        .node("LSTM", &["x"], &["a"])
        .node("Relu", &["a"], &["b"])
        .node("NonZero", &["b"], &["c"])
        .node("MaxPool", &["image"], &["d"])
        .ints("kernel_shape", &[2, 2])
        .ints("dilations", &[2, 2])
        .node("LSTM", &["d"], &["e"])
        .node("Sum", &["c", "e"], &["y"])
        .node("Loop", &["x"], &["unused"])
        .floats("image", &[1, 1, 4, 4], &[0.0; 16])
        .error();
    assert_eq!(
        error,
        "fewbit cannot compute LSTM 'LSTM of a', 'LSTM of e' (fewbit has no function for this operator); \
         NonZero 'NonZero of c' (fewbit has no function for this operator); \
         MaxPool 'MaxPool of d' (windows with dilations are not supported)"
    );
}

#[test]
fn what_does_not_hold_together_is_said_in_a_sentence() {
    let relu = || Made::new().node("Relu", &["x"], &["y"]);
    let mut no_graph = Made::new();
    no_graph.0.graph = None;
    let mut old = relu();
    old.0.opset_import[0].version = 6;
    let mut no_outputs = relu();
    no_outputs.graph().output.clear();
    let mut open_extent = relu();
    open_extent.graph().input[0] = input("x", &[Ok(1), Err("width")]);
    let mut no_shape = relu();
    no_shape.graph().input[0].r#type = None;
    let cases = [
        (no_graph, "the file holds no network: it has no graph"),
        (no_outputs, "the file holds no network: its graph has no outputs"),
        (
            old,
            "the file uses version 6 of ONNX's operators; fewbit reads versions 7 and later: convert it with \
             onnx.version_converter",
        ),
        (
            Made::new().node("Relu", &["nowhere"], &["y"]),
            "node 'Relu of y' reads the value 'nowhere', which no node, input or initializer gives",
        ),
        (Made::new().node("Relu", &["y"], &["y"]), "the nodes form a circle through 'Relu of y'"),
        (relu().node("Abs", &["x"], &["y"]), "the value 'y' is given twice"),
        (relu().floats("x", &[1], &[1.0]).floats("x", &[1], &[1.0]), "the value 'x' is given twice"),
        (open_extent, "input 'x' leaves axis 1 ('width') open; export the network with a fixed shape"),
        (no_shape, "input 'x' is not a tensor; export the network with a fixed shape"),
        (
            Made::new().node("Gemm", &["x", "w"], &["y"]).floats("w", &[3, 2], &[0.0; 6]),
            "node 'Gemm of y' (Gemm): input 1 has the shape 3x2, but its first axis must fit the items of input 0 from \
             base_axis on",
        ),
        (
            Made::new().node("Gemm", &["x", "w"], &["y"]).floats("w", &[4, 2], &[0.0; 6]),
            "tensor 'w': it has 6 values, but its shape 4x2 needs 8",
        ),
        (
            Made::new().node("Softmax", &["x"], &["y"]).ints("axis", &[1]),
            "node 'Softmax of y' (Softmax): attribute 'axis' must be of type INT, but is of type INTS",
        ),
        (
            Made::new().node("Transpose", &["x"], &["y"]).ints("perm", &[0, 0]),
            "node 'Transpose of y' (Transpose): axis 0 is named twice",
        ),
        (Made::new().node("Add", &["x"], &["y"]), "node 'Add of y' (Add): input 1 is missing"),
        (
            Made::new().node("Reshape", &["x", "shape"], &["y"]).integers("shape", &[3, -1]),
            "node 'Reshape of y' (Reshape): its input of shape 1x4 cannot be divided by the extents that the shape states",
        ),
    ];
    for (made, expected) in cases {
        assert_eq!(made.error(), expected);
    }
    assert!(read(b"not a protobuf message", &OnnxOptions::default()).is_err());
    assert!(read(&[], &OnnxOptions::default()).is_err());
}

/// A few bytes must not claim more memory than a network for a small device could need.
#[test]
fn huge_extents_take_no_memory() {
    let huge = 1 << 40;
    let mut wide = Made::new().node("Relu", &["x"], &["y"]);
    wide.graph().input[0] = input("x", &[Ok(1), Ok(huge)]);
    let cases = [
        wide,
        Made::new().node("ConstantOfShape", &["shape"], &["y"]).integers("shape", &[1 << 15, 1 << 15]),
        Made::new().node("ConstantOfShape", &["shape"], &["y"]).integers("shape", &[huge, huge]),
        Made::new().node("Expand", &["one", "shape"], &["y"]).floats("one", &[1], &[1.0]).integers("shape", &[1 << 30]),
        Made::new().node("Tile", &["one", "reps"], &["y"]).floats("one", &[1], &[1.0]).integers("reps", &[1 << 30]),
        Made::new().node("Tile", &["x", "reps"], &["y"]).integers("reps", &[1 << 30, 1 << 30]),
        Made::new()
            .node("Range", &["from", "to", "step"], &["y"])
            .floats("from", &[], &[0.0])
            .floats("to", &[], &[1e30])
            .floats("step", &[], &[1e-30]),
        Made::new().node("Pad", &["x", "pads"], &["y"]).integers("pads", &[0, huge, 0, huge]),
        Made::new().node("Upsample", &["x", "scales"], &["y"]).floats("scales", &[2], &[1.0, 1e30]),
        Made::new()
            .node("Conv", &["image", "w"], &["y"])
            .ints("pads", &[i64::MAX, 0, 0, i64::MAX])
            .floats("image", &[1, 1, 2, 2], &[0.0; 4])
            .floats("w", &[1, 1, 1, 1], &[1.0]),
        Made::new()
            .node("MaxPool", &["image"], &["y"])
            .ints("kernel_shape", &[1 << 31, 1 << 31])
            .ints("pads", &[1 << 31, 1 << 31, 1 << 31, 1 << 31])
            .floats("image", &[1, 1, 2, 2], &[0.0; 4]),
        Made::new().node("Unsqueeze", &["x", "axes"], &["y"]).integers("axes", &(0..1000).collect::<Vec<_>>()),
        Made::new().node("DepthToSpace", &["image"], &["y"]).int("blocksize", i64::MAX).floats(
            "image",
            &[1, 4, 1, 1],
            &[0.0; 4],
        ),
        Made::new().node("SpaceToDepth", &["image"], &["y"]).int("blocksize", 1 << 40).floats(
            "image",
            &[1, 1, 0, 0],
            &[],
        ),
        Made::new().node("Flatten", &["x"], &["y"]).int("axis", i64::MIN),
        Made::new().node("Split", &["x", "parts"], &["y", "z"]).int("axis", 1).integers("parts", &[i64::MAX, i64::MAX]),
    ];
    for made in cases {
        let error = made.error();
        assert!(!error.is_empty() && !error.contains('\n'), "{error}");
    }
    // One after the other they must not either.
    let mut many = Made::new().integers("shape", &[1 << 24]);
    for place in 0..40 {
        many = many.node("ConstantOfShape", &["shape"], &[&format!("c{place}")]);
    }
    let all: Vec<String> = (0..40).map(|place| format!("c{place}")).collect();
    let many = many.node("Max", &all.iter().map(String::as_str).collect::<Vec<_>>(), &["y"]);
    assert!(matches!(many.read(), Err(OnnxError::TooManyConstants { .. })));
}

#[test]
fn values_in_other_files_stay_within_the_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret.bin");
    fs::write(&secret, [0; 16]).expect("written");
    let inner = folder.path().join("model");
    fs::create_dir(&inner).expect("made");
    fs::write(inner.join("w.bin"), [1u8; 24]).expect("written");
    let made = |location: &str, offset: &str, length: &str| {
        let mut made = Made::new().node("Add", &["x", "w"], &["y"]);
        let entry = |key: &str, value: &str| StringStringEntryProto { key: key.into(), value: value.into() };
        made.graph().initializer.push(TensorProto {
            name: "w".into(),
            dims: vec![4],
            data_type: DataType::Float.into(),
            data_location: DataLocation::External.into(),
            external_data: vec![entry("location", location), entry("offset", offset), entry("length", length)],
            ..TensorProto::default()
        });
        made
    };
    let result = |made: Made| {
        let path = inner.join("net.onnx");
        fs::write(&path, made.0.encode_to_vec()).expect("written");
        open(&path, &OnnxOptions::default()).map(|import| import.network).map_err(|error| error.to_string())
    };
    let network = result(made("w.bin", "8", "16")).expect("16 bytes from 8 on");
    let values = network.variable(network.find("w").expect("the weights")).values().expect("values");
    assert_eq!(values, [f32::from_le_bytes([1; 4]); 4]);

    #[cfg(unix)]
    std::os::unix::fs::symlink(&secret, inner.join("link.bin")).expect("a link");
    let outside = ["../secret.bin", secret.to_str().expect("a plain path"), "", ".", "a/../../secret.bin", "link.bin"];
    for location in outside {
        let error = result(made(location, "0", "16")).expect_err("outside of the folder");
        assert!(error.starts_with("tensor 'w': "), "{location}: {error}");
        assert!(error.contains("not within the folder") || error.contains("cannot read"), "{location}: {error}");
    }
    for (offset, length) in [("12", "16"), ("18446744073709551615", "16"), ("-1", "16"), ("0", "15"), ("0", "x")] {
        assert!(result(made("w.bin", offset, length)).is_err(), "{offset}, {length}");
    }
    assert!(result(made("missing.bin", "0", "16")).expect_err("no such file").contains("missing.bin"));
    // Without a path there is no folder.
    assert!(made("w.bin", "0", "16").error().contains("needs the path"));
}

#[test]
fn batch_sizes_that_stay_open_have_one_name() {
    let mut made = Made::new().node("Add", &["x", "z"], &["y"]);
    made.graph().input[0] = input("x", &[Err("n"), Ok(4)]);
    made.graph().input.push(input("z", &[Ok(2), Err("n"), Ok(1)]));
    let shape = |batch| {
        let network = made.read_with(&OnnxOptions { batch, ..OnnxOptions::default() }).expect("a good graph");
        network.variable(network.outputs[0]).shape.to_string()
    };
    assert_eq!(shape(None), "2x1x4");
    assert_eq!(shape(Some(3)), "2x3x4");
}

#[test]
fn functions_that_are_not_in_onnx_are_named_at_once() {
    let mut network = Network::default();
    let shape = Shape::new(&[2, 2]).expect("a small shape");
    let ids: Vec<_> = ["x", "a", "y"].iter().map(|name| network.add(Variable::buffer(*name, shape))).collect();
    let node = |name: &str, function, inputs: &[usize], output: usize| Node {
        name: name.into(),
        operation: Operation::Known(function),
        inputs: inputs.iter().map(|&place| ids[place]).collect(),
        outputs: vec![ids[output]],
        implementation: 0,
    };
    network.nodes = vec![node("first", Function::ATan2, &[0, 0], 1), node("second", Function::ATan2, &[1, 0], 2)];
    network.inputs = vec![ids[0]];
    network.outputs = vec![ids[2]];
    let error = write(&network).expect_err("there is no such operator").to_string();
    assert_eq!(error, "ONNX cannot express ATan2 'first', 'second' (no operators for it)");
}
