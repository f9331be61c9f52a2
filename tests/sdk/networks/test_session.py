"""Sessions of onnxruntime."""

import numpy as np
import pytest

from lapland import Detector, ModelError, OptionError
from lapland.networks.session import Session


@pytest.fixture(scope="module")
def session(peaks):
    return Session(peaks.read_bytes(), name="peaks.onnx", threads=1)


def test_inputs_and_outputs(session):
    kind, shape = session.inputs["crops"]
    assert (kind, shape[1:]) == ("tensor(uint8)", [80, 80, 3])
    assert {"landmarks", "scales"} <= set(session.outputs)
    assert session.metadata["lapland.name"]


def test_named_outputs_in_their_order(session):
    crops = np.zeros((2, 80, 80, 3), np.uint8)
    scales, landmarks = session.run(["scales", "landmarks"], {"crops": crops})
    assert (scales.shape, landmarks.shape) == ((2, 68), (2, 68, 2))


def test_a_run_that_fails_names_the_file(session):
    with pytest.raises(ModelError, match=r"peaks\.onnx: onnxruntime .* cannot run it"):
        session.run(["scales"], {"crops": np.zeros((1, 7), np.float32)})


def test_bytes_that_are_no_graph():
    with pytest.raises(ModelError, match=r"a\.onnx: .* damaged or not an ONNX graph"):
        Session(b"none", name="a.onnx")


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True, []])
def test_wrong_thread_counts(threads):
    with pytest.raises(OptionError, match="threads must be None or a positive integer"):
        Detector(threads=threads)
