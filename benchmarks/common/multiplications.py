"""Multiply-accumulates of an ONNX graph, counted node by node."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

Shapes = Mapping[str, tuple[int, ...]]


def multiply_accumulates(model: bytes, feeds: Mapping[str, NDArray[Any]]) -> dict[str, int]:
    """Counts the products that go into sums: those of convolutions and of matrix products.

    Nodes that depend on constants alone do not count, as onnxruntime computes them once when it
    loads the file; nor do products of two numbers without a sum. Shapes are those
    that the values have in a run.

    Args:
        model: bytes of an ONNX file.
        feeds: its inputs, as for a run.

    Returns:
        {output of a node: multiply-accumulates in it}, in the order of the graph.

    Raises:
        ValueError: a node multiplies, but its count is not known here.
    """
    graph = onnx.load_model_from_string(model)
    live = _live(graph.graph, set(feeds))
    foreign = {node.op_type for node in live if _multiplies(node) and node.op_type not in _COUNTS}
    if foreign:
        raise ValueError(f"no rule counts the multiplications of {', '.join(sorted(foreign))}")
    counted = [node for node in live if node.op_type in _COUNTS]
    shapes = _shapes(graph, feeds, counted)
    return {node.output[0]: _COUNTS[node.op_type](node, shapes) for node in counted}


def _live(graph: onnx.GraphProto, inputs: set[str]) -> list[onnx.NodeProto]:
    """The nodes that depend on the inputs."""
    reached, nodes = set(inputs), []
    for node in graph.node:  # ONNX keeps them in order of execution
        if reached.intersection(node.input):
            reached.update(node.output)
            nodes.append(node)
    return nodes


def _multiplies(node: onnx.NodeProto) -> bool:
    return any(word in node.op_type for word in ("Conv", "MatMul", "Gemm", "Einsum", "Attention"))


def _shapes(
    model: onnx.ModelProto, feeds: Mapping[str, NDArray[Any]], nodes: list[onnx.NodeProto]
) -> dict[str, tuple[int, ...]]:
    """Shapes of the inputs and outputs of nodes, and of the constants."""
    shapes = {value.name: tuple(value.dims) for value in model.graph.initializer}
    shapes |= {name: value.shape for name, value in feeds.items()}
    names = {n for node in nodes for n in (*node.input, *node.output) if n and n not in shapes}
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in sorted(names))
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    run = ort.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    values = run.run(sorted(names), dict(feeds))
    return shapes | {name: np.shape(v) for name, v in zip(sorted(names), values, strict=True)}


def _conv(kernel: int) -> Callable[[onnx.NodeProto, Shapes], int]:
    """Counts a convolution whose kernel (O, I / groups, ...) is the input of that number."""

    def count(node: onnx.NodeProto, shapes: Shapes) -> int:
        return math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[kernel]][1:])

    return count


def _product(node: onnx.NodeProto, shapes: Shapes) -> int:
    """Counts a product of matrices (..., M, K) and (..., K, N)."""
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][-1]


def _gemm(node: onnx.NodeProto, shapes: Shapes) -> int:
    turned = any(a.name == "transA" and a.i for a in node.attribute)
    return math.prod(shapes[node.output[0]]) * shapes[node.input[0]][0 if turned else 1]


_COUNTS: dict[str, Callable[[onnx.NodeProto, Shapes], int]] = {
    "Conv": _conv(1),
    "ConvInteger": _conv(1),
    "QLinearConv": _conv(3),
    "MatMul": _product,
    "MatMulInteger": _product,
    "MatMulIntegerToFloat": _product,
    "QLinearMatMul": _product,
    "Gemm": _gemm,
}
