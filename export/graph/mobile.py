"""The cheap network as a graph, in float32 and in int8, from the one list of its layers.

In float32 normalisation is part of the weights, each sum follows a convolution and each activation
a convolution or a sum: onnxruntime fuses the three, with the channels of 8 or 16 in one place.
In int8 the maps lie pixel by pixel (NHWC), as in `export.int8`. The heatmaps are decoded pixel by
pixel in both.
"""

from collections.abc import Mapping

import numpy as np
import onnx
import torch
from onnx import TensorProto
from torch import nn

from export.graph.builder import CONTRIB, GraphBuilder
from export.graph.contract import finish
from export.graph.decoding import decode_pixels
from export.graph.int8 import PIXEL, ZERO, bias_of, whole_weight
from training.network.mobile import Mobile, folded
from training.network.mobile_layers import HEAD, STEM, STRIDE, Conv, heatmaps_of
from training.network.quantised import Steps
from training.network.quantised_mobile import HALF, QuantisedMobile
from training.network.rcn import SIZE


class _Float32:
    """Writes the layers as nodes in float32; a map is the name of a value (N, C, H, W)."""

    def __init__(self, g: GraphBuilder, net: Mobile, beta: float) -> None:
        self.g, self.layers, self.beta = g, folded(net), beta

    def conv(self, conv: Conv, x: str, plus: str | None = None) -> str:
        g, layer = self.g, self.layers[conv.name]
        # beta of the softmax is part of the last layer, which is linear
        factor = self.beta if conv.name == HEAD else 1.0
        weight = factor * layer.weight.detach().double().numpy()
        inputs = [
            x,
            g.constant(f"{conv.name}.weight", weight.astype("f4")),
            g.constant(f"{conv.name}.bias", (factor * bias_of(layer)).astype("f4")),
        ]
        y = g.node("Conv", inputs, conv.name, group=conv.groups, **_places(conv))
        if plus is not None:
            y = g.node("Add", [y, plus], f"{conv.name}.sum")
        return g.node("Relu", [y], f"{conv.name}.act") if conv.act else y

    def double(self, name: str, x: str, bilinear: bool) -> str:
        scales = self.g.constant("double", np.array([1, 1, 2, 2], np.float32))
        how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        if not bilinear:
            how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric"}
            how |= {"nearest_mode": "floor"}
        return self.g.node("Resize", [x, "", scales], name, **how)

    def shuffle(self, name: str, x: str) -> str:
        return self.g.node("DepthToSpace", [x], name, blocksize=2, mode="DCR")


class _Int8:
    """Writes the layers as nodes in int8; a map is the name of a value (N, H, W, C) in bytes."""

    def __init__(self, g: GraphBuilder, net: QuantisedMobile, beta: float) -> None:
        self.g, self.net, self.beta = g, net, beta
        self.steps = {"crops": Steps(PIXEL, ZERO)}  # of each value
        self.shapes = {"crops": (SIZE, 3)}  # side and channels of each value

    def conv(self, conv: Conv, x: str, plus: str | None = None) -> str:
        layer = self.net.layers[conv.name]
        assert isinstance(layer, nn.Conv2d)
        whole, scales = whole_weight(layer.weight)
        bias = bias_of(layer)
        if conv.name == STEM:
            bias = bias + whole.sum((1, 2, 3), dtype=np.float64) * scales * HALF
        if conv.name == HEAD:
            return self._logits(conv, x, whole, scales, bias)
        y = self._qlinear(conv, x, whole, scales, bias)
        if plus is None:
            return y
        after = self.net.steps(f"{conv.name}_sum")
        terms = [part for v in (y, plus) for part in (v, *self._quantised(self.steps[v]))]
        inputs = [*terms, *self._quantised(after)]
        total = self.g.node("QLinearAdd", inputs, f"{conv.name}.sum", domain=CONTRIB)
        return self._put(total, after, self.shapes[y])

    def double(self, name: str, x: str, bilinear: bool) -> str:
        """Repeats each pixel: two copies of its channels, then two copies of each row."""
        assert not bilinear
        (side, c), g = self.shapes[x], self.g
        x = self._put(x, self.steps[x], (side, c))
        twice = g.node("Concat", [x, x], f"{name}.columns", axis=3)
        shape = g.integers(f"{name}.rows.shape", -1, side, 2 * side * c)
        rows = g.node("Reshape", [twice, shape], f"{name}.rows")
        rows = g.node("Concat", [rows, rows], f"{name}.twice", axis=2)
        shape = g.integers(f"{name}.shape", -1, 2 * side, 2 * side, c)
        y = g.node("Reshape", [rows, shape], name)
        return self._put(y, self.steps[x], (2 * side, c))

    def shuffle(self, name: str, x: str) -> str:
        """Weaves float32 maps (N, H, W, 4 K)."""
        g, (side, c) = self.g, self.shapes[x]
        apart = g.integers(f"{name}.apart.shape", -1, side, side, 2, 2 * (c // 4))
        y = g.node("Reshape", [x, apart], f"{name}.apart")
        y = g.node("Transpose", [y], f"{name}.turned", perm=[0, 1, 3, 2, 4])
        shape = g.integers(f"{name}.shape", -1, 2 * side, 2 * side, c // 4)
        return g.node("Reshape", [y, shape], name)

    def _put(self, value: str, steps: Steps, shape: tuple[int, int]) -> str:
        self.steps[value], self.shapes[value] = steps, shape
        return value

    def _quantised(self, steps: Steps) -> list[str]:
        scale, zero = np.float32(steps.scale), np.uint8(steps.zero)
        return [self.g.constant(f"scale.{scale!r}", scale), self.g.constant(f"zero.{zero}", zero)]

    def _qlinear(
        self, conv: Conv, x: str, whole: np.ndarray, scales: np.ndarray, bias: np.ndarray
    ) -> str:
        after = self.net.steps(conv.name)
        sums = np.round(bias / (np.float64(self.steps[x].scale) * scales)).astype("i4")
        inputs = [
            x,
            *self._quantised(self.steps[x]),
            self.g.constant(f"{conv.name}.weight", whole),
            self.g.constant(f"{conv.name}.scales", scales),
            self.g.constant(f"zeros.{len(scales)}", np.zeros(len(scales), "i1")),
            *self._quantised(after),
            self.g.constant(f"{conv.name}.bias", sums),
        ]
        how = _places(conv) | {"domain": CONTRIB, "channels_last": 1, "group": conv.groups}
        y = self.g.node("QLinearConv", inputs, conv.name, **how)
        return self._put(y, after, (self.shapes[x][0] // conv.stride, conv.channels))

    def _logits(
        self, conv: Conv, x: str, whole: np.ndarray, scales: np.ndarray, bias: np.ndarray
    ) -> str:
        scale, zero = self._quantised(self.steps[x])
        inputs = [
            x,
            self.g.constant(f"{conv.name}.weight", whole[:, :, 0, 0].T),
            scale,
            self.g.constant(f"{conv.name}.scales", (self.beta * scales).astype("f4")),
            zero,
            self.g.constant(f"zeros.{len(scales)}", np.zeros(len(scales), "i1")),
            self.g.constant(f"{conv.name}.bias", (self.beta * bias).astype("f4")),
        ]
        y = self.g.node("MatMulIntegerToFloat", inputs, conv.name, domain=CONTRIB)
        self.shapes[y] = (self.shapes[x][0], conv.channels)
        return y


def _places(conv: Conv) -> dict[str, object]:
    return {
        "kernel_shape": [conv.kernel] * 2,
        "strides": [conv.stride] * 2,
        "pads": [conv.padding] * 4,
    }


@torch.no_grad()
def build_mobile(
    net: Mobile | QuantisedMobile, beta: float, metadata: Mapping[str, str]
) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps (N, H, W, K) out.

    Args:
        net: the network, in evaluation mode.
        beta: beta of the softmax.
        metadata: written into the file.
    """
    g = GraphBuilder()
    if isinstance(net, QuantisedMobile):
        x = heatmaps_of(net.form, _Int8(g, net, beta), "crops", net.landmarks)
        g.node("Identity", [x], "heatmaps")
    else:
        x = g.node("Transpose", ["crops"], "bgr", perm=[0, 3, 1, 2])
        x = g.node("Cast", [x], "float", to=TensorProto.FLOAT)
        x = g.node("Mul", [x, g.constant("unit", np.float32(1 / 127.5))], "scaled")
        x = g.node("Sub", [x, g.constant("one", np.float32(1))], "normalised")
        x = heatmaps_of(net.form, _Float32(g, net, beta), x, net.landmarks)
        g.node("Transpose", [x], "heatmaps", perm=[0, 2, 3, 1])
    decode_pixels(g, "heatmaps", net.landmarks, STRIDE)
    side = SIZE // STRIDE
    return finish(g, "mobile", net.landmarks, (side, side, net.landmarks), metadata)
