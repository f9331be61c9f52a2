"""Shared by all graphs: a builder of nodes and constants."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET, IR = 17, 9  # onnxruntime 1.19 and later read these
CONTRIB = "com.microsoft"  # onnxruntime's own operators; its CPU build always has them


def _key(value: NDArray[Any]) -> tuple[str, tuple[int, ...], bytes]:
    return value.dtype.str, value.shape, value.tobytes()


class GraphBuilder:
    """Nodes and constants of one ONNX graph, in the order of their addition.

    Args:
        shared: whether one constant serves all that have its value.
    """

    def __init__(self, *, shared: bool = True) -> None:
        self._shared = shared
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self._known: dict[tuple[str, tuple[int, ...], bytes], str] = {}

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """Adds a constant, unless a shared one has the same value; returns its name."""
        return self.known(value) or self.add(name, value)

    def add(self, name: str, value: NDArray[Any]) -> str:
        """Adds a constant, whether there is an equal one or not; returns its name."""
        value = np.ascontiguousarray(value).reshape(np.shape(value))
        self._known[_key(value)] = name
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def known(self, value: NDArray[Any]) -> str | None:
        """The name of the constant that has this value, if there is one."""
        return self._known.get(_key(value)) if self._shared else None

    def integers(self, name: str, *values: int) -> str:
        """Adds a constant (n,) int64, the form of shapes and axes."""
        return self.constant(name, np.array(values, np.int64))

    def node(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        """Adds a node with one output; returns the output's name."""
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output
