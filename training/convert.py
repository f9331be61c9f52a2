"""Annotations of other tools into the layout that training reads.

    python -m training.convert coco labels.json --photos photos --out mine

writes `mine/photos` with a `.pts` file beside each photo, `mine/splits/train.txt` and `val.txt`,
and `mine/scheme.json`: names, groups, mirror pairs, the landmarks that stand for the five points.
The command guesses it from the names of the landmarks; complete the entries that it lists, then

    python -m training.train --data mine --scheme mine/scheme.json --out runs/mine ...

with the recipe for few photos in `training/README.md`.
"""

import argparse
import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_text
from lapland.schemes.definition import read_scheme, scheme_from
from training.common.command import as_program
from training.importers import coco, cvat, dlib_xml, label_studio, layout, wflw
from training.importers.draft import draft
from training.importers.labelled import Labelled

FORMATS: dict[str, Callable[[Path, Path], list[Labelled]]] = {
    "coco": coco.read,
    "cvat": cvat.read,
    "dlib": dlib_xml.read,
    "label-studio": label_studio.read,
    "wflw": wflw.read,
}


def convert(
    kind: str, file: Path, photos: Path, out: Path, scheme: Path | None, share: float
) -> list[str]:
    """Converts one file; returns the lines to print.

    Raises:
        FileNotFoundError: a photo is missing.
        ValueError: the file is not in its format, or its faces do not have one number of points.
    """
    faces = FORMATS[kind](file, photos)
    sizes = sorted({len(face.points) for face in faces})  # a scheme has one number of landmarks
    if len(sizes) != 1:
        found = ", ".join(map(str, sizes)) or "no face"
        raise ValueError(f"{file}: expected faces of one number of points, found {found}")
    if scheme is not None:
        known = read_scheme(scheme)
        if known.size != sizes[0]:
            raise ValueError(f"{scheme}: {known.size} landmarks, but {file} has {sizes[0]}")
    trained, chosen = layout.write(faces, out, share)
    lines = [f"{out}: {trained} faces to train, {chosen} to choose on, {sizes[0]} points each"]
    if scheme is None:
        with warnings.catch_warnings():  # a landmark that is hidden in every photo has no mean
            warnings.simplefilter("ignore", RuntimeWarning)
            # (K, 2) image pixels: they show which side `left` means.
            places = np.nanmean([face.points for face in faces], axis=0)
        lines += _write_draft(out, faces[0].names, places)
    return lines


def _write_draft(out: Path, names: tuple[str, ...], places: NDArray[np.float64]) -> list[str]:
    target = out / "scheme.json"
    if target.exists():  # completed by hand, perhaps
        return [f"{target}: kept"]
    made = draft(
        out.resolve().name, names or tuple(f"point_{i}" for i in range(len(places))), places
    )
    write_text(target, json.dumps(made, indent=1) + "\n")
    try:
        scheme_from(made)  # for its error, which names the gaps
    except ValueError as error:
        return [f"{target}: complete it by hand: {error}"]
    return [f"{target}: guessed from the names; look it through"]


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.convert",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("file", type=Path, help="the annotations")
    parser.add_argument("--photos", type=Path, help="folder of the photos (default: the file's)")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--scheme", type=Path, help="a scheme that you have already")
    parser.add_argument("--val", type=float, default=0.15, metavar="SHARE", help="of the photos")
    options = parser.parse_args(arguments)
    photos = options.photos or options.file.parent
    try:
        lines = convert(
            options.format, options.file, photos, options.out, options.scheme, options.val
        )
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.convert: {error}") from None
    print("\n".join(lines))


if __name__ == "__main__":
    as_program(main)
