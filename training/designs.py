"""Compares designs of the cheap network: `python -m training.designs --data FOLDER --out FOLDER`.

Trains each design for a few passes of one recipe, one after the other, and writes its error to
`figures.json` in its folder. Started again with the same arguments, it continues.
`python -m benchmarks.designs` lists the errors with the time of the graphs.
"""

import argparse
import dataclasses
import json
from pathlib import Path

import torch

from lapland.base.files import write_text
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data import detected
from training.data.readers import read_faces
from training.network.designs import DESIGNS
from training.network.mobile_layers import multiplications
from training.recipes.recipe import LITE, Recipe
from training.runs.trainer import Trainer


def recipe_of(design: str, passes: int, seed: int) -> Recipe:
    """The recipe that a design is trained by."""
    return dataclasses.replace(
        LITE,
        name="designs",
        family="mobile",
        width=design,
        epochs=passes,
        seed=seed,
        evaluate_every=max(passes // 2, 1),  # in the middle and at the end
    )


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.designs", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--designs", nargs="+", choices=DESIGNS, default=list(DESIGNS))
    parser.add_argument("--passes", type=int, default=10, help="over the training faces")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    train, validation = (
        detected.add_detected(
            read_faces(options.data, IBUG68, options.data / "splits" / f"{s}.txt")
        )
        for s in ("train", "val")
    )
    for design in options.designs:
        recipe = recipe_of(design, options.passes, options.seed)
        trainer = Trainer(recipe, train, validation, options.out / design)
        best = trainer.run()
        row = {
            "design": design,
            "form": dataclasses.asdict(DESIGNS[design]),
            "parameters": sum(p.numel() for p in trainer.averaged.module.parameters()),
            "multiplications": multiplications(DESIGNS[design]),
            "passes": options.passes,
            "seed": options.seed,
            "val_nmse": round(best, 3),
        }
        write_text(options.out / design / "figures.json", json.dumps(row, indent=2) + "\n")
        print(f"{design}: {best:.2f} % on val", flush=True)


if __name__ == "__main__":
    as_program(main)
