"""Five points -> crops of the landmark network, as `lapland.crop.square` cuts them."""

from typing import NamedTuple

import numpy as np

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.five_points import UPRIGHT


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
    side = ((high - low).max(1, keep=True) * factor).at_least(1.0)
    steps = side / size
    first = (low + high) * 0.5 - steps * ((size - 1) / 2)
    step = steps.reshape(-1, 1, 1)
    return Squares(g.concat([turns * step, turns @ first.reshape(-1, 2, 1)], 2), steps)


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
    fit = points.reshape(-1, 10) @ products.reshape(10, 2)
    length = (fit * fit).sum(1, keep=True).apply("Sqrt")
    some = length > 0.0  # points that coincide have no direction
    whole = g.where(some, length, 1.0, np.float64)
    return g.where(some, fit / whole, np.array([[1, 0]]), np.float64)


class _Part(NamedTuple):
    """The part of the photo that some crops touch.

    Attributes:
        pixels: (H, W, 3) uint8, at least one of them.
        first: (2, 1) float64, x and y of the first.
        sides: (2, 1) float64, W and H.
    """

    pixels: Value
    first: Value
    sides: Value


def cut(g: Graph, photo: Picture, found: Squares, size: int) -> Value:
    """The crops of N faces, (N, 3, size, size) float32, whole numbers; black beyond the photo.

    Args:
        g: the graph.
        photo: the photo.
        found: the squares.
        size: side of the crops.
    """
    shrink = (found.steps * 0.5).apply("Floor").reshape(-1)  # (N,)
    is_large = shrink > 1.0
    large = is_large.places()
    all_small, some = (Graph(f"{g.prefix}{name}{len(g.nodes)}/", g) for name in ("cut", "large"))
    crops = _small_crops(all_small, photo, found.matrices, size)
    places = [some.within(is_large).apply("Not").places(), some.within(large)]
    few, chosen = (some.within(found.matrices).take(place) for place in places)
    both = [
        _small_crops(some, photo, few, size),
        _large_crops(some, photo, chosen, some.within(shrink).take(places[1]), size),
    ]
    mixed = some.concat(both, 0).take(some.concat(places, 0).order(largest=False))
    return g.either(large.count() > 0, (some, [mixed]), (all_small, [crops]))[0]


def _small_crops(g: Graph, photo: Picture, matrix: Value, size: int) -> Value:
    """Crops of N faces that are not large, from the photo in full size."""
    matrix = g.within(matrix)
    part = _part(g, photo, *_ends(matrix, size, 1.0, photo))
    places = _places(matrix - _column(part.first), size, part.sides)
    crops = _crops(photo.planes_of(part.pixels), places.reshape(1, -1, 2 * size, 2), size)
    return crops.reshape(3, -1, size, size).transpose(1, 0, 2, 3)


def _ends(matrix: Value, size: int, margin: Value | float, photo: Picture) -> tuple[Value, Value]:
    """First pixels and those after the last that crops can touch, (N, 2, 1), as `square._inside`.

    Args:
        matrix: (N, 2, 3) float64, crop pixels (u, v, 1) -> image pixels.
        size: side of the crops.
        margin: pixels about the crops; (N, 1, 1) if it is a value.
        photo: the photo.
    """
    centre = matrix @ np.array([[(size - 1) / 2], [(size - 1) / 2], [1.0]])
    reach = matrix.part(0, 2, 2).apply("Abs").sum(2, keep=True) * (size / 2)
    lengths = np.array([[photo.width], [photo.height]], np.float64)
    start = ((centre - reach).at_least(0.0).apply("Floor") - margin).at_least(0.0)
    end = ((centre + reach).apply("Ceil") + 1.0 + margin).at_most(lengths).at_least(start)
    return start, end


def _part(g: Graph, photo: Picture, start: Value, end: Value) -> _Part:
    """The part of the photo from starts to ends (N, 2, 1), N >= 0."""
    last = np.array([[[photo.width - 1]], [[photo.height - 1]]]).reshape(1, 2, 1)
    first = g.concat([start, g.value(last, np.float64)], 0).min(0)
    end = g.concat([end, g.value([[[1], [1]]], np.float64)], 0).max(0).at_least(first + 1.0)
    limits = (value.cast(np.int64).reshape(-1).take(np.array([1, 0])) for value in (first, end))
    pixels = g.op("Slice", g.within(photo.image), *limits, g.integers(0, 1))
    return _Part(pixels, first, end - first)


def _column(offset: Value) -> Value:
    """(..., 2, 1) -> (..., 2, 3), as the last column of a matrix."""
    return offset * np.array([[0, 0, 1]])


def _places(matrix: Value, size: int, sides: Value) -> Value:
    """(N, 2 size, 2 size, 2) float32 places of the samples, four for each crop pixel.

    They count from -1 to 1, from one end of the image to the other.

    Args:
        matrix: (N, 2, 3) float64, crop pixels (u, v, 1) -> pixels of an image.
        size: side of the crops.
        sides: (2, 1) float64, width and height of the image.
    """
    matrix = (matrix * 2.0 + np.array([[0, 0, 1]])) / sides - np.array([[0, 0, 1]])
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


def _crops(images: Value, places: Value, size: int) -> Value:
    """Crops; each pixel is the mean of four bilinear samples.

    Args:
        images: (N, 3, H, W) float32.
        places: (N, M, 2 size, 2), of the samples; M counts the rows of one crop or more.
        size: side of the crops.

    Returns:
        (L, 1, size, size) float32: for each image and channel, its crops.
    """
    g = images.graph
    samples = g.op("GridSample", images, places, mode="bilinear", padding_mode="zeros").rounded()
    samples = samples.reshape(-1, 1, 2 * size, 2 * size)  # the first axis alone may be empty
    return g.op("AveragePool", samples, kernel_shape=[2, 2], strides=[2, 2]).rounded()


def _large_crops(g: Graph, photo: Picture, matrix: Value, shrink: Value, size: int) -> Value:
    """Crops of N > 0 large faces, from means of k x k pixels, so that they do not alias.

    The first block begins at another pixel for each face. So the means are differences of sums over
    all pixels above and to the left (F. Crow, "Summed-area tables for texture mapping", 1984).

    Args:
        g: the graph.
        photo: the photo.
        matrix: (N, 2, 3) float64, crop pixels (u, v, 1) -> image pixels.
        shrink: (N,) float64, k of each face.
        size: side of the crops.
    """
    k = shrink.reshape(-1, 1, 1)
    start, end = _ends(matrix, size, k, photo)
    blocks = ((end - start) / k).apply("Floor")  # (N, 2, 1), columns and rows
    most = blocks.max(0).at_least(1.0)  # (2, 1), of any face; those that a face lacks are black
    part = _part(g, photo, start, end)
    sums = part.pixels.cast(np.int32)
    for axis in (0, 1):
        sums = g.op("CumSum", sums, g.value(axis, np.int64))
    sums = g.op("Pad", sums, g.integers(1, 1, 0, 0, 0, 0))  # zeros above and to the left
    edges = []
    for axis in (0, 1):
        count = most.take(axis, 0).cast(np.int64)
        number = g.range(count + 1).cast(np.float64).reshape(1, -1).at_most(blocks.take(axis, 1))
        edge = start.take(axis, 1) - part.first.take(axis, 0) + number * shrink.reshape(-1, 1)
        edges.append(edge.cast(np.int64))
    width = part.sides.take(0, 0).cast(np.int64) + 1
    index = edges[1].reshape(0, -1, 1) * width + edges[0].reshape(0, 1, -1)
    corners = sums.reshape(-1, 3).take(index).transpose(0, 3, 1, 2)  # (N, 3, rows + 1, columns + 1)
    for axis in (2, 3):
        corners = corners.part(1, 2**62, axis) - corners.part(0, -1, axis)
    area = (k * k).cast(np.float32).reshape(-1, 1, 1, 1)
    # OpenCV rounds halves of 2 x 2 pixels upwards, others to the even number.
    halves = area.equals(4.0).cast(np.float32) * 0.1
    means = (corners.cast(np.float32) / area + halves).apply("Round")
    if photo.rgb:
        means = means.take(np.array([2, 1, 0]), 1)
    # Image pixels -> blocks, whose first has its centre (k - 1) / 2 from the start.
    blocks = (matrix - _column(start + (k - 1.0) * 0.5)) / k
    return _crops(means, _places(blocks, size, most), size).reshape(-1, 3, size, size)
