"""The photo as the stages want it."""

from dataclasses import dataclass, field, replace

import numpy as np

from export.graph.builder import CONTRIB
from export.stages.values import Graph, Value

_PAIRS = 8  # pixels side by side of a half that are made together


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
    _halves: list[Value] = field(default_factory=list)  # pixels, blue, green, red
    _planes: dict[int, Value] = field(default_factory=dict)  # times halved -> those that are wanted

    def within(self, g: Graph) -> "Picture":
        """The same for the nodes of a branch, with what is made already."""
        halves = [g.within(pixels) for pixels in self._halves]
        planes = {times: g.within(value) for times, value in self._planes.items()}
        return replace(self, image=g.within(self.image), _halves=halves, _planes=planes)

    def planes_of(self, part: Value) -> Value:
        """Pixels (H, W, 3) of the photo -> (1, 3, H, W) float32: blue, green, red."""
        return _in_planes(part, self.rgb)

    def pixels(self, times: int) -> Value:
        """The photo, halved at least once, (H >> times, W >> times, 3) uint8: blue, green, red.

        Each pixel is the mean of 2 x 2, in whole numbers; what is left at the right and below is
        omitted.
        """
        while (done := len(self._halves)) < times:
            whole, turned = (self._halves[-1], False) if done else (self.image, self.rgb)
            height, width = self.height >> done, self.width >> done
            self._halves.append(_half(self.image.graph, whole, height, width, turned))
        return self._halves[times - 1]

    def halved(self, times: int) -> Value:
        """The same in planes, (1, 3, H >> times, W >> times) float32."""
        if times not in self._planes:
            self._planes[times] = _in_planes(self.pixels(times), False)
        return self._planes[times]


def _in_planes(pixels: Value, turned: bool) -> Value:
    """(H, W, 3) -> (1, 3, H, W) float32, channels in the other order if turned."""
    g = pixels.graph
    planes = pixels.transpose(2, 0, 1).cast(np.float32)
    if turned:
        planes = planes.take(np.array([2, 1, 0]))
    return g.op("Unsqueeze", planes, g.integers(0))


def _half(g: Graph, image: Value, height: int, width: int, turned: bool) -> Value:
    """(H, W, 3) uint8 -> (H // 2, W // 2, 3) uint8, channels in the other order if turned."""
    if height % 2 or width % 2:
        image = image.part(0, height // 2 * 2, 0).part(0, width // 2 * 2, 1)
    height, width = height // 2, width // 2
    more = -width % _PAIRS
    if more:
        image = g.op("Pad", image, g.integers(0, 0, 0, 0, 2 * more, 0))
    # Of all operators that add bytes a convolution of whole numbers takes the least time, if it
    # takes some pairs of pixels of two rows at once, and if its weights have a sign.
    rows = image.reshape(1, 2 * height, -1, 6 * _PAIRS)
    channels = np.eye(3)[::-1] if turned else np.eye(3)
    weights = np.kron(np.eye(_PAIRS), np.tile(channels, 2))  # (3 pairs, 6 pairs)
    weights = np.repeat(weights[:, :, None, None], 2, axis=2)
    # A little more than a quarter: it rounds halves to even numbers, and these shall go upwards.
    one, quarter = (g.value(number, np.float32) for number in (1.0, 0.25 + 2.0**-22))
    zero, none = g.value(0, np.uint8), g.value(0, np.int8)
    inputs = rows, one, zero, g.value(weights, np.int8), quarter, none, one, zero
    how = {"kernel_shape": [2, 1], "strides": [2, 1], "channels_last": 1, "domain": CONTRIB}
    halves = g.op("QLinearConv", *inputs, dtype=np.uint8, **how).reshape(height, -1, 3)
    return halves.part(0, width, 1) if more else halves
