"""Boxes of the detector: made square, moved, cropped, and suppressed if they overlap."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Image = npt.NDArray[np.uint8]
Result = npt.NDArray[np.float32]

FEW = 150  # boxes; for no more, the matrix of all pairs is fastest
GREY = 127.5  # zero to the networks; fills the part outside the image


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
    count = len(boxes)
    height, width = image.shape[:2]
    before, part, outside = taps(boxes, size, (width, height))
    if min(height, width) < 2:  # a neighbour for every pixel, which weighs nothing
        image = np.pad(image, ((0, 1), (0, 1), (0, 0)), mode="edge")
        width += 1
    # One flat index a pixel: `take` is several times as fast as indexing with two arrays. cv2.remap
    # rounds positions to 1/32 pixel in OpenCV 4 and refuses images of more than 32767 columns.
    index = before[1][:, :, None] * width + before[0][:, None]  # (N, size, size)
    pixels = image.reshape(-1, 3)

    def taken(ahead: int) -> Result:
        # Rows of 3 * size values: numpy is slow if the last axis is as short as three.
        values: Image = pixels[ahead:].take(index, axis=0)
        return values.reshape(count, size, 3 * size).astype(np.float32)

    x_part, y_part = np.repeat(part[0], 3, axis=1)[:, None], part[1][:, :, None]
    top = blend(taken(0), taken(1), x_part)
    low = blend(taken(width), taken(width + 1), x_part)
    result = blend(top, low, y_part).reshape(count, size, size, 3)
    if outside.any():
        result[outside[1]] = GREY
        result.transpose(0, 2, 1, 3)[outside[0]] = GREY
    return result


def taps(
    boxes: Floats, size: int, lengths: tuple[int, int]
) -> tuple[Indices, Result, npt.NDArray[np.bool_]]:
    """Samples along both axes: pixel before, weight of the one after it, outside or not.

    Args:
        boxes: (N, 4) float64.
        size: samples along each side.
        lengths: width and height of the image.

    Returns:
        three arrays of shape (2, N, size), along x and along y.
    """
    edges = boxes.reshape(len(boxes), 2, 2).transpose(2, 0, 1)[..., None]  # (x or y, box, end, 1)
    steps = np.arange(size) / (size - 1)
    length = np.array(lengths, np.float64)[:, None, None]
    first, last = edges[:, :, 0], edges[:, :, 1]
    at = (first + (last - first) * steps) * ((length - 1) / length)
    inside = np.minimum(np.maximum(at, 0), length - 1)
    # The last pixel is the one after the last but one.
    before = np.minimum(inside, np.maximum(length - 2, 0)).astype(np.intp)
    return before, (inside - before).astype(np.float32), inside != at


def blend(a: Result, b: Result, part: Result) -> Result:
    """Mixes two arrays: a + part * (b - a), in the memory of b."""
    b -= a
    b *= part
    b += a
    return b


def suppress(boxes: Floats, scores: Floats | Result, threshold: float, *, kind: str) -> Indices:
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
    if len(order) < 2:
        return order
    if len(order) <= FEW:
        return order[_stays(boxes[order], threshold, kind)]
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


def _stays(boxes: Floats, threshold: float, kind: str) -> npt.NDArray[np.bool_]:
    """Which of some boxes (N, 4), best first, no better one overlaps."""
    x1, y1, x2, y2 = boxes.T
    every = slice(None)
    across = _overlap(x1, x2, every, every)
    across *= _overlap(y1, y2, every, every)
    area = (x2 - x1) * (y2 - y1)
    if kind == "union":  # a > t (A + B - a), the areas A and B known
        across *= (1 + threshold) / threshold
        meet = across > area[:, None] + area
    else:
        meet = across > threshold * np.minimum(area[:, None], area)
    np.fill_diagonal(meet, True)
    # The first box that a box meets is itself, unless it meets a better one.
    first: Indices = meet.argmax(axis=0)
    stays: npt.NDArray[np.bool_] = first == np.arange(len(boxes))
    return stays


def _overlap(low: Floats, high: Floats, rows: slice, columns: slice) -> Floats:
    """Shared length of intervals, (rows, columns)."""
    shared = np.minimum(high[rows, None], high[columns])
    shared -= np.maximum(low[rows, None], low[columns])
    return np.maximum(shared, 0, out=shared)
