"""The experiments of *Laplace Landmark Localization*: `python -m benchmarks.papers`.

Trains rows of the paper's Tables 2 and 3 and of its Figure 4 by its recipe (`paper`: no
augmentation, constant rate, 200 passes), one after the other. A finished row is added to the file
of results and not trained again; a row that was stopped goes on from its last pass. Rows with a
discriminator need `--unlabelled`, a folder of photos. They draw as many by chance as their name
says; those of `labelled` show it the training faces once more.
`python -m benchmarks.report` makes the tables and the plot of docs/papers.md from the results.
"""

import argparse
import itertools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import results
from benchmarks.common.experiments import ROWS
from lapland.schemes.ibug68 import IBUG68
from training import ablation, train
from training.common.command import as_program
from training.data.readers import SUFFIXES, photos, read_faces
from training.recipes.checkpoint import load_weights

RESULTS = results.FOLDER / "papers.json"
SPLITS = ("train", "val", "common")


@dataclass(frozen=True)
class Run:
    """One row of one width, seed and length."""

    row: str
    width: str
    seed: int
    passes: int

    @property
    def folder(self) -> str:
        """The name of its folder."""
        name = f"{self.row}-{self.width}-{self.seed}-{self.passes}-passes"
        return ablation.slug(name).strip("-")

    def is_among(self, rows: list[dict[str, Any]]) -> bool:
        """Whether these rows of results have it."""
        return any(vars(self).items() <= row.items() for row in rows)


def linked(photos_of: dict[str, Path], folder: Path) -> Path:
    """A folder of links to photos, by the names that they have in it."""
    for name, photo in photos_of.items():
        link = folder / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(photo.resolve())
    return folder


def some_of(root: Path, count: int, folder: Path) -> Path:
    """Links to so many photos of a folder, drawn by chance; a smaller draw is part of a larger one.

    Raises:
        ValueError: the folder has fewer.
    """
    files = photos(root)
    if len(files) < count:
        raise ValueError(f"{root}: expected {count:,} photos or more, found {len(files):,}")
    order = np.random.default_rng(0).permutation(len(files))[:count]
    chosen = {str(files[i].relative_to(root)): files[i] for i in order}
    return linked(chosen, folder / f"unlabelled-{count}")


def labelled_of(data: Path, folder: Path) -> Path:
    """Links to the photos of the training faces, and to no other photo of the data."""
    names = read_faces(data, IBUG68, data / "splits" / "train.txt").names
    candidates = ((name, data / f"{name}{end}") for name in names for end in SUFFIXES)
    found = {f"{name}{path.suffix}": path for name, path in candidates if path.is_file()}
    return linked(found, folder / "labelled")


def arguments_of(run: Run, options: argparse.Namespace) -> list[str]:
    """Arguments of `training.train`."""
    row = ROWS[run.row]
    settings = (f"width={run.width}", f"seed={run.seed}", f"epochs={run.passes}", *row.settings)
    given = ["--data", str(options.data), "--recipe", "paper"]
    given += ["--out", str(options.out / run.folder)]
    given += ["--threads", str(options.threads)] if options.threads else []
    for setting in settings:
        given += ["--set", setting]
    if row.judged == "labelled":
        given += ["--unlabelled", str(labelled_of(options.data, options.out))]
    elif isinstance(row.judged, int) and row.judged:
        given += ["--unlabelled", str(some_of(options.unlabelled, row.judged, options.out))]
    return given


def known(file: Path) -> list[dict[str, Any]]:
    """The rows of results, read anew: another command may have added some meanwhile."""
    rows: list[dict[str, Any]] = results.read(file)["rows"] if file.is_file() else []
    return rows


def measured(run: Run, options: argparse.Namespace) -> dict[str, Any]:
    """Trains a run to its end; its row of the results."""
    folder = options.out / run.folder
    train.main(arguments_of(run, options))
    splits = {name: options.data / "splits" / f"{name}.txt" for name in SPLITS[1:]}
    found = ablation.figures(folder, options.data, splits)
    facts = load_weights(folder / "best.safetensors")[2]
    return {
        **vars(run),
        **{name: round(found[name], 3) for name in ("val", "common", "spread")},
        "minutes": round(found["minutes"], 1),
        "best_pass": facts["epoch"],
        "training_faces": facts["training_faces"],
        "commit": facts["commit"],
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.papers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=f"rows: {' '.join(ROWS)}",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--unlabelled", type=Path, help="folder of photos, for rows with +N")
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS), metavar="ROW")
    parser.add_argument("--widths", nargs="+", default=["1/8"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--passes", type=int, default=200, help="the paper's are 200")
    parser.add_argument("--threads", type=int, help="threads of torch")
    parser.add_argument("--json", type=Path, default=RESULTS, help="file of results")
    options = parser.parse_args(arguments)
    for name in SPLITS:
        file = options.data / "splits" / f"{name}.txt"
        if not file.is_file():
            raise SystemExit(f"benchmarks.papers: {file}: there is no such split file")
    lacking = [row for row in options.rows if ROWS[row].judged not in (0, "labelled")]
    if lacking and options.unlabelled is None:
        raise SystemExit(f"benchmarks.papers: {' '.join(lacking)}: expected --unlabelled")
    runs = [
        Run(row, width, seed, options.passes)
        for seed, width, row in itertools.product(options.seeds, options.widths, options.rows)
    ]
    for number, run in enumerate(runs, start=1):
        title = f"row {number} of {len(runs)}: {json.dumps(vars(run))}"
        if run.is_among(known(options.json)):
            print(f"{title}: in the results")
            continue
        print(title)
        try:
            row = measured(run, options)
        except (ValueError, FileNotFoundError) as error:
            raise SystemExit(f"benchmarks.papers: {error}") from None
        rows = [*known(options.json), row]
        results.write(options.json, results.header("papers"), {"rows": rows})
        print(f"{row['common']:.2f} % on common, {row['val']:.2f} % on val")


if __name__ == "__main__":
    as_program(main, goes_on=True)
