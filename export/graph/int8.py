"""The graph in int8: uint8 pixels and maps, int8 weights, one accumulation in int32 a layer.

Written with onnxruntime's own operators, whose maps lie in memory pixel by pixel (NHWC), as crops
do: pixels enter without a conversion, a 1x1 convolution is one matrix product, and the phases of an
upsampled map move into place by copying runs of bytes. A leaky ReLU is a table of 256 bytes; ReLU
costs nothing, being where uint8 ends. The last layer gives float32, for the softmax
pixel by pixel. Steps and weights are those that `training.network.quantised` trained with.
"""

import copy
from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import Tensor, nn

from export.graph.builder import CONTRIB, GraphBuilder
from export.graph.contract import finish
from export.graph.decoding import decode_pixels, unfolded
from training.network.quantised import (
    LARGEST,
    STORED,
    QuantisedConv,
    QuantisedRCN,
    QuantisedUpConv,
    Steps,
    quantised_weight,
    steps_of,
    weight_scales,
)
from training.network.rcn import SIZE, phase_kernels

PIXEL = 1 / 127.5  # scale of the crops, whose zero is ZERO
NARROW = 16  # channels; with more, `conv_pooled` costs as much as it saves
ZERO = 128  # 127.5 is none of 0..255: the bias of the first layer makes up for the half


def pooled_taps() -> NDArray[np.float64]:
    """(9, 2, 2, 4, 4): a 3x3 kernel at each of four neighbours, as 4x4 kernels, tap by tap."""
    taps = np.zeros((3, 3, 2, 2, 4, 4))
    for row, column, p, q in np.ndindex(3, 3, 2, 2):
        taps[row, column, p, q, p + row, q + column] = 1
    return taps.reshape(9, 2, 2, 4, 4)


POOLED = pooled_taps()


class Int8Builder(GraphBuilder):
    """A graph whose values are uint8 maps (N, H, W, C), each with its quantisation steps."""

    def __init__(self, net: QuantisedRCN) -> None:
        super().__init__()
        self.net = net
        self.steps = {"crops": Steps(PIXEL, ZERO)}  # of each value

    def put(self, value: str, steps: Steps) -> str:
        """Notes the quantisation steps of a value; returns the value."""
        self.steps[value] = steps
        return value

    def before_and_after(self, place: str) -> tuple[Steps, Steps]:
        """Steps of a convolution's output, and of its activation."""
        lowest, largest = (float(end) for end in self.net.ends(place))
        return steps_of(lowest, largest, self.net.slope)

    def quantised(self, steps: Steps) -> list[str]:
        """Constants: scale and zero of a value."""
        scale, zero = np.float32(steps.scale), np.uint8(steps.zero)
        return [self.constant(f"scale.{scale!r}", scale), self.constant(f"zero.{zero}", zero)]

    def act(self, x: str, place: str) -> str:
        """The activation: by a table, but for ReLU, which the convolution has done."""
        before, after = self.before_and_after(place)
        if before == after:
            return x
        inputs = [x, *self.quantised(before), *self.quantised(after)]
        slope = {"alpha": self.net.slope, "domain": CONTRIB}
        return self.put(self.node("QLinearLeakyRelu", inputs, f"{x}.act", **slope), after)

    def conv(self, x: str, layer: QuantisedConv, place: str, output: str) -> str:
        """One convolution, in the steps before the activation of its place."""
        whole, scales = whole_weight(layer.weight)
        bias = bias_of(layer)
        weight = self.constant(f"{output}.weight", whole)
        size, pad = layer.kernel_size[0], int(layer.padding[0])
        return self._qlinear(x, weight, scales, bias, place, output, size, pad)

    def conv_pooled(self, x: str, layer: QuantisedConv, place: str, output: str, half: int) -> str:
        """A 3x3 convolution and its pooling, (N, 2 half, 2 half, I) -> (N, half, half, C).

        The four pixels that are pooled are computed as channels of one 4x4 convolution with a
        stride of 2: with few channels, twice as fast as pixel by pixel, and up to four times.
        """
        whole, scales = whole_weight(layer.weight)
        c = len(whole)
        stored = self.constant(f"{output}.weight", whole)
        floats = self.node("Cast", [stored], f"{output}.floats", to=TensorProto.FLOAT)
        four = unfolded(self, floats, whole.shape, f"{output}.kernels", POOLED)
        weight = self.node("Cast", [four], f"{output}.bytes", to=TensorProto.INT8)
        bias = bias_of(layer)
        if x == "crops":  # u / 127.5 - 1 = (u - 128) / 127.5 + 0.5 / 127.5
            bias = bias + whole.sum((1, 2, 3), dtype=np.float64) * scales * 0.5 * PIXEL
        scales, bias = np.tile(scales, 4), np.tile(bias, 4)
        x = self._qlinear(x, weight, scales, bias, place, f"{output}.four", 4, 1, 2)
        x = self.reshaped(x, f"{output}.apart", -1, half**2, 4, c)
        x = self.pooled(x, [1, 4], f"{output}.largest")
        return self.reshaped(x, output, -1, half, half, c)

    def upconv(self, x: str, up: QuantisedUpConv, place: str, output: str, side: int) -> str:
        """`UpConv`, in the steps before its activation.

        Args:
            x: (N, H, W, C).
            up: the layer.
            place: name of its output.
            output: name of the output (N, 2H, 2W, C).
            side: 2H and 2W.
        """
        kernel = up.conv.weight.detach()
        whole, steps = whole_weight(kernel, STORED)
        c = len(whole)
        # The result of `unfolded` has the phases first.
        scales = weight_scales(phase_kernels(quantised_weight(kernel, STORED)).flatten(0, 2))
        scales = scales.view(c, 2, 2).permute(1, 2, 0).reshape(-1).numpy()
        stored = self.constant(f"{output}.weight", whole)
        floats = self.node("Cast", [stored], f"{output}.floats", to=TensorProto.FLOAT)
        step = self.constant(f"{output}.step", steps.reshape(-1, 1, 1, 1))
        exact = self.node("Mul", [floats, step], f"{output}.exact")
        phases = unfolded(self, exact, whole.shape, f"{output}.kernels")
        divisor = self.constant(f"{output}.steps", scales.reshape(-1, 1, 1, 1))
        phases = self.node("Div", [phases, divisor], f"{output}.divided")
        phases = self.node("Round", [phases], f"{output}.rounded")
        weight = self.node("Cast", [phases], f"{output}.bytes", to=TensorProto.INT8)
        bias = np.tile(bias_of(up.conv), 4)
        y = self._qlinear(x, weight, scales, bias, place, f"{output}.phases", 4, 2)
        half = side // 2 + 1  # pixel -1 to pixel `side`
        y = self.reshaped(y, f"{output}.apart", -1, half, half, 2, 2 * c)
        # Rows of either phase, in turns; a transposition copies the same bytes in twice the time.
        parts = [f"{output}.odd", f"{output}.even"]
        each = self.integers("one_each", 1, 1)
        self.nodes.append(helper.make_node("Split", [y, each], parts, name=parts[0], axis=3))
        for part in parts:
            self.put(part, self.steps[y])
        flat = [self.reshaped(part, f"{part}.rows", -1, half, 2 * half * c) for part in parts]
        y = self.same(flat[0], "Concat", f"{output}.rows", flat[1], axis=2)
        y = self.reshaped(y, f"{output}.woven", -1, 2 * half, 2 * half, c)
        inside = self.integers("inside.from", 1, 1), self.integers("inside.to", -1, -1)
        return self.same(y, "Slice", output, *inside, self.integers("rows.columns", 1, 2))

    def logits(self, x: str, layer: QuantisedConv, beta: float, output: str) -> str:
        """The last layer: one product with a result in float32, the maps times beta."""
        whole, scales = whole_weight(layer.weight)
        scale, zero = self.quantised(self.steps[x])
        inputs = [
            x,
            self.constant(f"{output}.weight", whole[:, :, 0, 0].T),
            scale,
            self.constant(f"{output}.scales", (beta * scales).astype("f4")),
            zero,
            self.constant(f"zeros.{len(scales)}", np.zeros(len(scales), "i1")),
            self.constant(f"{output}.bias", (beta * bias_of(layer)).astype("f4")),
        ]
        return self.node("MatMulIntegerToFloat", inputs, output, domain=CONTRIB)

    def pooled(self, x: str, window: list[int], output: str) -> str:
        """The maximum over windows that do not overlap."""
        how = {"kernel_shape": window, "strides": window, "domain": CONTRIB}
        return self.same(x, "NhwcMaxPool", output, **how)

    def reshaped(self, x: str, output: str, *shape: int) -> str:
        """The same bytes in another shape."""
        return self.same(x, "Reshape", output, self.integers(f"{output}.shape", *shape))

    def same(self, x: str, kind: str, output: str, *inputs: str, **attributes: object) -> str:
        """A node that moves bytes and keeps their steps."""
        return self.put(self.node(kind, [x, *inputs], output, **attributes), self.steps[x])

    def _qlinear(
        self,
        x: str,
        weight: str,
        scales: NDArray[np.float32],
        bias: NDArray[np.float64],
        place: str,
        output: str,
        size: int,
        pad: int,
        stride: int = 1,
    ) -> str:
        before, _ = self.before_and_after(place)
        whole = np.round(bias / (np.float64(self.steps[x].scale) * scales)).astype("i4")
        inputs = [
            x,
            *self.quantised(self.steps[x]),
            weight,
            self.constant(f"{output}.scales", scales),
            self.constant(f"zeros.{len(scales)}", np.zeros(len(scales), "i1")),
            *self.quantised(before),
            self.constant(f"{output}.bias", whole),
        ]
        how = {"kernel_shape": [size, size], "pads": [pad] * 4, "strides": [stride] * 2}
        y = self.node("QLinearConv", inputs, output, domain=CONTRIB, channels_last=1, **how)
        return self.put(y, before)


def whole_weight(
    weight: Tensor, largest: int = LARGEST
) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """(O, ...) -> int8 weights of the same shape, and the scale (O,) of each output channel."""
    scales = weight_scales(weight, largest)
    whole = quantised_weight(weight.detach(), largest) / scales.view(-1, *[1] * (weight.ndim - 1))
    return whole.round().numpy().astype("i1"), scales.numpy()


def bias_of(layer: nn.Conv2d) -> NDArray[np.float64]:
    """(O,)."""
    assert layer.bias is not None
    return layer.bias.detach().double().numpy()


@torch.no_grad()
def build_int8(net: QuantisedRCN, beta: float, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps (N, H, W, K) out.

    Args:
        net: the network, trained with the rounding.
        beta: beta of the softmax.
        metadata: written into the file.
    """
    g = Int8Builder(net)
    skips: list[str] = []
    x = "crops"
    for i, layer in enumerate(net.encoder):
        place = f"joined{i}"
        if i == 0 or layer.out_channels <= NARROW:
            x = g.conv_pooled(x, layer, place, f"pooled{i}", SIZE >> (i + 1))
        else:
            x = g.pooled(g.conv(x, layer, place, f"encoder{i}"), [2, 2], f"pooled{i}")
        x = g.act(x, place)  # behind the pooling, which keeps the order: on a quarter of the pixels
        skips.append(x)
    for i, layer in enumerate(net.bottleneck):
        x = g.act(g.conv(x, layer, f"bottleneck{i}", f"bottleneck{i}"), f"bottleneck{i}")
    for i, (layer, up) in enumerate(zip(net.decoder, net.up, strict=True)):
        x = g.act(g.conv(x, layer, f"joined{3 - i}", f"decoder{i}"), f"joined{3 - i}")
        x = g.same(x, "Concat", f"join{i}", skips.pop(), axis=3)
        place = f"up{3 - i}"
        if isinstance(up, QuantisedUpConv):
            x = g.upconv(x, up, place, f"up{i}", 10 << i)
        else:
            x = g.conv(x, up, place, f"up{i}")
        x = g.act(x, place)
    first, second, last = used(net.head)
    x = g.act(g.conv(x, first, "head0", "head0"), "head0")
    x = g.act(g.conv(x, second, "head1", "head1"), "head1")
    x = g.logits(x, last, beta, "heatmaps")
    decode_pixels(g, x, net.landmarks, net.stride)
    side = SIZE // net.stride
    return finish(g, "rcn", net.landmarks, (side, side, net.landmarks), metadata)


def used(layers: Iterable[nn.Module]) -> list[QuantisedConv]:
    """1x1 convolutions in a row, without the channels between them that no weight takes up.

    `training.prune` leaves such channels behind.
    """
    kept = [copy.deepcopy(layer) for layer in layers]
    for before, after in pairwise(kept):
        taken = after.weight.flatten(2).abs().amax((0, 2)) > 0
        before.weight = nn.Parameter(before.weight[taken])
        before.bias = nn.Parameter(before.bias[taken])
        after.weight = nn.Parameter(after.weight[:, taken])
    return kept
