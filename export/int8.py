"""The graph in int8: uint8 pixels and maps, int8 weights, one accumulation in int32 a layer.

Written with onnxruntime's own operators, whose maps lie in memory pixel by pixel (NHWC), as crops
do: pixels enter without a conversion, a 1x1 convolution is one matrix product, and the phases of an
upsampled map are put in their places by copying runs of bytes. ReLU costs nothing, being where
uint8 ends. Scales and weights are those that `training.quantised` trained with.
"""

from collections.abc import Mapping

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from export.graph import CONTRIB, GraphBuilder, decode, finish, unfolded
from training.quantised import (
    LEVELS,
    QuantisedConv,
    QuantisedRCN,
    QuantisedUpConv,
    quantised_weight,
    upsampling_kernels,
    weight_scales,
)
from training.rcn import SIZE

PIXEL = 1 / 127.5  # scale of the crops, whose zero is ZERO
ZERO = 128  # 127.5 is none of 0..255: the bias of the first layer makes up for the half


class Int8Builder(GraphBuilder):
    """A graph whose values are uint8 maps (N, H, W, C), each with the scale of its place."""

    def __init__(self, net: QuantisedRCN) -> None:
        super().__init__()
        self.scales = {
            place: float(np.float32(log.detach().exp().item() / LEVELS))
            for place, log in net.ranges.items()
        }
        self.places = {"crops": PIXEL}  # value -> its scale

    def put(self, value: str, place: str) -> str:
        """Notes at which place a value is; returns the value."""
        self.places[value] = self.scales[place]
        return value

    def conv(self, x: str, layer: QuantisedConv, place: str, output: str) -> str:
        """One convolution with its ReLU."""
        scales = weight_scales(layer.weight)
        exact = quantised_weight(layer.weight.detach())
        whole = (exact / scales.view(-1, 1, 1, 1)).round().numpy().astype("i1")
        assert layer.bias is not None
        bias = layer.bias.detach().double().numpy()
        weight = self.constant(f"{output}.weight", whole)
        pad = int(layer.padding[0])
        return self._qlinear(
            x, weight, scales.numpy(), bias, place, output, layer.kernel_size[0], pad
        )

    def first(self, layer: QuantisedConv, place: str, output: str) -> str:
        """The first convolution, its ReLU and its pooling: crops -> (N, 40, 40, C).

        The four pixels that are pooled are computed as channels of one 4x4 convolution with a
        stride of 2: with three colours and few channels, twice as fast as pixel by pixel.
        """
        scales = weight_scales(layer.weight)
        exact = quantised_weight(layer.weight.detach())
        whole = (exact / scales.view(-1, 1, 1, 1)).round().numpy().astype("i1")
        c = len(whole)
        four = np.zeros((2, 2, c, 3, 4, 4), "i1")
        for row, column in np.ndindex(2, 2):
            four[row, column, :, :, row : row + 3, column : column + 3] = whole
        weight = self.constant(f"{output}.weight", four.reshape(4 * c, 3, 4, 4))
        assert layer.bias is not None
        # u / 127.5 - 1 = (u - 128) / 127.5 + 0.5 / 127.5
        bias = layer.bias.detach().double() + exact.double().sum((1, 2, 3)) * 0.5 * PIXEL
        x = self._qlinear(
            "crops", weight, np.tile(scales, 4), np.tile(bias, 4), place, f"{output}.four", 4, 1, 2
        )
        half = SIZE // 2
        x = self.node(
            "Reshape", [x, self.integers(f"{output}.of", -1, half**2, 4, c)], f"{output}.2"
        )
        x = self.pooled(x, [1, 4], place, f"{output}.pooled")
        shape = self.integers(f"{output}.shape", -1, half, half, c)
        return self.put(self.node("Reshape", [x, shape], output), place)

    def pooled(self, x: str, window: list[int], place: str, output: str) -> str:
        """The maximum over windows that do not overlap."""
        how = {"kernel_shape": window, "strides": window}
        return self.put(self.node("NhwcMaxPool", [x], output, domain=CONTRIB, **how), place)

    def upconv(self, x: str, up: QuantisedUpConv, place: str, output: str, side: int) -> str:
        """`UpConv` with its ReLU: (N, H, W, C) -> (N, 2H, 2W, C); `side` is 2H."""
        kernel = up.conv.weight.detach()
        o = len(kernel)
        steps = weight_scales(kernel)
        whole = (quantised_weight(kernel) / steps.view(-1, 1, 1, 1)).round().numpy().astype("i1")
        # (O, 2, 2) -> phases first, as `unfolded` has them
        scales = upsampling_kernels(kernel).flatten(3).abs().amax(3).clamp_min(1e-8)
        scales = (scales / 127).permute(1, 2, 0).reshape(-1)
        stored = self.constant(f"{output}.weight", whole)
        as_float = self.node("Cast", [stored], f"{output}.float", to=1)
        step = self.constant(f"{output}.step", steps.numpy().reshape(-1, 1, 1, 1))
        exact = self.node("Mul", [as_float, step], f"{output}.exact")
        phases = unfolded(self, exact, tuple(kernel.shape), f"{output}.kernels")
        divisor = self.constant(f"{output}.scales", scales.numpy().reshape(-1, 1, 1, 1))
        phases = self.node("Div", [phases, divisor], f"{output}.divided")
        phases = self.node("Round", [phases], f"{output}.rounded")
        weight = self.node("Cast", [phases], f"{output}.int8", to=3)
        assert up.conv.bias is not None
        bias = np.tile(up.conv.bias.detach().double().numpy(), 4)
        y = self._qlinear(x, weight, scales.numpy(), bias, place, f"{output}.phased", 4, 2)
        half = side // 2 + 1  # pixel -1 to pixel `side`
        y = self.node(
            "Reshape",
            [y, self.integers(f"{output}.apart", -1, half, half, 2, 2 * o)],
            f"{output}.rows",
        )
        y = self.node("Transpose", [y], f"{output}.woven", perm=[0, 1, 3, 2, 4])
        y = self.node(
            "Reshape",
            [y, self.integers(f"{output}.joined", -1, 2 * half, 2 * half, o)],
            f"{output}.map",
        )
        first = self.integers("inner.first", 1, 1)
        last = self.integers(f"{output}.last", side + 1, side + 1)
        return self.put(
            self.node("Slice", [y, first, last, self.integers("planes", 1, 2)], output), place
        )

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
        step = self.places[x]
        zero = (
            self.constant("zero.crops", np.uint8(ZERO))
            if x == "crops"
            else self.constant("zero", np.uint8(0))
        )
        whole = np.round(bias / (np.float64(step) * scales)).astype("i4")
        inputs = [
            x,
            self.constant(f"scale.{x}", np.float32(step)),
            zero,
            weight,
            self.constant(f"{output}.weight_scales", scales.astype("f4")),
            self.constant(f"zeros.{len(scales)}", np.zeros(len(scales), "i1")),
            self.constant(f"scale.{place}", np.float32(self.scales[place])),
            self.constant("zero", np.uint8(0)),
            self.constant(f"{output}.bias", whole),
        ]
        y = self.node(
            "QLinearConv",
            inputs,
            output,
            domain=CONTRIB,
            channels_last=1,
            kernel_shape=[size, size],
            pads=[pad] * 4,
            strides=[stride] * 2,
        )
        return self.put(y, place)


@torch.no_grad()
def build_int8(net: QuantisedRCN, beta: float, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps out.

    Args:
        net: the network, trained with the rounding.
        beta: of the softmax.
        metadata: written into the file.
    """
    g = Int8Builder(net)
    skips = []
    for i, layer in enumerate(net.encoder):
        if i == 0:
            x = g.first(layer, "joined0", "skip0")
        else:
            x = g.conv(x, layer, f"joined{i}", f"encoder{i}")
            x = g.pooled(x, [2, 2], f"joined{i}", f"skip{i}")
        skips.append(x)
    for i, layer in enumerate(net.bottleneck):
        x = g.conv(x, layer, f"bottleneck{i}", f"bottleneck{i}")
    for i, (layer, up) in enumerate(zip(net.decoder, net.up, strict=True)):
        place = f"joined{3 - i}"
        x = g.conv(x, layer, place, f"decoder{i}")
        x = g.put(g.node("Concat", [x, skips.pop()], f"join{i}", axis=3), place)
        if isinstance(up, QuantisedUpConv):
            x = g.upconv(x, up, f"up{3 - i}", f"up{i}", 10 << i)
        else:
            x = g.conv(x, up, f"up{3 - i}", f"up{i}")
    x = g.conv(x, net.head[0], "head0", "head0")
    x = g.conv(x, net.head[1], "head1", "head1")
    x = g.conv(x, net.head[2], "heatmaps", "maps")
    k, pixels = net.landmarks, (SIZE // net.stride) ** 2
    x = g.node("Reshape", [x, g.integers("pixels", -1, pixels, k)], "pixels_of_maps")
    x = g.node("Transpose", [x], "planes_of_maps", perm=[0, 2, 1])
    scale = g.constant("scale.logits", np.float32(g.scales["heatmaps"] * beta))
    x = g.node("DequantizeLinear", [x, scale, g.constant("zero", np.uint8(0))], "logits")
    decode(g, x, k, net.stride)
    return finish(g, "rcn", k, net.stride, metadata)
