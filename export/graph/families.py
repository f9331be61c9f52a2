"""The graphs of each family of networks, a row each."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import onnx

from export.graph.float32 import build_float32
from export.graph.int8 import build_int8
from export.graph.mobile import build_mobile
from training.network.mobile_layers import HEAD
from training.network.quantised import QuantisedRCN
from training.network.rcn import RCN

Builder = Callable[[Any, float, Mapping[str, str]], onnx.ModelProto]
"""Network, beta of the softmax, metadata -> graph."""


@dataclass(frozen=True)
class Graphs:
    """The graphs of a family.

    Attributes:
        build: the one that is shipped, in the precision of the network.
        plain: float32, layer by layer, to compare times with.
        maps: the value of `plain` that holds the heatmaps (N, K, H, W).
    """

    build: Builder
    plain: Builder
    maps: str


def build_rcn(net: RCN, beta: float, metadata: Mapping[str, str]) -> onnx.ModelProto:
    """The graph of the recombinator, in the precision of the network."""
    if isinstance(net, QuantisedRCN):
        return build_int8(net, beta, metadata)
    return build_float32(net, beta, metadata)


GRAPHS: Mapping[str, Graphs] = MappingProxyType(
    {
        "rcn": Graphs(build_rcn, functools.partial(build_float32, plain=True), "heatmaps"),
        "mobile": Graphs(build_mobile, build_mobile, HEAD),
    }
)
