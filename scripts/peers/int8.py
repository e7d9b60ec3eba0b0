#!/usr/bin/env python3
"""Times a fixed-point network with fewbit and with other runtimes in 8 bits, on one core each, turn by turn in one run, so
that whatever else the machine does hits all. Prints the least and the median time of an image with each, in microseconds,
and the ratio of fewbit to the fastest other one.

fewbit runs NETWORK.nnp in the formats of SETTINGS.yaml, as `fewbit compress` writes both. The others run the same network
quantised by ONNX Runtime's own tool in the way that it is fastest: activations without a sign, weights with one, in
QuantizeLinear and DequantizeLinear, calibrated on random images. Only speed is compared.

Needs ONNX Runtime, and takes OpenVINO if it is there: make an environment outside the repository and install them there,

    python3 -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install onnx onnxruntime openvino numpy
    taskset -c 0 ENVIRONMENT/bin/python scripts/peers/int8.py network.nnp settings.yaml --batch 1

The network must have one input and one output.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time

import numpy
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


class RandomImages(CalibrationDataReader):
    def __init__(self, name, shape, count=8):
        random = numpy.random.default_rng(1)
        self.images = iter([{name: random.normal(size=shape).astype(numpy.float32)} for _ in range(count)])

    def get_next(self):
        return next(self.images, None)


def build():
    for package, more in [("fewbit", []), ("fewbit-runtime", ["--features", "host", "--example", "latency"])]:
        subprocess.run(["cargo", "build", "--release", "-p", package, *more], cwd=ROOT, check=True)


def convert(*arguments):
    subprocess.run([os.path.join(ROOT, "target", "release", "fewbit"), "convert", *arguments], check=True)


class Fewbit:
    name = "fewbit"

    def __init__(self, model, runs):
        program = os.path.join(ROOT, "target", "release", "examples", "latency")
        self.process = subprocess.Popen(
            [program, model, str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, _runs):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        times = []
        while (line := self.process.stdout.readline().strip()):
            times.append(float(line))
        return times

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Peer:
    def run(self, runs):
        times = []
        for _ in range(runs):
            start = time.perf_counter()
            self.infer()
            times.append((time.perf_counter() - start) * 1e6)
        return times

    def close(self):
        pass


class OnnxRuntime(Peer):
    name = f"ONNX Runtime {onnxruntime.__version__}"

    def __init__(self, model, values):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        # Without binding, Python would take a good part of the time.
        binding = session.io_binding()
        binding.bind_cpu_input(session.get_inputs()[0].name, values)
        binding.bind_output(session.get_outputs()[0].name, "cpu")
        self.infer = lambda: session.run_with_iobinding(binding)


class OpenVino(Peer):
    def __init__(self, model, values):
        import openvino

        self.name = f"OpenVINO {openvino.__version__.split('-')[0]}"
        core = openvino.Core()
        settings = {"INFERENCE_NUM_THREADS": 1, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        request = core.compile_model(core.read_model(model), "CPU", settings).create_infer_request()
        request.set_input_tensor(openvino.Tensor(values, shared_memory=True))
        self.infer = request.infer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", help="the network as .nnp, with batch normalisations folded")
    parser.add_argument("settings", help="its number formats")
    parser.add_argument("--batch", type=int, default=1, help="images in a batch")
    parser.add_argument("--rounds", type=int, default=40, help="how often each has its turn")
    parser.add_argument("--runs", type=int, default=20, help="runs in a turn")
    arguments = parser.parse_args()

    build()
    with tempfile.TemporaryDirectory() as folder:
        fixed, plain, prepared, quantized = (
            os.path.join(folder, name) for name in ["fixed.nnb", "plain.onnx", "prepared.onnx", "quantized.onnx"])
        batch = ["-b", str(arguments.batch)]
        convert(*batch, "-d", "nnb_4", "-s", arguments.settings, arguments.network, fixed)
        convert(*batch, "-O", "onnx", arguments.network, plain)
        quant_pre_process(plain, prepared)
        described = onnxruntime.InferenceSession(prepared, providers=["CPUExecutionProvider"]).get_inputs()[0]
        quantize_static(
            prepared, quantized, RandomImages(described.name, described.shape), quant_format=QuantFormat.QDQ,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
        values = numpy.sin(0.7 * numpy.arange(numpy.prod(described.shape), dtype=numpy.float32))
        values = values.reshape(described.shape)
        runtimes = [Fewbit(fixed, arguments.runs), OnnxRuntime(quantized, values)]
        try:
            runtimes.append(OpenVino(quantized, values))
        except ImportError:
            print("OpenVINO is not installed: it is left out")
        times = {runtime.name: [] for runtime in runtimes}
        for _ in range(arguments.rounds):
            for runtime in runtimes:
                times[runtime.name] += [time / arguments.batch for time in runtime.run(arguments.runs)]
        for runtime in runtimes:
            runtime.close()

    print(f"{'':24}{'least':>10}{'median':>10}   microseconds an image, batch {arguments.batch}")
    for name, measured in times.items():
        print(f"{name:24}{min(measured):10.1f}{statistics.median(measured):10.1f}")
    ours, *theirs = times.values()
    least = min(ours) / min(min(measured) for measured in theirs)
    median = statistics.median(ours) / min(statistics.median(measured) for measured in theirs)
    print(f"{'ratio to the fastest':24}{least:10.3f}{median:10.3f}")


if __name__ == "__main__":
    main()
