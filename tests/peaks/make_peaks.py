"""Writes `peaks.onnx`: `python -m tests.peaks.make_peaks`.

A landmark model by the graph contract whose answers follow from the picture by arithmetic. Landmark
k looks for one thing in the crop, by k % 5: the brightest place, the darkest, the bluest, the
greenest, the reddest. Its heatmap is the gain times that quantity, and the rest is the contract's:
softmax over the map, mean position, mean distance from it.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

FILE = Path(__file__).with_name("peaks.onnx")
SIZE, LANDMARKS, GAIN = 80, 68, 36.0
# Weights of blue, green and red for each kind of landmark.
KINDS = np.array(
    [
        [1 / 3, 1 / 3, 1 / 3],
        [-1 / 3, -1 / 3, -1 / 3],
        [1, -0.5, -0.5],
        [-0.5, 1, -0.5],
        [-0.5] * 2 + [1],
    ]
)
METADATA = {
    "lapland.schema": "1",
    "lapland.name": "peaks",
    "lapland.width": "1/16",
    "lapland.parameters": "0",
    "lapland.scheme": "ibug68",
    "lapland.size": str(SIZE),
    "lapland.crop_factor": "3.0",
    "lapland.crop_upright": "true",
    "lapland.nmse": "{}",
    "lapland.licence": "MIT",
    "lapland.training": json.dumps({"recipe": {"name": "none"}}),
}


def weights() -> NDArray[np.float32]:
    """(68, 3): what a landmark's heatmap is, in terms of blue, green and red in 0..255."""
    kinds = KINDS[np.arange(LANDMARKS) % len(KINDS)]
    return (GAIN / 255 * kinds).astype(np.float32)


def build() -> onnx.ModelProto:
    """The model."""
    constants = {
        "weights": weights()[:, :, None, None],
        "grid": np.arange(SIZE, dtype=np.float32),
        "flat": np.array([0, LANDMARKS, SIZE * SIZE], np.int64),
        "square": np.array([0, LANDMARKS, SIZE, SIZE], np.int64),
        "x_axis": np.array([3], np.int64),
        "y_axis": np.array([2], np.int64),
        "last": np.array([-1], np.int64),
    }

    def node(kind: str, inputs: str, output: str, **attributes: object) -> onnx.NodeProto:
        return helper.make_node(kind, inputs.split(), [output], **attributes)

    nodes = [
        node("Cast", "crops", "float", to=TensorProto.FLOAT),
        node("Transpose", "float", "planes", perm=[0, 3, 1, 2]),
        node("Conv", "planes weights", "heatmaps"),
        node("Reshape", "heatmaps flat", "logits"),
        node("Softmax", "logits", "softmax", axis=2),
        node("Reshape", "softmax square", "p"),
    ]
    for axis, other in (("x", "y"), ("y", "x")):
        nodes += [
            node("ReduceSum", f"p {other}_axis", f"{axis}m", keepdims=0),  # (N, K, 80)
            node("Mul", f"{axis}m grid", f"{axis}w"),
            node("ReduceSum", f"{axis}w last", f"{axis}s", keepdims=1),  # (N, K, 1)
            node("Sub", f"grid {axis}s", f"{axis}o"),
            node("Abs", f"{axis}o", f"{axis}d"),
            node("Mul", f"{axis}m {axis}d", f"{axis}v"),
            node("ReduceSum", f"{axis}v last", f"{axis}b", keepdims=1),
        ]
    nodes += [
        node("Concat", "xs ys", "landmarks", axis=2),
        node("Concat", "xb yb", "b", axis=2),
        node("ReduceMean", "b", "scales", axes=[2], keepdims=0),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "peaks",
        [value("crops", TensorProto.UINT8, ["N", SIZE, SIZE, 3])],
        [
            value("landmarks", TensorProto.FLOAT, ["N", LANDMARKS, 2]),
            value("scales", TensorProto.FLOAT, ["N", LANDMARKS]),
            value("heatmaps", TensorProto.FLOAT, ["N", LANDMARKS, SIZE, SIZE]),
        ],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(
        graph,
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
        producer_name="lapland",
    )
    helper.set_model_props(model, METADATA)
    onnx.checker.check_model(model, full_check=True)
    return model


if __name__ == "__main__":
    FILE.write_bytes(build().SerializeToString(deterministic=True))
