"""Crops of the graph are those of `lapland.crop.square`, for small and large faces in one photo."""

import cv2
import numpy as np
import onnxruntime
import pytest
from onnx import helper

from export.stages.crops import cut, squares
from export.stages.picture import Picture
from export.stages.values import Graph, Value, onnx_type
from lapland.crop import square
from training.common.paths import REPOSITORY

FIVE = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
SCALES = (0.2, 0.5, 1, 1.5, 2.2, 3, 4, 5.5, 7)


def session(g, inputs, outputs):
    given = [helper.make_tensor_value_info(v.name, onnx_type(v.dtype), s) for v, s in inputs]
    names = [g.rename(value, name).name for name, value in outputs.items()]
    results = [
        helper.make_tensor_value_info(name, onnx_type(value.dtype), None)
        for name, value in zip(names, outputs.values(), strict=True)
    ]
    body = helper.make_graph(g.nodes, "test", given, results, g.constants)
    opset = [helper.make_opsetid("", 17)]
    model = helper.make_model(body, opset_imports=opset, ir_version=9)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


@pytest.mark.parametrize("upright", [True, False])
@pytest.mark.parametrize("scales", [SCALES, SCALES[:3], SCALES[-2:]], ids=["all", "small", "large"])
def test_crops(upright, scales):
    image = cv2.imread(str(REPOSITORY / "examples" / "astronaut.png"))
    image = cv2.resize(image, (700, 541), interpolation=cv2.INTER_CUBIC)
    rng = np.random.default_rng(0)
    points = [(FIVE - FIVE.mean(0)) * s + (300, 160) + rng.normal(0, 3, (5, 2)) for s in scales]
    points.append(points[0] + (400, 380))  # beyond the right and lower border for the most part
    points = np.array(points, np.float32)

    g = Graph()
    given, five = Value(g, "image", np.uint8), Value(g, "five_points", np.float32)
    shown = Picture(given, *image.shape[:2], rgb=False)
    found = squares(g, five, size=80, factor=3.0, upright=upright)
    outputs = {"crops": cut(g, shown, found, 80), "rows": found.rows}
    run = session(g, [(given, image.shape), (five, ["N", 5, 2])], outputs)
    crops, rows = run.run(None, {"image": image, "five_points": points})

    expected = square.crop_matrices(points, factor=3.0, size=80, upright=upright)
    np.testing.assert_allclose(rows.transpose(0, 2, 1), expected, atol=1e-9)
    for crop, matrix in zip(crops.transpose(0, 2, 3, 1), expected, strict=True):
        apart = np.abs(crop - square.cut(image, matrix, 80))
        # OpenCV 4 rounds places to 1/32 pixel, OpenCV 5 does not.
        assert apart.max() <= (1 if int(cv2.__version__[0]) > 4 else 12)
        assert apart.mean() < (0.001 if int(cv2.__version__[0]) > 4 else 0.5)
