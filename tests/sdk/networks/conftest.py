"""Models that must be refused before they run."""

import pytest

from lapland import Detector, ModelError
from lapland.networks import session


@pytest.fixture
def file(tmp_path):
    return tmp_path / "model.onnx"


@pytest.fixture
def refused(tmp_path, monkeypatch):
    """Writes a model and expects it to be refused without onnxruntime having seen it."""
    from tests.peaks.make_peaks import build  # needs onnx

    def attempt(change, *words, seen=False):
        model = build()
        change(model)
        file = tmp_path / "model.onnx"
        file.write_bytes(model.SerializeToString())
        if not seen:
            monkeypatch.setattr(session.ort, "InferenceSession", None)
        with pytest.raises(ModelError) as caught:
            Detector(model=file, threads=1)
        for word in (str(file), *words):
            assert word in str(caught.value)

    return attempt
