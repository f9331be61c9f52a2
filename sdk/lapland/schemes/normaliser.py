"""The length d that errors are divided by: inter-ocular distance, or side of the face."""

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from .scheme import Scheme

LEAST = 1e-6  # pixels: no length is zero, so that logarithms and quotients stay finite


def face_sides(landmarks: Floats) -> NDArray[np.float64]:
    """(N,) side of the square that has the area of the landmarks' bounding box, pixels."""
    extents = np.ptp(np.asarray(landmarks, np.float64), axis=1)
    sides: NDArray[np.float64] = np.maximum(np.sqrt(extents.prod(axis=1)), LEAST)
    return sides


def normalisers(
    landmarks: Floats, sides: NDArray[np.float64], scheme: Scheme
) -> NDArray[np.float64]:
    """(N,) the length d that errors of each face are divided by, pixels."""
    if scheme.eye_corners is None:
        return sides
    left, right = (np.asarray(landmarks[:, i], np.float64) for i in scheme.eye_corners)
    lengths: NDArray[np.float64] = np.maximum(np.linalg.norm(left - right, axis=1), LEAST)
    return lengths
