"""Five points -> crops of the landmark network, as `lapland.crop.square` cuts them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.five_points import UPRIGHT

_UPRIGHT = 1e-9  # pixels: points that coincide have no direction, and count as upright
# The samples are taken in so many parts: onnxruntime writes 56 bytes for each, and those of a part
# stay in the processor's cache.
_PARTS = 8
# The four samples of a crop pixel, u and v from its middle.
_BESIDE = np.array([[-1, 1, -1, 1], [-1, -1, 1, 1]]) / 4
# Image pixels a crop pixel from which on a crop comes from the half of the photo, its quarter, ...
_LARGE = 4.0


class Squares(NamedTuple):
    """The squares of N faces.

    Attributes:
        rows: (N, 3, 2) float64: crop pixels (u, v, 1) @ rows -> image pixels. The matrices of
            `lapland.crop.square`, transposed: so points, which are rows, need no transposition.
        turns: (N, 2, 2) float64, or (1, 2, 2) of squares that do not lean: image pixels, as rows,
            @ turns -> along the rows and the columns of the square.
        steps: (N, 1) float64, image pixels from a crop pixel to the next.
    """

    rows: Value
    turns: Value
    steps: Value


def squares(g: Graph, five_points: Value, *, size: int, factor: float, upright: bool) -> Squares:
    """The squares about five points (N, 5, 2)."""
    points = five_points.cast(np.float64)
    turns, back = _turns(g, points) if upright else [g.value(np.eye(2)[None], np.float64)] * 2
    along = points @ turns  # coordinates along the axes of the square
    low, high = along.min(1), along.max(1)  # (N, 2)
    steps = ((high - low).max(1, keep=True) * (factor / size)).at_least(1 / size)
    # The square in its own axes: it has its middle between low and high.
    own = np.zeros((5, 3, 2))
    for axis in range(2):
        own[[axis, 2 + axis], 2, axis] = 0.5
        own[4, [axis, 2], axis] = 1, -(size - 1) / 2
    square = (g.concat([low, high, steps], 1) @ own.reshape(5, 6)).reshape(-1, 3, 2)
    return Squares(square @ back, turns, steps)


def to_image(found: Squares, points: Value) -> Value:
    """Crop pixels (N, K, 2) -> image pixels, both float32 or both float64."""
    ways, first = found.rows.cast(points.dtype).split((2, 1), 1)
    return points @ ways + first


def _turns(g: Graph, points: Value) -> list[Value]:
    """Five points (N, 5, 2) -> turns and their transposes, (N, 2, 2) each."""
    # Cosine, -sine, sine, cosine, and the same in the other order: the norm of each column is one.
    both = np.array([[1, 0, 1, 0, 0, 1, 0, 1], [0, -1, 0, 1, 1, 0, -1, 0]])
    lengths = _roll(g, points, both).reshape(-1, 2, 4)
    return g.op("LpNormalization", lengths, axis=1, p=2).split(2, 2)


def direction(g: Graph, points: Value) -> Value:
    """Five points (N, 5, 2) float64 -> (N, 2), cosine and sine of their roll."""
    return g.op("LpNormalization", _roll(g, points, np.eye(2)), axis=1, p=2)


def _roll(g: Graph, points: Value, results: NDArray[np.float64]) -> Value:
    """Five points (N, 5, 2) -> (N, R), cosine and sine of their roll times a length, @ (2, R)."""
    # The sum of (z - mean) conj(u); the u of the template add up to zero, so the mean drops out.
    u, v = UPRIGHT.T
    products = np.stack([UPRIGHT, np.stack([-v, u], axis=1)], axis=-1)  # (5, x or y, result)
    given = (products.reshape(10, 2) @ results, np.array([_UPRIGHT, 0.0]) @ results)
    return g.op("Gemm", points.reshape(-1, 10), *(g.value(one, np.float64) for one in given))


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
    rows, steps = (some.within(value).take(large) for value in (found.rows, found.steps))
    first = _large_crops(some, photo.within(some), rows, steps, size)
    second = _small_crops(both, photo, both.within(found.rows).take(both.within(small)), size)
    order = both.concat([both.within(large), both.within(small)], 0).order(largest=False)
    mixed = both.concat([both.within(first), second], 0).take(order)
    crops = some.either(small.count() > 0, (both, [mixed]), (only, [first]))
    every = _small_crops(none, photo, none.within(found.rows), size)
    return g.either(found.steps.max(0, 1) >= _LARGE, (some, crops), (none, [every]))[0]


def _small_crops(g: Graph, photo: Picture, rows: Value, size: int) -> Value:
    """Crops of N > 0 faces that are not large, from the photo in full size."""
    ends = np.array([-0.5, size - 0.5])
    square = np.stack([np.tile(ends, 2), np.repeat(ends, 2), np.ones(4)], axis=1)
    corners = g.value(square, np.float64) @ rows  # (N, 4, 2)
    # The first pixel and the one behind the last, x and y of each; at least one pixel, even if all
    # crops lie beyond the photo.
    end = np.array([photo.width, photo.height])
    limits = np.array([0, 0, 1, 1]), np.concatenate([end - 1, end])
    touched = g.concat([corners.min(0, 1), corners.max(0, 1)], 0) + np.array([0, 0, 2, 2])
    part = touched.at_least(limits[0]).at_most(limits[1]).apply("Floor")
    pixels = g.op(
        "Slice", g.within(photo.image), *part.cast(np.int64).split(2, 0), g.integers(1, 0)
    )
    return _crops(photo.planes_of(pixels), _places(rows, *(part - 0.5).split(2, 0), size), size)


def _places(rows: Value, start: Value, end: Value, size: int) -> Value:
    """(1, 4 size N, size, 2) float32 places of the samples, four for each crop pixel.

    Each row of a crop has four rows of them. They count from -1 to 1, from one end of a part of the
    photo to the other.

    Args:
        rows: (N, 3, 2) float64, of the squares.
        start: (2,) float64, x and y where the part begins: half a pixel before its first.
        end: likewise, where it ends.
        size: side of the crops.
    """
    middle = (start + end) * np.array([[0], [0], [0.5]])  # counts in the third row alone
    local = (rows - middle) / (end - start)  # half of what is wanted
    # Constants are on the right of both products: on the left they refuse to meet no face at all.
    # u or v or 1, x or y -> for each row and each of the four: steps along u, and the rest
    row = np.zeros((3, 2, size, 4, 4))
    column = np.zeros((4, size, 2))  # these -> x or y, for each u
    v = np.arange(size)[:, None]
    for axis in range(2):
        row[0, axis, ..., axis] = row[2, axis, ..., 2 + axis] = 2
        row[0, axis, ..., 2 + axis] = 2 * _BESIDE[0]
        row[1, axis, ..., 2 + axis] = 2 * (v + _BESIDE[1])
        column[axis, :, axis], column[2 + axis, :, axis] = np.arange(size), 1
    lines = (local.reshape(-1, 6) @ row.reshape(6, -1)).cast(np.float32).reshape(-1, 4)
    return (lines @ column.reshape(4, -1)).reshape(1, -1, size, 2)


def _crops(planes: Value, places: Value, size: int) -> Value:
    """Crops (N, 3, size, size) float32; each pixel is the mean of four bilinear samples.

    Args:
        planes: (1, 3, H, W) float32.
        places: (1, 4 size N, size, 2), of the samples.
        size: side of the crops.
    """
    g = planes.graph
    samples = g.concat(
        [
            g.op("GridSample", planes, part, mode="bilinear", padding_mode="zeros")
            for part in places.split(_PARTS, 1)
        ],
        2,
    )
    # The first axis alone may be empty.
    crops = samples.apply("Round").reshape(-1, 4, size).mean(1).rounded()
    return crops.reshape(3, -1, size, size).transpose(1, 0, 2, 3)


def _large_crops(g: Graph, photo: Picture, rows: Value, steps: Value, size: int) -> Value:
    """Crops of N > 0 large faces, from the half of the photo, its quarter, ...

    Args:
        g: the graph.
        photo: the photo.
        rows: (N, 3, 2) float64, of the squares.
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
        sides = np.array([photo.width >> times, photo.height >> times]) * 2**times
        ends = (g.value(end - 0.5, np.float64) for end in (np.zeros(2), sides))
        places = _places(rows.take(faces[-1]), *ends, size)
        crops.append(_crops(photo.halved(times), places, size))
    return g.concat(crops, 0).take(g.concat(faces, 0).order(largest=False))
