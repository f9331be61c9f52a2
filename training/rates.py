"""Faces a second of the loader and of each network: `python -m training.rates --data FOLDER`.

Shows whether the network or the making of crops limits a run: the loader's rate is that of one
process (`--workers` adds more), the network's that of whole training steps on crops already made.
"""

import argparse
import dataclasses
import itertools
import time
from collections.abc import Callable
from pathlib import Path

import torch

from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data.crops import TrainingCrops
from training.data.readers import read_faces
from training.network.rcn import CHANNELS, RCN, normalise
from training.recipes.recipe import PRODUCT
from training.runs import hardware
from training.runs.objective import Objective


def rate(step: Callable[[], object], faces: int, seconds: float) -> float:
    """Faces a second of a step that takes `faces` of them, after one step to warm up."""
    step()
    steps, started = 0, time.perf_counter()
    while steps < 3 or time.perf_counter() - started < seconds:  # at least three, however slow
        step()
        steps += 1
    return steps * faces / (time.perf_counter() - started)


def network_rate(width: str, crops: torch.Tensor, target: torch.Tensor, seconds: float) -> float:
    """Faces a second of training steps of one width on a prepared batch."""
    accelerator = hardware.accelerator()
    # channels_last, as in a run: with bf16, CPUs are 2 to 4 times as fast from 16 channels up.
    net: torch.nn.Module = RCN(width).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4)
    net, optimiser = accelerator.prepare(net, optimiser)
    recipe = dataclasses.replace(PRODUCT, width=width)
    objective = Objective(recipe, accelerator, None)
    images = normalise(crops.to(accelerator.device))
    images = images.contiguous(memory_format=torch.channels_last)
    target = target.to(accelerator.device)

    def step() -> None:
        with accelerator.autocast():
            heatmaps = net(images)
        loss = objective.losses(heatmaps, images, target)["loss"]
        optimiser.zero_grad()
        accelerator.backward(loss)
        optimiser.step()
        loss.item()  # waits for the device

    return rate(step, len(crops), seconds)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.rates", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--seconds", type=float, default=5.0, help="for each measurement")
    parser.add_argument("--batch", type=int, default=PRODUCT.batch, help="faces of a step")
    options = parser.parse_args(arguments)
    faces = read_faces(options.data, IBUG68, options.data / "splits" / "val.txt")
    data = TrainingCrops(faces, IBUG68, PRODUCT.crop, PRODUCT.augmentation)
    indices = itertools.cycle(range(len(data)))  # the faces in turn, for any length of time
    loaded = rate(lambda: data[next(indices)], 1, options.seconds)
    print(f"loader, one process: {loaded:,.0f} faces a second")
    batch = [data[next(indices)] for _ in range(options.batch)]
    # (B, 80, 80, 3) uint8, (B, K, 2).
    crops, target = (torch.stack(part) for part in zip(*batch, strict=True))
    for width in CHANNELS:
        trained = network_rate(width, crops, target, options.seconds)
        print(f"width {width}: {trained:,.0f} faces a second trained")


if __name__ == "__main__":
    as_program(main)
