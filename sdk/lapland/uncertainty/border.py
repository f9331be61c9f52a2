"""Landmarks beyond the border of the photo, which a network cannot see.

It draws them towards the part of the face that it sees, up to the border, with scales as small as
those of the others. So a calibration on whole faces says nothing of them. Their errors follow a
Weibull distribution in sides of the face. A network that saw cut faces in training guesses better
than one that saw none, so each calibration has a distribution of its own.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..base.boxes import around
from ..schemes.normaliser import box_sides, face_sides

ImageSize = tuple[int, int]
"""Width and height of a photo, pixels."""

# Sides of the face from the border, within which ever more landmarks belong to the part beyond.
NEAR = 0.1


@dataclass(frozen=True)
class Hidden:
    """Errors of the landmarks that a photo does not show.

    `training.calibration.hidden` fits it to faces that are cut.

    Attributes:
        scale: scale of the Weibull distribution, sides of the face.
        inverse_shape: one through its shape.
    """

    scale: float
    inverse_shape: float

    def radii(
        self, landmarks: Floats, size: ImageSize | None, probability: float
    ) -> NDArray[np.float64]:
        """Least radius that holds each landmark with a probability, (N, K) pixels.

        It is 0 for landmarks that the photo shows. At the border and beyond, it is that of a
        landmark which is not seen, and it grows between.

        Args:
            landmarks: (N, K, 2), image pixels.
            size: size of the photo; None if unknown, which gives 0 for all.
            probability: above 0 and below 1.
        """
        sides = face_sides(landmarks)[:, None]
        return self.radius(probability) * sides * share_beyond(landmarks, size)

    def radius(self, probability: float) -> float:
        """The radius of a landmark at the border, in sides of the face."""
        return self.scale * float((-np.log1p(-probability)) ** self.inverse_shape)

    def errors(self, landmarks: Floats, size: ImageSize | None) -> NDArray[np.float64]:
        """Likewise the mean error, in sides of the face, (N, K)."""
        return self.mean * share_beyond(landmarks, size)

    @property
    def mean(self) -> float:
        """The mean error, in sides of the face."""
        return self.scale * math.gamma(1 + self.inverse_shape)


# For models without an entry of their own: networks that saw no cut faces, on validation faces of
# 300-W.
USUAL = Hidden(scale=0.135, inverse_shape=0.75)


def share_beyond(landmarks: Floats, size: ImageSize | None) -> NDArray[np.float64]:
    """(N, K): 1 at the border and beyond, 0 from `NEAR` sides of the face on."""
    points = np.asarray(landmarks, np.float64)
    boxes = around(points)
    shares = shares_of(points, boxes, box_sides(boxes), size)
    return np.zeros(points.shape[:2]) if shares is None else shares


def shares_of(
    landmarks: Floats, boxes: Floats, sides: Floats, size: ImageSize | None
) -> NDArray[np.float64] | None:
    """`share_beyond`, of landmarks whose boxes and sides are known; None if all are 0, as most."""
    if size is None:
        return None
    width, height = size
    for (x1, y1, x2, y2), side in zip(boxes.tolist(), sides.tolist(), strict=True):
        if not min(x1, y1, width - 1 - x2, height - 1 - y2) + 0.5 >= NEAR * side:
            break
    else:
        return None
    inside = np.minimum(landmarks + 0.5, np.array(size) - 0.5 - landmarks).min(axis=2)
    shares: NDArray[np.float64] = np.clip(1 - inside / (NEAR * sides[:, None]), 0, 1)
    return shares
