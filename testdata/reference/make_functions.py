"""Makes cases for `functions/` with NNabla: a network of one function, its inputs, and the outputs of NNabla.

    pip install "nnabla==1.39.0" "numpy<2"
    python make_functions.py functions

A case has the name of its function and a label. Cases that are there already stay as they are. Inputs come from a seed
that depends on the name of the case alone.
"""

import sys
import zipfile
import zlib
from pathlib import Path

import nnabla as nn
import nnabla.function_bases as function_bases
import nnabla.functions as F
import numpy as np
from nnabla.utils.save import save

INF, NAN = np.inf, np.nan
# What formulas stumble over: zeros, infinities, numbers that are none, ends of the range.
EDGES = np.array(
    [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.5, -2.5, 6.0, 7.0, 1e-20, -1e-20, 30.0, -30.0, 90.0, -90.0,
     1e9, -1e9, 3e38, -3e38, INF, -INF, NAN], np.float32)
# The same without numbers so large that they would hide all others.
FINITE = EDGES[:16]


def normal(random, *shape):
    return random.normal(0, 2, shape).astype(np.float32)


def cases():
    """Yields name, function, and a function of a random generator that gives the inputs."""
    one = lambda *shape: lambda random: [normal(random, *shape)]
    two = lambda *shapes: lambda random: [normal(random, *shape) for shape in shapes]
    given = lambda *arrays: lambda random: [np.asarray(array, np.float32) for array in arrays]

    # Functions that change each value by itself
    unit = lambda random: [random.uniform(-1, 1, (2, 3, 4)).astype(np.float32)]
    from_one = lambda random: [random.uniform(1, 5, (2, 3, 4)).astype(np.float32)]
    for name, inputs in [
        ("asin", unit), ("acos", unit), ("atan", one(2, 3, 4)), ("asinh", one(2, 3, 4)), ("acosh", from_one),
        ("atanh", unit), ("tan", one(2, 3, 4)), ("sinh", one(2, 3, 4)), ("cosh", one(2, 3, 4)), ("erf", one(2, 3, 4)),
        ("sinc", one(2, 3, 4)), ("logical_not", given([0, 1, -1, 0.5, NAN, INF, -0.0])),
        ("isnan", given(EDGES)), ("isinf", given(EDGES)),
    ]:
        yield name, getattr(F, name), inputs
    for name in [
        "relu", "relu6", "sigmoid", "swish", "tanh", "hard_sigmoid", "hard_tanh", "log_sigmoid", "softsign",
        "tanh_shrink", "sinc", "binary_sigmoid", "binary_tanh", "round", "ceil", "floor", "abs", "exp", "log", "erf",
    ]:
        yield f"{name}_edges", getattr(F, name), given(EDGES)
    for name in ["gelu", "mish", "softplus", "elu", "selu", "leaky_relu", "sinh", "cosh", "asinh", "atan", "sign"]:
        yield f"{name}_edges", getattr(F, name), given(FINITE)
    yield "gelu_negative", F.gelu, given(np.linspace(-6, -3, 13))
    yield "gelu_infinite", F.gelu, given([INF, -INF, NAN, 0])
    yield "softplus_beta", lambda x: F.softplus(x, beta=2.5), one(2, 3, 4)
    yield "softplus_beta_small", lambda x: F.softplus(x, beta=0.01), one(2, 3, 4)
    yield "softplus_beta_negative", lambda x: F.softplus(x, beta=-1.5), one(2, 3, 4)
    yield "elu_alpha_0", lambda x: F.elu(x, alpha=0.0), one(2, 3, 4)
    yield "elu_alpha", lambda x: F.elu(x, alpha=0.3), one(2, 3, 4)
    yield "selu_arguments", lambda x: F.selu(x, scale=0.7, alpha=2.0), one(2, 3, 4)
    yield "leaky_relu_alpha_0", lambda x: F.leaky_relu(x, alpha=0.0), given([1, -1, 0, INF, -INF, NAN])
    yield "leaky_relu_alpha_negative", lambda x: F.leaky_relu(x, alpha=-0.5), one(2, 3, 4)
    yield "celu_axis_2", lambda x: F.celu(x, alpha=0.5, axis=2), one(2, 3, 4)
    yield "celu_axis_negative", lambda x: F.celu(x, alpha=1.5, axis=-2), one(2, 3, 4)
    yield "celu_edges", lambda x: F.celu(x, alpha=1.5, axis=0), given(FINITE)
    yield "crelu_axis_0", lambda x: F.crelu(x, axis=0), given(EDGES)
    yield "crelu_axis_negative", lambda x: F.crelu(x, axis=-1), one(2, 3, 4)
    yield "prelu_shared", lambda x, w: F.prelu(x, w, 1), two((2, 3, 4), ())
    yield "prelu_axis_0", lambda x, w: F.prelu(x, w, 0), two((3, 2, 4), (3,))
    yield "prelu_axis_negative", lambda x, w: F.prelu(x, w, -1), two((2, 3, 4), (4,))
    yield "reset_nan", lambda x: F.reset_nan(x, 3.5), given(EDGES)
    yield "reset_inf", lambda x: F.reset_inf(x, -2.5), given(EDGES)
    yield "sign_alpha", lambda x: F.sign(x, alpha=0.25), given(EDGES)
    yield "softmax_axis_0", lambda x: F.softmax(x, axis=0), one(3, 4, 2)
    yield "softmax_axis_negative", lambda x: F.softmax(x, axis=-2), one(2, 70, 3)
    yield "softmax_large", lambda x: F.softmax(x, axis=1), given([[1e30, -1e30, 1e30], [90, 0, 89], [-INF, 0, 1]])
    yield "softmax_infinite", lambda x: F.softmax(x, axis=1), given([[INF, 0, 1], [NAN, 0, 1], [-INF, -INF, -INF]])
    yield "log_softmax_axis_0", lambda x: F.log_softmax(x, axis=0), one(3, 4, 2)
    yield "log_softmax_axis_negative", lambda x: F.log_softmax(x, axis=-1), one(2, 3, 70)

    # Scalars
    for name in [
        "equal_scalar", "not_equal_scalar", "greater_scalar", "greater_equal_scalar", "less_scalar", "less_equal_scalar",
        "minimum_scalar", "maximum_scalar", "add_scalar", "mul_scalar", "r_sub_scalar", "r_div_scalar",
    ]:
        yield f"{name}_edges", (lambda f: lambda x: f(x, 0.5))(getattr(F, name)), given(EDGES)
    for name in ["logical_and_scalar", "logical_or_scalar", "logical_xor_scalar"]:
        for value in [False, True]:
            function = (lambda f, v: lambda x: f(x, v))(getattr(F, name), value)
            yield f"{name}_{str(value).lower()}", function, given([0, 1, -1, 0.5, NAN, INF, -0.0])
    for value in [0.5, 2.0, -1.0, 0.0, 1.5]:
        power = [0, 1, 2, -1, -2, 0.25, INF, NAN, 1e-3]
        yield f"pow_scalar_{value}", (lambda v: lambda x: F.pow_scalar(x, v))(value), given(power)
    yield "pow_scalar_half_infinite", lambda x: F.pow_scalar(x, 0.5), given([-INF, INF, -0.0, 4.0])
    yield "r_pow_scalar_edges", lambda x: F.r_pow_scalar(x, 2.5), given([0, 1, -1, 3, -INF, INF, NAN, 0.5])

    # Functions of two inputs, with broadcasting
    pairs = lambda random: [np.repeat(EDGES, len(EDGES)), np.tile(EDGES, len(EDGES))]
    for name in [
        "equal", "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or",
        "logical_xor", "minimum2", "maximum2", "add2", "sub2", "mul2", "div2",
    ]:
        yield f"{name}_edges", getattr(F, name), pairs
    for name in ["equal", "greater", "logical_xor", "atan2", "div2", "pow2"]:
        integers = lambda random: [random.integers(1, 4, (2, 3, 4)).astype(np.float32),
                                   random.integers(1, 4, (1, 3, 1)).astype(np.float32)]
        yield f"{name}_broadcast", getattr(F, name), integers
    yield "atan2", F.atan2, two((2, 3, 4), (2, 3, 4))
    yield "add2_both_stretched", F.add2, two((2, 1, 4, 1), (1, 3, 1, 5))
    yield "mul2_outer", F.mul2, two((5, 1), (1, 70))
    yield "sub2_scalar", F.sub2, two((2, 3), (1, 1))
    yield "where_prefix", F.where, lambda random: [
        random.integers(0, 2, (2, 3)).astype(np.float32), normal(random, 2, 3, 4), normal(random, 2, 3, 4)]
    yield "where_nan", F.where, given([0, NAN, -0.0, INF], [1, 2, 3, 4], [5, 6, 7, 8])
    yield "add_n_3", F.add_n, two((2, 3), (2, 3), (2, 3))
    yield "mul_n_1", F.mul_n, one(2, 3)

    # Reductions
    for name in ["sum", "mean", "max", "min", "prod"]:
        function = getattr(F, name)
        for axis in [None, 0, 1, -1, (0, 2), (1, 2)]:
            for keep in [False, True]:
                label = "all" if axis is None else "_".join(map(str, np.atleast_1d(axis)))
                suffix = "_keep" if keep else ""
                yield (f"{name}_axis_{label}{suffix}",
                       (lambda f, a, k: lambda x: f(x, a, k))(function, axis, keep), one(2, 3, 4))
        yield f"{name}_no_axis", (lambda f: lambda x: f(x, ()))(function), one(2, 3)
        yield f"{name}_scalar", (lambda f: lambda x: f(x, ()))(function), one()
        yield f"{name}_long", (lambda f: lambda x: f(x, -1))(function), lambda random: [
            random.uniform(0.9, 1.1, (2, 300)).astype(np.float32)]
    for name in ["max", "min"]:
        function = getattr(F, name)
        equal = lambda random: [random.integers(-2, 3, (3, 4, 5)).astype(np.float32)]
        for axis in [0, 2, (0, 2)]:
            label = "_".join(map(str, np.atleast_1d(axis)))
            yield (f"{name}_with_index_{label}",
                   (lambda f, a: lambda x: f(x, a, with_index=True))(function, axis), equal)
            yield (f"{name}_only_index_{label}",
                   (lambda f, a: lambda x: f(x, a, True, only_index=True))(function, axis), equal)
        extremes = [[NAN, NAN, NAN], [1, NAN, 2], [-INF, -1e9, -2e8], [INF, 1e9, 2e8], [NAN, INF, -INF]]
        yield f"{name}_extremes", (lambda f: lambda x: f(x, 1, with_index=True))(function), given(extremes)

    # Normalisation
    def statistics(*shape):
        return lambda random: [normal(random, *shape[0]), normal(random, *shape[1]), normal(random, *shape[1]),
                               normal(random, *shape[1]), random.uniform(0.1, 3, shape[1]).astype(np.float32)]

    for axis, parameters in [(1, (1, 3, 1)), (2, (1, 1, 4)), (0, (2, 1, 1)), (-1, (1, 1, 4))]:
        yield (f"batch_normalization_axis_{axis}",
               (lambda a: lambda *x: F.batch_normalization(*x, axes=[a], batch_stat=False))(axis),
               statistics((2, 3, 4), parameters))
        yield (f"batch_normalization_batch_stat_axis_{axis}",
               (lambda a: lambda *x: F.batch_normalization(*x, axes=[a], batch_stat=True))(axis),
               statistics((2, 3, 4), parameters))
    yield ("batch_normalization_matrix", lambda *x: F.batch_normalization(*x, batch_stat=False, eps=0.1),
           statistics((3, 100), (1, 100)))
    yield ("batch_normalization_no_scale",
           lambda x, b, m, v: F.batch_normalization(x, b, None, m, v, batch_stat=False),
           lambda random: statistics((2, 3, 4), (1, 3, 1))(random)[:3] + [np.ones((1, 3, 1), np.float32)])
    yield ("batch_normalization_no_bias",
           lambda x, g, m, v: F.batch_normalization(x, None, g, m, v, batch_stat=False),
           lambda random: statistics((2, 3, 4), (1, 3, 1))(random)[:3] + [np.ones((1, 3, 1), np.float32)])
    yield ("batch_normalization_no_affine",
           lambda x, m, v: F.batch_normalization(x, None, None, m, v, batch_stat=False, axes=[2]),
           lambda random: statistics((2, 3, 4), (1, 1, 4))(random)[:2] + [np.ones((1, 1, 4), np.float32)])
    yield ("batch_normalization_eps_0", lambda *x: F.batch_normalization(*x, batch_stat=False, eps=0.0),
           given([[1, 2], [3, 4]], [[1, 2]], [[1, 0]], [[1, 2]], [[0, 0]]))
    yield ("fused_batch_normalization_add",
           lambda x, b, g, m, v, z: F.fused_batch_normalization(x, b, g, m, v, z, batch_stat=False),
           lambda random: statistics((2, 3, 4), (1, 3, 1))(random) + [normal(random, 2, 3, 4)])
    yield ("fused_batch_normalization_add_last",
           lambda x, b, g, m, v, z: F.fused_batch_normalization(x, b, g, m, v, z, axes=[2], batch_stat=False),
           lambda random: statistics((2, 3, 4), (1, 1, 4))(random) + [normal(random, 2, 3, 4)])
    yield ("fused_batch_normalization_batch_stat",
           lambda *x: F.fused_batch_normalization(*x, batch_stat=True), statistics((2, 3, 4), (1, 3, 1)))

    def affine(shape, parameters):
        return lambda random: [normal(random, *shape), normal(random, *parameters), normal(random, *parameters)]

    group = lambda **arguments: lambda x, b=None, g=None: F.group_normalization(x, b, g, **arguments)
    yield "group_normalization", group(num_groups=2), affine((2, 4, 3, 2), (1, 4, 1, 1))
    yield "group_normalization_1", group(num_groups=1), affine((2, 4, 3), (1, 4, 1))
    yield "group_normalization_all", group(num_groups=4), affine((2, 4, 3), (1, 4, 1))
    yield "group_normalization_last", group(num_groups=2, channel_axis=-1), affine((2, 3, 4), (1, 1, 4))
    yield "group_normalization_first", group(num_groups=2, channel_axis=0, batch_axis=1), affine((4, 3, 5), (4, 1, 1))
    yield ("group_normalization_two_batch_axes", group(num_groups=3, channel_axis=2, batch_axis=[0, 1]),
           affine((2, 2, 6, 3), (1, 1, 6, 1)))
    yield "group_normalization_plain", group(num_groups=2), one(2, 4, 3)
    yield ("group_normalization_no_bias", lambda x, g: F.group_normalization(x, None, g, num_groups=2),
           two((2, 4, 3), (1, 4, 1)))
    yield ("group_normalization_no_scale", lambda x, b: F.group_normalization(x, b, None, num_groups=2, eps=0.5),
           two((2, 4, 3), (1, 4, 1)))
    instance = lambda **arguments: lambda x, b=None, g=None: F.instance_normalization(x, b, g, **arguments)
    yield "instance_normalization", instance(), affine((2, 3, 4), (1, 3, 1))
    yield "instance_normalization_batch_parameters", instance(), affine((2, 3, 4), (2, 3, 1))
    yield "instance_normalization_last", instance(channel_axis=-1), affine((2, 5, 3), (1, 1, 3))
    yield "instance_normalization_plain", instance(eps=1e-3), one(2, 3, 4)
    yield ("instance_normalization_no_bias", lambda x, g: F.instance_normalization(x, None, g),
           two((2, 3, 4), (1, 3, 1)))
    layer = lambda **arguments: lambda x, b=None, g=None: F.layer_normalization(x, b, g, **arguments)
    yield "layer_normalization", layer(), affine((2, 3, 4), (1, 3, 4))
    yield "layer_normalization_two_batch_axes", layer(batch_axis=[0, 1]), affine((2, 3, 5), (1, 1, 5))
    yield "layer_normalization_inner_batch", layer(batch_axis=1), affine((2, 3, 4), (2, 1, 4))
    yield "layer_normalization_negative", layer(batch_axis=-1), affine((2, 3, 4), (2, 3, 1))
    yield "layer_normalization_plain", layer(), one(2, 3, 40)
    yield "layer_normalization_no_scale", lambda x, b: F.layer_normalization(x, b, None), two((2, 3, 4), (1, 3, 4))
    # What `F` has of this name turns into a batch normalisation for a single axis.
    tensor = lambda axes: lambda x, b=None, g=None: function_bases.tensor_normalization(
        x, b, g, axes, 1e-5, g is None, b is None)
    yield "tensor_normalization", tensor([1]), affine((2, 3, 4), (1, 3, 1))
    yield "tensor_normalization_two_axes", tensor([0, 2]), affine((2, 3, 4), (2, 1, 4))
    yield "tensor_normalization_plain", tensor([0, 1]), one(2, 3, 4)
    mean = lambda update, base=1: lambda *x: F.mean_subtraction(*x, base_axis=base, update_running_mean=update)
    yield "mean_subtraction", mean(False), two((2, 3, 4), (3, 4), ())
    yield "mean_subtraction_update", mean(True), lambda random: [
        normal(random, 3, 2, 4), normal(random, 2, 4), np.array(3, np.float32)]
    yield "mean_subtraction_base_2", mean(False, 2), two((2, 3, 4), (4,), ())

    # Arrays
    yield "transpose_reverse", lambda x: F.transpose(x, (3, 2, 1, 0)), one(2, 3, 4, 5)
    yield "transpose_same", lambda x: F.transpose(x, (0, 1, 2)), one(2, 3, 4)
    yield "flip_all", lambda x: F.flip(x, (0, 1, 2)), one(2, 3, 4)
    yield "flip_negative", lambda x: F.flip(x, (-2,)), one(2, 3, 4)
    yield "slice_negative_step", lambda x: F.slice(x, (0, 2, 3), (2, 0, 0), (1, -1, -2)), one(2, 3, 4)
    yield "slice_last_axes", lambda x: F.slice(x, (1,), (4,), (2,)), one(2, 3, 5)
    yield "broadcast_rank", lambda x: F.broadcast(x, (2, 3, 4)), one(3, 1)
    yield "broadcast_scalar", lambda x: F.broadcast(x, (2, 3)), one()
    yield "broadcast_inner", lambda x: F.broadcast(x, (2, 3, 4)), one(2, 3, 1)
    for axis, shape in [(0, (2,)), (1, (3, 4)), (2, (4,)), (-1, (4, 5)), (0, (2, 3, 4)), (None, (3, 4, 5))]:
        shapes = "x".join(map(str, shape))
        yield (f"broadcast_to_{axis}_{shapes}", (lambda a: lambda x, y: F.broadcast_to(x, y, a))(axis),
               two((2, 3, 4, 5), shape))
    yield "tile_more_axes", lambda x: F.tile(x, (2, 1, 3)), one(2, 3)
    yield "tile_fewer_axes", lambda x: F.tile(x, (3,)), one(2, 2, 3)
    yield "one_hot", lambda x: F.one_hot(x, (4,)), given([[0], [3], [-1], [4], [-5], [1.9]])
    yield "one_hot_two", lambda x: F.one_hot(x, (2, 3)), given([[[0, 2], [1, 0]], [[-1, -3], [2, 1]]])
    yield "gather", lambda x, i: F.gather(x, i, 0), given(np.arange(12).reshape(4, 3), [[3, 0], [1, 1]])
    yield "gather_axis", lambda x, i: F.gather(x, i, 1), given(np.arange(24).reshape(2, 3, 4), [2, 0])
    yield ("gather_last", lambda x, i: F.gather(x, i, -1), given(np.arange(24).reshape(2, 3, 4), [3, 1, 0]))
    yield ("gather_batch", lambda x, i: F.gather(x, i, 2, 1),
           given(np.arange(48).reshape(2, 3, 4, 2), [[1, 0, 3], [2, 2, 0]]))
    for upper in [False, True]:
        for k in [-1, 0, 2]:
            yield (f"trilu_{'upper' if upper else 'lower'}_{k}",
                   (lambda u, k: lambda x: F.trilu(x, k, u))(upper, k), one(2, 3, 4))
    yield "trilu_infinite", lambda x: F.trilu(x, 0, True), given([[1, INF], [INF, NAN]])
    yield "embed_rank_2", F.embed, given([[0, 2], [1, 1]], np.arange(24).reshape(3, 2, 4))
    yield "concatenate_3", lambda *x: F.concatenate(*x, axis=-1), two((2, 3, 1), (2, 3, 2), (2, 3, 1))
    yield "concatenate_axis_0", lambda *x: F.concatenate(*x, axis=0), two((1, 3), (2, 3))
    yield "stack_last", lambda *x: F.stack(*x, axis=-1), two((2, 3), (2, 3))
    yield "split_last", lambda x: F.split(x, axis=-1), one(2, 3, 3)
    yield "matrix_diag_3", F.matrix_diag, one(2, 2, 3)
    yield "matrix_diag_part_3", F.matrix_diag_part, one(2, 3, 3)
    yield "pad_constant", lambda x: F.pad(x, (1, 0, 2, 1), "constant", -1.5), one(2, 3, 4)
    yield "pad_repeat", lambda x: F.pad(x, (2, 1, 3, 5), "repeat"), one(2, 3, 4)
    yield "pad_reflect_far", lambda x: F.pad(x, (5, 7), "reflect"), one(2, 3)
    yield "pad_reflect_single", lambda x: F.pad(x, (2, 2), "reflect"), one(3, 1)
    yield "shift_reflect", lambda x: F.shift(x, (2, -3), "reflect"), one(2, 3, 4)
    yield "shift_reflect_far", lambda x: F.shift(x, (9, -11), "reflect"), one(3, 4)
    yield "shift_nearest_far", lambda x: F.shift(x, (9, -1, 2), "nearest"), one(2, 3, 4)

    # Interpolation
    flags = {"": {}, "_align": {"align_corners": True}, "_half": {"half_pixel": True}}
    nearest = {**flags, "_half_nn": {"half_pixel_for_nn": True},
               "_half_both": {"half_pixel": True, "half_pixel_for_nn": True}}
    for mode, choices in [("linear", flags), ("nearest", nearest)]:
        for label, choice in choices.items():
            for shape, size in [((2, 5), (8,)), ((2, 3, 4), (5, 2)), ((2, 3, 4, 2), (5, 3, 4)), ((2, 1, 3), (4, 1))]:
                shapes = "x".join(map(str, shape)) + "_" + "x".join(map(str, size))
                yield (f"interpolate_{mode}{label}_{shapes}",
                       (lambda s, m, c: lambda x: F.interpolate(x, output_size=s, mode=m, **c))(size, mode, choice),
                       one(*shape))
    yield ("interpolate_linear_long", lambda x: F.interpolate(x, output_size=(150,), mode="linear"), one(2, 100))

    # Quantisation
    steps = lambda random: [(np.arange(-14, 15) / 4).astype(np.float32)]
    for sign in [True, False]:
        for n, delta in [(3, 0.5), (8, 0.25), (2, 0.3)]:
            yield (f"fixed_point_quantize_{'signed' if sign else 'unsigned'}_{n}_{delta}",
                   (lambda s, n, d: lambda x: F.fixed_point_quantize(x, s, n, d))(sign, n, delta), steps)
        for zero in [True, False]:
            for n, m in [(3, 1), (5, 2), (4, -1)]:
                yield (f"pow2_quantize_{'signed' if sign else 'unsigned'}_{'zero' if zero else 'no_zero'}_{n}_{m}",
                       (lambda s, z, n, m: lambda x: F.pow2_quantize(x, s, z, n, m))(sign, zero, n, m),
                       lambda random: [np.append(normal(random, 40) * np.exp(normal(random, 40)), [0, INF, -INF])])
    ranges = lambda low, high, first=0, last=255: lambda random: [
        normal(random, 2, 3, 4), *[np.full((1, 1, 1), end, np.float32) for end in [low, high, first, last]]]
    quantize = lambda **arguments: lambda *x: F.min_max_quantize(*x, **{"x_min_max": False, "ema": False, **arguments})
    yield "min_max_quantize_signed", quantize(), ranges(-1.3, 2.2, -128, 127)
    yield "min_max_quantize_positive", quantize(), ranges(0.4, 2.2)
    yield "min_max_quantize_negative", quantize(), ranges(-2.4, -0.2, 0, 15)
    yield "min_max_quantize_eps", quantize(eps=0.5), ranges(0.1, 0.2, 0, 15)
    yield "min_max_quantize_of_input", quantize(x_min_max=True), ranges(-1, 1, 0, 15)
    yield "min_max_quantize_moving", quantize(x_min_max=True, ema=True, decay=0.7), ranges(-1, 1, 0, 15)
    channels = lambda random: [
        normal(random, 2, 3, 4), np.array([-1, -2, 0.5], np.float32).reshape(1, 3, 1),
        np.array([1, 3, 2], np.float32).reshape(1, 3, 1), np.zeros((1, 3, 1), np.float32),
        np.full((1, 3, 1), 15, np.float32)]
    yield "min_max_quantize_channels", quantize(), channels
    yield "min_max_quantize_channels_of_input", quantize(x_min_max=True), channels
    yield "min_max_quantize_channels_moving", quantize(x_min_max=True, ema=True, decay=0.3), channels
    halves = lambda random: [
        np.append(np.arange(-9, 10) / 2, [200, -200, 300, -300]).reshape(1, -1).astype(np.float32),
        np.array([[1]], np.float32), np.array([[2.5]], np.float32)]
    for mode in ["HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"]:
        for narrow in [False, True]:
            for dtype in [np.int8, np.uint8]:
                label = f"{mode.lower()}_{'narrow' if narrow else 'wide'}_{'signed' if dtype == np.int8 else 'unsigned'}"
                yield (f"quantize_linear_{label}",
                       (lambda m, n, d: lambda x, s, z: F.quantize_linear(x, s, z, m, n, d))(mode, narrow, dtype),
                       halves)
    yield ("quantize_linear_channels", lambda x, s, z: F.quantize_linear(x, s, z, "HALF_TO_EVEN", False, np.int8),
           lambda random: [normal(random, 2, 3, 4), np.array([0.1, 0.5, 2], np.float32).reshape(1, 3, 1),
                           np.array([[[3], [-200], [0]]], np.float32)])
    yield ("dequantize_linear_channels", F.dequantize_linear,
           lambda random: [normal(random, 2, 3, 4) * 20, np.array([0.1, 0.5, 2], np.float32).reshape(1, 3, 1),
                           np.array([[[3], [-2.5], [0]]], np.float32)])
    for rate in [0.0, 0.3, 0.5, 0.9, 1.0]:
        yield f"prune_{rate}", (lambda r: lambda x: F.prune(x, r))(rate), one(3, 50)
    yield "prune_equal", lambda x: F.prune(x, 0.6), given([1, -1, 1, 2, -2, 0, 0, 1])


def folder_name(case, kind):
    """The name of a case with the function's name as NNabla writes it."""
    cut = next(cut for cut in range(len(case) + 1) if case[:cut].replace("_", "").lower() == kind.lower())
    return kind + case[cut:]


def make(root, case, function, inputs):
    variables = [nn.Variable.from_numpy_array(array) for array in inputs]
    given = [variable.d.copy() for variable in variables]
    outputs = function(*variables)
    outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    nn.forward_all(outputs)
    folder = root / folder_name(case, outputs[0].parent.info.type_name)
    if folder.exists():
        return
    folder.mkdir(parents=True)
    for index, array in enumerate(given):
        array.astype("<f4").tofile(folder / f"in{index}.bin")
    for index, output in enumerate(outputs):
        output.d.astype("<f4").tofile(folder / f"nnabla_out{index}.bin")
    names = {f"x{index}": variable for index, variable in enumerate(variables)}
    outputs = {f"y{index}": output for index, output in enumerate(outputs)}
    file = folder / "net.nnp"
    save(str(file), {
        "networks": [{"name": "net", "batch_size": 1, "outputs": outputs, "names": names}],
        "executors": [{"name": "runtime", "network": "net", "data": list(names), "output": list(outputs)}],
    }, variable_batch_size=False)
    pack(file)


def pack(file):
    """Writes an archive again, compressed and without the time."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert members["network.nntxt"].count(b"function {") == 1, file
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)


def main():
    root = Path(sys.argv[1])
    for case, function, inputs in cases():
        try:
            make(root, case, function, inputs(np.random.default_rng(zlib.crc32(case.encode()))))
        except Exception as error:
            raise SystemExit(f"{case}: {error}") from error


if __name__ == "__main__":
    main()
