"""Whether biases are as long as the operators that add them take them to be.

onnxruntime 1.19 reads as many numbers of a bias as there are channels, however few it has, and
computes with the memory behind it (1.31 does not). The lengths of scales and zero points,
and the bias of a Gemm, it looks at itself.
"""

from collections.abc import Mapping, Sequence

from .onnx_file import CONTRIB, STANDARD, Node, OnnxFile
from .onnx_rules import RefusedError

# Which input is the weight and which the bias, and the axis of the weight that counts the channels.
_PLACES = {
    (STANDARD, "Conv"): (1, 2, 0),
    (STANDARD, "QLinearConv"): (3, 8, 0),
    (CONTRIB, "QLinearConv"): (3, 8, 0),
    (CONTRIB, "MatMulIntegerToFloat"): (1, 6, -1),
}


def check_biases(model: OnnxFile, values: Mapping[str, Sequence[int]]) -> None:
    """Refuses a graph that adds a bias of another shape than (channels,).

    Args:
        model: the content of its file.
        values: the shape of each node's output.

    Raises:
        RefusedError: a bias has another shape, or it or the weight depends on an input.
    """
    # Only values computed from constants alone: other shapes are known for a batch of one face.
    shapes = {tensor.name: tensor.dims for tensor in model.initializers}
    for node in model.nodes:
        if (node.domain, node.kind) in _PLACES:
            _check_node(node, shapes)
        if all(name in shapes for name in node.inputs if name):
            shapes |= {name: tuple(values[name]) for name in node.outputs if name in values}


def _check_node(node: Node, shapes: Mapping[str, tuple[int, ...]]) -> None:
    weight_at, bias_at, axis = _PLACES[node.domain, node.kind]
    bias = node.inputs[bias_at] if len(node.inputs) > bias_at else ""
    if not bias:
        return
    weight = node.inputs[weight_at]
    for name in (bias, weight):
        if name not in shapes:
            raise RefusedError(
                f"{name[:80]!r} of a {node.kind} with a bias is not known before the graph runs; "
                "expected weight and bias to be constants, or computed from constants"
            )
    found, sides = shapes[bias], shapes[weight]
    if len(sides) < 2 or found != (sides[axis],):
        expected = f"({sides[axis]},)" if len(sides) > 1 else "a weight of two or more dimensions"
        raise RefusedError(
            f"the bias {bias[:80]!r} of a {node.kind} has the shape {found} and its weight "
            f"{sides}; expected {expected}"
        )
