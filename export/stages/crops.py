"""Five points -> crops of the landmark network, as `lapland.crop.square` cuts them."""

from typing import NamedTuple

import numpy as np

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.five_points import UPRIGHT

_UPRIGHT = 1e-9  # pixels: points that coincide have no direction, and count as upright
# The samples are taken in so many parts: onnxruntime writes 56 bytes for each, and those of a part
# stay in the processor's cache.
_PARTS = 8
# Image pixels a crop pixel from which on a crop comes from the half of the photo, its quarter, ...
_LARGE = 4.0


class Squares(NamedTuple):
    """The squares of N faces.

    Attributes:
        matrices: (N, 2, 3) float64, crop pixels (u, v, 1) -> image pixels.
        steps: (N, 1) float64, image pixels from a crop pixel to the next.
    """

    matrices: Value
    steps: Value


def squares(g: Graph, five_points: Value, *, size: int, factor: float, upright: bool) -> Squares:
    """The squares about five points (N, 5, 2)."""
    points = five_points.cast(np.float64)
    turn = direction(g, points) if upright else g.value([[1, 0]], np.float64)  # cosine and sine
    turns = (turn @ np.array([[1, 0, 0, 1], [0, -1, 1, 0]])).reshape(-1, 2, 2)
    along = points @ turns  # coordinates along the axes of the square
    low, high = along.min(1), along.max(1)  # (N, 2)
    steps = ((high - low).max(1, keep=True) * (factor / size)).at_least(1 / size)
    # The square in its own axes: it has its middle between low and high.
    own = np.zeros((5, 2, 3))
    for axis in range(2):
        own[[axis, 2 + axis], axis, 2] = 0.5
        own[4, axis, [axis, 2]] = 1, -(size - 1) / 2
    square = (g.concat([low, high, steps], 1) @ own.reshape(5, 6)).reshape(-1, 2, 3)
    return Squares(turns @ square, steps)


def to_image(found: Squares, points: Value) -> Value:
    """Crop pixels (N, K, 2) float64 -> image pixels."""
    # No product of matrices: onnxruntime 1.19 fuses it with a transposition, and has no such node
    # for float64.
    along, down, offset = (found.matrices.part(i, i + 1, 2).reshape(-1, 1, 2) for i in range(3))
    u, v = points.split(2, 2)
    return u * along + v * down + offset


def direction(g: Graph, points: Value) -> Value:
    """Five points (N, 5, 2) float64 -> (N, 2), cosine and sine of their roll."""
    # The sum of (z - mean) conj(u); the u of the template add up to zero, so the mean drops out.
    u, v = UPRIGHT.T
    products = np.stack([UPRIGHT, np.stack([-v, u], axis=1)], axis=-1)  # (5, x or y, result)
    given = g.value(products.reshape(10, 2), np.float64), g.value([_UPRIGHT, 0.0], np.float64)
    return g.op("LpNormalization", g.op("Gemm", points.reshape(-1, 10), *given), axis=1, p=2)


def cut(g: Graph, photo: Picture, found: Squares, size: int) -> Value:
    """The crops of N > 0 faces, (N, 3, size, size) float32, whole numbers; black beyond the photo.

    Args:
        g: the graph.
        photo: the photo.
        found: the squares.
        size: side of the crops.
    """
    none, some = (Graph(f"{g.prefix}{name}{len(g.nodes)}/", g) for name in ("cut", "large"))
    only, both = (Graph(f"{some.prefix}{name}/", some) for name in ("only", "both"))
    are_large = some.within(found.steps).reshape(-1) >= _LARGE
    large, small = are_large.places(), are_large.apply("Not").places()
    matrices, steps = (some.within(value).take(large) for value in found)
    first = _large_crops(some, photo.within(some), matrices, steps, size)
    second = _small_crops(both, photo, both.within(found.matrices).take(both.within(small)), size)
    order = both.concat([both.within(large), both.within(small)], 0).order(largest=False)
    mixed = both.concat([both.within(first), second], 0).take(order)
    crops = some.either(small.count() > 0, (both, [mixed]), (only, [first]))
    every = _small_crops(none, photo, none.within(found.matrices), size)
    return g.either(found.steps.max(0, 1) >= _LARGE, (some, crops), (none, [every]))[0]


def _small_crops(g: Graph, photo: Picture, matrix: Value, size: int) -> Value:
    """Crops of N > 0 faces that are not large, from the photo in full size."""
    ends = np.array([-0.5, size - 0.5])
    corners = matrix @ np.stack([np.tile(ends, 2), np.repeat(ends, 2), np.ones(4)])  # (N, 2, 4)
    last = np.array([photo.width - 1, photo.height - 1])
    low, high = (value.apply("Floor") for value in (corners.min(0, 2), corners.max(0, 2)))  # (2,)
    # At least one pixel, even if all crops lie beyond the photo.
    first = low.at_least(0.0).at_most(last)
    end = (high + 2.0).at_most(last + 1).at_least(first + 1.0)
    planes = photo.planes_of(_part(g, photo, first, end))
    places = _places(matrix, first.reshape(2, 1), (end - first).reshape(2, 1), size)
    return _crops(planes, places, size)


def _part(g: Graph, photo: Picture, first: Value, end: Value) -> Value:
    """Pixels of the photo from x and y (2,) to others."""
    limits = (value.cast(np.int64) for value in (first, end))
    return g.op("Slice", g.within(photo.image), *limits, g.integers(1, 0))


def _column(offset: Value) -> Value:
    """(..., 2, 1) -> (..., 2, 3), as the last column of a matrix."""
    return offset * np.array([[0, 0, 1]])


def _places(matrix: Value, first: Value, sides: Value, size: int) -> Value:
    """(N, 2 size, 2 size, 2) float32 places of the samples, four for each crop pixel.

    They count from -1 to 1, from one end of a part of the photo to the other.

    Args:
        matrix: (N, 2, 3) float64, crop pixels (u, v, 1) -> image pixels.
        first: (2, 1) float64, x and y of the first pixel of the part.
        sides: likewise, its width and height.
        size: side of the crops.
    """
    matrix = (matrix - _column(first - 0.5)) * (2.0 / sides) - np.array([[0, 0, 1]])
    count = 2 * size
    steps = np.arange(count) / 2 - 0.25
    # Constants are on the right of both products: on the left they refuse to meet no face at all.
    row = np.zeros((2, 3, count, 4))  # x or y, u or v or 1 -> for each v, steps along u, and rest
    column = np.zeros((4, count, 2))  # these -> x or y, for each u
    for axis in range(2):
        row[axis, 0, :, axis] = row[axis, 2, :, 2 + axis] = 1
        row[axis, 1, :, 2 + axis] = steps
        column[axis, :, axis], column[2 + axis, :, axis] = steps, 1
    rows = (matrix.reshape(-1, 6) @ row.reshape(6, -1)).cast(np.float32).reshape(-1, 4)
    return (rows @ column.reshape(4, -1)).reshape(-1, count, count, 2)


def _crops(planes: Value, places: Value, size: int) -> Value:
    """Crops (N, 3, size, size) float32; each pixel is the mean of four bilinear samples.

    Args:
        planes: (1, 3, H, W) float32.
        places: (N, 2 size, 2 size, 2), of the samples.
        size: side of the crops.
    """
    g = planes.graph
    samples = g.concat(
        [
            g.op("GridSample", planes, part, mode="bilinear", padding_mode="zeros")
            for part in places.reshape(1, -1, 2 * size, 2).split(_PARTS, 1)
        ],
        2,
    )
    # The first axis alone may be empty.
    samples = samples.apply("Round").reshape(-1, 1, 2 * size, 2 * size)
    crops = g.op("AveragePool", samples, kernel_shape=[2, 2], strides=[2, 2]).rounded()
    return crops.reshape(3, -1, size, size).transpose(1, 0, 2, 3)


def _large_crops(g: Graph, photo: Picture, matrix: Value, steps: Value, size: int) -> Value:
    """Crops of N > 0 large faces, from the half of the photo, its quarter, ...

    Args:
        g: the graph.
        photo: the photo.
        matrix: (N, 2, 3) float64, crop pixels (u, v, 1) -> image pixels.
        steps: (N, 1) float64, image pixels from a crop pixel to the next.
        size: side of the crops.
    """
    steps = steps.reshape(-1)
    crops, faces = [], []
    # Enough halves for a crop with sides twice as long as the photo's.
    most = max(1, int(np.ceil(np.log2(2 * max(photo.width, photo.height) / size))) - 2)
    for times in range(1, most + 1):
        # A crop pixel covers at least 2 x 2 pixels of the smallest that serves it.
        few = steps >= 2.0 ** (times + 1)
        few = few & (steps < 2.0 ** (times + 2)) if times < most else few
        faces.append(few.places())
        sides = np.array([[photo.width >> times], [photo.height >> times]], np.float64) * 2**times
        places = _places(matrix.take(faces[-1]), g.value(np.zeros((2, 1)), np.float64), sides, size)
        crops.append(_crops(photo.halved(times), places, size))
    return g.concat(crops, 0).take(g.concat(faces, 0).order(largest=False))
