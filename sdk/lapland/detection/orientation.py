"""The stance of a face: the O-Net looks at its portrait, and at that of the other way up.

Detectors that know upright faces see one in a face that hangs upside down all the same, by its
eyes, with a mouth on the forehead. The networks distinguish the portraits of both. A detector that
knows faces at any angle is sure of their places and sizes, and less of the angle: there the O-Net
looks in all directions.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..crop import square
from ..crop.five_points import UPRIGHT, as_complex, as_points, in_all_directions, roll
from ..crop.halves import Photo
from .base import Result
from .blazeface import BlazeFace
from .mtcnn_boxes import Floats, Image
from .onestage import BOX
from .onet import Onet
from .portrait import SIDE, portrait_matrices

# Difference of the O-Net's points in a portrait and in a box that the R-Net has just moved,
# portrait pixels: medians over open faces. Without it each portrait would be larger than the one
# before.
WIDER = np.array([[-0.25, -0.26], [0.25, -0.26], [0.0, 0.14], [-0.13, 0.38], [0.13, 0.38]])
TILT = np.pi / 6  # most lean in a portrait, radians: the detectors' points lean by as much less
FLOOR = 1e-3  # a probability counts as no less, and no more than 1 - this
# Least score of the O-Net that is certain: 9 of 10 upright faces have it, and 2 of 100 that hang.
CERTAIN = 0.99
SURE = 0.9  # least score for an upright face
# Five points of an upright face in the one-stage network's square, from its middle, in its sides.
_FIVE_IN_SQUARE = 0.33 * as_complex(UPRIGHT) + 0.08j
_WAYS = 6  # directions in which the O-Net looks; it knows faces that lean by more than half of one
HANGS = 0.7  # logarithm of odds: lead of the other way up without the O-Net; profiles look alike


class Stance(NamedTuple):
    """The stance of N faces.

    Attributes:
        scores: (N,) float32, score of the O-Net for the face.
        five_points: (N, 5, 2) float64, its five points in image pixels.
        stands: (N,), whether they stand upright in the portrait.
        turned: (N,), whether the face stands the other way up than its detector saw it.
    """

    scores: Result
    five_points: Floats
    stands: npt.NDArray[np.bool_]
    turned: npt.NDArray[np.bool_]


def cut_portraits(image: Photo, five_points: Floats | Result) -> tuple[list[Image], Floats]:
    """Portraits about five points (N, 5, 2), and their matrices (N, 2, 3) to image pixels."""
    matrices = portrait_matrices(five_points)
    return [square.cut(image, matrix, SIDE) for matrix in matrices], matrices


def stances(
    onet: Onet,
    blazeface: BlazeFace,
    image: Photo,
    five_points: Floats,
    doubtful: npt.NDArray[np.bool_],
    *,
    boxes: Floats | None = None,
) -> Stance:
    """A look of the O-Net at each face, in the turn of its five points.

    If the O-Net is not certain of a doubtful face, both networks see the portraits of both ways up.

    Args:
        onet: knows upright faces.
        blazeface: knows them, too.
        image: (H, W, 3) uint8, BGR.
        five_points: (N, 5, 2), image pixels.
        doubtful: (N,), faces that may stand the other way up.
        boxes: (N, 4), boxes of the one-stage network if that knows faces at any angle; else None.
            In doubt about the angle, its five points are a mean of several, and lie too near to one
            another. At faces that the O-Net is not certain of it looks again, about its own points,
            and where that does not help, in all directions.
    """
    seen = _look(onet, image, five_points)
    if boxes is not None:
        return _any_way(onet, image, seen, doubtful, boxes)
    turned = np.zeros(len(five_points), bool)
    rows = np.flatnonzero(doubtful & (seen.scores < CERTAIN))
    if len(rows):
        first = five_points[rows]
        other = 2 * first[:, :2].mean(axis=1, keepdims=True) - first  # about the middle of the eyes
        portraits, _ = cut_portraits(image, np.concatenate([first, other]))
        as_seen, around = odds(blazeface.best_scores(portraits).reshape(2, -1))
        hanging = _look(onet, image, other)
        sure = hanging.stands & (hanging.scores > SURE)
        hangs = (sure & (around > as_seen)) | (around > as_seen + HANGS)
        seen.replace(rows, hanging, hangs)
        turned[rows[hangs]] = True
    return Stance(*seen, turned)


class _Look(NamedTuple):
    """The O-Net's look at N faces.

    Attributes:
        scores: (N,) float32.
        five_points: (N, 5, 2), its own, image pixels.
        stands: (N,), whether they stand upright in the portrait.
    """

    scores: Result
    five_points: Floats
    stands: npt.NDArray[np.bool_]

    def replace(
        self, rows: npt.NDArray[np.intp], others: "_Look", better: npt.NDArray[np.bool_]
    ) -> None:
        """Takes those of M others that are better, at rows (M,)."""
        at = rows[better]
        self.scores[at] = others.scores[better]
        self.five_points[at] = others.five_points[better]
        self.stands[at] = others.stands[better]


def _any_way(
    onet: Onet, image: Photo, seen: _Look, doubtful: npt.NDArray[np.bool_], boxes: Floats
) -> Stance:
    """Further looks at N faces, about the O-Net's own points, and in all directions."""
    rows = np.flatnonzero((seen.scores < CERTAIN) | ~seen.stands)
    again = _look(onet, image, seen.five_points[rows])
    seen.replace(rows, again, again.scores * again.stands > (seen.scores * seen.stands)[rows])
    turned = np.zeros(len(boxes), bool)
    rows = np.flatnonzero(doubtful & ~(seen.stands & (seen.scores > SURE)))
    if len(rows):
        again = _look(onet, image, _best_way(onet, image, boxes[rows]))
        better = again.stands & (again.scores > SURE)
        seen.replace(rows, again, better)
        turned[rows[better]] = True
    return Stance(*seen, turned)


def _best_way(onet: Onet, image: Photo, boxes: Floats) -> Floats:
    """The O-Net's points (N, 5, 2) in the best of all portraits of each of N > 0 boxes."""
    # Whatever the roll, the squares of the sides add up to the same.
    sides = np.linalg.norm(boxes[:, 2:] - boxes[:, :2], axis=1) / np.linalg.norm(BOX[1:])
    middles = as_complex((boxes[:, :2] + boxes[:, 2:]) / 2)
    five = in_all_directions(_FIVE_IN_SQUARE, _WAYS)
    ways = middles[:, None, None] + sides[:, None, None] * five
    looks = _look(onet, image, as_points(ways).reshape(-1, 5, 2))
    best = looks.scores.reshape(-1, _WAYS).argmax(axis=1)
    found: Floats = looks.five_points.reshape(-1, _WAYS, 5, 2)[np.arange(len(best)), best]
    return found


def _look(onet: Onet, image: Photo, five_points: Floats) -> _Look:
    """The O-Net's look at portraits about five points (N, 5, 2)."""
    if not len(five_points):
        return _Look(np.zeros(0, np.float32), np.zeros((0, 5, 2)), np.zeros(0, bool))
    portraits, matrices = cut_portraits(image, five_points)
    scores, points = onet.in_portraits(portraits)
    placed = square.to_image(points - WIDER, matrices)
    stands = np.cos(roll(placed) - roll(five_points)) > np.cos(TILT)
    return _Look(scores, placed, stands)


def odds(scores: Floats | Result) -> Floats:
    """Logarithms of the odds of probabilities; 0 and 1 count as a little less than certain."""
    bounded = np.clip(scores.astype(np.float64), FLOOR, 1 - FLOOR)
    odds: Floats = np.log(bounded / (1 - bounded))
    return odds
