"""Landmarks of an ONNX file by an adapter: a network that finds the brightest pixel."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, save

from benchmarks.peers import photos, plan
from benchmarks.peers.process import Worker

ADAPTER = plan.HERE / "adapters" / "pfld.py"
SCRIPT = plan.HERE / "workers" / "onnx.py"


@pytest.fixture
def model(tmp_path) -> Path:
    """(1, 3, 112, 112) -> (1, 136): 68 times x and y of the reddest pixel, 0 to 1."""
    value, node = helper.make_tensor_value_info, helper.make_node
    places = np.stack(np.meshgrid(*[(np.arange(112) + 0.5) / 112] * 2), -1).astype(np.float32)
    places = np.tile(places.reshape(-1, 2), 68)
    names = {"start": [0], "end": [1], "axis": [1], "flat": [1, -1]}
    constants = [
        helper.make_tensor(name, TensorProto.INT64, [len(row)], row) for name, row in names.items()
    ]
    constants.append(helper.make_tensor("places", TensorProto.FLOAT, places.shape, places.ravel()))
    graph = helper.make_graph(
        [
            node("Slice", ["image", "start", "end", "axis"], ["red"]),
            node("Reshape", ["red", "flat"], ["row"]),
            node("ArgMax", ["row"], ["at"], axis=1, keepdims=0),
            node("Gather", ["places", "at"], ["points"]),
        ],
        "brightest",
        [value("image", TensorProto.FLOAT, [1, 3, 112, 112])],
        [value("points", TensorProto.FLOAT, [1, 136])],
        constants,
    )
    path = tmp_path / "brightest.onnx"
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save(made, str(path))
    return path


def start(model: Path, adapter: Path, folder: Path) -> Worker:
    variant = json.dumps({"model": str(model), "adapter": str(adapter)})
    return Worker(sys.executable, SCRIPT, variant, folder)


def test_landmarks_come_back_into_the_photo(model, tmp_path):
    image = np.zeros((200, 300, 3), np.uint8)
    image[78:83, 148:153, 2] = (200,)
    image[80, 150] = 0, 0, 255
    image[40, 120, 0] = 255  # blue, which the adapter's RGB must not take for red
    photos.save([photos.Photo(image, np.zeros(4), None)], tmp_path)
    worker = start(model, ADAPTER, tmp_path)
    assert worker.skipped is None
    assert worker.ready["calls"] == ["landmarks", "predict"]
    answer = worker.ask("landmarks", photo=0, box=[100, 30, 200, 130], five_points=[[0, 0]])
    points = np.array(answer["result"])
    assert points.shape == (68, 2)
    np.testing.assert_allclose(points, np.tile([150, 80], (68, 1)), atol=0.6)
    assert worker.ask("predict", photo=0)["result"] == []  # it has no face
    worker.close()


def test_the_whole_photo_is_found_by_our_detector(model, tmp_path):
    photos.save([photos.astronaut()], tmp_path)
    worker = start(model, ADAPTER, tmp_path)
    faces = np.array(worker.ask("predict", photo=0)["result"])
    assert faces.shape == (1, 68, 2)
    assert (np.abs(faces[0] - [223, 126]).max() < 120).all()
    worker.close()


def test_wrong_files_are_named(model, tmp_path):
    adapter = tmp_path / "adapter.py"
    adapter.write_text("SIZE = (112, 112)\n")
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no network")
    for wrong, says in [
        ((model, adapter), "no crop"),
        ((model, tmp_path / "none.py"), "none.py"),
        ((tmp_path / "none.onnx", ADAPTER), "there is no such file"),
        ((broken, ADAPTER), "broken.onnx"),
    ]:
        worker = start(*wrong, tmp_path)
        assert says in str(worker.skipped)
        worker.close()
