"""Faces and their five points: the MTCNN cascade of three small networks.

K. Zhang, Z. Zhang, Z. Li and Y. Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded
Convolutional Networks", IEEE Signal Processing Letters 23 (10), 2016. The P-Net slides over a
pyramid of the image and proposes boxes; the R-Net looks at a crop of each and refuses most; the
O-Net looks at larger crops, refuses again and places five points. The geometry follows the package
``mtcnn`` 1.0.0, whose weights these are, in every detail, the odd ones too; only the pyramid is an
approximation of its own, and points are rounded to 1/32 pixel.
"""

import math
import numbers
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from ..base.errors import GeometryError, OptionError, shown
from ..networks.session import Session
from .base import Detections
from .mtcnn_boxes import Indices, covered, crops, moved, sides, square, suppress
from .pyramid import Halves, Pyramid, pyramid

Floats = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

CELL = 12  # pixels: the window that the P-Net slides
STRIDE = 2  # pixels: its step
# Crops in one run: enough to fill a core, few enough for its cache, so memory does not grow with
# the number of candidates.
BATCH = {24: 64, 48: 16}


class Mtcnn:
    """The cascade, ready to run. Calls may come from several threads.

    Args:
        pnet: the bytes of the first ONNX file.
        rnet: the bytes of the second.
        onet: the bytes of the third.
        min_face: side of the smallest face to look for, in pixels, at least 12. Time falls with its
            square.
        thresholds: least probability of a face after each network, exclusive.
        pyramid_factor: size of each level of the pyramid relative to the one before, 0.1 to 0.95.
        threads: threads for one run; None is onnxruntime's choice.
        levels: function that makes the pyramid.

    Raises:
        OptionError: a keyword is outside its range.
        ModelError: a file is damaged.
    """

    # Medians of 198 of 300-W's 200 validation faces, with quartiles within 3 px. Turned with the
    # face, the box shows the O-Net, which knows upright faces only, any roll.
    box_in_portrait = (4.3, -1.2, 74.3, 68.8)

    def __init__(
        self,
        pnet: bytes,
        rnet: bytes,
        onet: bytes,
        *,
        min_face: int = 40,
        thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7),
        pyramid_factor: float = 0.709,
        threads: int | None = None,
        levels: Pyramid = pyramid,
    ) -> None:
        self.levels = levels
        self._min_face = _checked_min_face(min_face)
        self._thresholds = _checked_thresholds(thresholds)
        self._factor = _checked_factor(pyramid_factor)
        self.pnet = Session(pnet, name="pnet.onnx", threads=threads)
        self.rnet = Session(rnet, name="rnet.onnx", threads=threads)
        self.onet = Session(onet, name="onet.onnx", threads=threads)

    @property
    def least(self) -> float:
        """The score that a face exceeds."""
        return self._thresholds[2]

    def detect(self, image: Image) -> Detections:
        """Finds the faces of an image.

        Coordinates are image pixels with pixel centres at integers. The edges of a box (x1, y1, x2,
        y2) run through the centres of its first and last columns and rows; it is x2 - x1 + 1 wide.
        It is not clipped: the box of a face that the border cuts reaches beyond.
        Boxes and points are coarse, and the points lie about 1 px towards the upper left, since
        they keep a "- 1" of the 1-based original.

        Args:
            image: (H, W, 3) uint8, BGR.

        Returns:
            the faces, best first. Their five points are rounded to 1/32 pixel, so that processors
            that differ in the last bits of the networks make the same crops of them.
        """
        return self.detect_in(Halves(image))

    def detect_in(
        self, halves: Halves, *, largest: float = math.inf, known: Floats | None = None
    ) -> Detections:
        """`detect`, as one part of a detector of several.

        Args:
            halves: the image.
            largest: side of the largest face to look for, in pixels.
            known: (K, 4) boxes of faces that are found already. A proposal that lies in one of them
                for the most part is dropped.
        """
        image = np.ascontiguousarray(halves.image)
        boxes = square(self._propose(halves, largest))
        if known is not None and len(known):
            boxes = boxes[~covered(boxes, known)]
        boxes = square(self._refine(image, boxes))
        scores, boxes, points = self._finish(image, boxes)
        sure = np.flatnonzero(scores > self._thresholds[2])
        best = sure[suppress(boxes[sure], scores[sure], 0.7, kind="min")]
        return Detections(boxes[best].astype(np.float32), scores[best], rounded(points[best]))

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in boxes that are known already, by the O-Net alone.

        Args:
            image: (H, W, 3) uint8, BGR.
            boxes: (N, 4) x1, y1, x2, y2 in image pixels; made square before the network sees them,
                as `detect` does. They may reach beyond the image.

        Returns:
            scores (N,) float32 and five points (N, 5, 2) float32, in the order of the boxes and in
            the coordinates of `detect`. A low score says that the network sees no face there.

        Raises:
            GeometryError: the boxes are not finite numbers of that shape with x1 < x2 and y1 < y2.
        """
        image = np.ascontiguousarray(image)
        scores, _, points = self._finish(image, square(checked_boxes(boxes)))
        return scores, rounded(points)

    def _propose(self, halves: Halves, largest: float) -> Floats:
        """The P-Net over the pyramid -> (N, 4) boxes in image pixels."""
        scales: list[float] = []
        scores, offsets = [], []  # (h, w) and (4, h, w) of each level
        first = CELL / self._min_face
        made = self.levels(halves, scale=first, factor=self._factor, smallest=CELL)
        for scale, pixels in made:
            if CELL / scale > largest:
                break
            score, offset = self.pnet.run(["scores", "offsets"], {"images": pixels[None]})
            scales.append(scale)
            scores.append(score[0, 0])
            offsets.append(offset[0])
        boxes, chosen, levels = windows(scores, offsets, self._thresholds[0], scales)
        if not len(boxes):
            return boxes
        # Boxes of one level compete with each other first. Moved apart by level they cannot overlap
        # those of another, so that one call serves all levels.
        apart = boxes + (levels * 4.0 * max(halves.image.shape))[:, None]
        kept = suppress(apart, chosen, 0.5, kind="union")
        kept = kept[suppress(boxes[kept], chosen[kept], 0.7, kind="union")]
        return boxes[kept]

    def _refine(self, image: Image, boxes: Floats) -> Floats:
        """The R-Net on square boxes (N, 4) -> those that remain, moved."""
        parts = [
            self.rnet.run(["scores", "offsets"], {"crops": crops})
            for crops in _batches(image, boxes, 24)
        ]
        if not parts:
            return boxes
        scores, offsets = (np.concatenate(column) for column in zip(*parts, strict=True))
        scores = scores[:, 0]
        boxes = moved(boxes, offsets)
        sure = np.flatnonzero(scores > self._thresholds[1])
        return boxes[sure[suppress(boxes[sure], scores[sure], 0.7, kind="union")]]

    def _finish(self, image: Image, boxes: Floats) -> tuple[Result, Floats, Floats]:
        """The O-Net on square boxes (N, 4) -> scores (N,), moved boxes (N, 4), points (N, 5, 2)."""
        parts = [
            self.onet.run(["scores", "offsets", "points"], {"crops": crops})
            for crops in _batches(image, boxes, 48)
        ]
        if not parts:
            return np.empty(0, np.float32), boxes, np.empty((0, 5, 2))
        scores, offsets, relative = (np.concatenate(column) for column in zip(*parts, strict=True))
        corner, side = boxes[:, None, :2], sides(boxes)[:, None]
        return scores[:, 0], moved(boxes, offsets), corner + side * relative - 1


def rounded(points: Floats) -> Result:
    """Points, rounded to 1/32 pixel."""
    return (np.round(points * 32) / 32).astype(np.float32)


def windows(
    scores: list[Result], offsets: list[Result], threshold: float, scales: list[float]
) -> tuple[Floats, Result, Indices]:
    """Windows of all levels that may hold a face.

    Args:
        scores: (h, w) of each level, one score for each position of the window.
        offsets: (4, h, w) of each, x1, y1, x2, y2 in units of the window.
        threshold: least score, exclusive.
        scales: size of each level relative to the image.

    Returns:
        boxes (N, 4) in image pixels, their scores (N,) and the number of their level (N,).
    """
    if not scores:
        return np.empty((0, 4)), np.empty(0, np.float32), np.empty(0, np.intp)
    every = np.concatenate([score.ravel() for score in scores])
    chosen = np.flatnonzero(every > threshold)
    ends = np.cumsum([score.size for score in scores])
    levels = np.searchsorted(ends, chosen, side="right")
    starts = ends - [score.size for score in scores]
    widths = np.array([score.shape[1] for score in scores])
    y, x = np.divmod(chosen - starts[levels], widths[levels])
    first = np.stack([x, y], axis=1) * STRIDE + 1
    corners = np.concatenate([first, first + CELL - 1], axis=1)  # (N, 4)
    moves = np.concatenate([offset.reshape(4, -1) for offset in offsets], axis=1)[:, chosen]
    boxes: Floats = (corners + moves.T * (CELL - 1.0)) / np.array(scales)[levels, None]
    return boxes, every[chosen], levels


def _batches(image: Image, boxes: Floats, size: int) -> Iterator[Result]:
    """Crops of all boxes, a batch at a time."""
    for start in range(0, len(boxes), BATCH[size]):
        yield crops(image, boxes[start : start + BATCH[size]], size)


def _checked_min_face(value: object) -> int:
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not whole or int(value) < CELL:  # type: ignore[call-overload]
        raise OptionError(
            f"min_face must be a whole number of pixels, {CELL} or more (40 is a good start), "
            f"not {shown(value)}; for smaller faces enlarge the image"
        )
    return int(value)  # type: ignore[call-overload, no-any-return]


def _checked_thresholds(values: object) -> tuple[float, float, float]:
    try:
        first, second, third = (float(value) for value in values)  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        first = second = third = math.nan
    if not all(0 < value < 1 for value in (first, second, third)):
        raise OptionError(
            "thresholds must be three numbers between 0 and 1, one for each network, "
            f"such as (0.6, 0.7, 0.7), not {shown(values)}"
        )
    return first, second, third


def _checked_factor(value: object) -> float:
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not 0.1 <= value <= 0.95:  # type: ignore[operator]
        raise OptionError(
            "pyramid_factor must be a number from 0.1 to 0.95 (0.709 halves the area from level to "
            f"level), not {shown(value)}"
        )
    return float(value)  # type: ignore[arg-type]


def checked_boxes(values: npt.ArrayLike) -> Floats:
    """Boxes that a caller gave, as (N, 4) float64.

    Raises:
        GeometryError: they are not finite numbers of that shape with x1 < x2 and y1 < y2.
    """
    boxes = np.asarray(values)
    if boxes.ndim != 2 or boxes.shape[1] != 4 or boxes.dtype.kind not in "iuf":
        raise GeometryError(
            "boxes must be numbers of shape (N, 4), x1, y1, x2, y2 in image pixels, not "
            f"{boxes.dtype} of shape {boxes.shape}; a single box is boxes[None]"
        )
    exact = boxes.astype(np.float64)
    wrong = np.flatnonzero(~(np.isfinite(exact).all(axis=1) & (exact[:, 2:] > exact[:, :2]).all(1)))
    if len(wrong):
        raise GeometryError(
            f"box {wrong[0]} is {exact[wrong[0]].tolist()}, but all must be finite, x1 < x2 and "
            "y1 < y2; boxes are x1, y1, x2, y2, not x, y, width, height"
        )
    return exact
