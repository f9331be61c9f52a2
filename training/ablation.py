"""Losses on one budget: `python -m training.ablation --data 300w --out runs/x`.

Trains the same network with each loss, with the same recipe, seeds, crops and passes otherwise, and
sets NMSE and mean spread of the maps side by side in `table.md` and `ablation.png`: means over the
seeds, and how far these lie apart. Rows that need an unlabelled folder or a teacher are run where
those are given. Started again, it goes on where it stopped.
"""

import argparse
import itertools
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from training import train
from training.evaluate import evaluate_file
from training.files import write_whole
from training.pictures import draw_ablation
from training.recipes import Recipe, override

ROWS: dict[str, tuple[str, ...]] = {
    "softargmax": ("loss=softargmax",),
    # The paper found that it needs a rate a magnitude smaller.
    "GaussianKL": ("loss=gaussian_kl",),
    "GaussianKL, a tenth of the rate": ("loss=gaussian_kl", "rate={rate_tenth}"),
    "LaplaceKL": (),
    "LaplaceKL+D": ("adversary=0.001",),
    "LaplaceKL + distillation": ("distillation=1",),
    "Wasserstein": ("loss=wasserstein",),
    "LaplaceKL + Wasserstein": ("wasserstein=1",),
    "LaplaceKL, two views": ("siamese=0.3",),
    "Wasserstein, two views": ("loss=wasserstein", "siamese=0.3"),
    "LaplaceKL + Wasserstein, two views": ("wasserstein=1", "siamese=0.3"),
}


def command(
    folder: Path, recipe: Recipe, settings: list[str], options: argparse.Namespace
) -> list[str]:
    """Arguments of `training.train` for one row and seed."""
    arguments = ["--data", str(options.data), "--recipe", options.recipe, "--out", str(folder)]
    arguments += ["--threads", str(options.threads)] if options.threads else []
    for setting in settings:
        arguments += ["--set", setting]
    if recipe.adversary:
        arguments += ["--unlabelled", str(options.unlabelled)]
    if recipe.distillation:
        arguments += ["--teacher", str(options.teacher)]
    return arguments


def slug(row: str) -> str:
    """A row's name as the name of a folder."""
    return re.sub("[^a-z0-9]+", "-", row.lower())


def markdown(results: list[dict[str, Any]]) -> str:
    """The table of the rows; half of the range of its seeds behind each mean."""
    lines = [
        "| loss | NMSE %, val | NMSE %, common | spread of a map, px | minutes | one of its runs |",
        "|---|---|---|---|---|---|",
    ]
    for rows in by_row(results).values():
        val, common = (_with_range([r[name] for r in rows]) for name in ("val", "common"))
        spread, minutes = (np.mean([r[name] for r in rows]) for name in ("spread", "minutes"))
        command = f"`python -m training.train {rows[0]['command']}`"
        lines.append(
            f"| {rows[0]['row']} | {val} | {common} | {spread:.2f} | {minutes:.0f} | {command} |"
        )
    return "\n".join(lines) + "\n"


def by_row(results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The results of each row, of all its seeds."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        rows.setdefault(result["row"], []).append(result)
    return rows


def means(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean of each row over its seeds."""
    return [
        {"row": row, **{key: float(np.mean([r[key] for r in of])) for key in ("common", "spread")}}
        for row, of in by_row(results).items()
    ]


def _with_range(values: Sequence[float]) -> str:
    half = (max(values) - min(values)) / 2
    return f"{np.mean(values):.2f}" + (f" ± {half:.2f}" if len(values) > 1 else "")


def main(given: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.ablation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="product", choices=sorted(train.RECIPES))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--width", default="1/8")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--unlabelled", type=Path, help="folder of photos, for LaplaceKL+D")
    parser.add_argument("--teacher", type=Path, help="checkpoint, for distillation")
    parser.add_argument("--threads", type=int, help="threads of torch")
    options = parser.parse_args(given)
    base = train.RECIPES[options.recipe]
    splits = {name: options.data / f"splits/{name}.txt" for name in ("train", "val", "common")}
    for file in splits.values():
        if not file.is_file():
            raise SystemExit(f"training.ablation: {file}: there is no such split file")
    results = []
    for seed, row in itertools.product(options.seeds, options.rows):
        settings = [f"epochs={options.epochs}", f"width={options.width}", f"seed={seed}"]
        settings += [s.format(rate_tenth=base.rate / 10) for s in ROWS[row]]
        recipe = override(base, settings)
        if (recipe.adversary and not options.unlabelled) or (
            recipe.distillation and not options.teacher
        ):
            print(f"{row}: left out, it needs --unlabelled or --teacher")
            continue
        folder = options.out / f"{slug(row)}-{seed}"
        arguments = command(folder, recipe, settings, options)
        train.main(arguments)
        results.append({"row": row, "seed": seed} | figures(folder, options.data, splits))
        results[-1]["command"] = shlex.join(arguments)
        write_whole(
            options.out / "table.md", lambda part: part.write_text(markdown(results), "utf-8")
        )
        draw_ablation(means(results), options.out / "ablation.png")
    print(markdown(results))


def figures(folder: Path, data: Path, splits: dict[str, Path]) -> dict[str, float]:
    """What a finished run reached, from a file beside it where that was measured before."""
    file, best = folder / "ablation.json", folder / "best.safetensors"
    if file.is_file() and file.stat().st_mtime > best.stat().st_mtime:
        known: dict[str, float] = json.loads(file.read_text())
        return known
    reports = {name: evaluate_file(best, data, splits[name])["mtcnn"] for name in ("val", "common")}
    last = json.loads((folder / "history.jsonl").read_text().splitlines()[-1])
    found = {
        **{name: report["nmse"] for name, report in reports.items()},
        "spread": reports["common"]["mean_scale_px"],
        "minutes": last["seconds"] / 60,
    }
    write_whole(file, lambda part: part.write_text(json.dumps(found) + "\n", "utf-8"))
    return found


if __name__ == "__main__":
    main()
