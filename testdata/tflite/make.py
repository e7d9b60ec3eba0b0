"""Makes the TensorFlow Lite test data: run it in this folder, in a virtual environment outside of the repository.

    pip install ai-edge-litert==2.3.0 numpy==2.4.6
    python make.py [operators] [models FOLDER]

operators  files of one operator each, of floats and of integers of 8 and 16 bits; outputs by the interpreter
models     copies networks of MLPerf Tiny out of a folder, with inputs and outputs by the interpreter
"""

import io
import pathlib
import sys
import zipfile

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as tfl
from ai_edge_litert.interpreter import Interpreter, OpResolverType

HERE = pathlib.Path(__file__).resolve().parent
TYPES = {
    np.dtype(np.float32): 0, np.dtype(np.float16): 1, np.dtype(np.int32): 2, np.dtype(np.uint8): 3,
    np.dtype(np.int64): 4, np.dtype(np.bool_): 6, np.dtype(np.int16): 7, np.dtype(np.int8): 9,
}
rng = np.random.default_rng(20)


class Tensor:
    """A tensor of a file: an input with values to run it on, or a constant."""

    def __init__(self, values, constant=False, scale=None, zero=0, axis=0):
        self.values, self.constant, self.axis = np.asarray(values), constant, axis
        self.scale, self.zero = (None, None) if scale is None else (np.atleast_1d(scale), np.atleast_1d(zero))

    def real(self):
        """The real numbers that the values stand for, as fewbit takes them."""
        return real(self.values, self.scale, self.zero)


def real(values, scale, zero):
    if scale is None:
        return values.astype(np.float32)
    return ((values.astype(np.int64) - zero) * scale).astype(np.float32)


def x(*shape, low=-2.0, high=2.0):
    return Tensor(rng.uniform(low, high, shape).astype(np.float32))


def w(*shape):
    return Tensor(rng.normal(size=shape).astype(np.float32), constant=True)


def ints(*values):
    return Tensor(np.array(values, np.int32), constant=True)


# --- files


def write(operator, inputs, outputs, options):
    """The bytes of a file with one operator. `outputs` are shape, type, scale and zero point of each."""
    model, graph = tfl.ModelT(), tfl.SubGraphT()
    model.version, model.description, model.buffers = 3, "fewbit test data", [tfl.BufferT()]
    graph.name, graph.tensors, graph.inputs, graph.outputs = "main", [], [], []

    def tensor(name, shape, dtype, scale, zero, axis, data):
        entry = tfl.TensorT()
        entry.name, entry.shape, entry.type, entry.buffer = name, list(shape), TYPES[np.dtype(dtype)], 0
        entry.hasRank = True
        if scale is not None:
            entry.quantization = tfl.QuantizationParametersT()
            entry.quantization.scale = [float(s) for s in scale]
            entry.quantization.zeroPoint = [int(z) for z in np.broadcast_to(zero, np.shape(scale))]
            entry.quantization.quantizedDimension = axis
        if data is not None:
            buffer = tfl.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            entry.buffer = len(model.buffers)
            model.buffers.append(buffer)
        graph.tensors.append(entry)
        return len(graph.tensors) - 1

    call = tfl.OperatorT()
    call.inputs, call.outputs, call.opcodeIndex = [], [], 0
    for index, it in enumerate(inputs):
        if it is None:
            call.inputs.append(-1)
            continue
        data = it.values if it.constant else None
        place = tensor(f"in{index}", it.values.shape, it.values.dtype, it.scale, it.zero, it.axis, data)
        call.inputs.append(place)
        if not it.constant:
            graph.inputs.append(place)
    for index, (shape, dtype, scale, zero) in enumerate(outputs):
        place = tensor(f"out{index}", shape, dtype, scale, zero, 0, None)
        call.outputs.append(place)
        graph.outputs.append(place)
    if options is not None:
        call.builtinOptionsType = getattr(tfl.BuiltinOptions, type(options).__name__[:-1])
        call.builtinOptions = options
    graph.operators = [call]
    code = tfl.OperatorCodeT()
    number = getattr(tfl.BuiltinOperator, operator)
    # The oldest version that the interpreter has; most operators have the first.
    code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 2 if operator == "BROADCAST_TO" else 1
    model.operatorCodes, model.subgraphs = [code], [graph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run(file, inputs):
    """What the interpreter gives for a file: its kernels without any delegate."""
    resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_content=file, experimental_op_resolver_type=resolver, num_threads=1)
    interpreter.allocate_tensors()
    for detail, it in zip(interpreter.get_input_details(), (it for it in inputs if it is not None and not it.constant)):
        interpreter.set_tensor(detail["index"], it.values)
    interpreter.invoke()
    return [interpreter.get_tensor(detail["index"]) for detail in interpreter.get_output_details()]


def options(kind, **fields):
    made = getattr(tfl, kind + "OptionsT")()
    for name, value in fields.items():
        assert hasattr(made, name), name
        setattr(made, name, value)
    return made


def case(operator, inputs, made, count, outputs=None):
    """The files of a case: its outputs are real numbers, the quantum of each is the scale, or zero for floats."""
    guess = outputs or [((), np.float32, None, None)] * count
    first = run(write(operator, inputs, guess, made), inputs)
    # Once more with the shapes that the interpreter found, as converters write them.
    outputs = [(found.shape, found.dtype, *given[2:]) for found, given in zip(first, guess)]
    file = write(operator, inputs, outputs, made)
    found = run(file, inputs)
    files = {"model.tflite": file}
    given = [it for it in inputs if it is not None and not it.constant]
    files |= {f"input_{i}.bin": it.real().tobytes() for i, it in enumerate(given)}
    for i, (values, (_, _, scale, zero)) in enumerate(zip(found, outputs)):
        files[f"output_{i}.bin"] = real(values, scale, zero).tobytes()
        files[f"quantum_{i}.bin"] = np.float32(0 if scale is None else scale[0]).tobytes()
    return files, found


def quantized(tensor, dtype, role):
    """A tensor in integers: activations in a range of their own, weights with a scale for each output channel."""
    info = np.iinfo(dtype)
    if role is not None:
        # Weights have 8 bits whatever the activations have.
        axes = tuple(axis for axis in range(tensor.values.ndim) if axis != role)
        scale = np.maximum(np.abs(tensor.values).max(axis=axes), 1e-6) / 127
        shape = [-1 if axis == role else 1 for axis in range(tensor.values.ndim)]
        values = np.rint(tensor.values / scale.reshape(shape)).astype(np.int8)
        return Tensor(values, True, scale.astype(np.float32), np.zeros(len(scale), int), role)
    low, high = min(tensor.values.min(), 0.0), max(tensor.values.max(), 0.0)
    if dtype == np.int16:
        scale, zero = np.float32(max(-low, high) / 32767), 0
    else:
        scale = np.float32((high - low) / 255)
        zero = int(np.rint(info.min - low / scale))
    values = np.clip(np.rint(tensor.values / scale) + zero, info.min, info.max).astype(dtype)
    return Tensor(values, tensor.constant, [scale], [zero])


def scale_of(found, dtype, fixed=None):
    if fixed is not None:
        return fixed
    probe = quantized(Tensor(found), dtype, None)
    return probe.scale, probe.zero


# --- operators


class Cases(dict):
    def add(self, name, operator, inputs, made=None, count=1, dtype=np.float32):
        files, found = case(operator, inputs, made, count, [((), dtype, None, None)] * count)
        self[f"{operator}/{name}"] = files
        return found

    def both(self, name, operator, inputs, made=None, count=1, types=(np.int8,), weights=None, bias=None, same=False, fixed=None):
        """The case in floats and in integers: `weights` is the place of the weights and their axis of outputs, `same` says that
        the output has the quantisation of the input, `fixed` which it has otherwise."""
        found = self.add(name, operator, inputs, made, count)
        for dtype in types:
            changed = list(inputs)
            common = None
            for place, it in enumerate(inputs):
                if it is None or it.values.dtype != np.float32 or place == bias:
                    continue
                if weights is not None and place == weights[0]:
                    changed[place] = quantized(it, dtype, weights[1])
                elif same and common is not None:
                    low, high = np.iinfo(dtype).min, np.iinfo(dtype).max
                    values = np.clip(np.rint(it.values / common[0]) + common[1], low, high).astype(dtype)
                    changed[place] = Tensor(values, it.constant, *common)
                else:
                    changed[place] = quantized(it, dtype, None)
                    common = (changed[place].scale, changed[place].zero)
            if bias is not None and inputs[bias] is not None:
                source = 2 if operator == "TRANSPOSE_CONV" else 0
                scale = changed[source].scale * changed[weights[0]].scale
                wide = np.int64 if dtype == np.int16 else np.int32
                values = np.rint(inputs[bias].values / scale).astype(wide)
                changed[bias] = Tensor(values, True, scale.astype(np.float32), np.zeros(len(scale), int))
            outputs = []
            for values in found:
                if values.dtype != np.float32:
                    outputs.append(((), values.dtype, None, None))
                elif same:
                    outputs.append(((), dtype, *common))
                else:
                    outputs.append(((), dtype, *scale_of(values, dtype, (fixed or {}).get(dtype))))
            files, _ = case(operator, changed, made, count, outputs)
            self[f"{operator}/{name}/{np.dtype(dtype).name}"] = files


SAME, VALID = 0, 1
NONE, RELU, RELU_N1, RELU6, TANH = range(5)
WIDE = (np.int8, np.int16)


def operators():
    c = Cases()
    for name, shape, filters, made in [
        ("plain", (1, 5, 6, 3), (4, 3, 3, 3), dict(padding=SAME, strideH=1, strideW=1)),
        ("valid", (1, 5, 6, 3), (4, 3, 2, 3), dict(padding=VALID, strideH=1, strideW=1, fusedActivationFunction=RELU)),
        ("strides", (1, 6, 7, 2), (3, 3, 3, 2), dict(padding=SAME, strideH=2, strideW=2, fusedActivationFunction=RELU6)),
        ("stride_rows", (1, 7, 6, 2), (3, 3, 3, 2), dict(padding=SAME, strideH=2, strideW=1)),
        ("point", (1, 3, 4, 5), (6, 1, 1, 5), dict(padding=VALID, strideH=1, strideW=1, fusedActivationFunction=RELU_N1)),
        ("dilated", (1, 8, 9, 2), (3, 3, 3, 2), dict(padding=SAME, strideH=1, strideW=1, dilationHFactor=2, dilationWFactor=3)),
        ("groups", (1, 4, 5, 4), (6, 3, 3, 2), dict(padding=SAME, strideH=1, strideW=1)),
        ("batch", (2, 4, 5, 2), (3, 3, 3, 2), dict(padding=SAME, strideH=1, strideW=1)),
        ("audio", (1, 1, 20, 3), (4, 1, 5, 3), dict(padding=SAME, strideH=1, strideW=2)),
    ]:
        made = {"dilationHFactor": 1, "dilationWFactor": 1} | made
        c.both(name, "CONV_2D", [x(*shape), w(*filters), w(filters[0])], options("Conv2D", **made),
               types=(np.int8,) if name == "groups" else WIDE, weights=(1, 0), bias=2)
    for name, shape, filters, made in [
        ("plain", (1, 5, 6, 3), (1, 3, 3, 3), dict(padding=SAME, strideH=1, strideW=1, depthMultiplier=1)),
        ("multiplier", (1, 5, 6, 3), (1, 3, 3, 6), dict(padding=VALID, strideH=1, strideW=1, depthMultiplier=2, fusedActivationFunction=RELU)),
        ("strides", (1, 8, 7, 4), (1, 3, 3, 4), dict(padding=SAME, strideH=2, strideW=2, depthMultiplier=1, fusedActivationFunction=RELU6)),
        ("dilated", (1, 8, 7, 2), (1, 3, 3, 2), dict(padding=SAME, strideH=1, strideW=1, depthMultiplier=1, dilationHFactor=2, dilationWFactor=2)),
        ("one_channel", (1, 9, 10, 1), (1, 4, 3, 8), dict(padding=SAME, strideH=2, strideW=2, depthMultiplier=8)),
    ]:
        made = {"dilationHFactor": 1, "dilationWFactor": 1} | made
        c.both(name, "DEPTHWISE_CONV_2D", [x(*shape), w(*filters), w(filters[3])], options("DepthwiseConv2D", **made), types=WIDE, weights=(1, 3), bias=2)
    for name, shape, filters, out, made in [
        ("plain", (1, 3, 4, 2), (3, 3, 3, 2), (1, 6, 8, 3), dict(padding=SAME, strideH=2, strideW=2)),
        ("valid", (1, 3, 4, 2), (3, 3, 3, 2), (1, 7, 9, 3), dict(padding=VALID, strideH=2, strideW=2)),
        ("odd", (1, 3, 3, 2), (2, 4, 4, 2), (1, 5, 5, 2), dict(padding=SAME, strideH=2, strideW=2)),
        ("stride_1", (1, 3, 4, 2), (3, 3, 3, 2), (1, 3, 4, 3), dict(padding=SAME, strideH=1, strideW=1)),
        ("even", (1, 3, 4, 2), (3, 2, 2, 2), (1, 6, 8, 3), dict(padding=SAME, strideH=2, strideW=2)),
        ("activated", (1, 3, 4, 2), (3, 3, 3, 2), (1, 6, 8, 3), dict(padding=SAME, strideH=2, strideW=2, fusedActivationFunction=RELU)),
    ]:
        c.both(name, "TRANSPOSE_CONV", [ints(*out), w(*filters), x(*shape), w(filters[0])], options("TransposeConv", **made), weights=(1, 0), bias=3)
    for name, shape, out, made in [
        ("plain", (1, 6), 4, {}),
        ("batch", (3, 6), 4, dict(fusedActivationFunction=RELU)),
        ("image", (1, 2, 3, 4), 5, {}),
        ("rows", (2, 3, 6), 4, {}),
        ("keep", (1, 3, 6), 4, dict(keepNumDims=True)),
    ]:
        inputs = int(np.prod(shape[1:])) if name == "image" else shape[-1]
        c.both(name, "FULLY_CONNECTED", [x(*shape), w(out, inputs), w(out)], options("FullyConnected", **made), types=WIDE, weights=(1, 0), bias=2)
    c.add("no_bias", "FULLY_CONNECTED", [x(1, 6), w(4, 6), None], options("FullyConnected"))
    c.add("computed_weights", "FULLY_CONNECTED", [x(2, 6), x(4, 6), None], options("FullyConnected"))
    for name, a, b, made in [("plain", x(2, 3, 4), x(2, 4, 5), {}), ("constant", x(2, 3, 4), w(2, 4, 5), {}),
                             ("adj", x(2, 4, 3), x(2, 5, 4), dict(adjX=True, adjY=True)), ("broadcast", x(2, 2, 3, 4), x(4, 5), {})]:
        c.both(name, "BATCH_MATMUL", [a, b], options("BatchMatMul", **made))
    for operator, same in (("AVERAGE_POOL_2D", False), ("MAX_POOL_2D", True)):
        for name, shape, made in [
            ("plain", (1, 6, 6, 3), dict(padding=VALID, strideH=2, strideW=2, filterHeight=2, filterWidth=2)),
            ("same", (1, 5, 7, 3), dict(padding=SAME, strideH=2, strideW=2, filterHeight=3, filterWidth=3)),
            ("overlap", (1, 5, 6, 2), dict(padding=SAME, strideH=1, strideW=1, filterHeight=3, filterWidth=2)),
            ("whole", (1, 5, 3, 4), dict(padding=VALID, strideH=1, strideW=1, filterHeight=5, filterWidth=3)),
            ("activated", (2, 4, 4, 2), dict(padding=VALID, strideH=2, strideW=2, filterHeight=2, filterWidth=2, fusedActivationFunction=RELU)),
        ]:
            c.both(name, operator, [x(*shape)], options("Pool2D", **made), types=WIDE, same=True)
    probabilities = {np.int8: (np.array([1 / 256], np.float32), np.array([-128])), np.int16: (np.array([1 / 32768], np.float32), np.array([0]))}
    signs = {np.int8: (np.array([1 / 128], np.float32), np.array([0])), np.int16: (np.array([1 / 32768], np.float32), np.array([0]))}
    for operator in ("RELU", "RELU6", "RELU_N1_TO_1", "ELU", "HARD_SWISH", "RELU_0_TO_1"):
        c.both("plain", operator, [x(1, 3, 4, 2, low=-8, high=8)])
    c.both("plain", "LOGISTIC", [x(1, 3, 4, 2, low=-6, high=6)], types=WIDE, fixed=probabilities)
    c.both("plain", "TANH", [x(1, 3, 4, 2, low=-3, high=3)], types=WIDE, fixed=signs)
    c.both("plain", "LEAKY_RELU", [x(1, 3, 4, 2)], options("LeakyRelu", alpha=0.2), types=WIDE)
    c.both("channels", "PRELU", [x(1, 3, 4, 2), w(1, 1, 2)])
    c.both("all", "PRELU", [x(1, 3, 4, 2), w(3, 4, 2)])
    for approximate in (False, True):
        c.both(f"approximate_{approximate}", "GELU", [x(1, 3, 4, 2, low=-4, high=4)], options("Gelu", approximate=approximate))
    for name, shape, beta in (("plain", (2, 7), 1.0), ("image", (1, 3, 4, 5), 1.0), ("beta", (1, 6), 0.5)):
        c.both(name, "SOFTMAX", [x(*shape)], options("Softmax", beta=beta), types=WIDE, fixed=probabilities)
    c.both("plain", "LOG_SOFTMAX", [x(2, 7)], options("LogSoftmax"), fixed={np.int8: (np.array([16 / 256], np.float32), np.array([127]))})
    c.both("plain", "L2_NORMALIZATION", [x(1, 2, 3, 4)], options("L2Norm"), fixed=signs)
    for operator, kind in (("ADD", "Add"), ("SUB", "Sub"), ("MUL", "Mul"), ("DIV", "Div")):
        second = x(1, 3, 4, 2, low=1.0, high=3.0)
        c.both("plain", operator, [x(1, 3, 4, 2), second], options(kind), types=() if kind == "Div" else WIDE)
        c.both("channels", operator, [x(1, 3, 4, 2), Tensor(second.values[0, 0, 0], True)], options(kind, fusedActivationFunction=RELU), types=() if kind == "Div" else (np.int8,))
        c.both("single", operator, [x(1, 3, 4, 2), Tensor(np.float32(1.5).reshape(()), True)], options(kind), types=() if kind == "Div" else (np.int8,))
        c.add("from_constant", operator, [Tensor(second.values[0, :, :1], True), x(1, 3, 4, 2, low=1.0, high=2.0)], options(kind))
    for operator in ("MAXIMUM", "MINIMUM"):
        c.both("plain", operator, [x(1, 3, 4, 2), x(1, 3, 4, 2)], options("MaximumMinimum"), types=WIDE, same=True)
        c.both("constant", operator, [x(1, 3, 4, 2), w(2)], options("MaximumMinimum"), same=True)
    c.both("plain", "SQUARED_DIFFERENCE", [x(1, 3, 4, 2), x(1, 3, 4, 2)], options("SquaredDifference"))
    c.add("plain", "POW", [x(1, 3, 4, 2, low=0.5, high=2), x(1, 3, 4, 2)], options("Pow"))
    c.add("plain", "ADD_N", [x(2, 3), x(2, 3), x(2, 3)], options("AddN"))
    for operator in ("ABS", "NEG", "SIGN", "EXP", "SQUARE", "SIN", "COS", "FLOOR", "CEIL", "ROUND"):
        c.add("plain", operator, [x(1, 3, 4, 2)])
    c.both("quantised", "ABS", [x(1, 3, 4, 2)])
    for operator in ("LOG", "SQRT", "RSQRT"):
        c.add("plain", operator, [x(1, 3, 4, 2, low=0.2, high=4)])
    whole = lambda: Tensor(rng.integers(-2, 3, (1, 3, 4, 2)).astype(np.float32))
    for operator in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL"):
        c.add("plain", operator, [whole(), whole()], dtype=np.bool_)
    flag = lambda: Tensor(rng.integers(0, 2, (2, 3)).astype(np.bool_))
    for operator in ("LOGICAL_AND", "LOGICAL_OR"):
        c.add("plain", operator, [flag(), flag()], dtype=np.bool_)
    c.add("plain", "LOGICAL_NOT", [flag()], dtype=np.bool_)
    c.add("plain", "SELECT_V2", [Tensor(rng.integers(0, 2, (2, 3)).astype(np.bool_)), x(2, 3), x(2, 3)], options("SelectV2"))
    for keep in (False, True):
        made = options("Reducer", keepDims=keep)
        for name, axes in (("image", (1, 2)), ("image_backwards", (2, 1)), ("channels", (3,)), ("rows", (-3,)), ("all", (0, 1, 2, 3))):
            c.both(f"{name}_{keep}", "MEAN", [x(1, 4, 5, 3), ints(*axes)], made, types=WIDE if name == "image" else (np.int8,))
        for operator in ("SUM", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_PROD"):
            for name, axes in (("image", (1, 2)), ("channels", (3,))):
                c.both(f"{name}_{keep}", operator, [x(1, 4, 5, 3), ints(*axes)], made, types=() if operator == "REDUCE_PROD" else (np.int8,), same=operator != "SUM")
    for operator, kind in (("ARG_MAX", "ArgMax"), ("ARG_MIN", "ArgMin")):
        made = options(kind, outputType=2)
        for axis in (-1, 1):
            c.add(f"axis_{axis}", operator, [x(1, 4, 5, 3), ints(axis)], made, dtype=np.int32)
    c.both("plain", "RESHAPE", [x(1, 3, 4, 2), ints(1, -1)], options("Reshape", newShape=[1, -1]), types=WIDE, same=True)
    c.add("old", "RESHAPE", [x(1, 3, 4, 2)], options("Reshape", newShape=[2, 12]))
    c.both("plain", "SQUEEZE", [x(1, 3, 1, 2)], options("Squeeze", squeezeDims=[2]), same=True)
    c.add("all", "SQUEEZE", [x(1, 3, 1, 2)], options("Squeeze", squeezeDims=[]))
    c.both("plain", "EXPAND_DIMS", [x(3, 2), ints(-1)], options("ExpandDims"), same=True)
    c.add("plain", "BROADCAST_TO", [x(3, 1), ints(2, 3, 4)])
    c.add("plain", "SHAPE", [x(2, 3)], options("Shape", outType=2), dtype=np.int32)
    c.add("from_int", "CAST", [Tensor(rng.integers(-5, 5, (2, 3)).astype(np.int32))], options("Cast", inDataType=2, outDataType=0))
    for order in ((0, 3, 1, 2), (3, 2, 1, 0)):
        c.both("".join(map(str, order)), "TRANSPOSE", [x(1, 3, 4, 2), ints(*order)], options("Transpose"), types=WIDE, same=True)
    for axis in (-1, 1):
        c.both(f"axis_{axis}", "CONCATENATION", [x(1, 3, 4, 2), x(1, 3, 4, 2), w(1, 3, 4, 2)], options("Concatenation", axis=axis), same=True)
        c.both(f"axis_{axis}", "PACK", [x(3, 4), x(3, 4)], options("Pack", valuesCount=2, axis=axis), same=True)
        c.both(f"axis_{axis}", "UNPACK", [x(3, 2, 3)], options("Unpack", num=2 if axis == 1 else 3, axis=axis), count=2 if axis == 1 else 3, same=True)
    c.both("plain", "SPLIT", [ints(3), x(1, 3, 4, 4)], options("Split", numSplits=2), count=2, same=True)
    c.add("plain", "SPLIT_V", [x(1, 3, 5), ints(1, 3, 1), ints(-1)], options("SplitV", numSplits=3), count=3)
    c.add("plain", "TILE", [x(1, 3, 2), ints(2, 1, 3)], options("Tile"))
    c.both("plain", "SLICE", [x(1, 4, 5, 2), ints(0, 1, 2, 0), ints(1, 2, -1, 1)], options("Slice"), same=True)
    strided = dict(beginMask=0, endMask=0, ellipsisMask=0, newAxisMask=0, shrinkAxisMask=0, offset=False)
    for name, begin, end, steps, made in [
        ("plain", (0, 1, 0, 0), (1, 4, 5, 2), (1, 2, 1, 1), {}),
        ("masks", (0, 1, 2, 0), (0, 3, 0, 0), (1, 1, 2, 1), dict(beginMask=9, endMask=13)),
        ("backwards", (0, -1, 0, 0), (1, 0, 5, 2), (1, -1, 1, 1), {}),
        ("backwards_whole", (0, 0, 0, 0), (1, 0, 5, 2), (1, -2, 1, 1), dict(beginMask=2, endMask=2)),
        ("shrink", (0, 2, 0, -1), (1, 3, 5, 0), (1, 1, 1, 1), dict(shrinkAxisMask=10)),
        ("fewer_axes", (0, 1), (1, 3), (1, 1), {}),
    ]:
        c.both(name, "STRIDED_SLICE", [x(1, 4, 5, 2), ints(*begin), ints(*end), ints(*steps)], options("StridedSlice", **(strided | made)), same=True)
    c.both("plain", "GATHER", [x(3, 4), ints(2, 0, 1)], options("Gather", axis=1), same=True)
    c.add("matrix", "GATHER", [x(3, 4), Tensor(np.array([[2, 0], [1, 1]], np.int32), True)], options("Gather", axis=0))
    widths = Tensor(np.array([[0, 0], [1, 2], [0, 1], [0, 0]], np.int32), True)
    c.both("plain", "PAD", [x(1, 3, 4, 2), widths], options("Pad"), types=WIDE, same=True)
    c.both("channels", "PAD", [x(1, 3, 4, 2), Tensor(np.array([[0, 0], [0, 0], [0, 0], [1, 2]], np.int32), True)], options("Pad"), same=True)
    c.both("plain", "PADV2", [x(1, 3, 4, 2), widths, Tensor(np.float32(-1.5).reshape(()), True)], options("PadV2"), same=True)
    c.add("reflect", "MIRROR_PAD", [x(1, 3, 4, 2), widths], options("MirrorPad", mode=0))
    ones = Tensor(np.array([[0, 0], [1, 1], [0, 1], [0, 0]], np.int32), True)
    c.add("symmetric", "MIRROR_PAD", [x(1, 3, 4, 2), ones], options("MirrorPad", mode=1))
    for name, size in (("double", (6, 8)), ("odd", (5, 7)), ("smaller", (2, 3))):
        for corners, half in ((False, False), (True, False), (False, True)):
            made = dict(alignCorners=corners, halfPixelCenters=half)
            kind = "corners" if corners else "half" if half else "plain"
            c.both(f"{name}_{kind}", "RESIZE_BILINEAR", [x(1, 3, 4, 2), ints(*size)], options("ResizeBilinear", **made), same=True)
            c.both(f"{name}_{kind}", "RESIZE_NEAREST_NEIGHBOR", [x(1, 3, 4, 2), ints(*size)], options("ResizeNearestNeighbor", **made), same=True)
    c.both("plain", "DEPTH_TO_SPACE", [x(1, 2, 3, 8)], options("DepthToSpace", blockSize=2), same=True)
    c.both("plain", "SPACE_TO_DEPTH", [x(1, 4, 6, 2)], options("SpaceToDepth", blockSize=2), same=True)
    q = quantized(x(1, 3, 4, 2), np.int8, None)
    c["DEQUANTIZE/int8"], _ = case("DEQUANTIZE", [q], options("Dequantize"), 1)
    for name, other in (("finer", np.float32(0.01)), ("coarser", np.float32(0.05))):
        out = [((), np.int8, np.array([other]), np.array([3]))]
        c[f"QUANTIZE/{name}"], _ = case("QUANTIZE", [q], options("Quantize"), 1, out)
    c["QUANTIZE/float"], _ = case("QUANTIZE", [x(1, 3, 4, 2)], options("Quantize"), 1, out)
    c["QUANTIZE/uint8"], _ = case("QUANTIZE", [q], options("Quantize"), 1, [((), np.uint8, q.scale, q.zero + 128)])
    return c


def pack(name, cases):
    """Writes cases, a folder of files each, to one archive: a list of places, and all bytes one behind the other."""
    index, blobs = [], io.BytesIO()
    for entry in sorted(cases):
        for file, content in cases[entry].items():
            index.append(f"{entry}/{file} {blobs.tell()} {len(content)}")
            blobs.write(content)
    path = HERE / f"{name}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file, content in (("index.txt", "\n".join(index)), ("blobs.bin", blobs.getvalue())):
            archive.writestr(zipfile.ZipInfo(file), content, zipfile.ZIP_DEFLATED, 9)
    print(f"{name}: {len(cases)} cases, {path.stat().st_size} bytes")


# --- models


def models(folder):
    """Real numbers in, real numbers out, whatever the file computes with."""
    for name in ("kws_int8",):
        file = (folder / f"{name}.tflite").read_bytes()
        (HERE / f"{name}.tflite").write_bytes(file)
        interpreter = Interpreter(model_content=file, num_threads=1)
        interpreter.allocate_tensors()
        source, target = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
        inputs = rng.integers(-128, 128, (4, *source["shape"][1:])).astype(np.int8)
        outputs = []
        for sample in inputs:
            interpreter.set_tensor(source["index"], sample[None])
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(target["index"])[0])
        for what, values, detail in (("input", inputs, source), ("output", np.array(outputs), target)):
            scale, zero = detail["quantization"]
            (HERE / f"{name}.{what}s.bin").write_bytes(real(values, np.float32(scale), zero).tobytes())


if __name__ == "__main__":
    parts = sys.argv[1:] or ["operators"]
    if "operators" in parts:
        pack("operators", operators())
    if "models" in parts:
        models(pathlib.Path(parts[parts.index("models") + 1]))
