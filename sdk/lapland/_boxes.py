"""Boxes of the detector: made square, moved, cropped, and suppressed where they overlap."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

GREY = 127.5  # zero to the networks; stands for what lies outside the image


def square(boxes: Floats) -> Floats:
    """(N, 4) boxes -> squares of the longer side about the same centres."""
    sides = boxes[:, 2:] - boxes[:, :2]
    longest = sides.max(axis=1, keepdims=True)
    first = boxes[:, :2] + sides * 0.5 - longest * 0.5
    return np.concatenate([first, first + longest], axis=1)


def sides(boxes: Floats) -> Floats:
    """(N, 4) -> (N, 2), width and height counted in pixels from the first to the last."""
    return boxes[:, 2:] - boxes[:, :2] + 1


def moved(boxes: Floats, offsets: Result) -> Floats:
    """(N, 4) boxes, moved by offsets (N, 4) in units of their sides."""
    return boxes + offsets * np.tile(sides(boxes), 2)


def crops(image: Image, boxes: Floats, size: int) -> Result:
    """Samples a size x size grid in each box, bilinearly; grey outside the image.

    The first and last samples lie on the edges of the box, drawn towards the origin by (W - 1) / W
    and (H - 1) / H, as TensorFlow's ``crop_and_resize`` has it.

    Args:
        image: (H, W, 3) uint8, contiguous.
        boxes: (N, 4) float64.
        size: samples along each side.

    Returns:
        (N, size, size, 3) float32 in 0..255.
    """
    height, width = image.shape[:2]
    steps = np.arange(size) / (size - 1)
    left, right, x_part, x_out = _taps(boxes[:, 0::2], steps, width)  # (N, size) each
    above, below, y_part, y_out = _taps(boxes[:, 1::2], steps, height)
    # One flat index a pixel: `take` is several times as fast as indexing with two arrays. cv2.remap
    # rounds positions to 1/32 pixel in OpenCV 4 and refuses images of more than 32767 columns.
    pixels = image.reshape(-1, 3)
    above, below = above[:, :, None] * width, below[:, :, None] * width
    left, right = left[:, None], right[:, None]
    x_part, y_part = x_part[:, None, :, None], y_part[:, :, None, None]
    top = _blend(pixels.take(above + left, axis=0), pixels.take(above + right, axis=0), x_part)
    low = _blend(pixels.take(below + left, axis=0), pixels.take(below + right, axis=0), x_part)
    result = _blend(top, low, y_part)
    result[y_out] = GREY
    result.transpose(0, 2, 1, 3)[x_out] = GREY
    return result


def _taps(
    edges: Floats, steps: Floats, length: int
) -> tuple[Indices, Indices, Result, npt.NDArray[np.bool_]]:
    """Samples along one axis: pixel before, pixel after, weight of the latter, outside or not."""
    first, last = edges[:, :1], edges[:, 1:]
    at = (first + (last - first) * steps) * ((length - 1) / length)  # (N, size)
    outside = (at < 0) | (at > length - 1)
    at = at.clip(0, length - 1)
    before = at.astype(np.intp)
    after = np.minimum(before + 1, length - 1)
    return before, after, (at - before).astype(np.float32), outside


def _blend(a: npt.NDArray[Any], b: npt.NDArray[Any], part: Result) -> Result:
    """Goes from a, where `part` is 0, to b, where it is 1."""
    result: Result = np.subtract(b, a, dtype=np.float32)
    result *= part
    result += a
    return result


def suppress(boxes: Floats, scores: Result, threshold: float, *, kind: str) -> Indices:
    """Leaves out each box that a better one overlaps, whether that one stays or not.

    This is the package's rule. The usual greedy one lets only boxes that stay suppress others.

    Args:
        boxes: (N, 4) x1, y1, x2, y2.
        scores: (N,); of two equal ones the later is the better.
        threshold: overlap above which the worse box goes.
        kind: overlap relative to the "union" of the two, or to the smaller ("min").

    Returns:
        Indices of the boxes that stay, best first.
    """
    order = np.argsort(scores, kind="stable")[::-1]
    ranks = np.empty(len(order), np.intp)
    ranks[order] = np.arange(len(order))
    # From top to bottom: a box can meet only those that start above its lower edge, a short run of
    # the sorted list, so that thousands of boxes need no matrix of all pairs.
    down = np.argsort(boxes[:, 1], kind="stable")
    x1, y1, x2, y2 = boxes[down].T
    rank = ranks[down]
    area = (x2 - x1) * (y2 - y1)
    ends = np.searchsorted(y1, y2)
    lost = np.zeros(len(order), bool)
    for start in range(0, len(order), 128):
        rows = slice(start, start + 128)
        columns = slice(start, max(start + 1, int(ends[rows].max())))
        across = _overlap(x1, x2, rows, columns)
        across *= _overlap(y1, y2, rows, columns)  # (rows, columns) areas of the intersections
        if kind == "union":
            whole = area[rows, None] + area[columns] - across
        else:
            whole = np.minimum(area[rows, None], area[columns])
        meet = across > threshold * whole
        better = rank[rows, None] < rank[columns]
        lost[columns] |= (meet & better).any(axis=0)
        # A box meets itself; it does not lose to itself.
        lost[rows] |= (meet & (rank[rows, None] > rank[columns])).any(axis=1)
    kept = down[~lost]
    return kept[np.argsort(ranks[kept])]


def _overlap(low: Floats, high: Floats, rows: slice, columns: slice) -> Floats:
    """Shared length of intervals, (rows, columns)."""
    shared = np.minimum(high[rows, None], high[columns])
    shared -= np.maximum(low[rows, None], low[columns])
    return np.maximum(shared, 0, out=shared)
