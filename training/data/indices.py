"""The index of a folder of faces, `index.csv`: their origin, and the weights of their labels.

Three forms are read, known by their columns: ours; that of turned faces whose far side has no label
on the visible contour (`yaw`); and that of automatic labels with the disagreement of two models.
"""

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_text
from lapland.schemes.ibug68 import IBUG68

INDEX = "index.csv"
COLUMNS = ("name", "source", "terms", "agreement", "weight", "weights")
TURNED = 15.0  # degrees of yaw beyond which the far side of a face in three dimensions is masked
KNEE = 1.5  # percent of the face: the doubt at which a landmark counts half
LEFT = (*range(8), *range(17, 22), *range(36, 42))  # jaw, brow and eye on the left, of 68


@dataclass(frozen=True)
class Row:
    """A face in an index.

    Attributes:
        name: path of picture and `.pts`, without suffix, relative to the index.
        source: the photo's origin.
        terms: under which it may be used.
        agreement: agreement of those that made the label, percent of the face; smaller is better.
        weights: (K,), of each landmark, 0..1.
    """

    name: str
    source: str
    terms: str
    agreement: float
    weights: NDArray[np.floating]

    @property
    def weight(self) -> float:
        """The mean of the landmarks' weights."""
        return float(np.mean(self.weights))


def weight_of_doubt(percent: NDArray[np.floating]) -> NDArray[np.float64]:
    """Weights 0..1 of labels that are uncertain by so many percent of the face."""
    # Cauchy's weight: 1 without doubt, 1/2 at the knee, and falling with the square far beyond.
    return np.asarray(1 / (1 + (np.asarray(percent, np.float64) / KNEE) ** 2))


def far_side(yaw: float) -> list[int]:
    """The landmarks of jaw, brow and eye that a face of this yaw turns away.

    Args:
        yaw: degrees; positive if the nose points to the left of the picture.
    """
    if abs(yaw) <= TURNED:
        return []
    # The nose points to the side that is turned away.
    return list(LEFT) if yaw > 0 else [IBUG68.mirror[k] for k in LEFT]


def write_index(folder: Path, rows: Sequence[Row]) -> None:
    """Writes the index of a folder; weights of landmarks in percent, separated by blanks."""
    buffer = io.StringIO()
    out = csv.writer(buffer, lineterminator="\n")
    out.writerow(COLUMNS)
    for row in rows:
        # Whole percents, so that a row of K of them stays short.
        percents = " ".join(str(round(100 * float(w))) for w in row.weights)
        shown = (f"{row.agreement:.2f}", f"{row.weight:.3f}")
        out.writerow((row.name, row.source, row.terms, *shown, percents))
    write_text(folder / INDEX, buffer.getvalue())


def read_index(folder: Path) -> dict[str, Row]:
    """The index of a folder, by name; empty if it has none.

    Raises:
        ValueError: it has none of the three forms, or a row cannot be read; the message names file
            and line.
    """
    path = folder / INDEX
    if not path.is_file():
        return {}
    found = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        read = _form(rows.fieldnames or (), path)
        for number, row in enumerate(rows, start=2):  # line 1 has the columns
            try:
                entry = read(row, folder.name)
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise ValueError(f"{path}, line {number}: {error!r}") from None
            found[entry.name] = entry
    return found


class Indices:
    """The index nearest to each photo: that of its folder, or of one above up to a root."""

    def __init__(self, roots: Sequence[Path]) -> None:
        self._roots, self._read = set(roots), dict[Path, dict[str, Row]]()

    def row(self, photo: Path) -> Row | None:
        """The row of a photo; None if no index lists it."""
        folder = photo.parent
        while True:
            if folder not in self._read:
                self._read[folder] = read_index(folder)
            # A root without an index ends the search, and so does the top of the disk.
            if self._read[folder] or folder in self._roots or folder == folder.parent:
                name = photo.relative_to(folder).with_suffix("").as_posix()
                return self._read[folder].get(name)
            folder = folder.parent


def _form(columns: Sequence[str], path: Path) -> Callable[[dict[str, str], str], Row]:
    if set(COLUMNS) <= set(columns):
        return _ours
    if {"name", "yaw"} <= set(columns):
        return _turned
    if {"name", "disagreement"} <= set(columns):
        return _automatic
    raise ValueError(
        f"{path}: expected the columns {', '.join(COLUMNS)}; or name and yaw; or name and "
        f"disagreement; found {', '.join(columns)}"
    )


def _ours(row: dict[str, str], folder: str) -> Row:
    weights = np.array(row["weights"].split(), np.float64) / 100  # percent -> 0..1
    return Row(row["name"], row["source"], row["terms"], float(row["agreement"]), weights)


def _turned(row: dict[str, str], folder: str) -> Row:
    weights = np.ones(IBUG68.size)
    weights[far_side(float(row["yaw"]))] = 0  # no loss at all, unlike HIDDEN of `training.turn`
    # The column `residual` may be missing or empty.
    return Row(row["name"], folder, "", float(row.get("residual") or 0), weights)


def _automatic(row: dict[str, str], folder: str) -> Row:
    # Both models lie half of their distance from the mean of both.
    doubt = float(row["disagreement"]) / 2
    weights = np.full(IBUG68.size, weight_of_doubt(np.array(doubt)))
    return Row(row["name"], folder, "", doubt, weights)
