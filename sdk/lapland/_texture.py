"""How sharp and how grainy a crop is: what scales do not tell of blur, noise and little light."""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LEVELS = 4  # of the pyramid; each has half the resolution of the one before
TEXTURE = LEVELS + 1  # numbers a crop
_MARGIN = 1 / 5  # of the crop's side that is left out on every side: the face is in the middle
_FLOOR = 0.3  # levels of 255: what rounding to bytes leaves of a flat picture


def texture(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Ratios of the detail at neighbouring resolutions, the coarsest detail, and its direction.

    Detail is the mean difference of neighbouring pixels, over the middle of the crop in grey. Blur
    takes it from the fine levels, in one direction where something moves; noise adds it there, and
    little light leaves little anywhere.

    Args:
        crops: (N, S, S, 3) uint8 BGR, S at least 32.

    Returns:
        (N, 5) float32 natural logarithms: detail of each of the first three levels over that of the
        next; that of the last, in levels of 255; and, of the first level, how far the ratio of
        detail along rows to that along columns is from 1.
    """
    logs = np.empty((len(crops), TEXTURE), np.float32)
    for row, crop in zip(logs, crops, strict=True):
        cut = round(_MARGIN * len(crop))
        grey = cv2.cvtColor(crop[cut:-cut, cut:-cut], cv2.COLOR_BGR2GRAY).astype(np.float32)
        for level in range(LEVELS):
            if level:
                grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            columns, rows = _detail(grey[1:] - grey[:-1]), _detail(grey[:, 1:] - grey[:, :-1])
            row[level] = (columns + rows) / 2
            if not level:
                row[LEVELS] = abs(columns - rows)
    logs[:, : LEVELS - 1] -= logs[:, 1:LEVELS]
    return logs


def _detail(differences: NDArray[np.floating[Any]]) -> float:
    """Logarithm of the mean absolute difference of neighbours."""
    # Not cv2.norm: it tries its signatures in turn, and crashes where Ctrl-C comes between. And
    # plain numbers: np.diff, means and logarithms of arrays so small take twice the time.
    total = float(np.abs(differences, out=differences).sum())
    return math.log(total / differences.size + _FLOOR)
