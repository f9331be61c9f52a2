"""The length d that errors are divided by: inter-ocular distance, or side of the face."""

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..base.boxes import around
from .scheme import Scheme

LEAST = 1e-6  # pixels: no length is zero, so that logarithms and quotients stay finite


def face_sides(landmarks: Floats) -> NDArray[np.float64]:
    """(N,) side of the square that has the area of the landmarks' bounding box, pixels."""
    return box_sides(around(np.asarray(landmarks, np.float64)))


def box_sides(boxes: Floats) -> NDArray[np.float64]:
    """(N,) side of the square that has the area of each box, pixels."""
    extents = boxes[:, 2:] - boxes[:, :2]
    sides: NDArray[np.float64] = np.maximum(np.sqrt(extents[:, 0] * extents[:, 1]), LEAST)
    return sides


def normalisers(landmarks: Floats, scheme: Scheme) -> NDArray[np.float64]:
    """The length d that errors of each face are divided by.

    The distance of the outer corners of the eyes, NaN if one of them is; for schemes without these,
    the side of the face.

    Args:
        landmarks: (N, K, 2) pixels; a landmark that is not visible is NaN.
        scheme: the annotation scheme.

    Returns:
        (N,) float64 pixels, above 0.
    """
    if scheme.eye_corners is None:
        return face_sides(landmarks)
    left, right = (np.asarray(landmarks[:, i], np.float64) for i in scheme.eye_corners)
    lengths: NDArray[np.float64] = np.maximum(np.linalg.norm(left - right, axis=1), LEAST)
    return lengths
