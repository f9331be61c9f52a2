"""Time of the landmark stage of every model: `python -m benchmarks.landmarks [--plot FILE.png]`.

For each model a crop goes in and landmarks come out, on one thread. Beside it stands the same
network exported plainly, layer by layer in float32, with the softmax and the means computed in
numpy: what a straightforward export costs. All are timed in turns, so that a processor that slows
down slows all of them.

The processor's own speed is measured in the same run, as the best of large matrix products in
float32 and int8 through the same library; the share of it that a model reaches counts the
multiply-accumulates that its graph does.

Needs the `export` extra.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import TensorProto, helper

from benchmarks.machine import processor
from export.float32 import build_float32
from lapland import _models as models
from lapland._rcn import LandmarkNetwork
from training.checkpoint import load_weights
from training.files import write_whole
from training.rcn import RCN, SIZE, UpConv

Step = Callable[[], object]


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


def plain(net: RCN, beta: float) -> ort.InferenceSession:
    """The network up to its maps, exported layer by layer."""
    model = build_float32(net, beta, {}, plain=True)
    wanted = next(node for node in model.graph.node if "heatmaps" in node.output)
    last = list(model.graph.node).index(wanted)
    del model.graph.node[last + 1 :]
    del model.graph.output[:2]
    return session(model.SerializeToString())


def session(model: bytes) -> ort.InferenceSession:
    """On one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def multiplications(net: RCN) -> int:
    """Multiply-accumulates of one face in the graph that is shipped."""
    total, side = 0, SIZE
    for layer in net.encoder:
        total += layer.weight.numel() * side**2
        side //= 2
    total += sum(layer.weight.numel() for layer in net.bottleneck) * side**2
    for layer, up in zip(net.decoder, net.up, strict=True):
        total += layer.weight.numel() * side**2
        if isinstance(up, UpConv):
            side *= 2
            total += up.conv.weight.numel() * 16 // 25 * side**2  # four phases of 4x4
        else:
            total += up.weight.numel() * side**2
    return total + sum(layer.weight.numel() for layer in net.head) * side**2


def peak(kind: str, size: int = 768) -> Step:
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


def timed(steps: dict[str, Step], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of each call; every round runs each step some times, after one to warm up."""
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            step()
            for _ in range(5):
                started = time.perf_counter_ns()
                step()
                times[name].append((time.perf_counter_ns() - started) / 1e6)
    return times


def measure(names: list[str], rounds: int) -> dict[str, Any]:
    """Times of the named models and of their plain exports, and the processor's peaks."""
    crop = np.random.default_rng(0).integers(0, 256, (1, SIZE, SIZE, 3), dtype=np.uint8)
    steps: dict[str, Step] = {f"peak {kind}": peak(kind) for kind in models.PRECISIONS}
    nets, infos = {}, {}
    for name in names:
        folder = models.folder() / name
        network = LandmarkNetwork(folder / "model.onnx", threads=1)
        net, recipe, _ = load_weights(folder / "weights.safetensors")
        nets[name], infos[name] = net, network.info
        steps[name] = lambda network=network: network.run(crop)  # type: ignore[misc]
        reference = RCN(recipe.width, net.landmarks, stride=recipe.stride, slope=recipe.slope)
        straight = plain(reference, recipe.beta)
        steps[f"plain {name}"] = lambda s=straight: numpy_decode(  # type: ignore[misc]
            s.run(None, {"crops": crop})[0]
        )
    times = timed(steps, rounds)
    # The best time is what the processor can do; everything else is judged by its median.
    peaks = {k: 768**3 / min(times[f"peak {k}"]) / 1e6 for k in models.PRECISIONS}
    rows = []
    for name in names:
        info = infos[name]
        found = times[name]
        median = statistics.median(found)
        count = multiplications(nets[name])
        rows.append(
            {
                "name": name,
                "width": info.width,
                "precision": info.precision,
                "bytes": info.bytes,
                "nmse": info.nmse.get("common"),
                "ms": median,
                "ms_p95": float(np.quantile(found, 0.95)),
                "plain_ms": statistics.median(times[f"plain {name}"]),
                "gmac": count / 1e9,
                "share_of_peak": count / median / 1e6 / peaks[info.precision],
            }
        )
    return {
        "processor": processor(),
        "onnxruntime": ort.__version__,
        "peak_gmac_s": peaks,
        "models": rows,
    }


def table(report: dict[str, Any]) -> str:
    """The report as a table for the terminal, in Markdown."""
    peaks = report["peak_gmac_s"]
    lines = [
        f"{report['processor']}; onnxruntime {report['onnxruntime']}; one thread; peak "
        f"{peaks['float32']:.0f} GMAC/s in float32, {peaks['int8']:.0f} in int8",
        "",
        "| width | precision | KB | NMSE % | GMAC | ms | p95 | plain export, ms | times as fast "
        "| share of peak |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for r in report["models"]:
        nmse = "" if r["nmse"] is None else f"{r['nmse']:.2f}"
        lines.append(
            f"| {r['width']} | {r['precision']} | {r['bytes'] / 1000:,.0f} | {nmse} "
            f"| {r['gmac']:.3f} | {r['ms']:.2f} | {r['ms_p95']:.2f} | {r['plain_ms']:.2f} "
            f"| {r['plain_ms'] / r['ms']:.1f} | {r['share_of_peak']:.0%} |"
        )
    return "\n".join(lines)


def draw(report: dict[str, Any], path: Path) -> None:
    """Time against error, a dot for each model as large as its file, into a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for precision, colour in (("float32", "tab:gray"), ("int8", "tab:green")):
        rows = [r for r in report["models"] if r["precision"] == precision and r["nmse"]]
        sizes = [20 + r["bytes"] / 8000 for r in rows]
        axes.scatter(
            [r["ms"] for r in rows],
            [r["nmse"] for r in rows],
            sizes,
            color=colour,
            alpha=0.6,
            label=precision,
        )
        for r in rows:
            at = (r["ms"], r["nmse"])
            axes.annotate(r["width"], at, xytext=(6, 5), textcoords="offset points", fontsize=8)
    axes.set(
        xscale="log",
        xlabel="ms a face, landmark stage, one thread (log)",
        ylabel="NMSE on 300-W common, %",
        title=report["processor"],
    )
    axes.grid(alpha=0.3)
    axes.legend()
    write_whole(path, lambda part: figure.savefig(part, format="png", dpi=110))
    plt.close(figure)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.landmarks", description=__doc__)
    parser.add_argument("--models", nargs="+", default=models.shipped(), choices=models.shipped())
    parser.add_argument("--rounds", type=int, default=12, help="of 5 calls for each model")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    options = parser.parse_args(arguments)
    report = measure(options.models, options.rounds)
    print(table(report))
    if options.json:
        text = json.dumps(report, indent=1) + "\n"
        write_whole(options.json, lambda part: part.write_text(text, "utf-8"))
    if options.plot:
        draw(report, options.plot)


if __name__ == "__main__":
    main()
