"""Five points -> crops of the landmark network, as `lapland.crop.square` cuts them."""

from typing import NamedTuple

import numpy as np

from export.stages import sampling
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
    """The squares about five points (N, 5, 2), N > 0."""
    points = five_points.cast(np.float64)
    turn = _turn(g, points) if upright else g.value([[1, 0]], np.float64)  # cosine and sine
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


def _turn(g: Graph, points: Value) -> Value:
    """(N, 5, 2) -> (N, 2), direction of the similarity to an upright face."""
    # The sum of (z - mean) conj(u); the u of the template add up to zero, so the mean drops out.
    u, v = UPRIGHT.T
    products = np.stack([UPRIGHT, np.stack([-v, u], axis=1)], axis=-1)  # (5, x or y, result)
    fit = points.reshape(-1, 10) @ products.reshape(10, 2)
    length = (fit * fit).sum(1, keep=True).apply("Sqrt")
    some = length > 0.0  # points that coincide have no direction
    whole = g.where(some, length, 1.0, np.float64)
    return g.where(some, fit / whole, np.array([[1, 0]]), np.float64)


def cut(g: Graph, photo: Picture, found: Squares, size: int) -> Value:
    """The crops of N > 0 faces, (N, 3, size, size) float32, whole numbers; black beyond the photo.

    Args:
        g: the graph.
        photo: the photo.
        found: the squares.
        size: side of the crops.
    """
    matrix = found.matrices
    shrink = (found.steps * 0.5).apply("Floor").at_least(1.0).reshape(-1)  # (N,)
    is_large = shrink > 1.0
    near, large = is_large.apply("Not").places(), is_large.places()
    axes = _axes(g, matrix.take(near), size, (photo.width, photo.height))
    samples = sampling.bilinear(g, photo.pixels, *axes, photo.width)
    parts = [_means(g, samples)]

    inner = Graph(f"{g.prefix}large{len(g.nodes)}/", g)
    few = (inner.within(value).take(inner.within(large)) for value in (matrix, shrink))
    cuts = _cut_large(inner, photo.within(inner), *few, size)
    none = np.zeros((0, 3, size, size))
    parts += g.branch(large.count() > 0, inner, [cuts], [none])
    return g.concat(parts, 0).take(g.concat([near, large], 0).order(largest=False))


def _axes(
    g: Graph, matrix: Value, size: int, lengths: tuple[Value | int, Value | int]
) -> list[sampling.Axis]:
    """Places of the samples, four for each crop pixel, (N, 2 size, 2 size) along both axes.

    Args:
        g: the graph.
        matrix: (N, 2, 3) float64.
        size: side of the crops.
        lengths: width and height of the image; int32 if they are values.
    """
    steps = np.arange(2 * size) / 2 - 0.25
    axes = []
    for number, length in enumerate(lengths):
        row = matrix.part(number, number + 1, 1)  # (N, 1, 3)
        along, down, first = (row.part(i, i + 1, 2) for i in range(3))
        # Two short sums, and one of float32 for all samples.
        columns = (along * steps.reshape(1, 1, -1) + first).cast(np.float32)
        rows = (down * steps.reshape(1, -1, 1)).cast(np.float32)
        axes.append(sampling.anywhere(columns + rows, length))
    return axes


def _means(g: Graph, samples: Value) -> Value:
    """Samples (3, N, 2 size, 2 size) -> crops (N, 3, size, size)."""
    faces = samples.transpose(1, 0, 2, 3).rounded()  # first, since N alone may be 0
    return g.op("AveragePool", faces, kernel_shape=[2, 2], strides=[2, 2]).rounded()


def _cut_large(g: Graph, photo: Picture, matrix: Value, shrink: Value, size: int) -> Value:
    """Crops of large faces, from means of k x k pixels.

    The first block begins at another pixel for each face. So the means are differences of sums over
    all pixels above and to the left (F. Crow, "Summed-area tables for texture mapping", 1984).
    """
    middle, half = (size - 1) / 2, size / 2
    centre = matrix @ np.array([middle, middle, 1.0]).reshape(3, 1)  # (N, 2, 1)
    reach = matrix.part(0, 2, 2).apply("Abs").sum(2, keep=True) * half
    k = shrink.reshape(-1, 1, 1)
    sides = photo.width, photo.height
    lengths = np.array(sides, np.float64).reshape(2, 1)
    # As `square._inside` has it.
    start = ((centre - reach).at_least(0.0).apply("Floor") - k).at_least(0.0)
    end = ((centre + reach).apply("Ceil") + 1.0 + k).at_most(lengths).at_least(start)
    blocks = ((end - start) / k).apply("Floor")  # (N, 2, 1), columns and rows
    # One more than the most blocks of any face, so that each is followed by black.
    most = (blocks.max(0) + 1.0).reshape(-1).cast(np.int64)  # (2,)
    sums = photo.image.cast(np.int32)
    for axis in (0, 1):
        sums = g.op("CumSum", sums, g.value(axis, np.int64))
    sums = g.op("Pad", sums, g.integers(1, 1, 0, 0, 0, 0))  # zeros above and to the left
    edges, inside = [], []
    for axis in (0, 1):
        number = g.range(most.part(axis, axis + 1, 0) + 1).cast(np.float64).reshape(1, -1)
        at = (start.take(axis, 1) + number * shrink.reshape(-1, 1)).at_most(float(sides[axis]))
        edges.append(at.cast(np.int64))
        inside.append((number < blocks.take(axis, 1)).part(0, -1, 1))
    index = edges[1].reshape(0, -1, 1) * (photo.width + 1) + edges[0].reshape(0, 1, -1)
    corners = sums.reshape(-1, 3).take(index)  # (N, rows + 1, columns + 1, 3)
    for axis in (1, 2):
        corners = corners.part(1, 2**62, axis) - corners.part(0, -1, axis)
    area = (shrink * shrink).cast(np.float32).reshape(-1, 1, 1, 1)
    means = corners.transpose(0, 3, 1, 2).cast(np.float32) / area
    # OpenCV rounds halves of 2 x 2 pixels upwards, others to the even number.
    two = area.equals(4.0)
    means = g.where(two, means.rounded(), means.apply("Round"), np.float32)
    if photo.rgb:
        means = means.take(np.array([2, 1, 0]), 1)
    both = inside[1].reshape(0, 1, -1, 1) & inside[0].reshape(0, 1, 1, -1)
    means = g.where(both, means, 0.0, np.float32)
    # Image pixels -> blocks, whose first has its centre (k - 1) / 2 from the start.
    offset = g.concat([g.op("Expand", k * 0.0, g.integers(1, 2, 2)), start + (k - 1.0) * 0.5], 2)
    columns, rows = (most.part(i, i + 1, 0).cast(np.int32) for i in range(2))
    axes = _axes(g, (matrix - offset) / k, size, (columns, rows))
    first = g.range(shrink.count()).cast(np.int32).reshape(-1, 1, 1) * (rows * columns)
    pixels = means.transpose(1, 0, 2, 3).reshape(3, -1)
    return _means(g, sampling.bilinear(g, pixels, *axes, columns, first))
