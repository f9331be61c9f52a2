"""Options of a detector as one value."""

import dataclasses
import inspect
import pickle

import pytest

from lapland import Detector, OptionError
from lapland.options import DetectorOptions, load_networks


def test_they_are_the_keywords_of_a_detector_with_the_same_defaults():
    keywords = inspect.signature(Detector).parameters.values()
    fields = dataclasses.fields(DetectorOptions)
    assert [(k.name, k.default) for k in keywords] == [(f.name, f.default) for f in fields]


def test_a_detector_loads_from_them_and_comes_back_from_a_pickle(tmp_path, monkeypatch):
    options = DetectorOptions(
        "1/16", weights="300w", threads=1, max_faces=1, min_confidence=0.2, rgb=True
    )
    copy = pickle.loads(pickle.dumps(Detector(**vars(options))))
    assert (copy.model.width, copy.rgb) == ("1/16", True)


def test_the_networks_are_those_that_they_name():
    networks = load_networks(DetectorOptions("1/16", weights="300w", threads=1, decoder="local"))
    assert networks.landmarks.info.width == "1/16"
    assert networks.landmarks.info.scheme.size == 68
    assert len(networks.faces.box_in_portrait) == 4


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"decoder": "mean"}, "decoder must be one of 'softargmax', "),
        ({"rgb": 1}, "rgb must be True or False, not 1"),
        ({"min_confidence": 1.5}, r"min_confidence must be within 0\.\.1, not 1\.5"),
        ({"min_confidence": True}, r"min_confidence must be within 0\.\.1, not True"),
        ({"max_faces": 0}, "max_faces must be None or a positive integer, not 0"),
        ({"max_faces": 2.0}, "max_faces must be None or a positive integer, not 2.0"),
        ({"model": 3}, "model must be the path of an ONNX file, not 3"),
        ({"model": "x" * 5000}, "model must be the path of an ONNX file"),
    ],
)
def test_wrong_values_are_refused_before_anything_is_loaded(wrong, words):
    with pytest.raises(OptionError, match=words):
        DetectorOptions(**wrong)
