"""Tracks: the faces that a `Tracker` follows, where they are, how they look, which is which."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from . import _geometry as geometry
from ._mtcnn import Mtcnn
from ._smoothing import Smoother

Points = NDArray[np.float64]

# The portrait of a face: the crop that landmarks are found in, whatever the model's own may be.
_PORTRAIT: Any = {"factor": 3.0, "size": 80, "upright": True}
# Where MTCNN's box lies in it: medians of 198 of 300-W's 200 validation faces, with quartiles
# within 3 px. Turned with the face, it shows the O-Net, which knows upright faces only, any roll.
_BOX_IN_PORTRAIT = [[4.3, -1.2, 74.3, 68.8]]
# What of it is compared: the face with little of what is behind it.
_INNER = (slice(6, 70), slice(10, 70))
_LOOKS_SIDE = 8  # pixels; 12, 16 and 24 tell faces apart no better
_LOOKS_RATE = 0.2  # how much of the looks a new portrait replaces
_VELOCITY_RATE = 0.3
_SQUARE = 2.0  # side of the square that stands for a face, in longer sides of its five points


@dataclass(eq=False)
class Track:
    """One face that is followed; what it was in the last frame.

    Attributes:
        five: (5, 2), where the crop of the next frame comes from.
        smoother: of its landmarks.
        id: who it is; -1 before that is known.
        landmarks: (K, 2) float32, as the network found them.
        smooth: (K, 2) float32, as they are returned.
        scales: (K,) float32, image pixels.
        doubt: mean scale in pixels of the portrait: 1.2 for most faces, 2 where there is none.
        score: of the O-Net, when it last looked.
        looks: unit vector, the face as a small picture; None before a sure look.
        velocity: (2,) image pixels a second.
        unsure: frames in a row in which the doubt was too large.
        strikes: looks in a row, and detections, that saw no face.
        looked: number of the frame in which the O-Net last looked.
        lost_at: when it was lost, seconds.
    """

    five: Points
    smoother: Smoother
    id: int = -1
    landmarks: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    smooth: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    scales: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    doubt: float = 0.0
    score: float = 0.0
    looks: NDArray[np.float32] | None = None
    velocity: Points = field(default_factory=lambda: np.zeros(2))
    unsure: int = 0
    strikes: int = 0
    looked: int = -1
    lost_at: float = 0.0

    def moved_to(self, five: Points, seconds: float) -> None:
        """Takes the five points of the next frame, and the speed that follows."""
        step = (five.mean(axis=0) - self.five.mean(axis=0)) / seconds
        self.velocity = self.velocity + _VELOCITY_RATE * (step - self.velocity)
        self.five = five

    def remember(self, looks: NDArray[np.float32]) -> None:
        """Lets a sure look count in what the face looks like."""
        if self.looks is not None:
            looks = self.looks + _LOOKS_RATE * (looks - self.looks)
            looks /= np.sqrt(np.vdot(looks, looks))
        self.looks = looks

    def likeness(self, looks: NDArray[np.float32] | None) -> float:
        """Correlation of its looks with others, -1 to 1; 0 where one of the two is not known."""
        if self.looks is None or looks is None:
            return 0.0
        return float(np.vdot(self.looks, looks))

    def expected(self, time: float) -> Points:
        """Five points of a lost track, moved on at its speed for at most a second."""
        return self.five + self.velocity * min(max(time - self.lost_at, 0.0), 1.0)


def portrait_matrices(five: Points) -> Points:
    """(N, 5, 2) five points -> (N, 2, 3), portrait pixels -> image pixels."""
    return geometry.crop_matrices(five, **_PORTRAIT)


def look(
    mtcnn: Mtcnn, image: NDArray[np.uint8], five: Points
) -> tuple[float, Points, NDArray[np.float32]]:
    """Looks at a place where a face should be.

    Args:
        mtcnn: of which the O-Net looks.
        image: (H, W, 3) uint8 BGR.
        five: (5, 2), image pixels.

    Returns:
        the probability that a face is there; the O-Net's own five points (5, 2), image pixels; and
        the looks of the face, a unit vector.
    """
    matrices = portrait_matrices(five[None])
    portrait = geometry.cut(image, matrices[0], _PORTRAIT["size"])
    scores, points = mtcnn.five_points(portrait, _BOX_IN_PORTRAIT)
    small = cv2.resize(
        portrait[_INNER], (_LOOKS_SIDE, _LOOKS_SIDE), interpolation=cv2.INTER_AREA
    ).astype(np.float32)
    small -= small.mean()
    looks = (small / max(float(np.sqrt(np.vdot(small, small))), 1e-6)).ravel()
    return float(scores[0]), geometry.to_image(points.astype(np.float64), matrices)[0], looks


def squares(five: Points) -> Points:
    """(N, 5, 2) five points -> (N, 4) x1, y1, x2, y2 of upright squares about the faces."""
    low, high = five.min(axis=1), five.max(axis=1)  # (N, 2)
    half = (high - low).max(axis=1, keepdims=True) * (_SQUARE / 2)
    centre = (low + high) / 2
    return np.concatenate([centre - half, centre + half], axis=1)


def overlaps(first: Points, second: Points) -> Points:
    """Intersection over union of the squares of five points: (N, 5, 2), (M, 5, 2) -> (N, M)."""
    if not len(first) or not len(second):
        return np.zeros((len(first), len(second)))
    a, b = squares(first), squares(second)
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.maximum(high - low, 0).prod(axis=2)
    area_a, area_b = ((box[:, 2:] - box[:, :2]).prod(axis=1) for box in (a, b))
    union = area_a[:, None] + area_b[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def pairs(fit: Points, least: float) -> list[tuple[int, int]]:
    """Rows and columns that belong together, the best fit first, each at most once.

    Greedy. The assignment of least total cost differs from it only where two faces compete for
    one place, and there it may give up the better pair for two poor ones.

    Args:
        fit: (N, M), larger is better.
        least: below which nothing belongs together.
    """
    found, rows, columns = [], set(), set()
    for at in np.argsort(-fit, axis=None, kind="stable"):
        row, column = divmod(int(at), fit.shape[1])
        if fit[row, column] < least:
            break
        if row not in rows and column not in columns:
            found.append((row, column))
            rows.add(row)
            columns.add(column)
    return found


def stacked(tracks: Sequence[Track]) -> Points:
    """(N, 5, 2), the five points of tracks."""
    return np.stack([t.five for t in tracks]) if tracks else np.zeros((0, 5, 2))
