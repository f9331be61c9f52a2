"""Landmarks beyond the border of the photo, which a network cannot see.

It draws them towards the part of the face that it sees, up to the border, with scales as small as
those of the others. So a calibration on whole faces says nothing of them. Their errors follow a
Weibull distribution in sides of the face, which is that of the true places about the best guess:
on faces cut at any side it is the same for narrow and wide networks.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..schemes.normaliser import face_sides

ImageSize = tuple[int, int]
"""Width and height of a photo, pixels."""

# Scale, in sides of the face, and inverse shape of the distribution. Chosen for networks that saw
# no cut faces, on 300-W's validation faces, and checked on `webmorph`; those that saw some err by
# half as much. `python -m benchmarks.border` measures how many landmarks the radii hold.
SCALE, INVERSE_SHAPE = 0.135, 0.75
# Sides of the face from the border, within which ever more landmarks belong to the part beyond.
NEAR = 0.1


def hidden_radii(landmarks: Floats, size: ImageSize | None, probability: float) -> Floats:
    """Least radius that holds each landmark with a probability, (N, K) pixels.

    It is 0 for landmarks that the photo shows. At the border and beyond, it is that of a landmark
    which is not seen, and it grows between.

    Args:
        landmarks: (N, K, 2), image pixels.
        size: size of the photo; None if unknown, which gives 0 for all.
        probability: above 0 and below 1.
    """
    at = float((-np.log1p(-probability)) ** INVERSE_SHAPE)
    return SCALE * at * face_sides(landmarks)[:, None] * _shares(landmarks, size)


def hidden_errors(landmarks: Floats, size: ImageSize | None) -> NDArray[np.float64]:
    """Likewise the mean error, in sides of the face, (N, K)."""
    mean: NDArray[np.float64] = SCALE * math.gamma(1 + INVERSE_SHAPE) * _shares(landmarks, size)
    return mean


def _shares(landmarks: Floats, size: ImageSize | None) -> NDArray[np.float64]:
    """(N, K): 1 at the border and beyond, 0 from `NEAR` on."""
    points = np.asarray(landmarks, np.float64)
    if size is None:
        return np.zeros(points.shape[:2])
    inside = np.minimum(points + 0.5, np.array(size) - 0.5 - points).min(axis=2)
    near = inside / (NEAR * face_sides(points)[:, None])
    shares: NDArray[np.float64] = np.clip(1 - near, 0, 1)
    return shares
