"""The graph in float32, in the form that onnxruntime computes with the least arithmetic.

Bilinear upsampling by 2 and then a 5x5 convolution is four 4x4 convolutions on the small map, one
for each phase of the output: 64 multiplications instead of 100. DepthToSpace weaves their
pixels into one map.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from export.graph.builder import GraphBuilder
from export.graph.contract import finish
from export.graph.decoding import decode, unfolded
from training.network.rcn import RCN, SIZE, UpConv


def build_float32(
    net: RCN, beta: float, metadata: Mapping[str, str], *, plain: bool = False
) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps (N, K, H, W) out.

    Args:
        net: the network.
        beta: beta of the softmax.
        metadata: written into the file.
        plain: upsample and convolve layer by layer, as in the paper; the form that the faster one
            is measured against.
    """
    g = GraphBuilder()
    state = {name: tensor.detach().double().numpy() for name, tensor in net.state_dict().items()}

    def conv(x: str, layer: str, output: str, scale: float = 1.0, **attributes: object) -> str:
        weight = g.constant(f"{layer}.weight", (scale * state[f"{layer}.weight"]).astype("f4"))
        bias = g.constant(f"{layer}.bias", (scale * state[f"{layer}.bias"]).astype("f4"))
        return g.node("Conv", [x, weight, bias], output, **attributes)

    def act(x: str) -> str:
        if net.slope:
            return g.node("LeakyRelu", [x], f"{x}.act", alpha=net.slope)
        return g.node("Relu", [x], f"{x}.act")

    def upconv(x: str, i: int) -> str:
        if plain:
            zeros = g.integers("one_pixel", 0, 0, 1, 1, 0, 0, 1, 1)
            double = g.constant("double", np.array([1, 1, 2, 2], np.float32))
            x = g.node("Pad", [x, zeros], f"padded{i}")
            how = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
            x = g.node("Resize", [x, "", double], f"doubled{i}", **how)
            return act(conv(x, f"up.{i}.conv", f"up{i}"))
        kernel = state[f"up.{i}.conv.weight"]
        stored = g.constant(f"up.{i}.conv.weight", kernel.astype("f4"))
        phases = unfolded(g, stored, kernel.shape, f"up{i}.kernels")
        bias = g.constant(f"up.{i}.conv.bias", state[f"up.{i}.conv.bias"].astype("f4"))
        parts = [f"up{i}.kernel{n}" for n in range(4)]
        g.nodes.append(helper.make_node("Split", [phases], parts, name=f"up{i}.split", axis=0))
        outputs = []
        for row, column in np.ndindex(2, 2):  # pixel 2j + row: phase 1 is the even, 0 the odd one
            part = parts[2 * (1 - row) + (1 - column)]
            pads = [2 - row, 2 - column, 1 + row, 1 + column]
            y = g.node("Conv", [x, part, bias], f"up{i}.{row}{column}", pads=pads)
            outputs.append(act(y))
        x = g.node("Concat", outputs, f"up{i}", axis=1)
        return x if i == 3 and late else woven(x, i)

    def woven(x: str, i: int) -> str:
        return g.node("DepthToSpace", [x], f"woven{i}", blocksize=2, mode="DCR")

    def head(x: str) -> str:
        x = act(conv(x, "head.0", "head0"))
        x = act(conv(x, "head.1", "head1"))
        # beta of the softmax goes into the last layer, which is linear
        return conv(x, "head.2", "maps", scale=beta)

    c, k = net.up[-1].channels if isinstance(net.up[-1], UpConv) else 0, net.landmarks
    # The head sees one pixel at a time: if it has fewer channels than its input, it is
    # quicker to run it on the phases, as if they were faces, and to weave the maps.
    late = not plain and c > k

    # uint8 (N, 80, 80, 3) -> float (N, 3, 80, 80) in [-1, 1]
    x = g.node("Cast", ["crops"], "float", to=TensorProto.FLOAT)
    x = g.node("Transpose", [x], "bgr", perm=[0, 3, 1, 2])
    x = g.node("Mul", [x, g.constant("unit", np.float32(1 / 127.5))], "scaled")
    x = g.node("Sub", [x, g.constant("one", np.float32(1))], "normalised")
    skips = []
    for i in range(4):
        x = act(conv(x, f"encoder.{i}", f"encoder{i}", pads=[1] * 4))
        x = g.node("MaxPool", [x], f"skip{i}", kernel_shape=[2, 2], strides=[2, 2])
        skips.append(x)
    for i in range(2):
        x = act(conv(x, f"bottleneck.{i}", f"bottleneck{i}", pads=[1] * 4))
    for i, up in enumerate(net.up):
        x = act(conv(x, f"decoder.{i}", f"decoder{i}"))
        x = g.node("Concat", [x, skips.pop()], f"joined{i}", axis=1)
        x = (
            upconv(x, i)
            if isinstance(up, UpConv)
            else act(conv(x, f"up.{i}", f"up{i}", pads=[1] * 4))
        )
    if late:
        half = SIZE // 2
        x = g.node("Reshape", [x, g.integers("phases.apart", -1, c, half, half)], "phases_as_faces")
        x = g.node("Reshape", [head(x), g.integers("phases.back", -1, 4 * k, half, half)], "phased")
        x = woven(x, 3)
    else:
        x = head(x)
    decode(g, x, net.landmarks, net.stride)
    side = SIZE // net.stride
    return finish(g, "rcn", k, (k, side, side), metadata)
