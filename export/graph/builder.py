"""Shared by all graphs: a builder of nodes and constants, and the wrapping of a model."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from training.network.rcn import SIZE

OPSET, IR = 17, 9  # onnxruntime 1.19 and later read these
CONTRIB = "com.microsoft"  # onnxruntime's own operators; its CPU build always has them


def _key(value: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return value.dtype.str, value.shape, value.tobytes()


class GraphBuilder:
    """Nodes and constants of one ONNX graph, in the order of their addition."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Adds a constant, unless there is one with the same value; returns its name."""
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        known = self.known(value)
        if known is None:
            known = self._known[_key(value)] = name
            self.constants.append(numpy_helper.from_array(value, name))
        return known

    def known(self, value: NDArray[Any]) -> str | None:
        """The name of the constant that has this value, if there is one."""
        return self._known.get(_key(value))

    def integers(self, name: str, *values: int) -> str:
        """Adds a constant (n,) int64, the form of shapes and axes."""
        return self.constant(name, np.array(values, np.int64))

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output


def finish(
    g: GraphBuilder,
    name: str,
    landmarks: int,
    heatmaps: tuple[int, int, int],
    metadata: Mapping[str, str],
) -> onnx.ModelProto:
    """The nodes as a checked model by the graph contract.

    Args:
        g: the graph.
        name: name of the graph.
        landmarks: K.
        heatmaps: shape of the maps of one face, (K, H, W) or (H, W, K).
        metadata: written into the file.
    """
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        g.nodes,
        name,
        [value("crops", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [
            value("landmarks", TensorProto.FLOAT, ["N", landmarks, 2]),
            value("scales", TensorProto.FLOAT, ["N", landmarks]),
            value("heatmaps", TensorProto.FLOAT, ["N", *heatmaps]),
        ],
        g.constants,
    )
    opsets = [helper.make_opsetid("", OPSET)]
    if any(node.domain == CONTRIB for node in g.nodes):
        opsets.append(helper.make_opsetid(CONTRIB, 1))
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="lapland")
    helper.set_model_props(model, dict(metadata))
    onnx.checker.check_model(model, full_check=True)
    return model
