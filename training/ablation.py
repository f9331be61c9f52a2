"""Losses on one budget: `python -m training.ablation --data 300w --out runs/x`.

Trains the same network with each loss, with the same recipe, seeds, crops and passes otherwise, and
sets NMSE and mean spread of the maps side by side in `table.md` and `ablation.png`: means over the
seeds, and how far these lie apart. Then every run is evaluated on corrupted photos, read by every
decoder: `robustness.md`, and `robustness.png` with the default decoder. Rows that need an
unlabelled folder or a teacher run only with --unlabelled and --teacher. Started again, it goes on.
"""

import argparse
import itertools
import json
import re
import shlex
from pathlib import Path
from typing import Any

from lapland.base.files import write_text
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from training import train
from training.common.command import as_program
from training.evaluation import robustness, rows
from training.evaluation.figures import evaluate_file
from training.recipes.recipe import RECIPES, Recipe, override
from training.reports.ablation_tables import losses_table, means, over_seeds, robustness_tables
from training.reports.pictures import draw_ablation, draw_robustness

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


def main(given: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.ablation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="product", choices=sorted(RECIPES))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--width", default="1/8")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--unlabelled", type=Path, help="folder of photos, for LaplaceKL+D")
    parser.add_argument("--teacher", type=Path, help="checkpoint, for distillation")
    parser.add_argument("--threads", type=int, help="threads of torch")
    parser.add_argument(
        "--every", type=int, default=1, help="one in so many test faces is corrupted"
    )
    options = parser.parse_args(given)
    base = RECIPES[options.recipe]
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
        write_text(options.out / "table.md", losses_table(results))
        draw_ablation(means(results), options.out / "ablation.png")
    print(losses_table(results))
    # Nothing is chosen by these, and they take longer than a short run: on the test faces alone.
    hard = tried_hard(results, options.out, [(options.data, splits["common"])], options.every)
    text = robustness_tables(hard)
    write_text(options.out / "robustness.md", text)
    draw_robustness(
        [row for row in over_seeds(hard) if row["decoder"] == DEFAULT_DECODER],
        options.out / "robustness.png",
    )
    print(text)


def tried_hard(
    results: list[dict[str, Any]], out: Path, sets: list[tuple[Path, Path | None]], every: int
) -> list[rows.Row]:
    """`robustness.compare` of every run and decoder; "model" is the row's name, "seed" its seed.

    Earlier results come from a file beside the run.
    """
    runs = {f"{slug(result['row'])}-{result['seed']}": result for result in results}
    new = [name for name in runs if not _is_known(out / name, "robustness.json")]
    if new:
        runs_now = [out / name for name in new]
        found = robustness.compare(runs_now, sets, corrupt=True, decoders=[*DECODERS], every=every)
        for name in new:
            text = json.dumps([row for row in found if row["model"] == name]) + "\n"
            file = out / name / "robustness.json"
            write_text(file, text)
    return [
        row | {"model": result["row"], "seed": result["seed"]}
        for name, result in runs.items()
        for row in json.loads((out / name / "robustness.json").read_text())
    ]


def _is_known(folder: Path, name: str) -> bool:
    """Whether a run was measured before, and not trained on since."""
    file = folder / name
    return file.is_file() and file.stat().st_mtime > (folder / "best.safetensors").stat().st_mtime


def figures(folder: Path, data: Path, splits: dict[str, Path]) -> dict[str, float]:
    """The figures of a finished run, from a file beside it if they were measured before."""
    file, best = folder / "ablation.json", folder / "best.safetensors"
    if _is_known(folder, file.name):
        known: dict[str, float] = json.loads(file.read_text())
        return known
    reports = {name: evaluate_file(best, data, splits[name])["mtcnn"] for name in ("val", "common")}
    last = json.loads((folder / "history.jsonl").read_text().splitlines()[-1])
    found = {
        **{name: report["nmse"] for name, report in reports.items()},
        "spread": reports["common"]["mean_scale_px"],
        "minutes": last["seconds"] / 60,
    }
    write_text(file, json.dumps(found) + "\n")
    return found


if __name__ == "__main__":
    as_program(main)
