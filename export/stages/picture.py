"""The photo as the stages want it."""

from dataclasses import dataclass, field, replace

import numpy as np

from export.stages.values import Graph, Value


@dataclass(frozen=True)
class Picture:
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
    _halves: list[Value] = field(default_factory=list)

    def within(self, g: Graph) -> "Picture":
        """The same for the nodes of a branch."""
        return replace(self, image=g.within(self.image))

    def planes_of(self, part: Value) -> Value:
        """Pixels (H, W, 3) of the photo -> (1, 3, H, W) float32: blue, green, red."""
        g = part.graph
        planes = part.transpose(2, 0, 1).cast(np.float32)
        if self.rgb:
            planes = planes.take(np.array([2, 1, 0]))
        return g.op("Unsqueeze", planes, g.integers(0))

    def halved(self, times: int) -> Value:
        """The photo, halved at least once, in planes (1, 3, H >> times, W >> times) float32.

        Each pixel is the mean of 2 x 2, in whole numbers; what is left at the right and below is
        omitted. They stand in the graph around all branches, so all share them.
        """
        root = self.image.graph.root
        if not self._halves:
            self._halves.append(self._half(root, root.within(self.image)))
        while len(self._halves) < times:
            means = root.op("AveragePool", self._halves[-1], kernel_shape=[2, 2], strides=[2, 2])
            self._halves.append(means.rounded())
        return self.image.graph.within(self._halves[times - 1])

    def _half(self, g: Graph, image: Value) -> Value:
        height, width = self.height // 2, self.width // 2
        if self.height % 2 or self.width % 2:
            image = image.part(0, 2 * height, 0).part(0, 2 * width, 1)
        weights = np.zeros((3, 6))  # of two pixels side by side
        for pixel in range(2):
            order = [2, 1, 0] if self.rgb else [0, 1, 2]
            weights[range(3), [3 * pixel + channel for channel in order]] = 0.25
        # Bytes are summed as matrices of floats: of all operators that can, these take the least
        # time. QLinearConv takes twice as long.
        rows = image.reshape(height, 2, -1)
        means = g.value(0.5, np.float32)  # so that halves are rounded upwards
        for row in range(2):
            pairs = rows.take(row, 1).cast(np.float32).reshape(-1, 6)
            means = g.op("Gemm", g.value(weights, np.float32), pairs, means, transB=1)
        return means.apply("Floor").reshape(1, 3, height, width)
