"""The photo at smaller sizes, pixel by pixel as `lapland.crop.halves.Halves` makes them."""

import numpy as np
from numpy.typing import NDArray

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.halves import Halves

_ONE = 256  # OpenCV's weights are multiples of 1 / _ONE
_FEW = 128  # columns up to which a product with a matrix takes the least time


class Shrunk:
    """A photo, its half, its quarter, ..., each in the graph once it is needed.

    Args:
        g: the graph.
        photo: the photo.
    """

    def __init__(self, g: Graph, photo: Picture) -> None:
        self._g, self._photo, self._size = g, photo, (photo.height, photo.width)
        self._made: dict[tuple[int, int], Value] = {}
        # The SDK decides on an empty photo which of them a size comes from.
        self._empty = Halves(np.zeros((*self._size, 3), np.uint8))

    def at(self, width: int, height: int) -> Value:
        """The photo at a size, (1, 3, height, width) float32, whole numbers."""
        base = self._empty.above(width, height).shape[:2]
        larger = [self._size]
        while larger[-1] != base:
            larger.append((larger[-1][0] // 2, larger[-1][1] // 2))
        return self._planes((height, width), larger)

    def _planes(self, wanted: tuple[int, int], larger: list[tuple[int, int]]) -> Value:
        """The photo at a size: exactly halved, if it is that, or from the last of larger sizes."""
        if wanted not in self._made:
            times = (self._size[0] // wanted[0]).bit_length() - 1
            if wanted == self._size:
                planes = self._photo.planes_of(self._photo.image)
            elif times > 0 and self._size == (wanted[0] << times, wanted[1] << times):
                planes = self._photo.halved(times)
            else:
                *before, size = larger
                planes = _resized(self._g, self._planes(size, before), size, wanted)
            self._made[wanted] = planes
        return self._made[wanted]


def _resized(g: Graph, planes: Value, size: tuple[int, int], wanted: tuple[int, int]) -> Value:
    """As OpenCV's INTER_LINEAR_EXACT: all that comes before the rounding is exact in float32."""
    # No Resize: its weights are not OpenCV's. Rows first, which are copied whole.
    (before, after, weights), across = (_taps(*sides) for sides in zip(size, wanted, strict=True))
    weights = weights[:, None]
    planes = planes.take(before, 2) * (1 - weights) + planes.take(after, 2) * weights
    before, after, weights = across
    if wanted[1] <= _FEW:
        matrix = np.zeros((size[1], wanted[1]))
        for places, part in ((before, 1 - weights), (after, weights)):
            np.add.at(matrix, (places, np.arange(wanted[1])), part)
        return (planes @ matrix).rounded()
    first, second = (
        _columns(g, planes, places, wanted) * part
        for places, part in ((before, 1 - weights), (after, weights))
    )
    return (first + second).rounded()


def _columns(g: Graph, planes: Value, places: NDArray[np.int64], wanted: tuple[int, int]) -> Value:
    """Columns of planes; Gather would take them in twice the time."""
    index = g.op("Expand", g.value(places, np.int32), g.integers(1, 3, *wanted))
    return g.op("GatherElements", planes, index, dtype=np.float32, axis=3)


def _taps(
    length: int, wanted: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pixels before and after each of `wanted` samples, and the weights of those after."""
    at = np.clip((np.arange(wanted) + 0.5) * (length / wanted) - 0.5, 0, length - 1)
    before = at.astype(np.int64)
    weights = np.round((at - before) * _ONE) / _ONE
    return before, np.minimum(before + 1, length - 1), weights
