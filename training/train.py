"""Trains one network: `python -m training.train --data FOLDER --recipe product --out runs/NAME`.

Started again with the same arguments, a run continues. The folder of a run holds
`best.safetensors` (the weights with the lowest NMSE on the validation faces), `history.jsonl`,
`curve.png`, and `last.pt` to resume from.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from lapland.schemes.definition import read_scheme
from lapland.schemes.registry import SCHEMES, register
from training.common.command import as_program
from training.data import detected
from training.data.readers import read_faces
from training.data.unlabelled import crop_folder
from training.recipes.recipe import RECIPES, override
from training.runs.trainer import Trainer


def _as_given(options: argparse.Namespace) -> dict[str, str]:
    """The folders and lists of the command, if it names more than one folder with its splits."""
    if len(options.data) == 1 and options.train is None and options.val is None:
        return {}
    lists = {name: getattr(options, name) for name in ("train", "val")}
    given = {name: str(path) for name, path in lists.items() if path is not None}
    return {"folders": " ".join(map(str, options.data)), **given}


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.train", description=__doc__)
    parser.add_argument(
        "--data", type=Path, nargs="+", required=True, help="folder of the photos, or several"
    )
    parser.add_argument(
        "--train", type=Path, help="split file (default: splits/train.txt of the first)"
    )
    parser.add_argument(
        "--val", type=Path, help="split file (default: splits/val.txt of the first)"
    )
    parser.add_argument("--scheme", type=Path, help="a scheme of your own, a JSON file")
    parser.add_argument("--recipe", choices=sorted(RECIPES), default="product")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--unlabelled", type=Path, help="folder of photos of faces without labels")
    parser.add_argument("--teacher", type=Path, help="checkpoint to distil from")
    parser.add_argument("--start", type=Path, help="checkpoint whose weights the run begins with")
    parser.add_argument("--workers", type=int, default=0, help="processes that cut crops")
    parser.add_argument("--threads", type=int, help="threads of torch")
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        changes = options.set
        if options.scheme is not None:
            # Before --set, so that the scheme of a file can still be changed there; registered, so
            # that the recipe knows its name.
            changes = [f"scheme={register(read_scheme(options.scheme)).name}", *changes]
        recipe = override(RECIPES[options.recipe], changes)
        train, validation = (
            # The splits of the first folder may name faces of all folders.
            read_faces(
                options.data, SCHEMES[recipe.scheme], given or options.data[0] / "splits" / name
            )
            for given, name in ((options.train, "train.txt"), (options.val, "val.txt"))
        )
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.train: {error}") from None
    # From the cache, if a run had the same faces before.
    for faces in (train, validation):
        detected.add_detected(faces)
    missed = int(np.count_nonzero(train.missed)), int(np.count_nonzero(validation.missed))
    print(
        f"{len(train)} training faces, {len(validation)} validation faces; "
        f"MTCNN missed {missed[0]} and {missed[1]}, cropped from their labels"
    )
    try:
        # (N, 240, 240, 3), mapped from the cache.
        more = crop_folder(options.unlabelled, recipe.crop) if options.unlabelled else None
        trainer = Trainer(
            recipe,
            train,
            validation,
            options.out,
            unlabelled=more,
            teacher=options.teacher,
            start=options.start,
            arguments=_as_given(options),
            workers=options.workers,
        )
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.train: {error}") from None
    if more is not None:
        print(f"{len(more)} unlabelled faces")
    try:
        best = trainer.run()
    except OSError as error:
        raise SystemExit(
            f"training.train: {error}; make room, and start it again: it goes on from its last pass"
        ) from None
    print(f"lowest NMSE on the validation faces: {best:.3f} %, {options.out / 'best.safetensors'}")


if __name__ == "__main__":
    as_program(main, goes_on=True)
