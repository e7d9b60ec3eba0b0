#!/usr/bin/env python3
"""Times a float network with fewbit and with ONNX Runtime, on one core each, turn by turn in one run, so that whatever
else the machine does hits both. Prints the least and the median time of a run of each, in microseconds, and the ratio.

Needs ONNX Runtime and NumPy: make an environment outside the repository and install them there,

    python3 -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install onnxruntime numpy
    ENVIRONMENT/bin/python scripts/peers/float.py models/resnet23_trained.nnp THE_SAME_NETWORK.onnx

The network must have one input and one output.
"""

import argparse
import os
import statistics
import subprocess
import time

import numpy
import onnxruntime

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")


def start_fewbit(model, runs):
    build = ["cargo", "build", "--release", "-p", "fewbit-runtime", "--features", "host", "--example", "latency"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = os.path.join(ROOT, "target", "release", "examples", "latency")
    return subprocess.Popen([program, model, str(runs)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run_fewbit(process):
    process.stdin.write("\n")
    process.stdin.flush()
    times = []
    while (line := process.stdout.readline().strip()):
        times.append(float(line))
    return times


def start_onnxruntime(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    described = session.get_inputs()[0]
    shape = [extent if isinstance(extent, int) else 1 for extent in described.shape]
    values = numpy.sin(0.7 * numpy.arange(numpy.prod(shape), dtype=numpy.float32)).reshape(shape)
    # Without binding, Python would take a good part of the time.
    binding = session.io_binding()
    binding.bind_cpu_input(described.name, values)
    binding.bind_output(session.get_outputs()[0].name, "cpu")
    return session, binding


def run_onnxruntime(session, binding, runs):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        session.run_with_iobinding(binding)
        times.append((time.perf_counter() - start) * 1e6)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("nnp", help="the network as .nnp")
    parser.add_argument("onnx", help="the same network as .onnx")
    parser.add_argument("--rounds", type=int, default=40, help="how often each has its turn")
    parser.add_argument("--runs", type=int, default=50, help="runs in a turn")
    arguments = parser.parse_args()

    fewbit = start_fewbit(arguments.nnp, arguments.runs)
    session, binding = start_onnxruntime(arguments.onnx)
    ours, theirs = [], []
    for _ in range(arguments.rounds):
        ours += run_fewbit(fewbit)
        theirs += run_onnxruntime(session, binding, arguments.runs)
    fewbit.stdin.close()
    fewbit.wait()

    print(f"{'':20}{'least':>10}{'median':>10}   microseconds")
    for name, times in [("fewbit", ours), (f"ONNX Runtime {onnxruntime.__version__}", theirs)]:
        print(f"{name:20}{min(times):10.1f}{statistics.median(times):10.1f}")
    least, median = min(ours) / min(theirs), statistics.median(ours) / statistics.median(theirs)
    print(f"{'ratio':20}{least:10.3f}{median:10.3f}")


if __name__ == "__main__":
    main()
