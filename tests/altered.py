"""The test model with changes, and the errors that they give."""

import pytest

from lapland import ModelError
from lapland.networks import loading


def refusal(path, *words, error=ModelError):
    with pytest.raises(error) as caught:
        loading.load(path, threads=1)
    assert isinstance(caught.value, ValueError)
    for word in (str(path), *words):
        assert word in str(caught.value)
    return caught.value


def changed(peaks, file, metadata=None, change=None):
    """Writes the test model with other metadata, or after `change(graph)`."""
    onnx = pytest.importorskip("onnx")
    model = onnx.load(peaks)
    if metadata is not None:
        kept = {p.key: p.value for p in model.metadata_props} | metadata
        onnx.helper.set_model_props(model, {k: v for k, v in kept.items() if v is not None})
    if change is not None:
        change(model.graph)
    file.write_bytes(model.SerializeToString())
    return file
