"""Landmarks on no face, or on a face upside down, that a network is wrongly sure of.

Face detectors know upright faces. In a face that lies or hangs they see another one, with eyes for
the corners of the mouth; so the landmark network sees a face the wrong way up, which its
training never showed. But then the five points of its landmarks differ from the detector's, and the
O-Net, shown the portrait about the landmarks, sees no face in it.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..detection.base import FaceDetector
from ..detection.portrait import FACE, LARGEST_OFFSET, apart, look_at
from ..schemes.five_points import five_of
from .network import LandmarkNetwork, Located

# Differences of five points, portrait pixels. 90 % of 100 faces of 300-W, and of tilted faces with
# right landmarks, lie below DOUBTFUL; none of the faces found upside down does.
DOUBTFUL = 2.5
# Landmarks placed anew from the O-Net's points have arrived below CLOSE: the O-Net sees the eyes at
# the same place, and the nose up to 2 pixels off, by the habit of the labels. Profiles stay above
# it, and keep their first landmarks, which are better. Up to NEAR the O-Net confirms landmarks that
# have not moved.
CLOSE, NEAR = 2.2, 4.0
ROUNDS = 3  # how often a face is placed anew at most
SURE = 0.5  # least confidence of a face that seems sure


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
    image: NDArray[np.uint8],
    five_points: NDArray[np.floating[Any]],
    located: Located,
) -> Agreement:
    """Looks at the faces whose landmarks differ from the five points of their crops.

    A model without calibration does not estimate its errors, so its landmarks pass unchecked.

    Args:
        network: has found the landmarks.
        detector: with the O-Net.
        image: (H, W, 3) uint8 BGR.
        five_points: (N, 5, 2), those of the crops, image pixels.
        located: the landmarks.
    """
    placed = np.array(five_points)
    seen, moved = np.ones(len(placed), bool), np.zeros(len(placed), bool)
    five = five_of(network.info.scheme, located.landmarks)
    columns = [None if column is None else column.copy() for column in located]
    for i in range(len(placed) if network.info.calibration else 0):
        off = apart(five[i], placed[i])
        if off <= DOUBTFUL:
            continue
        # A crop about points that are far off is a bad one, even if its landmarks agree.
        agreed = NEAR if off <= LARGEST_OFFSET else CLOSE
        seen[i], other = _settled(network, detector, image, five[i], agreed)
        if other is None:
            continue
        moved[i], placed[i] = True, other
        again = network.locate(image, other[None], textured=located.textures is not None)
        for column, values in zip(columns, again, strict=True):
            if column is not None and values is not None:
                column[i] = values[0]
    return Agreement(Located(*columns), placed, seen, moved)  # type: ignore[arg-type]


def _settled(
    network: LandmarkNetwork,
    detector: FaceDetector,
    image: NDArray[np.uint8],
    five: Floats,
    agreed: float,
) -> tuple[bool, Floats | None]:
    """Whether there is a face, and better five points (5, 2) for its crop, if there are any.

    Landmarks whose five points differ by at most `agreed` from the O-Net's stay.
    """
    start: Floats | None = None
    first = five
    for _ in range(ROUNDS + 1):
        look = look_at(detector, image, five)
        if look.score < FACE:
            return False, None
        if apart(five, look.five_points) <= (agreed if start is None else CLOSE):
            return True, start
        start = look.five_points
        five = five_of(network.info.scheme, network.locate(image, start[None]).landmarks)[0]
    return _half_turned(network, detector, image, first)


def _half_turned(
    network: LandmarkNetwork, detector: FaceDetector, image: NDArray[np.uint8], five: Floats
) -> tuple[bool, Floats | None]:
    """The same for landmarks that never settle: a profile, or a face that hangs."""
    around = look_at(detector, image, 2 * five.mean(axis=0) - five)
    if around.score <= look_at(detector, image, five).score:
        return True, None
    start = around.five_points
    five = five_of(network.info.scheme, network.locate(image, start[None]).landmarks)[0]
    look = look_at(detector, image, five)
    right = look.score >= FACE and apart(five, look.five_points) <= NEAR
    return right, start if right else None
