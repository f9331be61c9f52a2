"""AFLW's 19 points, made of 68: `python -m training.aflw19 FOLDER --test NAMES --out OUT`.

FOLDER holds photos with `.pts` files of 68 points and an `index.csv` with `name` and `yaw`, as
AFLW2000 in this form. OUT gets `annotation/`, a file for each face, and `splits/train.txt`,
`val.txt` and `test.txt` in the form of AFLW's lists; the photos stay where they are. So AFLW's
protocol runs from training to `Detector` on real photos. It is not the benchmark of AFLW, whose
photos, labels and boxes are others.

- **Points.** Ends and middle of a brow are 17, 19, 21 (22, 24, 26); the corners of an eye are its
  ends, its centre is the mean of its six points; the nose is 31, 30, 35; the mouth is 48, the mean
  of the inner lips, 54; the chin is 8.
- **Visibility.** AFLW lists visible points alone. Here it follows from the yaw: `HIDDEN` says from
  which angle on a point of the far side lies behind the head.
- **Box.** The rectangle of the 68 points; errors are relative to the square root of its area.
"""

import argparse
import zlib
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lapland.base.boxes import around
from lapland.base.files import write_text
from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data.pts import read_pts
from training.data.readers import SUFFIXES, read_split
from training.turned import read_yaws

SOURCES = (
    *((k,) for k in (17, 19, 21, 22, 24, 26)),  # brows
    *((36,), tuple(range(36, 42)), (39,), (42,), tuple(range(42, 48)), (45,)),  # eyes
    *((31,), (30,), (35,)),  # nose
    *((48,), tuple(range(60, 68)), (54,)),  # mouth
    (8,),  # chin
)
"""The points of 68 whose mean each of the 19 is."""

HIDDEN = MappingProxyType({0: 35, 6: 40, 1: 50, 7: 55, 12: 55, 15: 60, 2: 65, 8: 65})
"""Points of the left side -> the yaw, degrees, from which a head that turns that side away hides
them: the outer ends first, the inner ones behind the bridge of the nose last."""

KEPT_FOR_VAL = 10  # one face in so many, by a hash of its name


def points_of(landmarks: NDArray[np.float64], yaw: float) -> NDArray[np.float64]:
    """(68, 2) -> (19, 2), NaN if the head hides a point.

    Args:
        landmarks: the 68 points, pixels.
        yaw: degrees; positive if the nose points to the left of the picture.
    """
    points = np.stack([landmarks[list(source)].mean(axis=0) for source in SOURCES])
    for left, angle in HIDDEN.items():
        if abs(yaw) >= angle:
            points[left if yaw > 0 else AFLW19.mirror[left]] = np.nan
    return points


def annotation(points: NDArray[np.float64]) -> str:
    """The rows of AFLW's form for the points that are seen, 1-based."""
    return "".join(
        f"{k:02d} {x:.2f} {y:.2f} True\n"
        for k, (x, y) in enumerate(points + 1.0, start=1)
        if np.isfinite(x)
    )


def write(folder: Path, test: set[str], out: Path) -> dict[str, int]:
    """Writes annotations and lists; returns the count of faces of each list.

    Args:
        folder: photos, `.pts` files of 68 points, `index.csv`.
        test: names of the faces kept for measuring.
        out: where `annotation` and `splits` are written.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a file is not in its format, or names of `test` are not in the folder.
    """
    yaws = read_yaws(folder)
    if not test <= set(yaws):
        raise ValueError(f"{folder}: has no face {sorted(test - set(yaws))[0]!r}, which is to test")
    rows: dict[str, list[str]] = {"train": [], "val": [], "test": []}
    for part in ("annotation", "splits"):
        (out / part).mkdir(parents=True, exist_ok=True)
    for name, yaw in sorted(yaws.items()):
        landmarks = read_pts(folder / f"{name}.pts")
        if len(landmarks) != IBUG68.size:
            raise ValueError(f"{folder / name}.pts: expected 68 points, found {len(landmarks)}")
        photo = next(
            (path for end in SUFFIXES if (path := folder / f"{name}{end}").is_file()), None
        )
        if photo is None:
            raise FileNotFoundError(f"{folder / name}: there is no photo of this name")
        write_text(out / "annotation" / f"{name}.pts", annotation(points_of(landmarks, yaw)))
        box = around(landmarks[None])[0] + 1.0
        size = float(np.sqrt((box[2:] - box[:2]).prod()))
        chosen = zlib.crc32(name.encode()) % KEPT_FOR_VAL == 0
        split = "test" if name in test else "val" if chosen else "train"
        numbers = " ".join(f"{v:.2f}" for v in (*box, size))
        rows[split].append(f"{photo.resolve()} annotation/{name}.pts {numbers}\n")
    for split, lines in rows.items():
        write_text(out / "splits" / f"{split}.txt", "".join(lines))
    return {split: len(lines) for split, lines in rows.items()}


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.aflw19",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="photos with 68 points and their yaw")
    parser.add_argument("--test", type=Path, required=True, help="list of the faces to measure on")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    try:
        test = {Path(name).name for name in read_split(options.test)}
        counts = write(options.folder, test, options.out)
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.aflw19: {error}") from None
    parts = ", ".join(f"{count} in {split}" for split, count in counts.items())
    print(f"{options.out}: {sum(counts.values())} faces of 19 points, {parts}")


if __name__ == "__main__":
    as_program(main)
