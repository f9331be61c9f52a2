"""Turns labelled faces by a head in three dimensions: `python -m training.turn FOLDER --out OUT`.

Writes `NAME.jpg` and `NAME.pts` for each turned copy, labels on the visible outline, and an index
whose weights are those of the originals, less for landmarks that the turn hides. A killed
run continues. `--sheet` shows photo, fit and copy of some faces.
"""

import argparse
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lapland.base.files import write_text, write_whole
from lapland.formats.pts import to_pts
from lapland.image.loading import load_image
from training.common.command import as_program
from training.data.indices import Indices, Row, read_index, write_index
from training.data.pts import read_pts
from training.data.readers import SUFFIXES, read_split
from training.heads.fitting import Fit, fit_head
from training.heads.head import Head, read_head
from training.heads.turning import Turned, turn
from training.labelling.sheet import tile, write_sheet

HIDDEN = 0.3  # weight of a landmark that the turn hides, in that of the original
MOST_ERROR = 4.0  # percent of the face; a head that fits worse is not turned
FRONTAL = 8.0  # degrees; a face turned farther is turned on, never back through the front
MOST_YAW = 75.0  # degrees, of a copy


@dataclass(frozen=True)
class Angles:
    """How far copies are turned: least and most yaw, most pitch, degrees."""

    least: float = 20.0
    most: float = 60.0
    pitch: float = 15.0

    def drawn(self, fit: Fit, rng: np.random.Generator) -> tuple[float, float]:
        """Yaw and pitch to turn a fitted face by."""
        # A turned face is turned on, a frontal one to either side.
        side = np.sign(fit.yaw) if abs(fit.yaw) > FRONTAL else rng.choice([-1.0, 1.0])
        yaw = side * rng.uniform(self.least, self.most)
        # The head is turned on from its present yaw, so there is less room for the turn.
        room = max(0.0, MOST_YAW - abs(fit.yaw))
        # Degrees: the yaw as far as there is room, and the pitch.
        return float(np.clip(yaw, -room, room)), float(rng.uniform(-self.pitch, self.pitch))


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.turn", description=__doc__)
    parser.add_argument("folder", type=Path, help="labelled faces: photos with .pts files")
    parser.add_argument("--out", type=Path, help="folder of the copies")
    parser.add_argument("--head", type=Path, required=True, help="the head's .npz file")
    parser.add_argument(
        "--names",
        type=Path,
        help="split file: names, one a line; folders are ignored (default: all)",
    )
    parser.add_argument("--every", type=int, default=1, help="turn every n-th face")
    parser.add_argument("--yaw", type=float, nargs=2, default=(20.0, 60.0), metavar="DEGREES")
    parser.add_argument("--pitch", type=float, default=15.0, metavar="DEGREES")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sheet", type=Path, help="picture of 12 faces: photo, fit, copy")
    options = parser.parse_args(arguments)
    if not options.out and not options.sheet:
        raise SystemExit("training.turn: give --out, --sheet or both")
    cv2.setNumThreads(1)  # pictures are too small to share
    angles = Angles(*options.yaw, options.pitch)
    try:
        head = read_head(options.head)
        # --every thins the list, not the draws: those follow from the names.
        names = _names(options.folder, options.names)[:: options.every]
        if options.out:
            turn_all(head, options.folder, names, options.out, angles, options.seed)
        if options.sheet:
            _draw(head, options.folder, names, options.sheet, angles, options.seed)
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.turn: {error}") from None


def turn_all(
    head: Head, folder: Path, names: Sequence[str], out: Path, angles: Angles, seed: int
) -> None:
    """Turns faces that have no copy yet, and writes the index of all copies."""
    known, done = Indices([folder]), read_index(out)  # rows of the originals, and of earlier copies
    errors: list[float] = []
    out.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(tqdm(names, desc="turning", unit="face", mininterval=5.0)):
        if name in done:
            continue
        made = turned(head, folder, name, angles, seed)
        if made is None:
            continue
        fit, copy = made
        errors.append(fit.error)
        _write(out, name, copy)
        old = known.row(folder / f"{name}.pts")
        before = np.ones(len(copy.landmarks)) if old is None else old.weights  # (68,)
        # (68,): hidden, but still learned a little.
        weights = before * np.where(copy.hidden, HIDDEN, 1.0)
        source, terms = (old.source, old.terms) if old else (folder.name, "")
        done[name] = Row(name, f"{source}, turned", terms, fit.error, weights)
        if number % 100 == 99:  # a killed run loses a hundred rows at most
            write_index(out, list(done.values()))
    write_index(out, list(done.values()))
    if errors:
        print(
            f"{len(errors)} faces turned, {len(done)} in {out}; fit error "
            f"{np.mean(errors):.2f} % of the face in the mean, {max(errors):.2f} at most"
        )


def turned(
    head: Head, folder: Path, name: str, angles: Angles, seed: int
) -> tuple[Fit, Turned] | None:
    """A face's fit and its turned copy; None if the head does not fit the face.

    The angles follow from the seed and the name.
    """
    landmarks = read_pts(folder / f"{name}.pts")
    if landmarks.shape != (len(head.landmarks), 2):
        raise ValueError(f"{name}: {len(landmarks)} landmarks, the head has {len(head.landmarks)}")
    if not np.isfinite(landmarks).all():  # the fit needs all 68
        return None
    fit = fit_head(head, landmarks)
    if fit.error > MOST_ERROR:
        return None
    rng = generator(seed, name)
    return fit, turn(head, fit, load_image(_photo(folder, name)), *angles.drawn(fit, rng))


def generator(seed: int, name: str) -> np.random.Generator:
    """The random numbers of a copy, which follow from the seed and the name."""
    # Not `hash`, which differs from one run of Python to the next.
    return np.random.default_rng((seed, zlib.crc32(name.encode())))


def _names(folder: Path, file: Path | None) -> list[str]:
    if file is not None:
        return [name for name in read_split(file) if not name.endswith("/")]  # folders are copies
    found = sorted(folder.rglob("*.pts"))
    if not found:
        raise FileNotFoundError(f"{folder}: found no .pts file")
    # With `/` on every system, because seeds follow from the names.
    return [path.relative_to(folder).with_suffix("").as_posix() for path in found]


def _photo(folder: Path, name: str) -> Path:
    for suffix in SUFFIXES:
        if (folder / f"{name}{suffix}").is_file():
            return folder / f"{name}{suffix}"
    raise FileNotFoundError(f"{folder / name}: there is no photo beside the .pts file")


def _write(out: Path, name: str, copy: Turned) -> None:
    path = out / f"{name}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = cv2.imencode(".jpg", copy.image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()
    write_whole(path, data)
    write_text(out / f"{name}.pts", to_pts(copy.landmarks))


def _draw(
    head: Head, folder: Path, names: Sequence[str], sheet: Path, angles: Angles, seed: int
) -> None:
    tiles: list[NDArray[np.uint8]] = []
    # Twelve faces, evenly from the whole list.
    for i in np.linspace(0, len(names) - 1, min(12, len(names))).astype(int):
        made = turned(head, folder, names[i], angles, seed)
        if made is None:
            continue
        fit, copy = made
        photo = load_image(_photo(folder, names[i]))
        # Some 600 of the vertices.
        skin = fit.project(fit.skin)[:: len(fit.skin) // 600]
        tiles += [
            tile(photo, read_pts(folder / f"{names[i]}.pts"), f"yaw {fit.yaw:.0f}"),
            tile(photo, skin, f"fit {fit.error:.1f} %"),
            tile(copy.image, copy.landmarks, "turned", copy.hidden),
            tile(copy.image, copy.landmarks[:0], ""),  # without dots, to see the copy
        ]
    if not tiles:
        raise ValueError(f"{folder}: the head fits none of the faces looked at")
    write_sheet(sheet, tiles, columns=8)


if __name__ == "__main__":
    as_program(main)
