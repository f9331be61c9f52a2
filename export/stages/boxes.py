"""Boxes of MTCNN in a graph, as in `lapland.detection.mtcnn_boxes`.

Boxes are (N, 4) float64 image pixels: in float32, crops would differ from the SDK's.
"""

import numpy as np

from export.stages import sampling
from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.detection.mtcnn_boxes import GREY

MOST = 2000  # proposals, the best; a photo of one face has some hundred. Bounds time and memory.


def square(g: Graph, boxes: Value) -> Value:
    """Boxes -> squares of the longer side about the same centres."""
    first, last = boxes.part(0, 2, 1), boxes.part(2, 4, 1)
    sides = last - first
    longest = sides.max(1, keep=True)
    corner = first + sides * 0.5 - longest * 0.5
    return g.concat([corner, corner + longest], 1)


def moved(g: Graph, boxes: Value, offsets: Value) -> Value:
    """Boxes, moved by offsets (N, 4) float32 in units of their sides."""
    sides = boxes.part(2, 4, 1) - boxes.part(0, 2, 1) + 1.0
    return boxes + offsets.cast(np.float64) * g.concat([sides, sides], 1)


def suppress(
    g: Graph,
    boxes: Value,
    scores: Value,
    threshold: float,
    *,
    kind: str,
    levels: Value | None = None,
) -> Value:
    """Indices of the boxes that no better one overlaps, best first.

    ONNX's NonMaxSuppression has another rule: there a box that is lost suppresses no other.

    Args:
        g: the graph.
        boxes: (N, 4).
        scores: (N,) float32; of two equal ones the later is the better.
        threshold: overlap above which the worse box goes.
        kind: overlap relative to the "union" of the two, or to the smaller ("min").
        levels: (N,) int64; boxes of different levels do not meet.
    """
    order = (scores.count() - 1) - scores.part(-1, -(2**62), 0, -1).order(MOST)
    # Areas and overlaps of float32 are exact enough for a threshold, and half the memory.
    corners = boxes.take(order).cast(np.float32).transpose(1, 0)  # (4, n)
    rows, columns = corners.reshape(2, 2, -1, 1), corners.reshape(2, 2, 1, -1)
    (low, high), (other_low, other_high) = rows.split(2, 0), columns.split(2, 0)
    across = _product((high.at_most(other_high) - low.at_least(other_low)).apply("Relu"))
    area, other = _product(high - low), _product(other_high - other_low)  # (n, 1) and (1, n)
    if kind == "union":  # a > t (A + B - a)
        meet = across * ((1 + threshold) / threshold) > area + other
    else:
        meet = across > area.at_most(other) * threshold
    if levels is not None:
        level = levels.take(order)
        meet = meet & level.reshape(-1, 1).equals(level.reshape(1, -1))
    rank = g.range(order.count())
    better = rank.reshape(1, -1) < rank.reshape(-1, 1)
    lost = (meet & better).cast(np.float32).sum(1) > 0.0
    return order.take(lost.apply("Not").places())


def _product(sides: Value) -> Value:
    """(1, 2, ...) -> (...)."""
    return sides.graph.op("ReduceProd", sides, axes=[0, 1], keepdims=0)


def crops(g: Graph, photo: Picture, boxes: Value, size: int) -> Value:
    """Samples a size x size grid in each box, bilinearly; grey outside the photo.

    Args:
        g: the graph.
        photo: the photo.
        boxes: (N, 4).
        size: samples along each side.

    Returns:
        (N, 3, size, size) float32.
    """
    lengths = np.array([photo.width, photo.height], np.float64)
    ends = boxes.reshape(-1, 2, 2) * ((lengths - 1) / lengths)  # (N, end, x or y)
    first, last = ends.part(0, 1, 1), ends.part(1, 2, 1)  # (N, 1, 2)
    t = (np.arange(size) / (size - 1)).reshape(1, -1, 1)
    places = first + (last - first) * t  # (N, size, 2)
    within = places.at_least(0.0).at_most(lengths - 1)
    outside = within.equals(places).apply("Not")
    # (N, 1, size) along rows and (N, size, 1) along columns
    shapes = ((-1, 1, size), (-1, size, 1))
    axes = [
        sampling.inside(within.part(i, i + 1, 2).reshape(*shape), int(lengths[i]))
        for i, shape in enumerate(shapes)
    ]
    samples = sampling.bilinear(g, photo.pixels, *axes, photo.width)
    columns, rows = (outside.part(i, i + 1, 2).reshape(*shape) for i, shape in enumerate(shapes))
    return g.where(columns | rows, GREY, samples, np.float32).transpose(1, 0, 2, 3)
