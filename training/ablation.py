"""The paper's ablation on one budget: `python -m training.ablation --data 300w --out runs/x`.

Trains the same network with each loss, with the same recipe, seed, passes and faces otherwise, and
sets NMSE and mean spread of the maps side by side in `table.md` and `ablation.png`. Rows that need
an unlabelled folder or a teacher are run where those are given. Started again, it goes on where it
stopped.
"""

import argparse
import json
import shlex
from pathlib import Path
from typing import Any

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
}


def command(
    row: str, recipe: Recipe, settings: list[str], options: argparse.Namespace
) -> list[str]:
    """Arguments of `training.train` for one row."""
    arguments = ["--data", str(options.data), "--recipe", options.recipe]
    arguments += ["--out", str(options.out / slug(row))]
    for setting in settings:
        arguments += ["--set", setting]
    if recipe.adversary:
        arguments += ["--unlabelled", str(options.unlabelled)]
    if recipe.distillation:
        arguments += ["--teacher", str(options.teacher)]
    return arguments


def slug(row: str) -> str:
    """A row's name as the name of a folder."""
    return "".join(c if c.isalnum() else "-" for c in row.lower()).replace("--", "-")


def markdown(results: list[dict[str, Any]]) -> str:
    """The table of the rows."""
    lines = [
        "| loss | NMSE %, val | NMSE %, common | spread of a map, px | minutes | command |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r['row']} | {r['val']:.2f} | {r['common']:.2f} | {r['spread']:.2f} "
        f"| {r['minutes']:.0f} | `python -m training.train {r['command']}` |"
        for r in results
    ]
    return "\n".join(lines) + "\n"


def main(given: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.ablation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--recipe", default="product", choices=sorted(train.RECIPES))
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--width", default="1/8")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--unlabelled", type=Path, help="folder of photos, for LaplaceKL+D")
    parser.add_argument("--teacher", type=Path, help="checkpoint, for distillation")
    options = parser.parse_args(given)
    base = train.RECIPES[options.recipe]
    splits = {name: options.data / f"splits/{name}.txt" for name in ("train", "val", "common")}
    for file in splits.values():
        if not file.is_file():
            raise SystemExit(f"training.ablation: {file}: there is no such split file")
    shared = [f"epochs={options.epochs}", f"width={options.width}", f"seed={options.seed}"]
    results = []
    for row, particular in ROWS.items():
        settings = shared + [s.format(rate_tenth=base.rate / 10) for s in particular]
        recipe = override(base, settings)
        if (recipe.adversary and not options.unlabelled) or (
            recipe.distillation and not options.teacher
        ):
            print(f"{row}: left out, it needs --unlabelled or --teacher")
            continue
        arguments = command(row, recipe, settings, options)
        train.main(arguments)
        folder = options.out / slug(row)
        reports = {
            name: evaluate_file(folder / "best.safetensors", options.data, splits[name])
            for name in ("val", "common")
        }
        last = json.loads((folder / "history.jsonl").read_text().splitlines()[-1])
        results.append(
            {
                "row": row,
                **{name: report["mtcnn"]["nmse"] for name, report in reports.items()},
                "spread": reports["common"]["mtcnn"]["mean_scale_px"],
                "minutes": last["seconds"] / 60,
                "command": shlex.join(arguments),
            }
        )
        write_whole(
            options.out / "table.md", lambda part: part.write_text(markdown(results), "utf-8")
        )
        write_whole(options.out / "ablation.png", lambda part: draw_ablation(results, part))
    print(markdown(results))


if __name__ == "__main__":
    main()
