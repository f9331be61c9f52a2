"""Two networks together: BlazeFace for large faces, MTCNN for those too small for it."""

import numpy as np
import numpy.typing as npt

from ..crop.five_points import roll
from .base import Detections, Result
from .blazeface import BlazeFace
from .merging import Found
from .mtcnn import Mtcnn, rounded
from .mtcnn_boxes import Image, covered, suppress
from .orientation import cut_portraits, upright
from .pyramid import Halves

# Sides of a face, as MTCNN's boxes count, in longer sides of the photo. MTCNN looks for faces up to
# SMALL. From LARGE on, BlazeFace places points as well as MTCNN, and sees nearly all; below,
# MTCNN's count if both see a face.
SMALL, LARGE = 0.36, 0.3
SCORE = 0.6  # least score of BlazeFace
# A face below FAINT that the O-Net is not sure of must have AGAIN in its portrait, too.
FAINT, AGAIN = 0.7, 0.46
CLEAR = 0.87  # least score of BlazeFace for a face that it sees upright
SURE = 0.9  # least score of the O-Net for an upright face
ROLLED = np.pi / 3  # radians; BlazeFace's points turn with the face up to this
LEANING = np.pi / 9  # radians; the O-Net's points turn with the face up to this
_SAME = 0.5  # least shared part of the smaller box of one face in two networks


class PairedDetector:
    """Both networks and one suppression. Calls may come from several threads.

    Args:
        blazeface: detector of large faces.
        mtcnn: detector of small ones, and judge of the stance.
        min_face: side of the smallest face, pixels.
        turned: whether to look at the photo in four turns, for large faces at any angle.
    """

    box_in_portrait = Mtcnn.box_in_portrait

    def __init__(
        self, blazeface: BlazeFace, mtcnn: Mtcnn, *, min_face: int, turned: bool = False
    ) -> None:
        self.blazeface, self.mtcnn = blazeface, mtcnn
        self._min_face, self._turns = min_face, 4 if turned else 1

    def detect(self, image: Image) -> Detections:
        """Finds the faces of an image; `FaceDetector` says how."""
        halves = Halves(image)
        found = self.blazeface.find(halves, turns=self._turns)
        sides = (found.boxes[:, 2:] - found.boxes[:, :2]).max(axis=1)
        longer = max(image.shape[:2])
        large = sides >= max(LARGE * longer, self._min_face)
        first = self._checked(image, found.of(large))
        small = self._small(image, halves, SMALL * longer, first.boxes)
        # Others that BlazeFace alone sees: small faces in hard light, turned or half hidden.
        rest = found.of(~large & (sides >= self._min_face))
        others = np.concatenate([first.boxes, small.boxes]).astype(np.float64)
        new = ~covered(rest.boxes, others, _SAME)
        last = self._checked(image, rest.of(new), again=True)
        boxes, scores, points = (np.concatenate(c) for c in zip(first, small, last, strict=True))
        # Those before count if two are the same face.
        rank = np.arange(len(boxes), 0, -1, dtype=np.float32)
        kept = suppress(boxes.astype(np.float64), rank, _SAME, kind="min")
        best = kept[np.argsort(-scores[kept], kind="stable")]
        return Detections(boxes[best], scores[best], points[best])

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in known boxes; `FaceDetector` says how."""
        return self.mtcnn.five_points(image, boxes)

    def _checked(self, image: Image, found: Found, *, again: bool = False) -> Detections:
        """Faces of BlazeFace in their stance, without those that are none.

        Args:
            image: (H, W, 3) uint8, BGR.
            found: the faces.
            again: whether BlazeFace's points are too coarse to count: the O-Net places them twice.
        """
        points = found.five_points
        if not len(points):
            return Detections(
                np.empty((0, 4), np.float32), found.scores, np.empty((0, 5, 2), np.float32)
            )
        # Roll in the turn of the photo that showed the face.
        angles = roll(points)
        plain = np.cos(angles + found.turns * (np.pi / 2)) > np.cos(ROLLED)
        clear = (found.scores > CLEAR) & plain
        level = clear & (np.cos(angles) > np.cos(LEANING))
        judged, placed = np.zeros(len(points), np.float32), points.copy()
        stands, turned = np.ones(len(points), bool), np.zeros(len(points), bool)
        if level.any():
            judged[level], placed[level] = self.mtcnn.five_points(image, found.boxes[level])
        if not level.all():
            judged[~level], placed[~level], stands[~level], turned[~level] = upright(
                self.mtcnn, self.blazeface, image, points[~level], clear[~level], again=again
            )
        # The O-Net knows no faces in profile or behind masks. Of those BlazeFace sees which are
        # upright, and where their points are. The mean of both is steadier than either.
        sure = stands & (judged > SURE)
        share = np.where(sure, np.where(turned | again, 1.0, 0.5), 0.0)[:, None, None]
        points = points + share * (placed - points)
        kept = sure | (~turned & plain)
        faint = np.flatnonzero(kept & ~sure & (found.scores < FAINT))
        if len(faint):
            kept[faint] = self.blazeface.best_scores(cut_portraits(image, points[faint])[0]) > AGAIN
        return Detections(
            found.boxes[kept].astype(np.float32), found.scores[kept], rounded(points[kept])
        )

    def _small(self, image: Image, halves: Halves, largest: float, known: Result) -> Detections:
        """The small faces, each in its stance."""
        found = self.mtcnn.detect_in(halves, largest=largest, known=known.astype(np.float64))
        if not len(found.boxes):
            return found
        unknown = np.zeros(len(found.boxes), bool)
        stance = upright(self.mtcnn, self.blazeface, image, found.five_points, unknown)
        sure = stance.stands & (stance.scores > SURE)
        # MTCNN's points do not turn with the face; those in its portrait do.
        leaning = np.cos(roll(found.five_points)) < np.cos(LEANING)
        anew = sure & (stance.turned | leaning)
        points = found.five_points.copy()
        points[anew] = rounded(stance.five_points[anew])
        kept = sure | ~stance.turned
        return Detections(found.boxes[kept], found.scores[kept], points[kept])
