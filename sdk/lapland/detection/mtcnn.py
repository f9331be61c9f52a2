"""Faces and their five points: the MTCNN cascade of three small networks.

K. Zhang, Z. Zhang, Z. Li and Y. Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded
Convolutional Networks", IEEE Signal Processing Letters 23 (10), 2016. The P-Net slides over a
pyramid of the image and proposes boxes; the R-Net looks at a crop of each and refuses most; the
O-Net looks at larger crops, refuses again and places five points. The geometry follows the package
``mtcnn`` 1.0.0, whose weights these are, in every detail, the odd ones too; only the pyramid is an
approximation of its own, and points are rounded to 1/32 pixel.
"""

import numpy as np
import numpy.typing as npt

from ..crop.halves import Halves, Photo
from ..networks.session import Session
from .base import Detections
from .mtcnn_boxes import Floats, Image, Indices, Result, moved, square, suppress
from .onet import Onet, batches, rounded
from .options import Thresholds, checked_factor, checked_min_face, checked_thresholds
from .pyramid import Pyramid, pyramid

CELL = 12  # pixels: the window that the P-Net slides
STRIDE = 2  # pixels: its step
THRESHOLDS = (0.6, 0.7, 0.7)  # least scores of the three networks
SIZE = 24  # pixels of a crop that the R-Net sees
# Crops in one run: enough to fill a core, few enough for its cache, so memory does not grow with
# the number of candidates.
BATCH = 64


class Mtcnn:
    """The cascade, ready to run. Calls may come from several threads.

    Args:
        pnet: the bytes of the first ONNX file.
        rnet: the bytes of the second.
        onet: the bytes of the third.
        min_face: side of the smallest face to look for, in pixels, at least 12. Time falls with its
            square.
        thresholds: least probability of a face after each network, exclusive; None takes
            `THRESHOLDS`.
        pyramid_factor: size of each level of the pyramid relative to the one before, 0.1 to 0.95.
        threads: threads for one run; None is onnxruntime's choice.
        levels: function that makes the pyramid.

    Raises:
        OptionError: a keyword is outside its range.
        ModelError: a file is damaged.
    """

    box_in_portrait = Onet.box_in_portrait

    def __init__(
        self,
        pnet: bytes,
        rnet: bytes,
        onet: bytes,
        *,
        min_face: int = 40,
        thresholds: Thresholds | None = None,
        pyramid_factor: float = 0.709,
        threads: int | None = None,
        levels: Pyramid = pyramid,
    ) -> None:
        self.levels = levels
        self._min_face = checked_min_face(min_face)
        self._thresholds = checked_thresholds(thresholds, usual=THRESHOLDS)
        self._factor = checked_factor(pyramid_factor)
        self.pnet = Session(pnet, name="pnet.onnx", threads=threads)
        self.rnet = Session(rnet, name="rnet.onnx", threads=threads)
        self.onet = Onet(onet, threads=threads)

    def detect(self, image: Photo) -> Detections:
        """Finds the faces of an image.

        Coordinates are image pixels with pixel centres at integers. The edges of a box (x1, y1, x2,
        y2) run through the centres of its first and last columns and rows; it is x2 - x1 + 1 wide.
        It is not clipped: the box of a face that the border cuts reaches beyond.
        Boxes and points are coarse, and the points lie about 1 px towards the upper left, since
        they keep a "- 1" of the 1-based original.

        Args:
            image: (H, W, 3) uint8, BGR, or with its halves.

        Returns:
            the faces, best first. Their five points are rounded to 1/32 pixel, so that processors
            that differ in the last bits of the networks make the same crops of them.
        """
        halves = Halves.of(image)
        image = np.ascontiguousarray(halves.image)
        boxes = square(self._propose(halves))
        boxes = square(self._refine(image, boxes))
        scores, boxes, points = self.onet.finish(image, boxes)
        sure = np.flatnonzero(scores > self._thresholds[2])
        best = sure[suppress(boxes[sure], scores[sure], 0.7, kind="min")]
        return Detections(boxes[best].astype(np.float32), scores[best], rounded(points[best]))

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in known boxes, by the O-Net alone; `FaceDetector` says how."""
        return self.onet.five_points(image, boxes)

    def _propose(self, halves: Halves) -> Floats:
        """The P-Net over the pyramid -> (N, 4) boxes in image pixels."""
        scales: list[float] = []
        scores, offsets = [], []  # (h, w) and (4, h, w) of each level
        first = CELL / self._min_face
        made = self.levels(halves, scale=first, factor=self._factor, smallest=CELL)
        for scale, pixels in made:
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
            for crops in batches(image, boxes, SIZE, BATCH)
        ]
        if not parts:
            return boxes
        scores, offsets = (np.concatenate(column) for column in zip(*parts, strict=True))
        scores = scores[:, 0]
        boxes = moved(boxes, offsets)
        sure = np.flatnonzero(scores > self._thresholds[1])
        return boxes[sure[suppress(boxes[sure], scores[sure], 0.7, kind="union")]]


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
