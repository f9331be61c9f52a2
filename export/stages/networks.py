"""A network that is a file of its own, as part of a larger graph."""

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import numpy_helper

from export.stages.values import Graph, Value

# Operators whose weights onnxruntime lays out for the processor. It does so for Gemm, too; those of
# the O-Net are a megabyte, and take no time.
_LAID_OUT = ("Conv", "QLinearConv", "MatMul", "MatMulInteger", "MatMulIntegerToFloat")


def insert(
    g: Graph,
    model: onnx.ModelProto,
    name: str,
    given: Mapping[str, Value],
    outputs: Sequence[str],
) -> list[Value]:
    """Adds the nodes of a network that lead to some of its outputs.

    Args:
        g: the graph.
        model: the network.
        name: put before the names of its values.
        given: values of the network that the graph has already, its inputs or others: the graph
            omits the nodes that compute these.
        outputs: names of the results, float32 all.

    Returns:
        the results. Every branch sees the constants of the root, where they stand once, but for
        those of convolutions and products: onnxruntime lays out their weights for the processor
        only if they stand in the graph itself, and without that takes up to twice the time.
    """
    body = model.graph
    makers = {output: node for node in body.node for output in node.output}
    needed, waiting = set(), [*outputs]
    while waiting:
        value = waiting.pop()
        if value in makers and value not in given and value not in needed:
            needed.add(value)
            waiting.extend(filter(None, makers[value].input))
    names = {key: value.name for key, value in given.items()}
    for tensor in body.initializer:
        users = {makers[value].op_type for value in needed if tensor.name in makers[value].input}
        if users and tensor.name not in names:
            add = g.root.constant if users.isdisjoint(_LAID_OUT) else g.own
            array = numpy_helper.to_array(tensor)
            names[tensor.name] = add(f"{g.prefix}{name}/{tensor.name}", array)
    for node in body.node:
        if needed.isdisjoint(node.output):
            continue
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        names |= {o: f"{g.prefix}{name}/{o}" for o in node.output if o and o not in names}
        copy.name = f"{g.prefix}{name}/{node.name or node.output[0]}"
        copy.input[:] = [names.get(value, value) for value in node.input]
        copy.output[:] = [names.get(value, value) for value in node.output]
        g.nodes.append(copy)
    missing = [value for value in outputs if value not in names]
    if missing:
        raise ValueError(f"{name}: expected a network with the outputs {', '.join(outputs)}")
    return [Value(g, names[value], np.float32) for value in outputs]
