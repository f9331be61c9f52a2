import numpy as np
import onnx
import pytest

from training.evaluation import predictions
from training.evaluation.predictions import cached


@pytest.fixture
def counted(monkeypatch, tmp_path, peaks):
    """Makes `kept` of a network that counts its runs."""
    monkeypatch.setattr(predictions, "CACHE", tmp_path / "cache")
    runs = []

    def run(crops):
        runs.append(len(crops))
        return np.full((len(crops), 68, 2), float(crops.sum())), np.ones((len(crops), 68))

    return runs, lambda model=peaks: cached(run, model)


def test_nothing_is_found_twice(counted):
    runs, known = counted
    crops = np.random.default_rng(0).integers(0, 256, (3, 80, 80, 3), dtype=np.uint8)
    first = known()(crops)
    again = known()(crops)
    for found, expected in zip(again, first, strict=True):
        np.testing.assert_array_equal(found, expected)
    assert runs == [3]
    assert known()(crops + 1)[0][0, 0, 0] == (crops + 1).sum()
    assert runs == [3, 3]


def test_another_graph_is_another_network_and_other_metadata_are_not(counted, peaks, tmp_path):
    runs, known = counted
    crops = np.zeros((1, 80, 80, 3), np.uint8)
    known()(crops)
    model = onnx.load(peaks)
    onnx.helper.set_model_props(model, {"lapland.calibration": "another"})
    onnx.save(model, tmp_path / "told.onnx")
    known(tmp_path / "told.onnx")(crops)
    assert runs == [1]
    model.graph.initializer[0].raw_data = b"\1" + model.graph.initializer[0].raw_data[1:]
    onnx.save(model, tmp_path / "other.onnx")
    known(tmp_path / "other.onnx")(crops)
    assert runs == [1, 1]
