"""One annotated face of any tool, and helpers of all readers."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Labelled:
    """One annotated face.

    Attributes:
        photo: path of the photo.
        points: (K, 2) float64, 0-based image pixels, the first pixel's centre at (0, 0); NaN if a
            landmark is hidden or was not annotated.
        names: K names of the landmarks, if the format has them.
    """

    photo: Path
    points: NDArray[np.float64]
    names: tuple[str, ...] = ()


def in_order(
    found: dict[str, tuple[float, float]], names: tuple[str, ...], where: str
) -> NDArray[np.float64]:
    """Named points -> (K, 2) in the order of the names, NaN for those that are missing.

    Raises:
        ValueError: a point has a name that is not among them; the message says where.
    """
    unknown = sorted(set(found) - set(names))
    if unknown:
        raise ValueError(
            f"{where}: unknown landmarks {', '.join(unknown)}; expected {', '.join(names)}"
        )
    hidden = (np.nan, np.nan)
    # Without names the shape is (0, 2).
    return np.array([found.get(name, hidden) for name in names], np.float64).reshape(-1, 2)


def all_names(faces: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Every name once, numbers in the order of numbers, others in that of their first use."""
    names = list(dict.fromkeys(name for face in faces for name in face))
    if all(name.isdecimal() for name in names):  # as text, "10" would come before "2"
        names.sort(key=int)
    return tuple(names)
