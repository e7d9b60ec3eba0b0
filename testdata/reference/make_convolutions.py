"""Makes cases of functions/ that sum products or move windows, with the real NNabla.

Usage: python make_convolutions.py [FOLDER]     (needs: nnabla 1.39, numpy below 2)

Each case is a folder with a network of one function (net.nnp), its inputs (in*.bin) and NNabla's outputs
(nnabla_out*.bin), little-endian float32. NNabla's CPU functions refuse channels that come last: those cases are computed
with channels first, and inputs, weights and outputs are transposed.
"""

import sys
from pathlib import Path

import nnabla as nn
import nnabla.functions as F
import numpy as np
from nnabla.utils.save import save

ROOT = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "functions")
RNG = np.random.RandomState(7)


def values(*shape):
    return RNG.randn(*shape).astype(np.float32)


def parameters(arrays):
    """Variables that are saved as parameters p0, p1, ..."""
    nn.clear_parameters()
    made = []
    for index, array in enumerate(arrays):
        variable = nn.Variable.from_numpy_array(np.asarray(array, np.float32))
        nn.parameter.set_parameter(f"p{index}", variable)
        made.append(variable)
    return made


def write(name, build, inputs, params, outputs=None):
    """Saves a case. `build` makes the output of input and parameter variables; `outputs` are known if NNabla cannot
    compute them."""
    folder = ROOT / name
    folder.mkdir(parents=True, exist_ok=True)
    variables = [nn.Variable.from_numpy_array(array) for array in inputs]
    y = build(variables, parameters(params))
    if outputs is None:
        y.forward()
        outputs = [y.d.copy()]
        # Some functions change their parameters while they run: what is saved must be what was given.
        y = build(variables, parameters(params))
    names = {f"x{index}": variable for index, variable in enumerate(variables)}
    contents = {
        "networks": [{"name": "net", "batch_size": inputs[0].shape[0], "outputs": {"y0": y}, "names": names}],
        "executors": [{"name": "runtime", "network": "net", "data": list(names), "output": ["y0"]}],
    }
    save(str(folder / "net.nnp"), contents, variable_batch_size=False)
    for index, array in enumerate(inputs):
        array.astype("<f4").tofile(folder / f"in{index}.bin")
    for index, array in enumerate(outputs):
        array.astype("<f4").tofile(folder / f"nnabla_out{index}.bin")


def channels_last(array):
    """Axis 1 becomes the last."""
    return np.ascontiguousarray(np.moveaxis(array, 1, -1))


def write_channels_last(name, function, x, params, **arguments):
    """The case of `function`, computed with channels first. The first parameter is a weight, whose second axis also moves."""
    variables = [nn.Variable.from_numpy_array(array) for array in [x, *params]]
    y = function(*variables, **arguments)
    y.forward()
    moved = [channels_last(array) if index == 0 else array for index, array in enumerate(params)]
    write(
        name,
        lambda xs, ps: function(*xs, *ps, channel_last=True, **arguments),
        [channels_last(x)],
        moved,
        [channels_last(y.d)],
    )


def convolutions():
    def case(name, x, params, function=F.convolution, **arguments):
        write(name, lambda xs, ps: function(*xs, *ps, **arguments), [x], params)

    case("Convolution_1d", values(2, 3, 9), [values(4, 3, 3), values(4)], pad=(1,), stride=(2,))
    case("Convolution_3d", values(1, 2, 5, 4, 6), [values(3, 2, 2, 3, 2), values(3)], pad=(0, 1, 1), stride=(1, 2, 1))
    case("Convolution_group_dilation", values(2, 6, 9, 8), [values(4, 3, 3, 2), values(4)], pad=(2, 1), stride=(1, 2),
         dilation=(2, 3), group=2)
    case("Convolution_base2", values(2, 2, 3, 5, 5), [values(4, 3, 3, 3)], base_axis=2)
    write_channels_last("Convolution_channel_last", F.convolution, values(2, 4, 6, 5), [values(6, 2, 3, 3), values(6)],
                        pad=(1, 0), stride=(2, 1), group=2)
    case("DepthwiseConvolution_multiplier", values(2, 3, 7, 6), [values(6, 3, 3), values(6)], F.depthwise_convolution,
         pad=(1, 2), stride=(2, 1), multiplier=2)
    case("DepthwiseConvolution_1d", values(1, 3, 9), [values(3, 4)], F.depthwise_convolution, dilation=(2,))


def deconvolutions():
    def case(name, x, params, function=F.deconvolution, **arguments):
        write(name, lambda xs, ps: function(*xs, *ps, **arguments), [x], params)

    case("Deconvolution_group", values(2, 4, 4, 5), [values(4, 3, 3, 2), values(6)], pad=(1, 0), stride=(2, 3), group=2)
    case("Deconvolution_1d", values(1, 3, 5), [values(3, 2, 4), values(2)], pad=(1,), stride=(3,), output_padding=(2,))
    case("Deconvolution_3d", values(1, 2, 3, 2, 3), [values(2, 3, 2, 3, 2)], pad=(0, 1, 0), stride=(2, 1, 2))
    case("Deconvolution_dilation", values(1, 2, 4, 4), [values(2, 2, 3, 3), values(2)], pad=(1, 2), dilation=(2, 3),
         stride=(2, 1))
    write_channels_last("Deconvolution_channel_last", F.deconvolution, values(1, 4, 3, 4), [values(4, 3, 3, 2), values(6)],
                        pad=(1, 0), stride=(2, 2), group=2)
    case("DepthwiseDeconvolution", values(2, 4, 4, 5), [values(4, 3, 2), values(4)], F.depthwise_deconvolution,
         pad=(1, 0), stride=(2, 1))
    case("DepthwiseDeconvolution_divisor", values(1, 6, 5), [values(6, 3)], F.depthwise_deconvolution, stride=(2,),
         dilation=(2,), divisor=3)


def fused_convolutions():
    x, weight, bias = values(2, 3, 6, 5), values(4, 3, 3, 3), values(4)
    # Three strides of one and no padding at the ends give this.
    residual = values(2, 4, 6, 5)
    per_channel = (1, 4, 1, 1)
    beta, gamma, mean = values(*per_channel), values(*per_channel), values(*per_channel)
    variance = np.abs(values(*per_channel)) + 0.1

    def case(name, params, inputs=(), **arguments):
        arguments = {"pad": (1, 1), **arguments}

        def build(xs, ps):
            named = {key: ps[index + 1] for index, key in enumerate(params)}
            if inputs:
                named["z"] = xs[1]
            return F.fused_convolution(xs[0], ps[0], **named, **arguments)

        write(name, build, [x, *inputs], [weight, *params.values()])

    normalization = {"beta": beta, "gamma": gamma, "mean": mean, "variance": variance}
    case("FusedConvolution_plain", {}, nonlinearity="identity")
    case("FusedConvolution_bias_relu", {"bias": bias}, nonlinearity="relu")
    case("FusedConvolution_z_relu6", {}, [residual], nonlinearity="relu6")
    case("FusedConvolution_bias_z", {"bias": bias}, [residual], nonlinearity="tanh")
    case("FusedConvolution_bn", normalization, batch_stat=False, nonlinearity="sigmoid")
    case("FusedConvolution_bn_z", normalization, [residual], batch_stat=False, eps=1e-3, nonlinearity="leaky_relu",
         nonlinearity_args=[0.2])
    case("FusedConvolution_batch_stat", normalization, [residual], batch_stat=True, nonlinearity="elu",
         nonlinearity_args=[0.7])
    case("FusedConvolution_constant", {"bias": bias}, pad=(2, 0, 1, 3), pad_mode="constant", constant_value=0.75,
         nonlinearity="relu")
    case("FusedConvolution_reflect", {"bias": bias}, pad=(5, 7, 3, 9), pad_mode="reflect", stride=(2, 1), dilation=(1, 2),
         nonlinearity="identity")
    case("FusedConvolution_repeat", {}, pad=(2, 3), pad_mode="repeat", nonlinearity="identity")


def quantized_products():
    indicators = (RNG.rand(6, 5) < 0.6).astype(np.float32)
    write("INQAffine", lambda xs, ps: F.inq_affine(*xs, *ps), [values(3, 6)], [values(6, 5), indicators, values(5)])
    write("INQAffine_all", lambda xs, ps: F.inq_affine(*xs, *ps, num_bits=3, inq_iterations=[0]), [values(2, 2, 3)],
          [values(6, 4), np.zeros((6, 4))])
    indicators = (RNG.rand(4, 3, 3, 3) < 0.5).astype(np.float32)
    write("INQConvolution_some", lambda xs, ps: F.inq_convolution(*xs, *ps, num_bits=4, pad=(1, 1), stride=(2, 2)),
          [values(1, 3, 6, 6)], [values(4, 3, 3, 3), indicators, values(4)])
    write("BatchMatmul_broadcast", lambda xs, ps: F.batch_matmul(*xs, transpose_a=True), [values(2, 1, 4, 3), values(2, 3, 4, 5)],
          [])
    write("BatchMatmul_both_T", lambda xs, ps: F.batch_matmul(*xs, transpose_a=True, transpose_b=True),
          [values(3, 1, 2, 4), values(1, 2, 20, 2)], [])


def poolings():
    def case(name, function, x, **arguments):
        write(name, lambda xs, ps: function(*xs, **arguments), [x], [])

    # What is negative throughout tells a window's padding from its values.
    negative = -np.abs(values(1, 2, 7, 6)) - 1
    volume = values(1, 2, 4, 5, 6)
    for name, function in [("Max", F.max_pooling), ("Sum", F.sum_pooling), ("Average", F.average_pooling)]:
        case(f"{name}Pooling_border", function, negative, kernel=(3, 4), stride=(2, 3), pad=(1, 2), ignore_border=False)
        case(f"{name}Pooling_3d", function, volume, kernel=(2, 3, 2), stride=(2, 1, 3), pad=(0, 1, 1))
        x = values(2, 3, 5, 6)
        arguments = {"kernel": (3, 2), "stride": (1, 2), "pad": (1, 0)}
        variable = nn.Variable.from_numpy_array(x)
        y = function(variable, **arguments)
        y.forward()
        write(f"{name}Pooling_channel_last", lambda xs, ps: function(*xs, channel_last=True, **arguments), [channels_last(x)],
              [], [channels_last(y.d)])
    case("AveragePooling_excluding_pad", F.average_pooling, negative, kernel=(3, 3), stride=(2, 2), pad=(1, 1),
         including_pad=False)
    case("AveragePooling_excluding_border", F.average_pooling, negative, kernel=(4, 3), stride=(3, 2), pad=(2, 1),
         ignore_border=False, including_pad=False)
    case("GlobalAveragePooling_rows", F.global_average_pooling, values(2, 3, 7))
    case("Unpooling_1d", F.unpooling, values(2, 3, 5), kernel=(3,))
    x = values(1, 2, 3, 4)
    y = F.unpooling(nn.Variable.from_numpy_array(x), kernel=(2, 3))
    y.forward()
    write("Unpooling_channel_last", lambda xs, ps: F.unpooling(*xs, kernel=(2, 3), channel_last=True), [channels_last(x)], [],
          [channels_last(y.d)])


for make in [convolutions, deconvolutions, fused_convolutions, quantized_products, poolings]:
    make()
