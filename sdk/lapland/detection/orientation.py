"""The stance of a face: the O-Net looks at its portrait, and at that of the other way up.

Detectors know upright faces. In a face that hangs upside down they see one all the same, by its
eyes, with a mouth on the forehead. The networks distinguish the portraits of both.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..crop import square
from ..crop.five_points import roll
from .base import Result
from .blazeface import BlazeFace
from .mtcnn_boxes import Floats, Image
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


def cut_portraits(image: Image, five_points: Floats | Result) -> tuple[list[Image], Floats]:
    """Portraits about five points (N, 5, 2), and their matrices (N, 2, 3) to image pixels."""
    matrices = portrait_matrices(five_points)
    return [square.cut(image, matrix, SIDE) for matrix in matrices], matrices


def stances(
    onet: Onet,
    blazeface: BlazeFace,
    image: Image,
    five_points: Floats,
    doubtful: npt.NDArray[np.bool_],
) -> Stance:
    """One look of the O-Net at each face, in the turn of its five points.

    If the O-Net is not certain of a doubtful face, both networks see the portraits of both ways up.

    Args:
        onet: knows upright faces.
        blazeface: knows them, too.
        image: (H, W, 3) uint8, BGR.
        five_points: (N, 5, 2), image pixels.
        doubtful: (N,), faces that may stand the other way up.
    """
    scores, placed, stands = _look(onet, image, five_points)
    turned = np.zeros(len(five_points), bool)
    rows = np.flatnonzero(doubtful & (scores < CERTAIN))
    if len(rows):
        first = five_points[rows]
        other = 2 * first[:, :2].mean(axis=1, keepdims=True) - first  # about the middle of the eyes
        portraits, _ = cut_portraits(image, np.concatenate([first, other]))
        as_seen, around = odds(blazeface.best_scores(portraits).reshape(2, -1))
        score, points, level = _look(onet, image, other)
        sure = level & (score > SURE)
        hangs = (sure & (around > as_seen)) | (around > as_seen + HANGS)
        rows = rows[hangs]
        turned[rows] = True
        scores[rows], placed[rows], stands[rows] = score[hangs], points[hangs], level[hangs]
    return Stance(scores, placed, stands, turned)


def _look(
    onet: Onet, image: Image, five_points: Floats
) -> tuple[Result, Floats, npt.NDArray[np.bool_]]:
    """The O-Net's scores (N,) and points (N, 5, 2) in portraits, and whether faces stand there."""
    if not len(five_points):
        return np.zeros(0, np.float32), np.zeros((0, 5, 2)), np.zeros(0, bool)
    portraits, matrices = cut_portraits(image, five_points)
    scores, points = onet.in_portraits(portraits)
    placed = square.to_image(points - WIDER, matrices)
    return scores, placed, np.cos(roll(placed) - roll(five_points)) > np.cos(TILT)


def odds(scores: Floats | Result) -> Floats:
    """Logarithms of the odds of probabilities; 0 and 1 count as a little less than certain."""
    bounded = np.clip(scores.astype(np.float64), FLOOR, 1 - FLOOR)
    odds: Floats = np.log(bounded / (1 - bounded))
    return odds
