"""The five points of a face whose box is known, and whether there is one: MTCNN's last network."""

import functools
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from ..base.errors import GeometryError
from ..networks.session import Session
from .mtcnn_boxes import (
    GREY,
    Floats,
    Image,
    Indices,
    Result,
    blend,
    crops,
    moved,
    sides,
    square,
    taps,
)

SIZE = 48  # pixels of a crop
BATCH = 16  # crops in one run: enough to fill a core, few enough for its cache


class Onet:
    """The O-Net, ready to run. Calls may come from several threads.

    Args:
        model: the bytes of the ONNX file.
        threads: threads for one run; None is onnxruntime's choice.

    Raises:
        ModelError: the file is damaged.
    """

    # Medians of 198 of 300-W's 200 validation faces, with quartiles within 3 px. Turned with the
    # face, the box shows the O-Net, which knows upright faces only, any roll.
    box_in_portrait = (4.3, -1.2, 74.3, 68.8)

    def __init__(self, model: bytes, *, threads: int | None) -> None:
        self._session = Session(model, name="onet.onnx", threads=threads)

    def five_points(self, image: Image, boxes: npt.ArrayLike) -> tuple[Result, Result]:
        """Places the five points in boxes that are known already.

        Args:
            image: (H, W, 3) uint8, BGR.
            boxes: (N, 4) x1, y1, x2, y2 in image pixels; made square before the network sees them.
                They may reach beyond the image.

        Returns:
            scores (N,) float32 and five points (N, 5, 2) float32, in the order of the boxes,
            rounded to 1/32 pixel. A low score says that the network sees no face there.

        Raises:
            GeometryError: the boxes are not finite numbers of that shape with x1 < x2 and y1 < y2.
        """
        image = np.ascontiguousarray(image)
        scores, _, points = self.finish(image, square(checked_boxes(boxes)))
        return scores, rounded(points)

    def in_portraits(self, portraits: list[Image]) -> tuple[Result, Result]:
        """The same for N > 0 portraits of one size, each with one face, in few runs.

        Returns:
            scores (N,) and five points (N, 5, 2), portrait pixels.
        """
        box = square(np.array([self.box_in_portrait]))
        shown = _shown(np.array(portraits, np.float32), self.box_in_portrait)
        parts = (shown[start : start + BATCH] for start in range(0, len(shown), BATCH))
        scores, _, points = self._seen(parts, np.repeat(box, len(shown), axis=0))
        return scores, rounded(points)

    def finish(self, image: Image, boxes: Floats) -> tuple[Result, Floats, Floats]:
        """Square boxes (N, 4) -> scores (N,), moved boxes (N, 4), points (N, 5, 2)."""
        if not len(boxes):
            return np.empty(0, np.float32), boxes, np.empty((0, 5, 2))
        return self._seen(batches(image, boxes, SIZE, BATCH), boxes)

    def _seen(
        self, crops_of_boxes: Iterable[Result], boxes: Floats
    ) -> tuple[Result, Floats, Floats]:
        """Crops of N > 0 boxes (N, 4), some at a time -> the same."""
        outputs = ["scores", "offsets", "points"]
        parts = [self._session.run(outputs, {"crops": part}) for part in crops_of_boxes]
        scores, offsets, relative = (np.concatenate(column) for column in zip(*parts, strict=True))
        corner, side = boxes[:, None, :2], sides(boxes)[:, None]
        return scores[:, 0], moved(boxes, offsets), corner + side * relative - 1


def _shown(portraits: Result, box: tuple[float, float, float, float]) -> Result:
    """`crops` for one box in each portrait: (N, side, side, 3) -> (N, SIZE, SIZE, 3).

    Rows first, which are copied whole. No product of matrices: numpy would share it among all
    cores, and wait for those that have other work.
    """
    count, side = portraits.shape[:2]
    (x, y), (x_part, y_part), (x_outside, y_outside) = _taps(box, side)
    rows = portraits.reshape(count, side, 3 * side)
    rows = blend(rows.take(y, 1), rows.take(y + 1, 1), y_part[:, None])
    pixels = rows.reshape(count, SIZE, side, 3)
    left, right = (pixels.take(place, 2).reshape(count, SIZE, 3 * SIZE) for place in (x, x + 1))
    shown = blend(left, right, np.repeat(x_part, 3)).reshape(count, SIZE, SIZE, 3)
    shown[:, y_outside] = GREY
    shown[:, :, x_outside] = GREY
    return shown


@functools.cache
def _taps(
    box: tuple[float, float, float, float], side: int
) -> tuple[Indices, Result, npt.NDArray[np.bool_]]:
    """`taps` of one box in a portrait: (2, SIZE) each, along x and along y."""
    before, part, outside = taps(square(np.array([box])), SIZE, (side, side))
    return before[:, 0], part[:, 0], outside[:, 0]


def batches(image: Image, boxes: Floats, size: int, count: int) -> Iterator[Result]:
    """Crops (M, size, size, 3) of all boxes, so many at a time."""
    for start in range(0, len(boxes), count):
        yield crops(image, boxes[start : start + count], size)


def rounded(points: Floats) -> Result:
    """Points, rounded to 1/32 pixel.

    So processors that differ in the last bits of the networks make the same crops of them.
    """
    return (np.round(points * 32) / 32).astype(np.float32)


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
