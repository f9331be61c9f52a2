"""Landmarks on no face, or on a face upside down, that a network is wrongly sure of.

Face detectors know upright faces. In a face that lies or hangs they see another one, with eyes for
the corners of the mouth; so the landmark network sees a face the wrong way up, which its
training never showed. But then the five points of its landmarks differ from the detector's, and the
O-Net, shown the portrait about the landmarks, sees no face in it.
"""

import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..crop.five_points import UPRIGHT, as_complex, as_points, in_all_directions
from ..crop.halves import Photo
from ..detection.base import FaceDetector
from ..detection.portrait import (
    FACE,
    LARGEST_OFFSET,
    apart,
    in_portrait_pixels,
    look_at,
    portrait_axes,
)
from ..schemes.five_points import five_of
from .network import LandmarkNetwork, Located

# Where landmarks put the five points from where detectors put them, portrait pixels, in the median
# over the open validation faces, as symmetric as a face.
HABIT = np.array([[0.6, 0.6], [-0.6, 0.6], [0.0, -1.65], [0.0, -0.2], [0.0, -0.2]])
# Differences of five points, portrait pixels. Less the habit, nine of ten upright faces lie below
# DOUBTFUL, and four of a hundred that were found the wrong way up.
DOUBTFUL = 3.6
# Mean scale relative to the `unsure` of the model. Landmarks that are surer are in doubt beyond
# LARGEST_OFFSET alone: of some 750 between DOUBTFUL and that, of eight models and three detectors,
# on open faces turned by any angle and on photos without faces, no look at one changed a result.
CERTAIN = 0.85
# Landmarks placed anew from the O-Net's points have arrived below CLOSE: the O-Net sees the eyes at
# the same place, and the nose up to 2 pixels off, by the habit of the labels. Profiles stay above
# it, and keep their first landmarks, which are better. Up to NEAR the O-Net confirms landmarks that
# have not moved.
CLOSE, NEAR = 2.2, 4.0
# The O-Net's points of profiles, which never settle, lie up to 10 portrait pixels off. Farther, it
# sees another face than the landmark network.
FAR = 10.0
ROUNDS = 3  # how often a face is placed anew at most
# If the first time does not bring the O-Net's points nearer by a quarter, and it is certain of the
# face there, the face never settles.
NEARER, SURELY_FACE = 0.75, 0.9
_TURNS = 8  # of a full circle; the O-Net knows faces that lean by half of one
_ANYWHERE = 8.0  # crop pixels; scale of landmarks that may lie anywhere in a face
SURE = 0.5  # least confidence of a face that seems sure
SAME = 0.5  # least IoU of two boxes of one face


class Agreement(NamedTuple):
    """N faces after the check.

    Attributes:
        located: their landmarks, some placed anew.
        five_points: (N, 5, 2), those of their crops, image pixels.
        seen: (N,), False if the O-Net sees no face there.
        moved: (N,), True if they were placed anew.
    """

    located: Located
    five_points: NDArray[np.floating[Any]]
    seen: NDArray[np.bool_]
    moved: NDArray[np.bool_]


def checked(
    network: LandmarkNetwork,
    detector: FaceDetector,
    image: Photo,
    five_points: NDArray[np.floating[Any]],
    located: Located,
    *,
    given: bool = False,
) -> Agreement:
    """Looks at the faces whose landmarks differ from the five points of their crops.

    A model without calibration does not estimate its errors, so its landmarks pass unchecked.

    Args:
        network: has found the landmarks.
        detector: with the O-Net.
        image: (H, W, 3) uint8 BGR, or with its halves.
        five_points: (N, 5, 2), those of the crops, image pixels.
        located: the landmarks.
        given: whether the caller knows that there are faces, of any turn: the check then looks in
            every direction. Landmarks that no look confirms have scales that say so.
    """
    placed = np.array(five_points)
    seen, moved = np.ones(len(placed), bool), np.zeros(len(placed), bool)
    five = five_of(network.info.scheme, located.landmarks)
    axes = portrait_axes(placed)  # of the portraits about the detector's points
    off = np.abs(in_portrait_pixels(five - placed, axes) - HABIT).max(axis=(1, 2))
    mean_scales = located.scales.mean(axis=1) / abs(axes)
    certain = mean_scales < CERTAIN * network.info.unsure
    doubtful = off > np.where(certain, LARGEST_OFFSET, DOUBTFUL)
    if network.info.calibration is None or not doubtful.any():
        return Agreement(located, placed, seen, moved)
    columns = [None if column is None else column.copy() for column in located]
    scales: Any = columns[1]
    for i in np.flatnonzero(doubtful):
        # A crop about points that are far off is a bad one, even if its landmarks agree.
        agreed = NEAR if off[i] <= LARGEST_OFFSET else CLOSE
        face = _Face(network, detector, image, five[i])
        if given and off[i] <= LARGEST_OFFSET and face.is_near:
            continue  # points of another habit, or a profile: the caller's stay
        seen[i], other = face.settled(agreed)
        if other is None and given:
            other = face.stood_up(placed[i], seen[i])
            seen[i] |= other is not None
        if other is None:
            if given and not seen[i]:
                scales[i] = np.maximum(scales[i], _ANYWHERE * located.steps[i])
            continue
        moved[i], placed[i] = True, other
        again = network.locate(image, other[None], textured=located.textures is not None)
        for column, values in zip(columns, again, strict=True):
            if column is not None and values is not None:
                column[i] = values[0]
    return Agreement(Located(*columns), placed, seen, moved)  # type: ignore[arg-type]


class _Face:
    """A face whose landmarks are in doubt.

    Args:
        network: has found the landmarks.
        detector: with the O-Net.
        image: (H, W, 3) uint8 BGR, or with its halves.
        five: (5, 2), five points of the landmarks, image pixels.
    """

    def __init__(
        self,
        network: LandmarkNetwork,
        detector: FaceDetector,
        image: Photo,
        five: Floats,
    ) -> None:
        self._network, self._image, self._five = network, image, five
        self._look = functools.partial(look_at, detector, image)
        self._first = self._look(five)

    @property
    def is_near(self) -> bool:
        """Whether the O-Net sees a face about the landmarks, and its points near theirs."""
        look = self._first
        return look.score >= FACE and apart(self._five, look.five_points) <= LARGEST_OFFSET

    def settled(self, agreed: float) -> tuple[bool, Floats | None]:
        """Whether there is a face, and better five points (5, 2) for its crop, if there are any.

        Landmarks whose five points differ by at most `agreed` from the O-Net's stay.
        """
        start: Floats | None = None
        five, look = self._five, self._first
        off = np.inf
        for placed in range(ROUNDS + 1):
            if placed:
                start = look.five_points
                five = self._landmarks(start)
                look = self._look(five)
            if look.score < FACE:
                return False, None
            before, off = off, apart(five, look.five_points)
            if off <= (CLOSE if placed else agreed):
                return True, start
            if placed == 1 and look.score >= SURELY_FACE and off > NEARER * before:
                break
        # They never settle: a profile, or a face that hangs.
        around = self._look(2 * self._five.mean(axis=0) - self._five)
        if around.score <= self._first.score:
            return apart(self._five, self._first.five_points) <= FAR, None
        right = self._confirmed(around.five_points)
        return right, around.five_points if right else None

    def stood_up(self, placed: Floats, seen: bool) -> Floats | None:
        """Five points (5, 2) that stand by every test, of a face at `placed` of any turn."""
        middle = placed.mean(axis=0)
        size = np.sqrt(((placed - middle) ** 2).sum() / (UPRIGHT**2).sum())
        ways = in_all_directions(size * as_complex(UPRIGHT), _TURNS)
        looks = [self._look(as_points(way) + middle) for way in ways]
        best = max(looks, key=lambda look: look.score)
        if best.score < FACE or (seen and best.score <= self._first.score):
            return None
        start = self._look(best.five_points).five_points
        return start if self._confirmed(start) else None

    def _landmarks(self, start: Floats) -> Floats:
        """Five points of the landmarks in a crop about others."""
        located = self._network.locate(self._image, start[None])
        five: Floats = five_of(self._network.info.scheme, located.landmarks)[0]
        return five

    def _confirmed(self, start: Floats) -> bool:
        five = self._landmarks(start)
        look = self._look(five)
        return look.score >= FACE and apart(five, look.five_points) <= NEAR
