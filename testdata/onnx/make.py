"""Makes the ONNX test data: run it in this folder, in a virtual environment outside of the repository.

    pip install onnx==1.23.2 onnxruntime==1.32.0 torch==2.15.0 onnxscript==0.7.2 scikit-learn==1.9.1 skl2onnx==1.20.0
    python make.py [node|old|forms|stored|models]...
    cargo run -p fewbit-formats --example fixed_networks FOLDER && python make.py fixed FOLDER

node    the ONNX project's own backend tests for the operators that docs/onnx.md lists (Apache-2.0)
old     operators in the form of older versions, outputs by ONNX Runtime
stored  constants in every form in which files store them, outputs by ONNX Runtime
forms   operators with all their attributes, outputs by ONNX Runtime
models  small networks with random weights, exported by PyTorch or quantised by ONNX Runtime, outputs by ONNX Runtime
fixed   the fixed-point networks that fewbit wrote: the sums of what ONNX Runtime computes for each of their variables
"""

import io
import pathlib
import re
import sys
import warnings
import zipfile

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE / "../../docs/onnx.md"


def pack(name, cases):
    """Writes cases, a folder of files each, to one archive: a list of places, and all bytes one behind the other."""
    index, blobs = [], io.BytesIO()
    for case in sorted(cases):
        for file, content in cases[case].items():
            index.append(f"{case}/{file} {blobs.tell()} {len(content)}")
            blobs.write(content)
    path = HERE / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file, content in (("index.txt", "\n".join(index)), ("blobs.bin", blobs.getvalue())):
            archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED, 9)
    print(f"{name}: {len(cases)} cases, {path.stat().st_size} bytes")


def floats(array):
    return np.ascontiguousarray(array, dtype=np.float32).tobytes()


def case(model, inputs, outputs):
    for part in (model.graph, *model.graph.node):
        part.doc_string = ""
    files = {"model.onnx": model.SerializeToString()}
    files |= {f"input_{i}.bin": floats(x) for i, x in enumerate(inputs)}
    files |= {f"output_{i}.bin": floats(y) for i, y in enumerate(outputs)}
    return files


def run(model, inputs):
    """The outputs by ONNX Runtime, or by ONNX's reference where ONNX Runtime has no code for the case."""
    import onnxruntime
    from onnx.reference import ReferenceEvaluator

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    feed = dict(zip((x.name for x in model.graph.input), map(np.asarray, inputs)))
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return session.run(None, feed)
    except Exception as error:
        print(f"  by the reference: {model.graph.node[0].op_type} ({str(error)[:150]})")
        return ReferenceEvaluator(model).run(None, feed)


# --- node


def supported_operators():
    return set(re.findall(r"^\| (\w+) \|", DOCS.read_text(), re.MULTILINE))


# Inputs that must be known when a file is read.
ARGUMENTS = {
    "Reshape": [1], "Expand": [1], "Tile": [1], "Squeeze": [1], "Unsqueeze": [1], "Split": [1],
    "Slice": [1, 2, 3, 4], "Pad": [1, 2, 3], "Resize": [1, 2, 3], "Upsample": [1], "OneHot": [1, 2], "Trilu": [1],
    "Dropout": [1, 2], "GroupNormalization": [1, 2], "QLinearConv": range(1, 9), "ConvInteger": range(1, 4),
    "MatMulInteger": range(2, 4), "ConstantOfShape": [0], "Range": range(3), "Mod": [0, 1],
} | {f"Reduce{kind}": [1] for kind in "Sum Mean Max Min Prod L1 L2 SumSquare LogSum LogSumExp".split()}

# What fewbit does not compute of operators that it reads.
SKIPPED = {
    r"(maxpool|averagepool|lppool).*dilations": "dilations",
    r"maxpool_with_argmax": "the output of indices",
    r"dropout.*mask|training_dropout": "masks and training",
    r"batchnorm.*training": "training",
    r"wrap_pad": "mode wrap",
    r"isinf_(negative|positive)": "infinities of one sign",
    r"select_last_index": "the last of equal values",
    r"float16": "rounding to 16 bits",
    r"quantizelinear_blocked_(as|s)ymmetric": "blocks of computed values",
    r"empty|zero_dim|allowzero_reordered|slice_start_out_of_bounds|zero_size|tri[lu]_zero|int_shape_zero|greater_than_end":
        "nothing to compute",
    r"extrapolation_value": "values outside of a crop",
    r"^not_": "operators of version 1",
    r"last_window_starts_on_pad": "outputs are rounded to four digits",
    r"gather_negative_indices": "computed indices below zero",
    r"mod_float_edge": "infinities",
    r"downsample_scales_(linear|cubic)_align_corners": "ONNX Runtime takes the whole size for the corners, as fewbit does",
}


def as_constants(model, inputs, which):
    """The model with these inputs as initializers, and the inputs that are left."""
    model = onnx.ModelProto.FromString(model.SerializeToString())
    graph, left = model.graph, []
    infos = list(graph.input)
    del graph.input[:]
    for place, (info, value) in enumerate(zip(infos, inputs)):
        if place in which:
            graph.initializer.append(numpy_helper.from_array(np.asarray(value), info.name))
        else:
            graph.input.append(info)
            left.append(value)
    return model, left


def numeric(values):
    kinds = "fiub"
    return all(isinstance(v, (np.ndarray, np.generic)) and np.asarray(v).dtype.kind in kinds for v in values)


def node_cases():
    from onnx.backend.test.case.node import collect_testcases

    operators, cases, skipped = supported_operators(), {}, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        collected = collect_testcases(None)
    for test in collected:
        model, (inputs, outputs) = test.model, test.data_sets[0]
        name = test.name.removeprefix("test_")
        used = {node.op_type for node in model.graph.node}
        if not used <= operators or any(node.domain for node in model.graph.node) or "expanded" in name:
            continue
        size = sum(np.asarray(v).nbytes for v in (*inputs, *outputs) if isinstance(v, np.ndarray))
        reason = next((why for pattern, why in SKIPPED.items() if re.search(pattern, name)), None)
        if reason or not numeric(inputs) or not numeric(outputs) or size > 12_000:
            skipped[name] = reason or ("size" if size > 12_000 else "type")
            continue
        (operator,) = used if len(used) == 1 else ("",)
        if operator == "LayerNormalization":
            # Only the first output is of use in a network that is run.
            del model.graph.output[1:], model.graph.node[0].output[1:], outputs[1:]
        # Optional inputs may be missing in between.
        given = [i for i, n in enumerate(model.graph.node[0].input) if n] if operator else range(len(inputs))
        known = range(3) if "blocked" in name else ARGUMENTS.get(operator, [])
        arguments = [place for place, i in enumerate(given) if i in known]
        computed, left = as_constants(model, inputs, arguments)
        cases[name] = case(computed, left, outputs)
        others = [place for place in range(len(inputs)) if place > 0]
        if set(others) - set(arguments):
            constant, left = as_constants(model, inputs, others)
            cases[f"{name}/constants"] = case(constant, left, outputs)
    for name, reason in skipped.items():
        print(f"  left out: {name} ({reason})")
    return cases


# --- old and forms


class Cases:
    """Single operators with their outputs by ONNX Runtime."""

    def __init__(self):
        self.cases, self.random = {}, np.random.default_rng(7)

    def normal(self, *shape):
        return self.random.standard_normal(shape).astype(np.float32)

    def add(self, name, operator, inputs, opset, constants=None, outputs=1, **attributes):
        """`inputs` are computed, `constants` known, both by place; attributes are the operator's."""
        constants = constants or {}
        values = dict(enumerate(inputs)) if isinstance(inputs, list) else inputs
        values = {i: np.asarray(v) for i, v in values.items()}
        count = max((*values, *constants)) + 1
        names = [f"x{i}" if i in values else f"c{i}" if i in constants else "" for i in range(count)]
        node = helper.make_node(operator, names, [f"y{i}" for i in range(outputs)], name="node", **attributes)
        info = lambda name, v: helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
        graph = helper.make_graph(
            [node],
            "graph",
            [info(f"x{i}", v) for i, v in values.items()],
            [onnx.ValueInfoProto(name=f"y{i}") for i in range(outputs)],
            [numpy_helper.from_array(np.asarray(v), f"c{i}") for i, v in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model)
        for i, output in enumerate(model.graph.output):
            if not output.type.HasField("tensor_type"):
                output.type.tensor_type.elem_type = TensorProto.FLOAT
        given = list(values.values())
        name = f"{operator.lower()}_{opset}/{name}"
        assert name not in self.cases, name
        self.cases[name] = case(model, given, run(model, given))


def old_cases():
    c = Cases()
    x, wide = c.normal(2, 3, 4, 5), c.normal(1, 2, 3, 4)
    ints = lambda *values: np.array(values, np.int64)
    c.add("attributes", "Slice", [x], 7, starts=[0, 1, -3], ends=[1, 1000, -1], axes=[0, 1, 3])
    c.add("no_axes", "Slice", [x], 7, starts=[1, 0], ends=[2, 2])
    c.add("inputs", "Slice", [x], 10, {1: ints(-1, 4), 2: ints(-100, 0), 3: ints(1, 3), 4: ints(-1, -2)})
    c.add("constant", "Pad", [x], 7, pads=[0, 0, 1, 2, 0, 0, 3, 0], value=1.5)
    c.add("reflect", "Pad", [x], 7, pads=[0, 0, 1, 2, 0, 0, 2, 1], mode="reflect")
    c.add("edge", "Pad", [x], 11, {1: ints(0, 1, 1, 2, 0, 2, 2, 1)}, mode="edge")
    c.add("negative", "Pad", [x], 11, {1: ints(0, -1, 1, -2, 0, 0, -1, 1), 2: np.float32(-2)})
    c.add("axes", "Pad", [x], 18, {1: ints(1, 2, 0, 1), 3: ints(-1, 1)})
    c.add("attributes", "Clip", [x], 7, min=-0.5, max=0.75)
    c.add("relu6", "Clip", [8 * x], 7, min=0.0, max=6.0)
    c.add("max", "Clip", {0: x}, 11, {2: np.float32(0.25)})
    c.add("computed", "Clip", [x, np.float32(-0.3), np.float32(0.3)], 12)
    c.add("attribute", "Squeeze", [c.normal(2, 1, 3, 1)], 7, axes=[1])
    c.add("all", "Squeeze", [c.normal(2, 1, 3, 1)], 11)
    c.add("attribute", "Unsqueeze", [c.normal(2, 3)], 7, axes=[0, 3])
    c.add("negative", "Unsqueeze", [c.normal(2, 3)], 11, axes=[-1, 1])
    for kind in "Sum Mean Max Min Prod L1 L2 SumSquare LogSum LogSumExp".split():
        positive = np.abs(x) + 0.1
        c.add("attribute", f"Reduce{kind}", [positive], 11, axes=[1, -1], keepdims=0)
        c.add("all", f"Reduce{kind}", [positive], 7, keepdims=1)
        c.add("input", f"Reduce{kind}", [positive], 18, {1: ints(2, 3)}, keepdims=1)
        c.add("nothing", f"Reduce{kind}", [positive], 18, noop_with_empty_axes=1)
    for operator in ("Softmax", "LogSoftmax"):
        c.add("flat", operator, [x], 7)
        c.add("axis", operator, [x], 11, axis=2)
        c.add("single", operator, [c.normal(2, 5, 1, 1)], 11, axis=1)
        c.add("new", operator, [x], 13, axis=1)
    c.add("attribute", "Split", [x], 7, outputs=2, axis=3, split=[2, 3])
    c.add("equal", "Split", [x], 11, outputs=2, axis=2)
    c.add("input", "Split", [x], 13, {1: ints(1, 2)}, outputs=2, axis=1)
    c.add("uneven", "Split", [x], 18, outputs=3, axis=3, num_outputs=3)
    c.add("ratio", "Dropout", [x], 7, ratio=0.3)
    c.add("input", "Dropout", [x], 12, {1: np.float32(0.3)})
    c.add("scales", "Upsample", [wide], 7, mode="nearest", scales=[1.0, 1.0, 2.0, 3.0])
    c.add("input", "Upsample", [wide], 9, {1: np.float32([1, 1, 2, 2])}, mode="linear")
    c.add("nearest", "Resize", [wide], 10, {1: np.float32([1, 1, 1.5, 2])}, mode="nearest")
    c.add("linear", "Resize", [wide], 10, {1: np.float32([1, 1, 2, 1.5])}, mode="linear")
    c.add("rows", "Flatten", [x], 9, axis=2)
    c.add("end", "Flatten", [x], 11, axis=4)
    c.add("statistics", "BatchNormalization", [x], 7, {i: np.abs(c.normal(3)) + 0.1 for i in range(1, 5)}, epsilon=0.01)
    c.add("statistics", "BatchNormalization", [c.normal(2, 3)], 14, {i: np.abs(c.normal(3)) + 0.1 for i in range(1, 5)})
    return c.cases


def form_cases():
    c = Cases()
    ints = lambda *values: np.array(values, np.int64)
    # Convolutions: strides, dilations, groups, every way to pad, one to three spatial axes.
    for name, shape, weight, attributes in [
        ("plain", (1, 2, 7, 6), (4, 2, 3, 3), {}),
        ("batch", (2, 2, 7, 6), (4, 2, 3, 3), {"pads": [1, 1, 1, 1]}),
        ("strides", (1, 2, 7, 6), (4, 2, 3, 2), {"strides": [2, 3], "pads": [1, 0, 1, 0]}),
        ("dilations", (1, 2, 9, 9), (3, 2, 3, 2), {"dilations": [2, 3]}),
        ("groups", (1, 4, 5, 5), (6, 2, 3, 3), {"group": 2, "pads": [1, 1, 1, 1]}),
        ("depthwise", (1, 3, 5, 5), (6, 1, 3, 3), {"group": 3}),
        ("uneven", (1, 2, 7, 6), (4, 2, 3, 3), {"pads": [0, 1, 2, 0], "strides": [2, 2]}),
        ("same_upper", (1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ("same_lower", (1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "SAME_LOWER", "strides": [2, 1]}),
        ("valid", (1, 2, 7, 6), (4, 2, 3, 4), {"auto_pad": "VALID"}),
        ("one_axis", (1, 3, 12), (4, 3, 5), {"pads": [2, 2], "strides": [2]}),
        ("one_axis_uneven", (1, 3, 12), (3, 1, 5), {"pads": [4, 0], "group": 3}),
        ("three_axes", (1, 2, 4, 5, 3), (3, 2, 2, 3, 2), {"pads": [0, 1, 1, 0, 1, 1]}),
    ]:
        w, b = c.normal(*weight), c.normal(weight[0])
        c.add(name, "Conv", [c.normal(*shape)], 11, {1: w, 2: b}, **attributes)
        if name in ("plain", "uneven"):
            c.add(f"{name}_no_bias", "Conv", [c.normal(*shape)], 11, {1: w}, **attributes)
            c.add(f"{name}_computed", "Conv", [c.normal(*shape), w, b], 11, **attributes)
    for name, shape, weight, attributes in [
        ("plain", (1, 2, 4, 3), (2, 3, 3, 3), {}),
        ("strides", (1, 2, 4, 3), (2, 3, 3, 2), {"strides": [2, 3], "pads": [1, 0, 1, 0]}),
        ("output_padding", (1, 2, 4, 3), (2, 3, 3, 3), {"strides": [2, 2], "output_padding": [1, 1], "pads": [1, 1, 1, 1]}),
        ("groups", (1, 4, 4, 3), (4, 2, 3, 3), {"group": 2}),
        ("depthwise", (1, 3, 4, 3), (3, 1, 2, 2), {"group": 3, "strides": [2, 2]}),
        ("dilations", (1, 2, 4, 3), (2, 3, 2, 2), {"dilations": [2, 2]}),
        ("cut_in_front", (1, 2, 4, 3), (2, 3, 3, 3), {"strides": [2, 2], "pads": [2, 1, 0, 0]}),
        ("cut_behind", (1, 2, 4, 3), (2, 3, 3, 3), {"strides": [2, 2], "pads": [0, 0, 2, 1]}),
        ("output_shape", (1, 2, 3, 3), (2, 2, 3, 3), {"strides": [3, 2], "output_shape": [10, 8]}),
        ("output_shape_cut", (1, 2, 3, 3), (2, 2, 4, 4), {"strides": [3, 2], "output_shape": [9, 7]}),
        ("same_upper", (1, 2, 4, 3), (2, 3, 3, 3), {"strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ("one_axis", (1, 2, 6), (2, 3, 4), {"strides": [2], "pads": [1, 1]}),
    ]:
        out = weight[1] * attributes.get("group", 1)
        c.add(name, "ConvTranspose", [c.normal(*shape)], 11, {1: c.normal(*weight), 2: c.normal(out)}, **attributes)
    # Pooling: all ways to pad and to count, with extents at which windows are cut off.
    for name, attributes in [
        ("plain", {"kernel_shape": [2, 2], "strides": [2, 2]}),
        ("overlap", {"kernel_shape": [3, 2]}),
        ("even_pad", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}),
        ("uneven_pad", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [0, 0, 1, 1]}),
        ("front_pad", {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 2, 0, 0]}),
        ("far_pad", {"kernel_shape": [4, 4], "strides": [3, 3], "pads": [0, 1, 3, 3]}),
        ("same_upper", {"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": "SAME_UPPER"}),
        ("same_lower", {"kernel_shape": [3, 2], "strides": [2, 1], "auto_pad": "SAME_LOWER"}),
        ("ceil", {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
        ("ceil_pad", {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 1, 1], "ceil_mode": 1}),
    ]:
        for extent in (6, 7):
            x = c.normal(1, 2, extent, extent + 2)
            c.add(f"{name}_{extent}", "MaxPool", [x], 12, **attributes)
            c.add(f"{name}_{extent}", "AveragePool", [x], 11, **attributes)
            if "ceil" not in name:
                c.add(f"{name}_{extent}_all", "AveragePool", [x], 11, count_include_pad=1, **attributes)
                c.add(f"{name}_{extent}", "LpPool", [x], 11, **attributes)
    c.add("one_axis", "MaxPool", [c.normal(1, 2, 9)], 12, kernel_shape=[3], strides=[2], pads=[1, 0])
    c.add("one_axis", "AveragePool", [c.normal(1, 2, 9)], 11, kernel_shape=[3], strides=[2], pads=[1, 1])
    c.add("one", "LpPool", [c.normal(1, 2, 9)], 11, kernel_shape=[3], p=1)
    for name, shape in [("one", (2, 3, 7)), ("two", (2, 3, 4, 5)), ("three", (1, 2, 3, 2, 3))]:
        for operator in ("GlobalAveragePool", "GlobalMaxPool", "GlobalLpPool"):
            c.add(name, operator, [c.normal(*shape)], 11)
    # Matrix products.
    for transposed in (0, 1):
        a = c.normal(4, 3) if transposed else c.normal(3, 4)
        for other in (0, 1):
            b = c.normal(5, 4) if other else c.normal(4, 5)
            kinds = {"row": c.normal(5), "matrix": c.normal(3, 5), "column": c.normal(3, 1), "number": np.float32(0.5)}
            for kind, bias in kinds.items():
                attributes = {"alpha": 0.5, "beta": 2.0, "transA": transposed, "transB": other}
                c.add(f"{transposed}{other}_{kind}", "Gemm", [a], 11, {1: b, 2: bias}, **attributes)
            c.add(f"{transposed}{other}_computed", "Gemm", [a, b, kinds["row"]], 11, **attributes)
            c.add(f"{transposed}{other}_none", "Gemm", {1: b}, 11, {0: a}, **attributes)
    for name, a, b in [
        ("matrices", (3, 4), (4, 5)), ("batch", (2, 3, 4), (4, 5)), ("batches", (2, 3, 4), (2, 4, 5)),
        ("stretched", (2, 1, 3, 4), (3, 4, 5)), ("vector_left", (4,), (4, 5)), ("vector_right", (3, 4), (4,)),
        ("vectors", (4,), (4,)), ("vector_batch", (4,), (2, 4, 5)), ("batch_vector", (2, 3, 4), (4,)),
    ]:
        c.add(f"{name}_computed", "MatMul", [c.normal(*a), c.normal(*b)], 13)
        c.add(f"{name}_right", "MatMul", [c.normal(*a)], 13, {1: c.normal(*b)})
        c.add(f"{name}_left", "MatMul", {1: c.normal(*b)}, 13, {0: c.normal(*a)})
    # Other sizes.
    image = c.normal(1, 2, 4, 5)
    sizes = [(8, 10), (12, 5), (2, 3), (7, 7), (1, 1), (5, 1)]
    for coordinates in ("half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"):
        for size in sizes:
            name = f"{coordinates}_{size[0]}x{size[1]}"
            constants = {3: ints(1, 2, *size)}
            for mode in ("linear", "cubic"):
                c.add(f"{name}_{mode}", "Resize", [image], 13, constants, mode=mode, coordinate_transformation_mode=coordinates)
            for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                if size in sizes[:4]:
                    c.add(f"{name}_{nearest}", "Resize", [image], 13, constants, mode="nearest",
                          coordinate_transformation_mode=coordinates, nearest_mode=nearest)
    for scale in (0.6, 1.3, 2.0, 3.7):
        for mode in ("linear", "nearest"):
            c.add(f"scale_{scale}_{mode}", "Resize", [image], 13, {2: np.float32([1, 1, scale, scale])}, mode=mode)
    c.add("axes", "Resize", [image], 18, {3: ints(6, 4)}, mode="linear", axes=[3, 1])
    c.add("antialias", "Resize", [image], 18, {3: ints(1, 2, 2, 3)}, mode="linear", antialias=1)
    c.add("one_axis", "Resize", [c.normal(1, 2, 6)], 13, {3: ints(1, 2, 9)}, mode="linear")
    # Items.
    x = c.normal(3, 4, 5)
    for name, index in [("scalar", ints(2)[0]), ("range", ints(1, 2, 3)), ("steps", ints(3, 1)), ("any", ints(0, 3, 1)),
                        ("negative", ints(-1, -3)), ("matrix", ints(0, 1, 2, 3).reshape(2, 2))]:
        c.add(name, "Gather", [x], 13, {1: index}, axis=1)
        c.add(f"{name}_computed", "Gather", [x, np.abs(index)], 13, axis=1)
        c.add(f"{name}_table", "Gather", {1: np.abs(index)}, 13, {0: c.normal(5, 3)}, axis=0)
    # Arithmetic with one value, with several, on both sides.
    for operator in ("Add", "Sub", "Mul", "Div", "Pow", "Min", "Max", "PRelu"):
        left = np.abs(x) + 0.5
        for name, other in [("number", np.float32(1.5)), ("one", np.float32([1.5])), ("row", np.abs(c.normal(5)) + 0.5),
                            ("column", np.abs(c.normal(4, 1)) + 0.5), ("all", np.abs(c.normal(3, 4, 5)) + 0.5),
                            ("wider", np.abs(c.normal(2, 1, 1, 1)) + 0.5)]:
            if operator == "PRelu" and name == "wider":
                continue
            given = x if operator == "PRelu" else left
            c.add(f"{name}_right", operator, [given], 13 if operator != "PRelu" else 9, {1: other})
            c.add(f"{name}_computed", operator, [given, other], 13 if operator != "PRelu" else 9)
            if operator != "PRelu":
                c.add(f"{name}_left", operator, {1: given}, 13, {0: other})
    for operator in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
        whole = np.round(2 * x)
        c.add("right", operator, [whole], 13, {1: np.float32(1)})
        c.add("left", operator, {1: whole}, 13, {0: np.float32(1)})
        c.add("row", operator, [whole], 13, {1: np.round(c.normal(5))})
    for count in (1, 2, 3, 4):
        for operator in ("Sum", "Mean", "Min", "Max"):
            c.add(f"{count}", operator, [c.normal(2, 3), c.normal(3), c.normal(2, 1), c.normal(1)][:count], 13)
            c.add(f"{count}_known", operator, {1: c.normal(2, 3)}, 13, {i: c.normal(1) for i in range(count + 1) if i != 1})
    halves = np.float32([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.49999997, -0.49999997, 7.3, -7.7])
    c.add("halves", "Round", [halves], 13)
    c.add("integers", "Cast", [halves], 13, to=int(TensorProto.INT32))
    c.add("truths", "Cast", [np.round(halves)], 13, to=int(TensorProto.BOOL))
    c.add("condition", "Where", [c.normal(3, 4) > 0, c.normal(1, 4), np.float32(2.0)], 13)
    c.add("constants", "Where", [c.normal(2, 1, 4) > 0], 13, {1: c.normal(3, 1), 2: c.normal(1)})
    # Quantisation, for a whole tensor and along an axis, in all types.
    for kind in ("int8", "uint8", "int16", "uint16"):
        zero = np.array(3, kind)
        opset = 21 if "16" in kind else 13
        c.add(f"{kind}", "QuantizeLinear", [20 * x], opset, {1: np.float32(0.25), 2: zero})
        c.add(f"{kind}", "DequantizeLinear", [np.arange(12).astype(kind).reshape(1, 3, 4)], opset, {1: np.float32(0.25), 2: zero})
    scales, zeros = np.float32([0.1, 0.2, 0.3, 0.4]), np.array([1, 2, 3, 4], np.int8)
    c.add("axis", "QuantizeLinear", [20 * x], 13, {1: scales, 2: zeros}, axis=1)
    c.add("axis", "DequantizeLinear", [np.arange(60).astype(np.int8).reshape(3, 4, 5)], 13, {1: scales, 2: zeros}, axis=-2)
    c.add("no_zero", "QuantizeLinear", [20 * np.abs(x)], 13, {1: np.float32(0.25)})
    image = c.random.integers(0, 256, (1, 2, 6, 6)).astype(np.uint8)
    weight = c.random.integers(-128, 128, (3, 2, 3, 3)).astype(np.int8)
    bias = c.random.integers(-3000, 3000, 3).astype(np.int32)
    quantised = {1: np.float32(0.02), 2: np.uint8(120), 3: weight, 4: np.float32([0.01, 0.02, 0.03]),
                 5: np.zeros(3, np.int8), 6: np.float32(0.5), 7: np.uint8(100), 8: bias}
    c.add("channels", "QLinearConv", [image], 13, quantised, pads=[1, 0, 0, 1], strides=[2, 2])
    matrix = c.random.integers(0, 256, (4, 6)).astype(np.uint8)
    right = c.random.integers(-128, 128, (6, 5)).astype(np.int8)
    c.add("weights", "QLinearMatMul", [matrix], 13, {1: np.float32(0.02), 2: np.uint8(120), 3: right, 4: np.float32(0.03),
                                                    5: np.int8(3), 6: np.float32(0.7), 7: np.uint8(100)})
    c.add("integers", "MatMulInteger", [matrix], 13, {1: right, 2: np.uint8(12), 3: np.int8(-3)})
    c.add("integers", "ConvInteger", [image], 13, {1: weight.astype(np.int16).clip(0).astype(np.uint8), 2: np.uint8(9)})
    return c.cases


# --- stored


def stored_cases():
    """A sum with a constant, in every form that files have."""
    cases = {}
    values = np.array([0, 1, 2, 3, 5, 7], np.float64)
    x = np.arange(6, dtype=np.float32).reshape(2, 3)

    def add(name, tensor, opset=21, extra=None):
        nodes = [helper.make_node("Cast", ["w"], ["c"], to=int(TensorProto.FLOAT)), helper.make_node("Add", ["x", "c"], ["y"])]
        info = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 3]) for n in "xy"]
        graph = helper.make_graph(nodes, "graph", info[:1], info[1:])
        if isinstance(tensor, onnx.SparseTensorProto):
            graph.sparse_initializer.append(tensor)
        else:
            graph.initializer.append(tensor)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        cases[name] = case(model, [x], [x + values.reshape(2, 3)]) | (extra or {})

    for kind in "FLOAT FLOAT16 BFLOAT16 DOUBLE INT8 UINT8 INT16 UINT16 INT32 UINT32 INT64 UINT64 INT4 UINT4".split():
        data_type = TensorProto.DataType.Value(kind)
        for raw in (False, True):
            if raw and kind in ("BFLOAT16", "INT4", "UINT4"):
                array = values.astype(helper.tensor_dtype_to_np_dtype(data_type)).reshape(2, 3)
                tensor = numpy_helper.from_array(array, "w")
            else:
                array = values.astype(helper.tensor_dtype_to_np_dtype(data_type))
                tensor = helper.make_tensor("w", data_type, [2, 3], array.tobytes() if raw else array.tolist(), raw)
            add(f"{kind.lower()}_{'raw' if raw else 'fields'}", tensor)
    external = helper.make_tensor("w", TensorProto.FLOAT, [2, 3], floats(values), True)
    onnx.external_data_helper.set_external_data(external, "weights.bin", offset=8, length=24)
    external.ClearField("raw_data")
    add("external", external, extra={"weights.bin": b"\0" * 8 + floats(values)})
    ordered = helper.make_tensor("w", TensorProto.FLOAT, [5], values[1:].astype(np.float32))
    places = helper.make_tensor("places", TensorProto.INT64, [5], [1, 2, 3, 4, 5])
    add("sparse", helper.make_sparse_tensor(ordered, places, [2, 3]))
    return cases


# --- models


def model_cases():
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.manual_seed(3)

    def normalised(inputs, outputs, kernel, stride=1, groups=1, activation=nn.ReLU, padding=None):
        padding = (kernel // 2 if isinstance(kernel, int) else tuple(k // 2 for k in kernel)) if padding is None else padding
        layers = [nn.Conv2d(inputs, outputs, kernel, stride, padding, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
        return nn.Sequential(*layers, *([activation()] if activation else []))

    class Residual(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.a, self.b = normalised(inputs, outputs, 3, stride), normalised(outputs, outputs, 3, activation=None)
            self.short = normalised(inputs, outputs, 1, stride, activation=None) if stride > 1 else nn.Identity()

        def forward(self, x):
            return F.relu(self.b(self.a(x)) + self.short(x))

    class ResNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem, self.blocks = normalised(3, 6, 3), nn.Sequential(Residual(6, 6, 1), Residual(6, 8, 2), Residual(8, 10, 2))
            self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(10, 10)

        def forward(self, x):
            return self.head(torch.flatten(self.pool(self.blocks(F.max_pool2d(self.stem(x), 3, 2, 1))), 1))

    class Inverted(nn.Module):
        def __init__(self, inputs, outputs, stride, factor, activation=nn.ReLU6):
            super().__init__()
            wide = inputs * factor
            self.joins = stride == 1 and inputs == outputs
            self.layers = nn.Sequential(
                normalised(inputs, wide, 1, activation=activation),
                normalised(wide, wide, 3, stride, wide, activation),
                normalised(wide, outputs, 1, activation=None),
            )

        def forward(self, x):
            return x + self.layers(x) if self.joins else self.layers(x)

    class Squeeze(nn.Module):
        def __init__(self, channels):
            super().__init__()
            self.down, self.up = nn.Conv2d(channels, 4, 1), nn.Conv2d(4, channels, 1)

        def forward(self, x):
            return x * F.hardsigmoid(self.up(F.relu(self.down(x.mean((2, 3), keepdim=True)))))

    class MobileNetV2(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                normalised(3, 8, 3, 2, activation=nn.ReLU6), Inverted(8, 8, 1, 2), Inverted(8, 12, 2, 3), Inverted(12, 12, 1, 3),
                normalised(12, 24, 1, activation=nn.ReLU6),
            )
            self.head = nn.Sequential(nn.Dropout(0.2), nn.Linear(24, 5))

        def forward(self, x):
            return self.head(self.layers(x).mean([2, 3]))

    class MobileNetV3(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(
                normalised(3, 8, 3, 2, activation=nn.Hardswish), Inverted(8, 8, 1, 2, nn.Hardswish), Squeeze(8),
                Inverted(8, 12, 2, 2, nn.SiLU), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 6), nn.LogSoftmax(1),
            )

        def forward(self, x):
            return self.layers(x)

    def separable(channels):
        return nn.Sequential(normalised(channels, channels, 3, groups=channels), normalised(channels, channels, 1))

    # Keyword spotting after Zhang et al. 2017, "Hello Edge".
    keywords = nn.Sequential(
        nn.ZeroPad2d((1, 2, 4, 5)), normalised(1, 16, (10, 4), (2, 2), padding=0), separable(16), separable(16),
        nn.AvgPool2d((25, 5)), nn.Flatten(), nn.Linear(16, 12), nn.Softmax(dim=1),
    )
    waves = nn.Sequential(
        nn.Conv1d(1, 8, 16, 4, 6), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(4), nn.Conv1d(8, 12, 3, padding=2, dilation=2),
        nn.BatchNorm1d(12), nn.LeakyReLU(0.1), nn.AvgPool1d(2), nn.Conv1d(12, 12, 3, groups=12), nn.ELU(),
        nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(12, 4),
    )
    machines = nn.Sequential(
        nn.Linear(40, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 4), nn.BatchNorm1d(4), nn.ReLU(),
        nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 40),
    )
    pictures = nn.Sequential(
        nn.Conv2d(1, 6, 3, 2, 1), nn.ReLU(), nn.Conv2d(6, 8, 3, 2, 1), nn.GroupNorm(2, 8), nn.PReLU(8),
        nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1), nn.InstanceNorm2d(6, affine=True), nn.GELU(),
        nn.ConvTranspose2d(6, 1, 2, 2), nn.Sigmoid(),
    )

    class UNet(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = normalised(1, 4, 3), normalised(4, 8, 3), normalised(12, 4, 3)
            self.last = nn.Conv2d(4, 2, 1)

        def forward(self, x):
            a = self.a(x)
            b = self.b(F.avg_pool2d(a, 2))
            up = F.interpolate(b, scale_factor=2, mode="bilinear", align_corners=False)
            y = F.interpolate(self.c(torch.cat([a, up], 1)), scale_factor=2, mode="nearest")
            return self.last(y)

    class Attention(nn.Module):
        """A transformer's block over patches of an image."""

        def __init__(self):
            super().__init__()
            self.patches, self.place = nn.Conv2d(1, 12, 4, 4), nn.Parameter(torch.randn(1, 9, 12))
            self.a, self.b, self.qkv, self.out = nn.LayerNorm(12), nn.LayerNorm(12), nn.Linear(12, 36), nn.Linear(12, 12)
            self.up, self.down, self.head = nn.Linear(12, 24), nn.Linear(24, 12), nn.Linear(12, 3)

        def forward(self, x):
            x = self.patches(x).flatten(2).transpose(1, 2) + self.place
            q, k, v = self.qkv(self.a(x)).reshape(x.shape[0], 9, 3, 2, 6).permute(2, 0, 3, 1, 4)
            weights = torch.softmax(q @ k.transpose(-2, -1) / 6**0.5, -1)
            x = x + self.out((weights @ v).transpose(1, 2).reshape(x.shape[0], 9, 12))
            x = x + self.down(F.gelu(self.up(self.b(x))))
            return self.head(x[:, 0])

    models = {
        "resnet": (ResNet(), (3, 16, 16)), "mobilenet_v2": (MobileNetV2(), (3, 14, 14)),
        "mobilenet_v3": (MobileNetV3(), (3, 14, 14)), "keywords": (keywords, (1, 49, 10)), "waves": (waves, (1, 256)),
        "machines": (machines, (40,)), "pictures": (pictures, (1, 16, 16)), "unet": (UNet(), (1, 12, 12)),
        "attention": (Attention(), (1, 12, 12)),
    }
    cases = {}
    for name, (model, shape) in models.items():
        model.train()
        with torch.no_grad():
            for _ in range(20):  # Running statistics that are not those of a new network.
                model(2 * torch.randn(16, *shape) + 0.5)
        model.eval()
        for exporter in ("script", "dynamo"):
            x = torch.randn(1, *shape)
            file = io.BytesIO()
            names = {"input_names": ["input"], "output_names": ["output"]}
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                if exporter == "dynamo":
                    torch.onnx.export(model, (x,), dynamo=True, verbose=False, **names).save(file)
                else:
                    axes = {"input": {0: "n"}, "output": {0: "n"}}
                    torch.onnx.export(model, (x,), file, dynamo=False, dynamic_axes=axes, opset_version=17, **names)
            proto = onnx.load_from_string(file.getvalue())
            for part in (proto, proto.graph, *proto.graph.node):
                del part.metadata_props[:]
            del proto.graph.value_info[:]
            cases[f"{name}/{exporter}"] = case(proto, [x.numpy()], run(proto, [x.numpy()]))
            if exporter == "script":
                # The batch size is open: three images at once as well.
                x = torch.randn(3, *shape)
                (y,) = run(proto, [x.numpy()])
                cases[f"{name}/{exporter}"] |= {"batch_input_0.bin": floats(x.numpy()), "batch_output_0.bin": floats(y)}
    keywords_of_mlperf()
    cases |= sklearn_cases()
    cases |= quantised_cases(cases["mobilenet_v2/script"]["model.onnx"], (3, 14, 14)) | nhwc_cases()
    return cases


def sklearn_cases():
    """Networks and linear models of scikit-learn, with labels and probabilities."""
    from skl2onnx import to_onnx
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, StandardScaler

    random = np.random.default_rng(4)
    x = random.standard_normal((200, 10)).astype(np.float32)
    # Classes that are not their own places.
    y = np.array([3, 5, 9])[(x[:, 0] + x[:, 1] > 0).astype(int) + (x[:, 2] > 1)]
    value = x @ random.standard_normal(10)
    models = {
        "classifier": (make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=40)), y),
        "two_classes": (MLPClassifier((8,), max_iter=40), y > 4),
        "regressor": (make_pipeline(StandardScaler(), MLPRegressor(hidden_layer_sizes=(8, 8), activation="tanh", max_iter=40)), value),
        "logistic": (make_pipeline(MinMaxScaler(), LogisticRegression()), y),
        "linear": (LinearRegression(), np.stack([value, -value], 1)),
    }
    cases = {}
    for name, (model, target) in models.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, target)
        maps = {"zipmap": name == "logistic"} if hasattr(model, "classes_") else None
        proto = to_onnx(model, x[:1], options=maps)
        outputs = run(proto, [x[:4]])
        table = lambda y: np.array([list(row.values()) for row in y]) if isinstance(y, list) else y
        cases[f"sklearn/{name}"] = case(proto, [x[:4]], [table(y) for y in outputs])
    return cases


def quantised_cases(model, shape):
    """A network with integers, in all forms that ONNX Runtime's tools make of it."""
    import tempfile

    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Images(CalibrationDataReader):
        def __init__(self):
            random = np.random.default_rng(5)
            self.left = iter([{"input": random.standard_normal((1, *shape), np.float32)} for _ in range(8)])

        def get_next(self):
            return next(self.left, None)

    cases = {}
    x = np.random.default_rng(6).standard_normal((1, *shape), np.float32)
    with tempfile.TemporaryDirectory() as folder:
        source, target = f"{folder}/float.onnx", f"{folder}/int.onnx"
        pathlib.Path(source).write_bytes(model)
        for name, form, channels, kind in [
            ("qdq", QuantFormat.QDQ, False, QuantType.QUInt8), ("qdq_channels", QuantFormat.QDQ, True, QuantType.QInt8),
            ("operators", QuantFormat.QOperator, False, QuantType.QUInt8),
            ("operators_channels", QuantFormat.QOperator, True, QuantType.QInt8),
        ]:
            quantize_static(source, target, Images(), form, per_channel=channels, activation_type=kind, weight_type=QuantType.QInt8)
            proto = onnx.load(target)
            cases[f"quantised/{name}"] = case(proto, [x], run(proto, [x]))
    return cases


def nhwc_cases():
    """A network of a tool that keeps channels last, with a transpose around each layer."""
    random = np.random.default_rng(8)
    w = lambda name, *shape: numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), name)
    first, last = [0, 3, 1, 2], [0, 2, 3, 1]
    node = helper.make_node
    nodes = [
        node("Transpose", ["x"], ["x_first"], perm=first),
        node("Conv", ["x_first", "w0"], ["c0"], pads=[1, 1, 1, 1]),
        node("Transpose", ["c0"], ["c0_last"], perm=last),
        node("Add", ["c0_last", "b0"], ["s0"]),
        node("Relu", ["s0"], ["r0"]),
        node("Transpose", ["r0"], ["r0_first"], perm=first),
        node("Conv", ["r0_first", "w1"], ["c1"], pads=[1, 1, 1, 1]),
        node("Transpose", ["c1"], ["c1_last"], perm=last),
        node("Mul", ["c1_last", "scale"], ["m1"]),
        node("Add", ["m1", "r0"], ["s1"]),
        node("Concat", ["s1", "r0"], ["joined"], axis=3),
        node("Softmax", ["joined"], ["soft"], axis=-1),
        node("Pad", ["soft", "widths"], ["padded"]),
        node("Slice", ["padded", "starts", "ends", "axes"], ["cut"]),
        node("ReduceMean", ["cut"], ["mean"], axes=[1], keepdims=0),
        node("Reshape", ["cut", "flat"], ["vector"]),
        node("MatMul", ["vector", "w2"], ["y"]),
        node("Identity", ["mean"], ["z"]),
    ]
    ints = lambda name, *values: numpy_helper.from_array(np.array(values, np.int64), name)
    constants = [
        w("w0", 4, 2, 3, 3), w("b0", 4), w("w1", 4, 4, 3, 3), w("scale", 1, 1, 1, 4), w("w2", 8 * 6 * 5, 3),
        ints("widths", 0, 1, 0, 0, 0, 0, 0, 0), ints("starts", 1), ints("ends", 6), ints("axes", 2), ints("flat", 1, -1),
    ]
    info = lambda name, *shape: helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "graph", [info("x", 1, 5, 7, 2)], [info("y", 1, 3), info("z", 1, 5, 8)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    x = random.standard_normal((1, 5, 7, 2)).astype(np.float32)
    return {"channels_last/cancel": case(model, [x], run(model, [x]))}


def keywords_of_mlperf():
    """Input and output for the network of MLPerf Tiny that lies beside this script."""
    x = np.random.default_rng(9).uniform(-10, 10, (1, 49, 10, 1)).astype(np.float32)
    (y,) = run(onnx.load(HERE / "kws_float.onnx"), [x])
    (HERE / "kws_float.input_0.bin").write_bytes(floats(x))
    (HERE / "kws_float.output_0.bin").write_bytes(floats(y))


JOBS = {"node": node_cases, "old": old_cases, "forms": form_cases, "stored": stored_cases, "models": model_cases}

def fixed_sums(folder):
    """A line for each network with the sum of its file, and one for each variable with the sum of its values."""
    import hashlib

    import onnxruntime

    lines = []
    for path in sorted(pathlib.Path(folder).glob("*.onnx")):
        lines.append(f"{path.stem} {hashlib.sha256(path.read_bytes()).hexdigest()[:16]}")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        sums = []
        # With and without the changes that it makes to a graph: they must not matter.
        for level in (onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL):
            options.graph_optimization_level = level
            session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
            read = lambda i: np.fromfile(f"{path.with_suffix('')}.input_{i}.bin", np.float32)
            feed = {x.name: read(i).reshape(x.shape) for i, x in enumerate(session.get_inputs())}
            names = [y.name for y in session.get_outputs()]
            values = session.run(names, feed)
            sums.append([f"  {name} {hashlib.sha256(floats(y)).hexdigest()[:16]}" for name, y in zip(names, values)])
        assert sums[0] == sums[1], path
        lines += sums[0]
    (HERE / "fixed.txt").write_text("\n".join(lines) + "\n")
    print(f"fixed: {len(lines)} lines")


if __name__ == "__main__":
    if sys.argv[1:2] == ["fixed"]:
        fixed_sums(sys.argv[2])
        sys.exit()
    for job in sys.argv[1:] or JOBS:
        pack(job, JOBS[job]())
