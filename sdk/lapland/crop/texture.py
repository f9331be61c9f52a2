"""Sharpness and grain of a crop, and the detail around each landmark.

Scales alone do not distinguish blur, noise, little light and covered landmarks well enough.
"""

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

LEVELS = 4  # of the pyramid; each has half the resolution of the one before
TEXTURE = LEVELS + 1  # numbers a crop; one more for each landmark
MARGIN = 1 / 5  # share of the side left out at each border: the face is in the middle
FLOOR = 0.3  # levels of 255: detail that rounding to bytes leaves in a flat image
ABOUT = 5  # pixels of half the resolution: side of the square about a landmark


def texture(crops: NDArray[np.uint8], landmarks: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Ratios of the detail at neighbouring resolutions, the coarsest one, its direction and places.

    Detail is the mean difference of neighbouring pixels, over the middle of the crop in grey. Blur
    takes it from the fine levels, in one direction where something moves; noise adds it there, and
    little light leaves little anywhere.

    Args:
        crops: (N, S, S, 3) uint8 BGR, S at least 32.
        landmarks: (N, K, 2), crop pixels; beyond the crop the nearest pixel counts.

    Returns:
        (N, 5 + K) float32 natural logarithms: detail of each of the first three levels over that of
        the next; that of the last, in levels of 255; of the first level, how far the ratio of
        detail along rows to that along columns is from 1; and the detail about each landmark, at
        the second level, over the mean of those.
    """
    logs = np.empty((len(crops), TEXTURE + landmarks.shape[1]), np.float32)
    for row, crop, points in zip(logs, crops, landmarks, strict=True):
        whole = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY).astype(np.float32)
        row[TEXTURE:] = _about(whole, points)
        cut = round(MARGIN * len(crop))
        grey = np.ascontiguousarray(whole[cut:-cut, cut:-cut])
        for level in range(LEVELS):
            if level:
                grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            columns, rows = _detail(grey[1:], grey[:-1]), _detail(grey[:, 1:], grey[:, :-1])
            row[level] = (columns + rows) / 2
            if not level:
                row[LEVELS] = abs(columns - rows)
    logs[:, : LEVELS - 1] -= logs[:, 1:LEVELS]
    return logs


def _about(grey: NDArray[np.float32], points: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """(S, S) and (K, 2) -> (K,): logarithm of the detail about each point, over their mean."""
    half = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    steps = np.zeros_like(half)
    steps[:, :-1] = cv2.absdiff(half[:, 1:], half[:, :-1])
    down: Any = cv2.absdiff(half[1:], half[:-1])
    steps[:-1] += down
    detail = cv2.blur(steps, (ABOUT, ABOUT), borderType=cv2.BORDER_REFLECT)
    inside = np.minimum(np.maximum((points + 0.5) / 2, 0), len(half) - 1)
    x, y = inside.astype(np.intp).T
    logs = np.log(detail[y, x] / 2 + FLOOR)
    above: NDArray[np.float32] = logs - logs.sum() / len(logs)
    return above


def _detail(after: NDArray[np.float32], before: NDArray[np.float32]) -> float:
    """Logarithm of the mean absolute difference of neighbours."""
    # Not cv2.norm: it tries its signatures in turn, and crashes where Ctrl-C comes between. And
    # plain numbers: means and logarithms of arrays so small take twice the time in numpy.
    return math.log(cv2.mean(cv2.absdiff(after, before))[0] + FLOOR)
