"""The 3D head behind the 68 landmarks: its mean shape, and how heads and faces differ from it.

Made by `python -m export.head` from ICT-FaceKit's head (MIT licence, LICENSE-head). Lengths are
centimetres; x points to the right of the picture, y up, z to the viewer. The jaw of a photo is the
outline that can be seen, another part of the skin at every yaw, so all arrays have a row for each
of some yaws. Yaw of rows is that of this file's axes: positive if the nose points to the right of
the picture.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_FILE = Path(__file__).with_name("head.npz")


@dataclass(frozen=True, eq=False)
class Head:
    """Points of the mean head and its modes at Y yaws.

    Attributes:
        yaws: (Y,) degrees, ascending and evenly spaced.
        points: (Y, 3, 68) mean head, cm.
        modes: (Y, M, 3, 68) cm; each shape is the mean plus a sum of modes, whose coefficients have
            the standard deviation 1 over persons and expressions.
        spreads: (68,) cm, standard deviation of each coordinate that no mode explains.
        triangles: (T, 3) int32, indices of landmarks; each counter-clockwise in the picture.
    """

    yaws: Floats
    points: Floats
    modes: Floats
    spreads: Floats
    triangles: NDArray[np.int32]

    def at(self, yaws: Floats) -> tuple[Floats, Floats]:
        """Points (N, 3, 68) and modes (N, M, 3, 68) at (N,) yaws in degrees.

        Points are interpolated between the rows. Modes are those of the nearest row.
        """
        step = self.yaws[1] - self.yaws[0]
        place = np.clip((yaws - self.yaws[0]) / step, 0, len(self.yaws) - 1)
        low = np.minimum(place.astype(np.intp), len(self.yaws) - 2)
        part = (place - low)[:, None, None]
        points = self.points[low] * (1 - part) + self.points[low + 1] * part
        return points, self.modes[np.rint(place).astype(np.intp)]

    @property
    def frontal(self) -> Floats:
        """(3, 68) points as seen from the front."""
        points: Floats = self.points[len(self.yaws) // 2]
        return points


@functools.lru_cache(maxsize=1)
def load_head() -> Head:
    """The head of the package."""
    with np.load(_FILE, allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name].astype(np.float64) for name in stored.files}
    scale = arrays.pop("unit")  # cm per step of the whole numbers that the file holds
    arrays["points"] *= scale
    arrays["modes"] = np.ascontiguousarray(arrays["modes"].transpose(0, 2, 1, 3)) * scale
    arrays["triangles"] = arrays["triangles"].astype(np.int32)
    for array in arrays.values():
        array.flags.writeable = False
    return Head(**arrays)
