"""Measures fewbit on the networks of MLPerf Tiny and on networks exported by PyTorch, and writes docs/mlperf-tiny.md.

    cargo build --release
    pip install ai-edge-litert==2.3.0 onnxruntime==1.32.0 numpy==2.4.6 tflite-micro==0.dev20261023182759
    python scripts/mlperf_tiny.py FOLDER [NAME]...

measures the named networks anew, or all. FOLDER holds kws, vww and ad as NAME_float.onnx, NAME_float.tflite and NAME_int8.tflite, from the repository of MLCommons
Tiny. The networks of PyTorch are those of testdata/onnx/models.zip. A C compiler is needed as `cc`.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
import zipfile

import numpy as np
import onnxruntime
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from tflite_micro.python.tflite_micro import runtime as micro

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEWBIT = ROOT / "target/release/fewbit"
DOCS = ROOT / "docs/mlperf-tiny.md"
TASKS = {"kws": "keyword spotting", "vww": "visual wake words", "ad": "anomaly detection"}
PYTORCH = ["resnet", "mobilenet_v2", "keywords", "machines"]
# To calibrate on and to measure on; large pictures take long in floats.
SAMPLES = {"kws": 128, "vww": 16, "vww_first": 16}
GOAL_DB = 30.0


class Refused(Exception):
    """What fewbit says when it does not do what it is asked for."""


def fewbit(*arguments):
    done = subprocess.run([FEWBIT, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"fewbit {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


# --- inputs


def spectra(rng, count):
    """What cepstra of speech are like: a large first coefficient, small last ones, and neighbours in time alike."""
    mean = np.array([-40, 5, 0, 0, 0, 0, 0, 0, 0, 0.0])
    spread = np.array([20, 12, 9, 7, 6, 5, 4, 4, 3, 3.0])
    rows = rng.normal(size=(count, 49, 10))
    for time in range(1, 49):
        rows[:, time] = 0.9 * rows[:, time - 1] + np.sqrt(1 - 0.81) * rows[:, time]
    return (mean + spread * rows).astype(np.float32)[..., None]


def frames(rng, count):
    """What five logarithmic mel spectra in a row are like: a slope over frequencies, and neighbours in time alike."""
    slope = np.linspace(-20, -60, 128)
    rows = rng.normal(size=(count, 5, 128))
    for time in range(1, 5):
        rows[:, time] = 0.8 * rows[:, time - 1] + 0.6 * rows[:, time]
    return (slope + 6 * rows).reshape(count, 640).astype(np.float32)


def pictures(rng, count):
    """Colours that change slowly from place to place, as in photographs, with some noise."""
    coarse = rng.uniform(size=(count, 7, 7, 3))
    at = np.linspace(0, 5.999, 96)
    low, part = at.astype(int), at % 1
    rows = coarse[:, low] * (1 - part)[:, None, None] + coarse[:, low + 1] * part[:, None, None]
    fine = rows[:, :, low] * (1 - part)[:, None] + rows[:, :, low + 1] * part[:, None]
    return np.clip(fine + 0.05 * rng.normal(size=fine.shape), 0, 1).astype(np.float32)


def normal(shape):
    return lambda rng, count: rng.normal(size=(count, *shape)).astype(np.float32)


GENERATE = {"kws": spectra, "vww": pictures, "ad": frames}


def dataset(folder, generate):
    """A dataset of NNabla's CSV form: samples to calibrate on, and others to measure on."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    count = SAMPLES.get(folder.name, 64)
    for part in ("train", "test"):
        samples = generate(rng, count)
        names = [f"{part}_{index}.npy" for index in range(count)]
        for name, sample in zip(names, samples):
            np.save(folder / name, sample)
        (folder / f"{part}.csv").write_text("\n".join(["x:data", *names]) + "\n")
    return samples


# --- runtimes


class Tflite:
    """TensorFlow Lite's interpreter on real numbers."""

    def __init__(self, path):
        resolver = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
        self.runs = Interpreter(model_path=str(path), experimental_op_resolver_type=resolver, num_threads=1)
        self.runs.allocate_tensors()
        self.input, self.output = self.runs.get_input_details()[0], self.runs.get_output_details()[0]
        self.step = self.output["quantization"][0]

    def __call__(self, sample):
        sample = sample.reshape(self.input["shape"])
        if self.input["dtype"] == np.int8:
            scale, zero = self.input["quantization"]
            sample = np.clip(np.rint(sample / scale) + zero, -128, 127).astype(np.int8)
        self.runs.set_tensor(self.input["index"], sample)
        self.runs.invoke()
        values = self.runs.get_tensor(self.output["index"]).ravel().astype(np.float32)
        scale, zero = self.output["quantization"]
        return (values - zero) * np.float32(scale) if scale else values


class Onnx:
    """ONNX Runtime."""

    step = 0

    def __init__(self, path):
        self.runs = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        self.input = self.runs.get_inputs()[0]

    def __call__(self, sample):
        shape = [extent if isinstance(extent, int) else 1 for extent in self.input.shape]
        return self.runs.run(None, {self.input.name: sample.reshape(shape)})[0].ravel()


def infer(model, sample, folder, *options):
    path = folder / "sample.bin"
    sample.tofile(path)
    fewbit("infer", *options, model, path, "-o", folder / "out")
    return np.fromfile(folder / "out_0.bin", np.uint8 if "--raw" in options else np.float32)


def difference(model, run, samples, folder):
    """The largest difference from a runtime: in steps of a quantised output, else as a share of the largest output."""
    worst = 0.0
    for sample in samples:
        found, expected = infer(model, sample, folder), run(sample)
        unit = run.step or np.abs(expected).max()
        worst = max(worst, float(np.abs(found - expected).max() / unit))
    return f"{round(worst)} steps" if run.step else f"{worst:.1e}"


def sqnr(exact, found):
    return 10 * np.log10((exact**2).sum() / ((exact - found) ** 2).sum())


def micro_arena(path):
    """What TensorFlow Lite Micro's allocator takes of an arena, as it records it itself."""
    code = (
        "import sys; from tflite_micro.python.tflite_micro import runtime as r;"
        "r.Interpreter.from_file(sys.argv[1], arena_size=1 << 22).print_allocations()"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    return int(re.search(r"allocation total (\d+) bytes", done.stdout + done.stderr)[1])


# --- fewbit


def compress(model, data, folder, *options):
    """Compresses; with a larger --sqnr where outputs keep less than the goal, until it does not help any more."""
    results = []
    for least in (20, 34, 42):
        out = folder / f"{model.stem}_{least}"
        text = fewbit("compress", model, *data, "--sqnr", least, "-d", "nnb_4", "-o", out, "--json", *options)
        results.append((least, out / "model.nnb", json.loads(text)))
        if (results[-1][2]["output_sqnr_db"] or 999) >= GOAL_DB:
            break
    return results


HARNESS = """
#include <stdio.h>
#include "model.h"
int main(void) {
    if (fread(model_input(0), MODEL_INPUT_0_BYTES, 1, stdin) != 1) return 1;
    model_run();
    return fwrite(model_output(0), MODEL_OUTPUT_0_BYTES, 1, stdout) != 1;
}
"""


def as_c(model, folder):
    """Compiles the C of a model, and runs it beside fewbit: all bytes must be equal."""
    try:
        fewbit("convert", "-O", "c", "-d", "nnb_4", model, folder)
    except Refused as refused:
        return "no: " + ", ".join(sorted(set(re.findall(r"function \d+ \((\w+)\)", str(refused)))))
    (folder / "main.c").write_text(HARNESS)
    flags = ["-std=c99", "-O2", "-Wall", "-Wextra", "-Werror"]
    subprocess.run(["cc", *flags, "main.c", "model.c", "-o", "run", "-lm"], cwd=folder, check=True)
    header = (folder / "model.h").read_text()
    size = int(re.search(r"MODEL_INPUT_0_BYTES (\d+)", header)[1])
    rng = np.random.default_rng(1)
    for _ in range(3):
        sample = rng.integers(0, 256, size, dtype=np.uint8)
        ours = infer(model, sample, folder, "--raw").tobytes()
        theirs = subprocess.run([folder / "run"], input=sample.tobytes(), capture_output=True, check=True).stdout
        if ours != theirs:
            sys.exit(f"{model}: the C code computes something else")
    return "equal"


def widened(result):
    """Which variables are wider than 8 bits, and which of those in 8 bits is the least exact."""
    wide = [it for it in result["variables"] if it["type"] != "FIXED8"]
    narrow = [it for it in result["variables"] if it["type"] == "FIXED8" and it["sqnr_db"] is not None]
    worst = min(narrow, key=lambda it: it["sqnr_db"], default=None)
    buffers = sum(it["kind"] != "parameter" for it in wide)
    named = f"{worst['sqnr_db']:.0f} dB in `{worst['name']}`" if worst else ""
    return f"{buffers} buffers, {len(wide) - buffers} parameters", named


def kib(size):
    return f"{size / 1024:.1f}"


def row(*cells):
    return "| " + " | ".join(map(str, cells)) + " |\n"


def compressed_rows(name, model, data, folder, peer="", arena=None, options=()):
    text = ""
    for least, file, result in compress(model, data, folder, *options):
        found = result["compressed"]
        c = as_c(file, folder / f"c_{model.stem}_{least}")
        wide, worst = widened(result)
        share = f"{100 * found['arena_bytes'] / arena:.0f} %" if arena else ""
        text += row(name, least, kib(found["model_bytes"]), found["arena_bytes"], arena or "", share,
                    f"{result['output_sqnr_db']:.1f}", peer, wide, worst, c)
    return text


COLUMNS = ("network", "`--sqnr`", "model, KiB", "arena, bytes", "TFLM's arena", "share", "outputs, dB", "TFLite's int8, dB",
           "wider than 8 bits", "least exact in 8 bits", "C")


def header(*cells):
    return row(*cells) + row(*["---"] * len(cells))


def mlperf(name, source, work):
    runs = header("file", "runtime", "largest difference")
    samples = dataset(work / name, GENERATE[name])
    data = ["--data", work / name, "--preprocess", "raw"]
    exact, int8 = Onnx(source / f"{name}_float.onnx"), Tflite(source / f"{name}_int8.tflite")
    for file, run, runtime in (
        (f"{name}_float.onnx", exact, "ONNX Runtime"),
        (f"{name}_float.tflite", Tflite(source / f"{name}_float.tflite"), "TFLite's interpreter"),
        (f"{name}_int8.tflite", int8, "TFLite's interpreter"),
    ):
        runs += row(file, runtime, difference(source / file, run, samples[:5], work))
    outputs = [np.array([run(sample) for sample in samples]) for run in (exact, int8)]
    peer, arena, options = f"{sqnr(*outputs):.1f}", micro_arena(source / f"{name}_int8.tflite"), []
    if name == "vww":
        # Pictures with their channels first, as fewbit's datasets have them.
        dataset(work / "vww_first", lambda rng, count: pictures(rng, count).transpose(0, 3, 1, 2))
        data, options = ["--data", work / "vww_first", "--preprocess", "raw"], ["--channels-first"]
    table = header(*COLUMNS)
    for kind in ("float", "int8"):
        file = f"{name}_{kind}.tflite"
        table += compressed_rows(file, source / file, data, work, peer if kind == "float" else "", arena, options)
    return f"{runs}\n{table}"


def pytorch(name, work):
    archive = zipfile.ZipFile(ROOT / "testdata/onnx/models.zip")
    blobs = archive.read("blobs.bin")
    places = dict(line.split(" ", 1) for line in archive.read("index.txt").decode().splitlines())
    start, length = map(int, places[f"{name}/script/model.onnx"].split())
    model = work / f"{name}.onnx"
    model.write_bytes(blobs[start:start + length])
    shape = [extent if isinstance(extent, int) else 1 for extent in Onnx(model).input.shape]
    dataset(work / name, normal(shape[1:]))
    return header(*COLUMNS) + compressed_rows(name, model, ["--data", work / name, "--preprocess", "raw"], work)


def write(title, text):
    """Puts a section into the page, in place of the one with its title if there is one."""
    parts = re.split(r"(?m)^(?=## )", DOCS.read_text())
    section = f"## {title}\n\n{text}\n"
    places = [place for place, part in enumerate(parts) if part.startswith(f"## {title}\n")]
    if places:
        parts[places[0]] = section
    else:
        parts.append(section)
    DOCS.write_text("".join(part.rstrip("\n") + "\n\n" for part in parts).rstrip("\n") + "\n")


def main(source, names):
    for name in names or [*TASKS, *PYTORCH]:
        with tempfile.TemporaryDirectory() as folder:
            work = pathlib.Path(folder)
            if name in TASKS:
                write(f"MLPerf Tiny, {TASKS[name]}", mlperf(name, source, work))
            else:
                write(f"PyTorch, {name}", pytorch(name, work))
        print(name, flush=True)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), sys.argv[2:])
