"""Faces a second of the loader and of each network: `python -m training.rates --data FOLDER`.

Shows whether the network or the making of crops limits a run: the loader's rate is that of one
process (`--workers` adds more), the network's that of whole training steps on crops already made.
Beside the rate by the clock stands that by the time of the cores that were at work, which on a busy
machine is the rate of a free core. The steps have the network, losses and batch of `--recipe` and
`--set`; `--set adversary=0.001` measures them with a discriminator.
"""

import argparse
import dataclasses
import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch

from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data.crops import TrainingCrops
from training.data.readers import read_faces
from training.network.rcn import CHANNELS, normalise
from training.recipes.recipe import RECIPES, Recipe, override
from training.runs import hardware
from training.runs.objective import Objective


class Rate(NamedTuple):
    """Faces a second: by the clock, and by the time that cores were at work."""

    clock: float
    cores: float

    def __str__(self) -> str:
        return f"{self.clock:,.0f} faces a second, {self.cores:,.0f} a second of a core"


def rate(step: Callable[[], object], faces: int, seconds: float) -> Rate:
    """The rate of a step that takes `faces` faces, after one step to warm up."""
    step()
    steps, clock, cores = 0, time.perf_counter(), time.process_time()
    while steps < 3 or time.perf_counter() - clock < seconds:  # at least three, however slow
        step()
        steps += 1
    clock, cores = time.perf_counter() - clock, time.process_time() - cores
    return Rate(steps * faces / clock, steps * faces / max(cores, 1e-9))


@hardware.denormals_flushed()
def network_rate(recipe: Recipe, crops: torch.Tensor, target: torch.Tensor, seconds: float) -> Rate:
    """The rate of training steps of a recipe on a prepared batch.

    With an adversary the same crops stand beside themselves as the unlabelled ones.
    """
    accelerator = hardware.accelerator()
    # channels_last, as in a run: with bf16, CPUs are 2 to 4 times as fast from 16 channels up.
    net: torch.nn.Module = recipe.trained().to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-4)
    net, optimiser = accelerator.prepare(net, optimiser)
    objective = Objective(recipe, accelerator, None)
    images = normalise(torch.cat([crops] * (2 if recipe.adversary else 1)).to(accelerator.device))
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
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="product")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe"
    )
    parser.add_argument("--widths", nargs="+", choices=CHANNELS, default=list(CHANNELS))
    parser.add_argument("--batch", type=int, help="faces of a step (default: the recipe's)")
    parser.add_argument("--threads", type=int, help="threads of torch")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        recipe = override(RECIPES[options.recipe], options.set)
    except ValueError as error:
        raise SystemExit(f"training.rates: {error}") from None
    faces = read_faces(options.data, IBUG68, options.data / "splits" / "val.txt")
    data = TrainingCrops(faces, IBUG68, recipe.crop, recipe.augmentation)
    indices = itertools.cycle(range(len(data)))
    loaded = rate(lambda: data[next(indices)], 1, options.seconds)
    print(f"loader, one process: {loaded}")
    batch = [data[next(indices)] for _ in range(options.batch or recipe.batch)]
    crops, target = (torch.stack(part) for part in zip(*batch, strict=True))
    for width in options.widths:
        sized = dataclasses.replace(recipe, width=width)
        try:
            trained = network_rate(sized, crops, target, options.seconds)
        except ValueError as error:  # a recipe that wants a teacher
            raise SystemExit(f"training.rates: {error}") from None
        print(f"width {width}: {trained}, trained", flush=True)


if __name__ == "__main__":
    as_program(main)
