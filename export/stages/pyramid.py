"""The photo at ever smaller sizes, as `lapland.detection.pyramid` makes them.

That file interpolates in whole numbers, and the graph in float32, so single pixels of a level
differ by 1 / 128 of a grey value.
"""

import numpy as np

from export.stages.picture import Picture
from export.stages.values import Graph, Value
from lapland.detection.mtcnn import CELL
from lapland.detection.pyramid import BITS, Halves, pyramid

FACTOR = 0.709
UNIT = 1 << BITS
"""Grey values of levels are in parts of so many: they are rounded to these, as in the SDK."""


def levels(g: Graph, photo: Picture, min_face: int) -> list[tuple[float, tuple[int, int], Value]]:
    """The levels of a photo.

    Args:
        g: the graph.
        photo: the photo.
        min_face: side of the smallest face to look for, pixels.

    Returns:
        for each level its scale, its height and width, and the level, (1, 3, height, width), whole
        numbers, 1 / `UNIT` of a grey value each.
    """
    size = photo.height, photo.width
    # The SDK decides on an empty photo which levels there are, and from which half each comes.
    empty = Halves(np.zeros((*size, 3), np.uint8))
    halves, deep = {size: photo.planes}, {}
    found = []
    made = pyramid(empty, scale=CELL / min_face, factor=FACTOR, smallest=CELL)
    for scale, pixels in made:
        shape = pixels.shape[0], pixels.shape[1]
        base = empty.above(shape[1], shape[0]).shape[:2]
        half, last = photo.planes, size
        while last != base:
            whole, last = last, (last[0] // 2, last[1] // 2)
            if last not in halves:
                halves[last] = _halved(g, half, whole, last)
            half = halves[last]
        if base not in deep:
            deep[base] = half * float(UNIT)
        level = deep[base] if base == shape else _resized(g, deep[base], shape).rounded()
        found.append((scale, shape, level))
    return found


def _halved(g: Graph, image: Value, whole: tuple[int, int], size: tuple[int, int]) -> Value:
    """Half the size, in whole numbers."""
    even = size[0] * 2, size[1] * 2
    if even == whole:
        return g.op("AveragePool", image, kernel_shape=[2, 2], strides=[2, 2]).rounded()
    return _resized(g, image, size).rounded()


def _resized(g: Graph, image: Value, size: tuple[int, int]) -> Value:
    none = g.value(np.zeros(0), np.float32)
    shape = g.integers(1, 3, *size)
    return g.op(
        "Resize",
        image,
        none,
        none,
        shape,
        mode="linear",
        coordinate_transformation_mode="half_pixel",
    )
