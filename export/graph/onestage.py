"""The graph of the network that finds small faces; see `export.onestage`.

Normalisations and the range of the input are folded into the convolutions, in float64. The values
of both levels come in one list, in input pixels.
"""

from collections.abc import Mapping

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper
from torch import nn

from export.graph.builder import IR, OPSET, GraphBuilder
from training.finding.network import LEVELS, VALUES, Convolution, OneStage

Array = NDArray[np.float64]
RANGE = 255.0  # of the input, as the network divides it


def convert(net: OneStage, metadata: Mapping[str, str]) -> bytes:
    """The network, in evaluation mode -> the bytes of the ONNX file, the same each time."""
    g = GraphBuilder()
    value = _stem(g, net.stem)
    value = _separable(g, net.quarter, value, "quarter")
    fine = _stage(g, net.fine, value, "fine")
    coarse = _stage(g, net.coarse, fine, "coarse")
    lateral = _convolution(g, net.lateral, coarse, "lateral")
    scales = g.constant("twice", np.array([1, 1, 2, 2], np.float32))
    above = g.node(
        "Resize",
        [lateral, "", scales],
        "above",
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    fine = g.node("Relu", [g.node("Add", [fine, above], "both")], "mixed")
    heads = [
        _head(g, head, level.stride, source, f"head{level.stride}")
        for head, level, source in zip(net.heads, LEVELS, (fine, coarse), strict=True)
    ]
    g.node("Concat", heads, "cells", axis=1)
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", "H", "W", 3])
    cells = helper.make_tensor_value_info("cells", TensorProto.FLOAT, ["N", "A", VALUES])
    graph = helper.make_graph(g.nodes, "onestage", [images], [cells], g.constants)
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="lapland export.onestage",
    )
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def _stem(g: GraphBuilder, layer: nn.Module) -> str:
    """The first convolution, which reads the rows of the images as they are, channels side by side.

    So the images need no transposition, and both take two thirds of the time.
    """
    convolution, kernel, bias = _folded(layer, 1 / RANGE)
    (stride,), (pad,) = set(convolution.stride), set(convolution.padding)
    values = g.node("Cast", ["images"], "values", to=TensorProto.FLOAT)
    apart = g.node("Unsqueeze", [values, g.integers("axis", 1)], "apart")  # (N, 1, H, W, 3)
    lines = g.node("Reshape", [apart, g.integers("line", 0, 0, 0, -1)], "lines")  # (N, 1, H, 3 W)
    outs, ins, height, width = kernel.shape
    kernel = kernel.transpose(0, 2, 3, 1).reshape(outs, 1, height, ins * width)
    inputs = [
        lines,
        g.constant("stem.kernel", kernel.astype(np.float32)),
        g.constant("stem.bias", bias.astype(np.float32)),
    ]
    value = g.node(
        "Conv",
        inputs,
        "stem.out",
        kernel_shape=[height, ins * width],
        strides=[stride, ins * stride],
        pads=[pad, ins * pad, pad, ins * pad],
    )
    return g.node("Relu", [value], "stem.active")


def _stage(g: GraphBuilder, stage: nn.Module, value: str, name: str) -> str:
    for number, block in enumerate(stage.children()):
        value = _separable(g, block, value, f"{name}{number}")
    return value


def _separable(g: GraphBuilder, block: nn.Module, value: str, name: str) -> str:
    deep, across = block.children()
    value = _convolution(g, deep, value, f"{name}.deep")
    return _convolution(g, across, value, f"{name}.across")


def _convolution(g: GraphBuilder, layer: nn.Module, value: str, name: str) -> str:
    """A convolution with its normalisation folded in, and its ReLU."""
    convolution, kernel, bias = _folded(layer)
    value = _conv(g, value, name, kernel, bias, convolution)
    active = isinstance([*layer.children()][-1], nn.ReLU)
    return g.node("Relu", [value], f"{name}.active") if active else value


def _folded(layer: nn.Module, scale: float = 1.0) -> tuple[nn.Conv2d, Array, Array]:
    """A convolution, and its kernel and bias with the normalisation folded in."""
    assert isinstance(layer, Convolution)
    convolution, normalisation, *_ = layer.children()
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(normalisation, nn.BatchNorm2d)
    assert normalisation.running_mean is not None
    assert normalisation.running_var is not None
    rate = _exact(normalisation.weight) / np.sqrt(
        _exact(normalisation.running_var) + normalisation.eps
    )
    kernel = _exact(convolution.weight) * (scale * rate)[:, None, None, None]
    bias = _exact(normalisation.bias) - _exact(normalisation.running_mean) * rate
    return convolution, kernel, bias


def _head(g: GraphBuilder, head: nn.Module, stride: int, value: str, name: str) -> str:
    """(N, cells, VALUES), row by row: middles in pixels, sides as logarithms of pixels."""
    block, last = head.children()
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    value = _separable(g, block, value, name)
    kernel, bias = _exact(last.weight)[:VALUES], _exact(last.bias)[:VALUES]
    rates = np.ones(VALUES)
    rates[1:3] = stride
    kernel, bias = kernel * rates[:, None, None, None], bias * rates
    bias[3] += np.log(stride)
    value = _conv(g, value, name, kernel, bias, last)
    rows = g.node("Transpose", [value], f"{name}.rows", perm=[0, 2, 3, 1])
    shape = g.integers("rows", 0, -1, VALUES)
    return g.node("Reshape", [rows, shape], f"{name}.flat")


def _conv(
    g: GraphBuilder, value: str, name: str, kernel: Array, bias: Array, layer: nn.Conv2d
) -> str:
    pad = int(layer.padding[0])
    inputs = [
        value,
        g.constant(f"{name}.kernel", kernel.astype(np.float32)),
        g.constant(f"{name}.bias", bias.astype(np.float32)),
    ]
    return g.node(
        "Conv",
        inputs,
        f"{name}.out",
        kernel_shape=list(layer.kernel_size),
        strides=list(layer.stride),
        pads=[pad] * 4,
        group=layer.groups,
    )


def _exact(tensor: torch.Tensor) -> Array:
    return tensor.detach().numpy().astype(np.float64)
