"""The photo as the stages want it."""

from typing import NamedTuple

import numpy as np

from export.stages.values import Graph, Value


class Picture(NamedTuple):
    """A photo in a graph. No stage needs all of it in floating point.

    Attributes:
        image: (H, W, 3) uint8, the input.
        height: H.
        width: W.
        rgb: whether its channels are red, green, blue instead of blue, green, red.
    """

    image: Value
    height: int
    width: int
    rgb: bool

    def within(self, g: Graph) -> "Picture":
        """The same for the nodes of a branch."""
        return self._replace(image=g.within(self.image))

    def planes_of(self, part: Value) -> Value:
        """Pixels (H, W, 3) of the photo -> (1, 3, H, W) float32: blue, green, red."""
        g = part.graph
        planes = part.transpose(2, 0, 1).cast(np.float32)
        if self.rgb:
            planes = planes.take(np.array([2, 1, 0]))
        return g.op("Unsqueeze", planes, g.integers(0))
