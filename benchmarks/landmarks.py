"""The limit of the landmark stage: `python -m benchmarks.landmarks [--json FILE]`.

For each shipped model the crop of a face goes in and landmarks come out, on one thread. Beside it
stands the same network exported plainly, layer by layer in float32, with the softmax and the means
computed in numpy: a straightforward export; and the model with the other decoders. All
are timed in turns, so that a processor that slows down slows all of them.

The processor's own speed is measured in the same run, as the best of large matrix products in
float32 and int8 through the same library; the share of it that a model reaches counts the
multiply-accumulates that its graph does (`benchmarks/multiplications.py`).

Needs the `export` extra. `lapland benchmark` times models without it.
"""

import argparse
import dataclasses
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import nn

from benchmarks.common import results
from benchmarks.common.multiplications import multiply_accumulates
from benchmarks.reports import models
from export.graph.families import GRAPHS
from lapland import Detector
from lapland.base.progress import Progress
from lapland.crop import square
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from lapland.landmarks.network import LandmarkNetwork
from lapland.measure.sample import sample
from lapland.measure.timer import LEAST, Step, Timer
from lapland.networks import index
from training.common.command import as_program
from training.data.crops import CropSpec
from training.network.rcn import SIZE
from training.recipes.checkpoint import load_weights
from training.recipes.recipe import Recipe

PEAK_SIZE = 768  # rows and columns of the matrices that show the processor's peak


def numpy_decode(heatmaps: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """(N, K, H, W) heatmaps -> landmarks (N, K, 2) and scales (N, K), in pixels of the maps."""
    n, k, height, width = heatmaps.shape
    p = heatmaps.reshape(n, k, -1)
    p = np.exp(p - p.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    p = p.reshape(n, k, height, width)
    locations, deviations = [], []
    for axis, size in ((2, width), (3, height)):
        m, grid = p.sum(axis=axis), np.arange(size, dtype=np.float32)
        s = m @ grid
        locations.append(s)
        deviations.append((m * np.abs(grid - s[..., None])).sum(axis=2))
    return np.stack(locations, axis=2), np.mean(deviations, axis=0)


def plain(net: nn.Module, recipe: Recipe) -> ort.InferenceSession:
    """A network in float32, layer by layer, up to its maps (N, K, H, W)."""
    graphs = GRAPHS[recipe.family]
    model = graphs.plain(net, recipe.beta, {})
    wanted = next(node for node in model.graph.node if graphs.maps in node.output)
    last = list(model.graph.node).index(wanted)
    del model.graph.node[last + 1 :]
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(graphs.maps, TensorProto.FLOAT, None))
    return session(model.SerializeToString())


def session(model: bytes) -> ort.InferenceSession:
    """On one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def peak(kind: str, size: int = PEAK_SIZE) -> Step:
    """A step that multiplies two square matrices of `size`, in float32 or uint8 by int8."""
    rng = np.random.default_rng(0)
    if kind == "float32":
        a = rng.standard_normal((size, size)).astype(np.float32)
        b = helper.make_tensor("b", TensorProto.FLOAT, a.shape, a.tobytes(), raw=True)
        node, given, made = "MatMul", TensorProto.FLOAT, TensorProto.FLOAT
    else:
        a = rng.integers(0, 256, (size, size)).astype(np.uint8)
        whole = rng.integers(-127, 128, (size, size)).astype(np.int8)
        b = helper.make_tensor("b", TensorProto.INT8, a.shape, whole.tobytes(), raw=True)
        node, given, made = "MatMulInteger", TensorProto.UINT8, TensorProto.INT32
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node(node, ["a", "b"], ["c"])],
        "peak",
        [value("a", given, a.shape)],
        [value("c", made, a.shape)],
        [b],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    runner = session(model.SerializeToString())
    return lambda: runner.run(None, {"a": a})


def face_crop() -> NDArray[np.uint8]:
    """(1, 80, 80, 3): the face of a photo, since the work of a decoder depends on the maps."""
    photo = sample(640, 480)
    five = Detector().predict(photo).five_points[:1]
    (matrix,) = CropSpec().matrices(five)
    return square.cut(photo, matrix, SIZE)[None]


def measure(names: list[str], rounds: int) -> dict[str, Any]:
    """Times of the named models and of their plain exports, and the processor's peaks."""
    crop = face_crop()
    steps: dict[str, Step] = {f"peak {kind}": peak(kind) for kind in index.PRECISIONS}
    infos, counts = {}, {}
    for name in names:
        folder = index.path(name).parent
        networks = {d: LandmarkNetwork(folder / "model.onnx", 1, d) for d in DECODERS}
        model = (folder / "model.onnx").read_bytes()
        infos[name] = networks[DEFAULT_DECODER].info
        counts[name] = sum(multiply_accumulates(model, {"crops": crop}).values())
        for decoder, network in networks.items():
            steps[f"{name} {decoder}"] = lambda n=network: n.run(crop)  # type: ignore[misc]
        recipe = load_weights(folder / "weights.safetensors")[1]
        reference = dataclasses.replace(recipe, precision="float32").network().eval()
        straight = plain(reference, recipe)
        steps[f"plain {name}"] = lambda s=straight: numpy_decode(  # type: ignore[misc]
            s.run(None, {"crops": crop})[0]
        )
    timer = Timer(steps)
    with closing(Progress(sys.stderr, rounds, noun="rounds")) as progress:
        for _ in range(rounds):
            timer.round()
            progress.step()
    # The best time shows the peak of the processor; for everything else the median counts.
    peaks = {k: PEAK_SIZE**3 / min(timer.times[f"peak {k}"]) / 1e6 for k in index.PRECISIONS}
    times = timer.summaries()
    rows = []
    for name, info in infos.items():
        own = times[f"{name} {DEFAULT_DECODER}"]
        others = {d: times[f"{name} {d}"].median for d in DECODERS if d != DEFAULT_DECODER}
        rows.append(
            {
                "name": name,
                "width": info.width,
                "precision": info.precision,
                "bytes": info.bytes,
                "nmse": info.nmse.get("common"),
                "gmac": counts[name] / 1e9,
                "ms": own.median,
                "ms_p95": own.p95,
                "ms_decoders": others,
                "plain_ms": times[f"plain {name}"].median,
                "share_of_peak": counts[name] / own.median / 1e6 / peaks[info.precision],
            }
        )
    return {"rounds": rounds, "peak_gmac_s": peaks, "models": rows}


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.landmarks", description=__doc__)
    parser.add_argument("--models", nargs="+", default=index.shipped(), choices=index.shipped())
    parser.add_argument("--rounds", type=int, default=LEAST, help="of 5 calls for each model")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    header = results.header("landmarks")
    report = measure(options.models, options.rounds)
    print(models.landmarks({"header": header, **report}))
    if options.json:
        results.write(options.json, header, report)


if __name__ == "__main__":
    as_program(main)
