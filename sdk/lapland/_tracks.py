"""Tracks: the faces that a `Tracker` follows, where they are, how they look, which is which."""

import cmath
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from . import _geometry as geometry
from ._models import ModelInfo
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
_CELLS = np.stack(
    np.meshgrid(
        *(
            part.start + (np.arange(_LOOKS_SIDE) + 0.5) * (part.stop - part.start) / _LOOKS_SIDE
            for part in reversed(_INNER)
        )
    ),
    axis=-1,
).reshape(-1, 2)  # (64, 2), middles of what its pixels cover, portrait pixels
_LOOKS_RATE = 0.2  # how much of the looks a new portrait replaces
_VELOCITY_RATE = 0.3
# How much a new doubt counts in the usual one: little where it is more, as landmarks stray by and
# by; and what share of the usual is no longer like it (0.02 of it is the noise of a still face).
_SURER, _LESS_SURE = 0.3, 0.02
_UNEASY = 1.06
# Least motion in a frame that is gone by, in longer sides of the five points; and least change of
# size (its logarithm) and roll (radians), more than a mouth that opens makes.
_STEADY, _STEADY_TURN = 0.03, 0.04
_FORESEEN = 0.1  # seconds for which motion is expected to go on
_NOWHERE = np.zeros(2)
# Portrait pixels; a point of MTCNN is off by 1, standard deviation, and what is off by more than
# this is a mistake of the one or the other, or a rolled face, which MTCNN does not know.
LARGEST_OFFSET = 6.0
_OFFSET_RATE = 0.2  # least that a comparison counts
_SQUARE = 2.0  # side of the square that stands for a face, in longer sides of its five points


@dataclass(eq=False)
class Track:
    """One face that is followed; what it was in the last frame.

    Attributes:
        five: (5, 2), its five points, image pixels; the next crop comes from them.
        smoother: of its landmarks.
        id: who it is; -1 before that is known.
        landmarks: (K, 2) float32, as the network found them.
        scales: (K,) float32, image pixels.
        texture: (5 + K,) float32, of the crop that they were found in.
        doubt: mean scale in pixels of the portrait: 1.2 for most faces, 2 where there is none.
        usual: what the doubt of this face mostly is, 0 before that is known.
        easy_five: (5, 2), what its crop was about when its doubt was last as usual.
        score: of the O-Net, when it last looked.
        looks: (8, 8, 3), the face as a small picture; None before a sure look.
        motion: (2,) image pixels a second, from the last frame to this one.
        steady: whether that is as it was before, and enough to go by.
        turn: how fast it grows (real, of the logarithm of its size) and rolls (imaginary, radians),
            a second, from the last frame to this one.
        turning: whether that is as it was before, and enough to go by.
        velocity: (2,) the same over some frames.
        offset: (5, 2), how MTCNN's points differ from those of the landmarks, portrait pixels.
        compared: how often they were compared.
        detected: (5, 2), MTCNN's points of the next frame, where they are known before.
        hint: (5, 2), where the face of the next frame may be, if the landmarks are found elsewhere.
        sure_five: (5, 2), its five points when it was last sure; None if never, or in a scene that
            was cut.
        sure_velocity: (2,), its velocity then.
        unsure: frames in a row in which the doubt was too large.
        strikes: looks in a row that saw no face.
        unseen: searches in a row that did not find it while it was unsure.
        looked: number of the frame in which the O-Net last looked.
        lost_at: when it was lost, seconds.
    """

    five: Points
    smoother: Smoother
    id: int = -1
    landmarks: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 2), np.float32))
    scales: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    texture: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    doubt: float = 0.0
    usual: float = 0.0
    easy_five: Points = field(default_factory=lambda: np.zeros((5, 2)))
    score: float = 0.0
    looks: NDArray[np.float32] | None = None
    motion: Points = field(default_factory=lambda: np.zeros(2))
    steady: bool = False
    turn: complex = 0j
    turning: bool = False
    velocity: Points = field(default_factory=lambda: np.zeros(2))
    offset: Points = field(default_factory=lambda: np.zeros((5, 2)))
    compared: int = 0
    detected: Points | None = None
    hint: Points | None = None
    sure_five: Points | None = None
    sure_velocity: Points = field(default_factory=lambda: np.zeros(2))
    unsure: int = 0
    strikes: int = 0
    unseen: int = 0
    looked: int = -1
    lost_at: float = 0.0

    def foreseen(self, seconds: float) -> Points:
        """(5, 2), where its five points should be in the next frame: on, if they move steadily."""
        time = min(seconds, _FORESEEN)
        five: Points = self.five + self.motion * time if self.steady else self.five
        if self.turning:
            centre = five.mean(axis=0)
            further = geometry.as_complex(five - centre) * cmath.exp(self.turn * time)
            five = centre + geometry.as_points(further)
        return five

    def held(self) -> Points:
        """(5, 2), its five points here in the size and roll that it had when it was sure.

        Landmarks that are unsure tell where a face is much better than how large it is: each crop
        would be larger, or smaller, than the one before, and the doubt in it no larger for that.
        """
        before = self.as_landmarks(self.easy_five)
        here: Points = before + (self.five - before).mean(axis=0)
        return here

    def as_landmarks(self, points: Points) -> Points:
        """MTCNN's five points (5, 2) -> where those of the landmarks should be, by the offset."""
        five: Points = points - turned(self.offset[None], portrait_axes(points[None]))[0]
        return five

    def compare(self, detected: Points, five: Points) -> bool:
        """Learns from how MTCNN's points of a frame differ from those of the landmarks.

        Crops that come from landmarks alone repeat their errors: on 198 validation faces the error
        rose by 0.10 points to a fixed point, and by 0.04 with this; and a still face stays still.

        Returns:
            whether they agree; where not, one of the two is mistaken, and nothing is learnt.
        """
        matrices = portrait_matrices(five[None])
        points = geometry.to_crop(np.stack([detected, five]), np.repeat(matrices, 2, axis=0))
        offset = points[0] - points[1]
        if np.abs(offset).max() > LARGEST_OFFSET:
            return False
        self.compared += 1
        self.offset = self.offset + max(1 / self.compared, _OFFSET_RATE) * (offset - self.offset)
        return True

    def is_uneasy(self, doubt: float) -> bool:
        """Whether landmarks are less sure than those of this face mostly are.

        Where a face has two answers, as a mouth and the shade of a lip, the wrong one is the less
        sure, though many a right one is as unsure.
        """
        return doubt > _UNEASY * self.usual > 0

    def get_used(self, start: Points) -> None:
        """Lets the doubt of a frame, whose crop was about `start` (5, 2), count in the usual."""
        if not self.is_uneasy(self.doubt):
            self.easy_five = start
        rate = _SURER if self.doubt < self.usual else _LESS_SURE
        self.usual = self.usual + rate * (self.doubt - self.usual) if self.usual else self.doubt

    def rest(self) -> None:
        """Forgets its motion."""
        self.motion = self.velocity = _NOWHERE
        self.turn, self.steady, self.turning = 0j, False, False

    def without_identity(self, smoother: Smoother) -> "Track":
        """Another track at the same place."""
        return replace(self, smoother=smoother, id=-1, looks=None, sure_five=self.five)

    def moved_to(self, five: Points, seconds: float) -> None:
        """Takes the five points of the next frame, and the speed that follows."""
        motion = (five - self.five).mean(axis=0) / seconds
        # Two steps of a size that matters, in about one direction: shaking is no motion to go by,
        # and a still face must not inherit the noise of its speed.
        long = math.sqrt(motion @ motion)
        agree = motion @ self.motion > 0.5 * long * math.sqrt(self.motion @ self.motion)
        self.steady = bool(agree) and long * seconds > _STEADY * extent(five)
        self.motion = motion
        size, before = geometry.fits(np.stack([five, self.five])).tolist()
        turn = cmath.log(size / before) / seconds if size and before else 0j
        agree = (turn * self.turn.conjugate()).real > 0.5 * abs(turn) * abs(self.turn)
        self.turning = agree and abs(turn) * seconds > _STEADY_TURN
        self.turn = turn
        self.velocity = self.velocity + _VELOCITY_RATE * (motion - self.velocity)
        self.five = five

    def remember(self, looks: NDArray[np.float32]) -> None:
        """Lets a look count in what the face looks like, where the image shows all of it."""
        if self.looks is None:
            self.looks = looks
        elif not np.isnan(looks).any():
            known = np.where(np.isnan(self.looks), looks, self.looks)
            self.looks = known + _LOOKS_RATE * (looks - known)

    def likeness(self, looks: NDArray[np.float32]) -> float:
        """Correlation of its looks with others, -1 to 1; 0 where they share too little."""
        if self.looks is None:
            return 0.0
        shared = ~np.isnan(self.looks + looks)
        if shared.mean() < 0.4:
            return 0.0
        first, second = self.looks[shared], looks[shared]
        first, second = first - first.mean(), second - second.mean()
        norm = float(np.sqrt(np.vdot(first, first) * np.vdot(second, second)))
        return float(np.vdot(first, second)) / norm if norm > 0 else 0.0

    def expected(self, time: float) -> Points | None:
        """Five points of a lost track: where it was last sure, moved on for at most a second."""
        if self.sure_five is None:
            return None
        return self.sure_five + self.sure_velocity * min(max(time - self.lost_at, 0.0), 1.0)


def portrait_matrices(five: Points) -> Points:
    """(N, 5, 2) five points -> (N, 2, 3), portrait pixels -> image pixels."""
    return geometry.crop_matrices(five, **_PORTRAIT)


def portrait_axes(five: Points) -> NDArray[np.complex128]:
    """(N, 5, 2) five points -> (N,) the step to the next portrait pixel to the right, as x + iy."""
    return geometry.crop_axes(five, **_PORTRAIT)[0]


def portrait_step(model: ModelInfo) -> float:
    """A pixel of the portrait in pixels of a model's crops: 1 for those that are shipped."""
    own, portrait = model.crop_factor / model.size, _PORTRAIT["factor"] / _PORTRAIT["size"]
    return float(portrait / own)


def turned(offsets: Points, axes: NDArray[np.complex128]) -> Points:
    """Offsets (N, 5, 2) in portrait pixels -> in image pixels."""
    return geometry.as_points(geometry.as_complex(offsets) * axes[:, None])


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
        the looks of the face, (8, 8, 3) brightness, NaN where the image has ended.
    """
    matrices = portrait_matrices(five[None])
    portrait = geometry.cut(image, matrices[0], _PORTRAIT["size"])
    scores, points = mtcnn.five_points(portrait, _BOX_IN_PORTRAIT)
    side = _LOOKS_SIDE
    small = cv2.resize(portrait[_INNER], (side, side), interpolation=cv2.INTER_AREA)
    looks: NDArray[np.float32] = small.astype(np.float32)
    height, width = image.shape[:2]
    x, y = geometry.to_image(_CELLS[None], matrices)[0].T
    looks.reshape(-1, 3)[(x < 0) | (y < 0) | (x > width - 1) | (y > height - 1)] = np.nan
    return float(scores[0]), geometry.to_image(points.astype(np.float64), matrices)[0], looks


def extent(five: Points) -> float:
    """Longer side of the rectangle of five points (5, 2)."""
    return float((five.max(axis=0) - five.min(axis=0)).max())


def apart(five: Points, others: Points) -> float:
    """Largest difference of five points (5, 2) from others, in portrait pixels of the first."""
    return float(np.abs(five - others).max() / abs(portrait_axes(five[None])[0]))


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
    fit: Points = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return fit


def pairs(fit: Points, least: float) -> list[tuple[int, int]]:
    """Rows and columns that belong together, the best fit first, each at most once.

    Greedy. The assignment of least total cost differs from it only where two faces compete for
    one place, and there it may give up the better pair for two poor ones.

    Args:
        fit: (N, M), larger is better.
        least: below which nothing belongs together.
    """
    found: list[tuple[int, int]] = []
    rows: set[int] = set()
    columns: set[int] = set()
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
    return np.array([t.five for t in tracks]).reshape(-1, 5, 2)
