#!/usr/bin/env python3
"""Compares what 8 bits cost with `fewbit compress` and with ONNX Runtime's static quantisation: the same float network, the same
images to calibrate on, the same images to measure on. Prints top-1 and bytes of each.

ONNX Runtime may choose any scale for each tensor, and one for each channel of weights; fewbit chooses powers of two.

    cargo build --release
    python3 -m venv ENVIRONMENT && ENVIRONMENT/bin/pip install onnx onnxruntime pillow numpy
    ENVIRONMENT/bin/python scripts/peers/accuracy.py models/resnet23_trained.nnp FOLDER

FOLDER has `train` and `test`, each with a folder of images for each class in the order of the network's outputs. Images are
standardised one by one, as `--preprocess standardize` does.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile

import numpy
import onnxruntime
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

FEWBIT = pathlib.Path(__file__).resolve().parent / "../../target/release/fewbit"


def images(folder, most=None):
    """Images with the numbers of their classes, at most so many of each class."""
    for label, kind in enumerate(sorted(path for path in folder.iterdir() if path.is_dir())):
        for path in sorted(kind.iterdir())[:most]:
            pixels = numpy.asarray(Image.open(path).convert("RGB"), dtype=numpy.float32).transpose(2, 0, 1)
            yield ((pixels - pixels.mean()) / max(pixels.std(), 1e-5))[None], label


class Samples(CalibrationDataReader):
    def __init__(self, name, samples):
        self.samples = iter([{name: image} for image, _ in samples])

    def get_next(self):
        return next(self.samples, None)


def top1(model, samples):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    right = sum(int(session.run(None, {name: image})[0].argmax() == label) for image, label in samples)
    return right / len(samples)


def report(name, accuracy, size):
    print(f"{name:<44}{100 * accuracy:8.2f} %{size:12,}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--calibrate", type=int, default=256, help="images to calibrate on")
    arguments = parser.parse_args()
    test = list(images(arguments.data / "test"))
    classes = 1 + max(label for _, label in test)
    train = list(images(arguments.data / "train", -(-arguments.calibrate // classes)))[: arguments.calibrate]
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        plain, prepared = folder / "plain.onnx", folder / "prepared.onnx"
        subprocess.run([FEWBIT, "convert", arguments.network, plain], check=True, capture_output=True)
        quant_pre_process(str(plain), str(prepared))
        print(f"{len(train)} images to calibrate on, {len(test):,} to measure on\n{'':<44}{'top-1':>10}{'bytes':>12}")
        report("float", top1(plain, test), plain.stat().st_size)
        name = onnxruntime.InferenceSession(str(plain), providers=["CPUExecutionProvider"]).get_inputs()[0].name
        for method in (CalibrationMethod.MinMax, CalibrationMethod.Entropy, CalibrationMethod.Percentile):
            for per_channel in (False, True):
                quantised = folder / "quantised.onnx"
                quantize_static(
                    str(prepared),
                    str(quantised),
                    Samples(name, train),
                    quant_format=QuantFormat.QDQ,
                    activation_type=QuantType.QUInt8,
                    weight_type=QuantType.QInt8,
                    per_channel=per_channel,
                    calibrate_method=method,
                )
                how = f"ONNX Runtime, {method.name}, {'per channel' if per_channel else 'per tensor'}"
                report(how, top1(quantised, test), quantised.stat().st_size)
        done = subprocess.run(
            [FEWBIT, "compress", arguments.network, "--data", arguments.data, "--calibrate", str(arguments.calibrate)]
            + ["-o", folder / "small", "--json"],
            check=True,
            capture_output=True,
        )
        compressed = json.loads(done.stdout)["compressed"]
        report("fewbit compress", compressed["top1"], compressed["model_bytes"])


if __name__ == "__main__":
    main()
