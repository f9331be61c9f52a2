"""The stance of a face: the networks see its portrait in four turns.

Detectors know upright faces. In a face that hangs upside down they see one all the same, with eyes
for the corners of the mouth. But the O-Net of MTCNN is surer of a face that is upright, and places
its points there; if it does not decide, BlazeFace sees the portrait as well. The portrait is cut
again about the points of the best turn, until the face stands in it.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..crop import square
from ..crop.five_points import roll
from .base import Result
from .blazeface import BlazeFace
from .mtcnn import Mtcnn
from .mtcnn_boxes import Floats, Image
from .portrait import SIDE, portrait_matrices

# Difference of the O-Net's points in a portrait and in a box that the R-Net has just moved,
# portrait pixels: medians over open faces. Without it each portrait would be larger than the one
# before.
_WIDER = np.array([[-0.25, -0.26], [0.25, -0.26], [0.0, 0.14], [-0.13, 0.38], [0.13, 0.38]])
_TILT = np.pi / 12  # radians; most lean of a face in its portrait
_ROUNDS = 3  # the second finds 9 of 10 faces upright; the others need a third or are none
_LEAST = 1e-3  # a probability counts as no less, and no more than 1 - this
# Logarithms of odds: least difference of the best turn and the next that lets the O-Net decide
# alone; and the lead that another turn needs, as most faces are upright.
_CLEAR, _FAVOUR = 2.0, 1.0


class Stance(NamedTuple):
    """The stance of N faces: upright, or turned by quarters.

    Attributes:
        scores: (N,) float32, score of the O-Net for the best turn.
        five_points: (N, 5, 2) float64, its five points in image pixels.
        stands: (N,), whether the last portrait was the best turn.
        turned: (N,), whether the first was not.
    """

    scores: Result
    five_points: Floats
    stands: npt.NDArray[np.bool_]
    turned: npt.NDArray[np.bool_]


def cut_portraits(image: Image, five_points: Floats | Result) -> tuple[list[Image], Floats]:
    """Portraits about five points (N, 5, 2), and their matrices (N, 2, 3) to image pixels."""
    matrices = portrait_matrices(five_points)
    return [square.cut(image, matrix, SIDE) for matrix in matrices], matrices


def upright(
    mtcnn: Mtcnn,
    blazeface: BlazeFace,
    image: Image,
    five_points: Floats | Result,
    known: npt.NDArray[np.bool_],
    *,
    again: bool = False,
) -> Stance:
    """Turns five points to their stance, and places them as the O-Net sees them.

    Args:
        mtcnn: detector with the O-Net.
        blazeface: asked if the O-Net does not decide.
        image: (H, W, 3) uint8, BGR.
        five_points: (N, 5, 2) of possible faces, image pixels.
        known: (N,), faces with a known stance: the O-Net sees them in one turn alone.
        again: whether the O-Net places the points once more, as the first were coarse.
    """
    placed = five_points.astype(np.float64)
    scores = np.zeros(len(placed), np.float32)
    stands = np.zeros(len(placed), bool)
    turned = np.zeros(len(placed), bool)
    for number in range(_ROUNDS):
        rows = np.flatnonzero(~stands)
        if not len(rows):
            break
        portraits, matrices = cut_portraits(image, placed[rows])
        each, points = _turns(mtcnn, portraits, matrices, known[rows])
        odds = _odds(each)
        second, first = np.sort(odds, axis=1)[:, -2:].T
        open_ = ~known[rows] & ((odds.argmax(axis=1) != 0) | (first - second < _CLEAR))
        for i in np.flatnonzero(open_):
            odds[i] += _odds(blazeface.best_scores([np.rot90(portraits[i], k) for k in range(4)]))
        odds[:, 0] += _FAVOUR
        best = odds.argmax(axis=1)
        every = np.arange(len(rows))
        before, after = placed[rows], points[every, best]
        scores[rows], placed[rows] = each[every, best], after
        tilt = np.cos(roll(after) - roll(before))
        stands[rows] = (best == 0) & (tilt > np.cos(_TILT))
        if number == 0:
            turned = best != 0
    if again:
        portraits, matrices = cut_portraits(image, placed)
        each, points = _turns(mtcnn, portraits, matrices, np.ones(len(placed), bool))
        scores, placed = each[:, 0].astype(np.float32), points[:, 0]
    return Stance(scores, placed, stands, turned)


def _turns(
    mtcnn: Mtcnn, portraits: list[Image], matrices: Floats, known: npt.NDArray[np.bool_]
) -> tuple[Floats, Floats]:
    """The O-Net on four turns of each portrait, or on one.

    Returns:
        scores (N, 4) and five points (N, 4, 5, 2), image pixels; 0 for turns left out.
    """
    shown = [(i, turn) for i, alone in enumerate(known) for turn in range(1 if alone else 4)]
    # All in one row, so that the O-Net sees all of them in few runs.
    row = np.concatenate([np.rot90(portraits[i], turn) for i, turn in shown], axis=1)
    corners = np.zeros((len(shown), 2))
    corners[:, 0] = SIDE * np.arange(len(shown))
    found, points = mtcnn.five_points(row, np.array(mtcnn.box_in_portrait) + np.tile(corners, 2))
    scores = np.zeros((len(portraits), 4))
    placed = np.zeros((len(portraits), 4, 5, 2))
    for (i, turn), score, five in zip(shown, found, points - corners[:, None], strict=True):
        five = five - _WIDER
        for _ in range(turn):
            five = np.stack([SIDE - 1 - five[:, 1], five[:, 0]], axis=1)
        scores[i, turn], placed[i, turn] = score, five
    back = square.to_image(placed.reshape(len(portraits), 20, 2), matrices)
    return scores, back.reshape(-1, 4, 5, 2)


def _odds(scores: Floats | Result) -> Floats:
    """Logarithms of the odds of probabilities."""
    bounded = np.clip(scores.astype(np.float64), _LEAST, 1 - _LEAST)
    odds: Floats = np.log(bounded / (1 - bounded))
    return odds
