"""The photo as the stages want it."""

from typing import NamedTuple

import numpy as np

from export.stages.values import Graph, Value


class Picture(NamedTuple):
    """A photo in a graph.

    Attributes:
        image: (H, W, 3) uint8, the input.
        planes: (1, 3, H, W) float32, whole numbers; blue, green, red.
        pixels: (3, H W) float32, the same.
        height: H.
        width: W.
        rgb: whether `image` is in the order red, green, blue.
    """

    image: Value
    planes: Value
    pixels: Value
    height: int
    width: int
    rgb: bool

    def within(self, g: Graph) -> "Picture":
        """The same for the nodes of a branch."""
        return self._replace(**{name: g.within(getattr(self, name)) for name in self._fields[:3]})


def picture(image: Value, height: int, width: int, *, rgb: bool) -> Picture:
    """The forms of a photo (H, W, 3) uint8."""
    planes = image.transpose(2, 0, 1)
    if rgb:
        planes = planes.take(np.array([2, 1, 0]))
    pixels = planes.cast(np.float32).reshape(3, -1)
    return Picture(image, pixels.reshape(1, 3, height, width), pixels, height, width, rgb)
