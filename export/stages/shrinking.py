"""The photo at smaller sizes, pixel by pixel as `lapland.crop.halves.Halves` makes them."""

import math

import numpy as np
from numpy.typing import NDArray

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.crop.halves import Halves

_ONE = 256  # OpenCV's weights are multiples of 1 / _ONE
_FEW = 128  # columns up to which a product with a matrix takes the least time
_LEAST = 16  # fewer columns take no less time


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

    def pixels(self, width: int, height: int) -> Value:
        """The photo at a size, (height, width, 3) uint8: blue, green, red."""
        times = self._times((height, width))
        if times:
            return self._photo.pixels(times)
        planes = self.at(width, height).cast(np.uint8)
        return planes.transpose(0, 2, 3, 1).reshape(height, width, 3)

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
            times = self._times(wanted)
            if wanted == self._size:
                planes = self._photo.planes_of(self._photo.image)
            elif times:
                planes = self._photo.halved(times)
            else:
                *before, size = larger
                planes = _resized(self._g, self._planes(size, before), size, wanted)
            self._made[wanted] = planes
        return self._made[wanted]

    def _times(self, wanted: tuple[int, int]) -> int:
        """How often the photo is halved to have a size; 0 if it has it never."""
        times = max(0, (self._size[0] // wanted[0]).bit_length() - 1)
        return times if self._size == (wanted[0] << times, wanted[1] << times) else 0


def _resized(g: Graph, planes: Value, size: tuple[int, int], wanted: tuple[int, int]) -> Value:
    """As OpenCV's INTER_LINEAR_EXACT: all that comes before the rounding is exact in float32."""
    # No Resize: its weights are not OpenCV's. Rows first, which are copied whole.
    (before, after, weights), across = (_taps(*sides) for sides in zip(size, wanted, strict=True))
    weights = weights[:, None]
    planes = planes.take(before, 2) * (1 - weights) + planes.take(after, 2) * weights
    before, after, weights = across
    parts = _parts(size[1], wanted[1])
    if wanted[1] <= _FEW * parts:
        # Columns of a part of a row come from those of the same part.
        pixels, columns = size[1] // parts, wanted[1] // parts
        matrix = np.zeros((pixels, columns))
        for places, shares in ((before, 1 - weights), (after, weights)):
            # A pixel beyond the part has no weight.
            at = np.minimum(places[:columns], pixels - 1)
            np.add.at(matrix, (at, np.arange(columns)), shares[:columns])
        shrunk = planes.reshape(1, 3, -1, pixels) @ matrix
        return shrunk.rounded().reshape(1, 3, *wanted)
    first, second = (
        _columns(g, planes, places, wanted) * part
        for places, part in ((before, 1 - weights), (after, weights))
    )
    return (first + second).rounded()


def _parts(length: int, wanted: int) -> int:
    """How many equal parts a row has, each of which becomes a part of the smaller row."""
    if wanted > length:
        return 1
    both = math.gcd(length, wanted)
    # A product gives so many columns in the time of one.
    return max(
        (n for n in range(1, both + 1) if both % n == 0 and wanted // n >= _LEAST), default=1
    )


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
