"""A landmark network as a checked model by the graph contract."""

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

from export.graph.builder import CONTRIB, IR, OPSET, GraphBuilder
from training.network.rcn import SIZE


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
