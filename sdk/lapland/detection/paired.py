"""The default face detector: BlazeFace for large faces, a one-stage network for small ones.

BlazeFace's word is enough for a large face that it sees clearly, or that the other network does,
too. At each of the others the O-Net of MTCNN looks: it says whether a face stands there, and where
its five points are, by the habit that the crops of the landmark networks expect.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..base.boxes import iou
from ..crop.five_points import roll
from ..crop.halves import Halves, Photo
from ..crop.square import to_image
from .base import Detections, Result
from .blazeface import BlazeFace
from .merging import Found, joined, upright_boxes
from .mtcnn_boxes import Floats, Image, suppress
from .onestage import BOX, OneStage
from .onet import Onet, rounded
from .orientation import SURE, cut_portraits, odds, stances
from .portrait import portrait_matrices

# Side of a face, as MTCNN's boxes count, in longer sides of the photo. From LARGE on BlazeFace
# places points well, and sees nearly all.
LARGE = 0.25
# Least scores: of BlazeFace, of the other network, and of faces that the O-Net is not sure of: in
# profile, masked, or none. BlazeFace sees the portrait of each of those, and the mean odds of
# detector and portrait, of small ones of the O-Net too, count as logarithms: of 126 small faces in
# wallpapers 112 have enough, and of 80 places without a face 2.
THRESHOLDS = (0.6, 0.4, 0.58)
# Least score of a face that is clear. Of large ones BlazeFace's points are noisier than their mean
# with the O-Net's, which costs the landmarks 0.04 points of error; a look would take a sixth of the
# time of a photo.
CLEAR = 0.87
# Least IoU of the boxes of a large face in both networks. It counts by the better score then: of 53
# large faces that BlazeFace does not see clearly the other network sees 44, 38 of them clearly, and
# the O-Net's look at those hardly changed the error of their landmarks.
BOTH = 0.5
# Share of the other network in the points of a large face that it sees clearly. Of 809 large open
# faces the points then lie 1.5 portrait pixels from MTCNN's, root mean square, and BlazeFace's 1.7.
SHARE = 1 / 3
ROLLED = np.pi / 3  # radians; BlazeFace's points turn with the face up to this
POSSIBLE = 0.6  # least score of a face that may hang; others are not worth four looks
# Least score of the O-Net for a large face. Of 24 hard ones it gives none less than 0.09, and 0.01
# to the abstract wallpaper in which BlazeFace sees one, in its portrait too.
HARDLY = 0.03
MOST_AGAIN = 3.0  # logarithm of odds: more than BlazeFace gives a portrait
LEAST = 0.75  # sides of the smallest face; boxes of small faces are as much too small at times
SAME = 0.5  # least shared part of the smaller box of one face in two networks


class PairedDetector:
    """Both networks and one suppression. Calls may come from several threads.

    Args:
        blazeface: detector of large faces.
        onestage: detector of small ones.
        onet: judge of faces and of their stance.
        min_face: side of the smallest face, pixels.
        least: least probability of a face that the O-Net is not sure of.
        turned: whether to look for faces at any angle. BlazeFace knows upright ones: the other
            network looks for large faces too, and the O-Net at each.
    """

    box_in_portrait = Onet.box_in_portrait

    def __init__(
        self,
        blazeface: BlazeFace,
        onestage: OneStage,
        onet: Onet,
        *,
        min_face: int,
        least: float,
        turned: bool = False,
    ) -> None:
        self.blazeface, self.onestage, self.onet = blazeface, onestage, onet
        self._min_face, self._turned = min_face, turned
        self._least = math.log(least / (1 - least))

    def detect(self, image: Photo) -> Detections:
        """Finds the faces of an image; `FaceDetector` says how."""
        halves = Halves.of(image)
        large_ones = self.blazeface.find(halves)
        found = joined(large_ones, self.onestage.find(halves, all_sizes=self._turned))
        blazeface = np.arange(len(found.boxes)) < len(large_ones.boxes)
        sides = _sides(found.boxes)
        large = blazeface & (sides >= LARGE * max(halves.image.shape[:2]))
        if not self._turned:
            found = _by_both(found, large, ~blazeface)
        # Large ones count if two are the same face, and then the better score.
        ranks = found.scores + large
        # Of a face that hangs BlazeFace may see one that stands: both stay for the O-Net.
        parts = [blazeface, ~blazeface] if self._turned else [np.ones_like(blazeface)]
        rows = [np.flatnonzero(part) for part in parts]
        kept = [r[suppress(found.boxes[r], ranks[r], SAME, kind="min")] for r in rows]
        chosen = np.concatenate(kept)
        chosen = chosen[sides[chosen] >= LEAST * self._min_face]
        faces = self._checked(halves, found.at(chosen), ~large[chosen], blazeface[chosen])
        best = np.argsort(-faces.scores, kind="stable")
        return Detections(*(column[best] for column in faces))

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in known boxes; `FaceDetector` says how."""
        return self.onet.five_points(image, boxes)

    def _checked(
        self,
        image: Halves,
        found: Found,
        coarse: npt.NDArray[np.bool_],
        blazeface: npt.NDArray[np.bool_],
    ) -> Detections:
        """Faces in their stance, without those that are none.

        Args:
            image: the image.
            found: N faces.
            coarse: (N,), whether their points are too coarse to count beside the O-Net's.
            blazeface: (N,), whether BlazeFace found them.
        """
        plain = np.cos(roll(found.five_points)) > np.cos(ROLLED)
        clear = plain & (found.scores > CLEAR)
        if self._turned:
            plain, clear = plain | ~blazeface, np.zeros_like(clear)
        known = clear & ~coarse
        if known.all():
            return Detections(
                found.boxes.astype(np.float32), found.scores, rounded(found.five_points)
            )
        boxes, scores, points = found.boxes.copy(), found.scores.copy(), found.five_points.copy()
        onet, kept = known.astype(np.float32), known.copy()  # known ones count as certain
        rows = np.flatnonzero(~known)
        seen = self._seen(image, found.at(rows), plain[rows], clear[rows], coarse[rows])
        boxes[rows], scores[rows], points[rows], onet[rows], kept[rows] = seen
        rows = np.flatnonzero(kept)
        if self._turned:  # both may see a face: detector and O-Net pick the better
            certain = odds(onet[rows]) + odds(found.scores[rows])
            rows = rows[suppress(boxes[rows], certain, SAME, kind="min")]
        return Detections(boxes[rows].astype(np.float32), scores[rows], rounded(points[rows]))

    def _seen(
        self,
        image: Halves,
        found: Found,
        plain: npt.NDArray[np.bool_],
        clear: npt.NDArray[np.bool_],
        coarse: npt.NDArray[np.bool_],
    ) -> "_Seen":
        """The O-Net's look at N > 0 faces.

        Args:
            image: the image.
            found: the faces.
            plain: (N,), whether they are seen as their detector knows faces.
            clear: (N,), whether they are, with a high score, and stand.
            coarse: (N,), whether their points are too coarse to count beside the O-Net's.
        """
        points = found.five_points
        doubtful = ~clear & (self._turned | (found.scores > POSSIBLE))
        given = found.boxes if self._turned else None
        looks = self.onet, self.blazeface, image, points, doubtful
        stance = stances(*looks, boxes=given)
        # The O-Net knows no faces in profile or behind masks. Of those the detectors see which are
        # upright, and where their points are. The mean of both is steadier than either.
        sure = stance.stands & (stance.scores > SURE)
        share = np.where(sure, np.where(stance.turned | coarse, 1.0, 0.5), 0.0)[:, None, None]
        points = points + share * (stance.five_points - points)
        # The O-Net errs on large faces that are hard: it has no vote there, but may see no face.
        votes = np.where(coarse, odds(stance.scores), 0.0) + odds(found.scores)
        enough = np.where(coarse, 3, 2) * self._least
        possible = plain & (votes > enough - MOST_AGAIN) & (coarse | (stance.scores > HARDLY))
        kept = sure | (~stance.turned & possible)
        rows = np.flatnonzero(kept & ~sure)
        if len(rows):
            again = self.blazeface.best_scores(cut_portraits(image, points[rows])[0])
            kept[rows] = votes[rows] + odds(again) > enough[rows]
        boxes = found.boxes.copy()
        if stance.turned.any():
            boxes[stance.turned] = boxes_of(points[stance.turned])
        scores = np.where(sure, stance.scores, found.scores)
        return _Seen(boxes, scores, points, stance.scores, kept)


class _Seen(NamedTuple):
    """N faces that the O-Net has looked at.

    Attributes:
        boxes: (N, 4), image pixels.
        scores: (N,) float32.
        five_points: (N, 5, 2), image pixels.
        onet: (N,) float32, the O-Net's scores.
        kept: (N,), whether they are faces.
    """

    boxes: Floats
    scores: Result
    five_points: Floats
    onet: Result
    kept: npt.NDArray[np.bool_]


def boxes_of(five_points: Floats) -> Floats:
    """Boxes (N, 4) of faces whose five points (N, 5, 2) are known, as the networks' own."""
    x1, y1, x2, y2 = Onet.box_in_portrait
    corners = np.tile([[x1, y1], [x2, y1], [x2, y2]], (len(five_points), 1, 1))
    first, second, third = to_image(corners, portrait_matrices(five_points)).transpose(1, 0, 2)
    side = np.linalg.norm(second - first, axis=1, keepdims=True)
    return upright_boxes((first + third) / 2, side, second - third, BOX)


def _by_both(found: Found, large: npt.NDArray[np.bool_], others: npt.NDArray[np.bool_]) -> Found:
    """Large faces with the better score of both networks, and the points of both.

    Args:
        found: N faces of both networks.
        large: (N,), large faces of BlazeFace.
        others: (N,), faces of the other network.
    """
    rows, columns = np.flatnonzero(large), np.flatnonzero(others)
    if not (len(rows) and len(columns)):
        return found
    boxes, scores, points = found.boxes, found.scores.copy(), found.five_points.copy()
    seconds = scores[columns] * (iou(boxes[rows], boxes[columns]) > BOTH)  # (rows, columns)
    best = seconds.argmax(axis=1)
    second = seconds.max(axis=1)
    scores[rows] = np.maximum(scores[rows], second)
    share = np.where(second > CLEAR, SHARE, 0.0)[:, None, None]
    points[rows] += share * (points[columns[best]] - points[rows])
    return Found(boxes, scores, points)


def _sides(boxes: Floats) -> Floats:
    """The longer side of each box (N, 4)."""
    sides: Floats = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
    return sides
