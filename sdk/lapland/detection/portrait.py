"""The portrait of a face: the upright crop about its five points, which the O-Net can be shown.

Its side and factor are those of the crops of the shipped models, for custom models too.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..crop import square
from ..crop.five_points import as_complex, as_points, crop_axes
from ..crop.halves import Photo
from .base import FaceDetector, Image

SIDE = 80  # pixels
FACTOR = 3.0
_CROP: Any = {"factor": FACTOR, "size": SIDE, "upright": True}
# Difference of five points, portrait pixels. A point of MTCNN is off by 1, standard deviation; a
# larger difference than this is a mistake of the one or the other.
LARGEST_OFFSET = 6.0
FACE = 0.5  # least score of the O-Net for a face


def portrait_matrices(five_points: Floats) -> NDArray[np.float64]:
    """(N, 5, 2) five points -> (N, 2, 3), portrait pixels -> image pixels."""
    return square.crop_matrices(five_points, **_CROP)


def portrait_axes(five_points: Floats) -> NDArray[np.complex128]:
    """(N, 5, 2) five points -> (N,) the step to the next portrait pixel to the right, as x + iy."""
    return crop_axes(five_points, **_CROP)[0]


def shifted(five_points: Floats, offsets: Floats) -> NDArray[np.float64]:
    """Five points (N, 5, 2) of the image, shifted by offsets (N, 5, 2) in their portrait pixels."""
    further = as_complex(offsets) * portrait_axes(five_points)[:, None]
    there: NDArray[np.float64] = five_points + as_points(further)
    return there


def offsets(five_points: Floats, others: Floats) -> NDArray[np.float64]:
    """The inverse of `shifted`: (N, 5, 2), from five points to others, in their portrait pixels."""
    return in_portrait_pixels(others - five_points, portrait_axes(five_points))


def in_portrait_pixels(offsets: Floats, axes: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Offsets (N, 5, 2) in image pixels -> in the pixels of portraits with these axes (N,)."""
    return as_points(as_complex(offsets) / axes[:, None])


def apart(five_points: Floats, others: Floats) -> float:
    """Largest difference of five points (5, 2) from others, in portrait pixels of the first."""
    side = abs(portrait_axes(five_points[None])[0])
    return float(np.abs(five_points - others).max() / side)


class Look(NamedTuple):
    """The O-Net's look at a place.

    Attributes:
        score: probability of a face.
        five_points: (5, 2), the O-Net's own, image pixels.
        portrait: (80, 80, 3) uint8 BGR.
        matrix: (2, 3), portrait pixels -> image pixels.
    """

    score: float
    five_points: NDArray[np.float64]
    portrait: Image
    matrix: NDArray[np.float64]


def look_at(detector: FaceDetector, image: Photo, five_points: Floats) -> Look:
    """Looks at a place that should show a face.

    Args:
        detector: the face detector. The portrait turns with the face, so it sees any roll.
        image: (H, W, 3) uint8 BGR.
        five_points: (5, 2), image pixels.
    """
    matrices = portrait_matrices(five_points[None])
    portrait = square.cut(image, matrices[0], SIDE)
    scores, points = detector.five_points(portrait, [detector.box_in_portrait])
    five = square.to_image(points.astype(np.float64), matrices)[0]
    return Look(float(scores[0]), five, portrait, matrices[0])
