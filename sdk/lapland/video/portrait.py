"""The portrait of a face: cut out upright, shown to the detector's last stage, and compared."""

from dataclasses import dataclass, field
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ..crop import square
from ..detection.base import FaceDetector
from ..detection.portrait import (
    FACTOR,
    LARGEST_OFFSET,
    SIDE,
    look_at,
    offsets,
    shifted,
)
from ..networks.info import ModelInfo
from .matching import Points

# A small picture of a face, (8, 8, 3) brightness, NaN beyond the border of the image.
Picture = NDArray[np.float32]

# Part of the portrait that is compared: the face, with little background.
_INNER = (slice(6, 70), slice(10, 70))
_PICTURE_SIDE = 8  # pixels; 12, 16 and 24 separate faces no better
_CELLS = np.stack(
    np.meshgrid(
        *(
            part.start + (np.arange(_PICTURE_SIDE) + 0.5) * (part.stop - part.start) / _PICTURE_SIDE
            for part in reversed(_INNER)
        )
    ),
    axis=-1,
).reshape(-1, 2)  # (64, 2), centres of the picture's pixels, portrait pixels
_LOOKS_RATE = 0.2  # how much of a remembered picture a new one replaces
_VIEWS, _SAME_VIEW = 4, 0.85  # remembered pictures of a face; likeness of two that are one view
# For 140 faces of 300-W with a half covered, the better half is above 0.92 for 98 %, the whole
# above 0.45 for half of them. For two people, the best half is above 0.9 for 1 %, the whole above
# 0.8.
_HALF_LESS = 0.1
_HALVES = (np.s_[:, :4], np.s_[:, 4:], np.s_[:4], np.s_[4:])
_OFFSET_RATE = 0.2  # least that a comparison counts
_SHARED = 0.4  # least part of two pictures that both show, for them to be compared


def portrait_pixel(model: ModelInfo) -> float:
    """Side of a portrait pixel in pixels of a model's crops: 1 for those that are shipped."""
    own, portrait = model.crop_factor / model.size, FACTOR / SIDE
    return float(portrait / own)


class Sight(NamedTuple):
    """The O-Net's look at a place.

    Attributes:
        score: probability of a face.
        five_points: (5, 2), the O-Net's own, image pixels.
        picture: (8, 8, 3), of the place.
    """

    score: float
    five_points: Points
    picture: Picture


def look(detector: FaceDetector, image: NDArray[np.uint8], five_points: Points) -> Sight:
    """Looks at a place that should show a face.

    Args:
        detector: the face detector. The portrait turns with the face, so it sees any roll.
        image: (H, W, 3) uint8 BGR.
        five_points: (5, 2), image pixels.
    """
    score, five, portrait, matrix = look_at(detector, image, five_points)
    side = _PICTURE_SIDE
    small = cv2.resize(portrait[_INNER], (side, side), interpolation=cv2.INTER_AREA)
    picture: Picture = small.astype(np.float32)
    height, width = image.shape[:2]
    x, y = square.to_image(_CELLS[None], matrix[None])[0].T
    picture.reshape(-1, 3)[(x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)] = np.nan
    return Sight(score, five, picture)


@dataclass
class Looks:
    """How a face looks, learnt from small pictures of it.

    Attributes:
        pictures: some that differ, each the mean of those that are like it; the last views of it.
    """

    pictures: list[Picture] = field(default_factory=list)

    def remember(self, picture: Picture) -> None:
        """Learns from a picture of the face, if the image shows all of it."""
        if self.pictures and np.isnan(picture).any():
            return
        alike = [_correlation(known, picture) for known in self.pictures]
        if not alike or max(alike) < _SAME_VIEW:
            self.pictures = [*self.pictures, picture][-_VIEWS:]
            return
        best = alike.index(max(alike))
        known = self.pictures[best]
        known = np.where(np.isnan(known), picture, known)
        self.pictures[best] = known + _LOOKS_RATE * (picture - known)

    def likeness(self, picture: Picture) -> float:
        """Correlation with a picture, -1 to 1, of the view that is most like it.

        Something before the face spoils the whole of a picture and leaves one half of it: halves
        count too, a little less, as those of two people are more alike than their whole faces.
        """
        best = []
        for known in self.pictures:
            best.append(_correlation(known, picture))
            best += [_correlation(known[h], picture[h]) - _HALF_LESS for h in _HALVES]
        return max(best, default=0.0)


def _correlation(first: Picture, second: Picture) -> float:
    """Correlation of the pixels that both pictures show, -1 to 1; 0 if they are too few."""
    shared = ~np.isnan(first + second)
    if shared.mean() < _SHARED:
        return 0.0
    a, b = first[shared], second[shared]
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt(np.vdot(a, a) * np.vdot(b, b)))
    return float(np.vdot(a, b)) / norm if norm > 0 else 0.0


@dataclass
class Offset:
    """The usual difference of the O-Net's five points from those of the landmarks.

    Crops that come from landmarks alone repeat their errors: on 198 validation faces the error rose
    by 0.10 points to a fixed point, and by 0.04 with this; and a still face stays still.

    Attributes:
        points: (5, 2), portrait pixels.
        compared: number of comparisons.
    """

    points: Points = field(default_factory=lambda: np.zeros((5, 2)))
    compared: int = 0

    def learn(self, detected: Points, five_points: Points) -> None:
        """Learns from the five points of a look and those of the landmarks, (5, 2) each.

        If they do not agree one of the two is mistaken, and nothing is learnt.
        """
        if agree(detected, five_points):
            (offset,) = offsets(five_points[None], detected[None])
            self.compared += 1
            self.points = self.points + max(1 / self.compared, _OFFSET_RATE) * (
                offset - self.points
            )

    def removed(self, detected: Points) -> Points:
        """The O-Net's five points (5, 2) -> the expected five points of the landmarks."""
        five_points: Points = shifted(detected[None], -self.points[None])[0]
        return five_points


def agree(detected: Points, five_points: Points) -> bool:
    """Whether a detector's five points (5, 2) may be those of a face whose landmarks are right."""
    return bool(np.abs(offsets(five_points[None], detected[None])).max() <= LARGEST_OFFSET)
