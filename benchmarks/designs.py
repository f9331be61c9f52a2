"""Designs of the cheap network side by side: `python -m benchmarks.designs --runs FOLDER`.

FOLDER holds the runs of `python -m training.designs`, with the errors. The graph of each
design is timed here, in float32 and, if its upsampling repeats pixels, in int8, one thread, in
turns with the shipped models of some widths. Minima count, since the machine may be busy.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.common import results
from benchmarks.common.multiplications import multiply_accumulates
from benchmarks.landmarks import face_crop, session
from benchmarks.reports import models
from export.graph.mobile import build_mobile
from lapland.base.progress import Progress
from lapland.measure.timer import LEAST, Step, Timer
from lapland.networks import index
from training.common.command import as_program
from training.network.designs import DESIGNS
from training.network.mobile import Mobile
from training.network.mobile_layers import Form
from training.network.quantised_mobile import QuantisedMobile
from training.network.rcn import normalise

BESIDE = ("rcn-1-4-lite", "rcn-1-4-lite-int8", "rcn-1-2-lite", "rcn-1-2-lite-int8")
OUTPUTS = ["landmarks", "scales"]


def graphs_of(form: Form, crop: np.ndarray[Any, np.dtype[np.uint8]]) -> dict[str, bytes]:
    """The graphs of a design by precision; its weights are new, which makes no difference."""
    torch.manual_seed(0)
    net = Mobile(form).eval()
    built = {"float32": build_mobile(net, 1.0, {}).SerializeToString()}
    if not form.bilinear:
        rounded = QuantisedMobile(form).eval()
        rounded.begin_with(net)
        rounded.prepare(normalise(torch.from_numpy(crop)), 1e-4)
        built["int8"] = build_mobile(rounded, 1.0, {}).SerializeToString()
    return built


def measure(runs: Path, rounds: int) -> dict[str, Any]:
    """Errors of the runs, multiplications, and times of the graphs."""
    crop = face_crop()
    steps: dict[str, Step] = {}
    rows = []
    for name, form in DESIGNS.items():
        file = runs / name / "figures.json"
        if not file.exists():
            continue
        run = json.loads(file.read_text("utf-8"))
        built = graphs_of(form, crop)
        if form.bilinear:  # the cost of int8
            built |= {"int8": graphs_of(replace(form, bilinear=False), crop)["int8"]}
        gmac = sum(multiply_accumulates(built["float32"], {"crops": crop}).values()) / 1e9
        wanted = ("parameters", "passes", "seed", "val_nmse")
        row = {"design": name, "gmac": gmac} | {key: run[key] for key in wanted}
        rows.append(row | {"bytes": len(built["float32"])})
        for precision, graph in built.items():
            steps[f"{name} {precision}"] = step_of(graph, crop)
    for name in BESIDE:
        steps[name] = step_of(index.path(name).read_bytes(), crop)
    timer = Timer(steps)
    with closing(Progress(sys.stderr, rounds, noun="rounds")) as progress:
        for _ in range(rounds):
            timer.round()
            progress.step()
    least = {name: min(times) for name, times in timer.times.items()}
    for row in rows:
        row["ms"] = {p: least[f"{row['design']} {p}"] for p in index.PRECISIONS}
    return {"rounds": rounds, "designs": rows, "beside": {name: least[name] for name in BESIDE}}


def step_of(graph: bytes, crop: np.ndarray[Any, np.dtype[np.uint8]]) -> Step:
    """One run of a graph on a crop."""
    runner, feeds = session(graph), {"crops": crop}
    return lambda: runner.run(OUTPUTS, feeds)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.designs", description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder of training.designs")
    parser.add_argument("--rounds", type=int, default=LEAST, help="of 5 calls for each graph")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    header = results.header("designs")
    report: Mapping[str, Any] = {"header": header, **measure(options.runs, options.rounds)}
    print(models.designs(dict(report)))
    if options.json:
        results.write(options.json, header, {k: v for k, v in report.items() if k != "header"})


if __name__ == "__main__":
    as_program(main)
