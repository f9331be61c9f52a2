"""Faces cut by the border of the photo, as users' photos have them."""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

SIDES = ("whole", "left", "right", "top", "bottom")
SHARES = (0.12, 0.2, 0.3)  # of the face's extent that is cut off, in turn
_ROOM = 0.7  # about a face, in longer sides of its landmarks
_LARGEST = 500  # side of a photo, pixels

Points = NDArray[np.float64]


class Cut(NamedTuple):
    """A photo about a face, cut at a side, and the true landmarks (K, 2), some beyond it."""

    image: NDArray[np.uint8]
    landmarks: Points


def cut(image: NDArray[np.uint8], landmarks: Points, side: str, share: float) -> Cut:
    """The part of a photo about a face that ends within it at one side."""
    low, high = landmarks.min(axis=0), landmarks.max(axis=0)  # (2,) each: x, y
    room = _ROOM * (high - low).max()
    first, last = low - room, high + room
    axis, extent = int(side in ("top", "bottom")), high - low  # 0 for x, 1 for y; (2,)
    if side in ("left", "top"):
        first[axis] = low[axis] + share * extent[axis]  # the border lies within the face
    elif side in ("right", "bottom"):
        last[axis] = high[axis] - share * extent[axis]
    height, width = image.shape[:2]
    # The part ends at the photo's own border if that comes first.
    left, top = np.maximum(np.floor(first), 0).astype(int)
    right, bottom = np.minimum(np.ceil(last), (width, height)).astype(int)
    part, points = image[top:bottom, left:right], landmarks - [left, top]
    scale = min(1.0, _LARGEST / max(part.shape[:2]))  # never enlarged
    size = np.array(part.shape[1::-1])  # (W, H)
    # Sides are whole pixels, so each axis has a factor of its own.
    small = np.maximum((size * scale).round(), 1).astype(int)
    shrunk = cv2.resize(part, small.tolist(), interpolation=cv2.INTER_AREA)
    # Scaling leaves the outer corner of the first pixel, (-0.5, -0.5), in its place.
    return Cut(np.ascontiguousarray(shrunk), (points + 0.5) * (small / size) - 0.5)


def outside(landmarks: Points, size: tuple[int, int]) -> NDArray[np.bool_]:
    """(K,): landmarks, (K, 2), that lie beyond the border of a photo of this width and height."""
    # (K, 2): pixels reach half a pixel beyond their centres.
    beyond: NDArray[np.bool_] = (landmarks < -0.5) | (landmarks >= np.array(size) - 0.5)
    return beyond.any(axis=1)
