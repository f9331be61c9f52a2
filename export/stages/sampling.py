"""Bilinear samples of images.

GatherElements takes the pixels. GridSample would do all in one node, in twice the time.
"""

from typing import NamedTuple

import numpy as np

from export.stages.values import Graph, Value


class Axis(NamedTuple):
    """Samples along one axis.

    Attributes:
        before: pixel before each sample, int32.
        weights: weights of that pixel and of the next, float32.
    """

    before: Value
    weights: tuple[Value, Value]


def inside(places: Value, length: int) -> Axis:
    """Samples at places from 0 to `length` - 1, float64."""
    before = places.at_most(float(length - 2)).cast(np.int32)  # the last lies at the next pixel
    after = (places - before.cast(np.float64)).cast(np.float32)
    return Axis(before, (1.0 - after, after))


def anywhere(places: Value, length: Value | int) -> Axis:
    """Samples at any places, float32, where pixels beyond the image are black.

    Args:
        places: pixels.
        length: length of the image; int32 if it is a value.
    """
    g = places.graph
    last = (g.value(length, np.int32) - 2).cast(np.float32).reshape()
    before = g.op("Clip", places.apply("Floor"), g.value(0.0, np.float32), last)
    d = places - before  # 0 to 1 inside the image
    first = (1.0 - d).at_most(d + 1.0).apply("Relu")
    second = d.at_most(2.0 - d).apply("Relu")
    return Axis(before.cast(np.int32), (first, second))


def bilinear(
    g: Graph, pixels: Value, x: Axis, y: Axis, width: Value | int, first: Value | None = None
) -> Value:
    """Samples where two axes meet.

    Args:
        g: the graph.
        pixels: (3, P) float32, rows one after the other.
        x: along rows; together with `y` it broadcasts to (N, S, S).
        y: along columns.
        width: width of a row; int32 if it is a value.
        first: index of the first pixel of the image of each face, int32, broadcast likewise.

    Returns:
        (3, N, S, S) float32.
    """
    corner = y.before * g.value(width, np.int32) + x.before  # (N, S, S)
    if first is not None:
        corner = corner + first
    shape = g.op("Shape", corner, dtype=np.int64)
    flat = corner.reshape(1, -1)
    total = None
    for down in (0, 1):
        for right in (0, 1):
            ahead = g.value(width, np.int32) * down + right if down else right
            index = flat + ahead if down or right else flat
            every = g.op("Expand", index, g.integers(3, 1))
            taken = g.op("GatherElements", pixels, every, axis=1)
            weight = (y.weights[down] * x.weights[right]).reshape(1, -1)
            part = taken * weight
            total = part if total is None else total + part
    assert total is not None
    return g.op("Reshape", total, g.concat([g.integers(3), shape], 0))
