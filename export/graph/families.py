"""The graph builder of each family of networks."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import onnx

from export.graph.float32 import build_float32
from export.graph.int8 import build_int8
from export.graph.mobile import build_mobile
from training.network.quantised import QuantisedRCN
from training.network.rcn import RCN

Builder = Callable[[Any, float, Mapping[str, str]], onnx.ModelProto]


def build_rcn(net: RCN, beta: float, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The graph of the recombinator, in the precision of the network."""
    if isinstance(net, QuantisedRCN):
        return build_int8(net, beta, metadata)
    return build_float32(net, beta, metadata)


BUILDERS: Mapping[str, Builder] = MappingProxyType({"rcn": build_rcn, "mobile": build_mobile})
"""Family -> network, beta of the softmax, metadata -> graph."""
