"""The converted BlazeFace against the outputs of its original runtime."""

import hashlib
import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import pytest

from export import blazeface
from export.graph.blazeface import SIZE, _Graph, convert
from export.graph.builder import GraphBuilder

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "blazeface" / "blazeface.onnx"
RECORDED = Path(__file__).with_name("blazeface.npz")

needs_source = pytest.mark.skipif(
    importlib.util.find_spec("mediapipe") is None or importlib.util.find_spec("tflite") is None,
    reason="the packages mediapipe and tflite are not installed",
)


@pytest.fixture(scope="module")
def session():
    return ort.InferenceSession(MODEL, providers=["CPUExecutionProvider"])


def run(session, images):
    return session.run(["scores", "offsets"], {"images": images})


def test_the_graph_agrees_with_the_original_runtime(session):
    recorded = np.load(RECORDED)
    scores, offsets = run(session, recorded["image"][None])
    expected = 1 / (1 + np.exp(-np.clip(recorded["logits"].astype(np.float64), -80, 80)))
    assert expected.max() > 0.9  # a face is there
    np.testing.assert_allclose(scores[0], expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(offsets[0], recorded["offsets"], rtol=0, atol=1e-3)


def test_the_record_is_of_the_photo_of_the_examples(image):
    small = cv2.resize(image, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    recorded = np.load(RECORDED)["image"].astype(int)
    assert np.abs(recorded - small).max() <= 1  # the last bit differs among versions of OpenCV


def test_any_size_of_whole_cells_and_any_number_of_photos(session):
    rng = np.random.default_rng(0)
    for height, width in ((16, 16), (96, 128), (128, 32)):
        images = rng.integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        scores, offsets = run(session, images)
        anchors = height // 8 * width // 8 * 2 + height // 16 * width // 16 * 6
        assert scores.shape == (2, anchors)
        assert offsets.shape == (2, anchors, 16)
        for one, image in enumerate(images):
            np.testing.assert_allclose(run(session, image[None])[1][0], offsets[one], atol=1e-3)


def test_file_card_and_metadata():
    data = MODEL.read_bytes()
    card = MODEL.with_name("README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(data).hexdigest() in card
    assert blazeface.SHA256 in card
    model = onnx.load_from_string(data)
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata == blazeface.METADATA
    assert metadata["licence"] == "Apache-2.0"
    assert "Apache License" in (ROOT / "LICENSE-blazeface").read_text(encoding="utf-8")


def test_no_method_of_the_graph_hides_one_of_its_builder():
    """It did once, and the conversion failed where nobody had the source to try it."""
    assert not set(vars(_Graph)) & {name for name in dir(GraphBuilder) if name[0] != "_"}


@needs_source
def test_conversion_is_repeatable_and_the_committed_file_is_its_result():
    data = blazeface.source_bytes(None)
    assert convert(data, blazeface.METADATA) == MODEL.read_bytes()


def test_another_file_is_refused(tmp_path):
    wheel = tmp_path / "mediapipe-0.9.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(blazeface.MEMBER, b"another")
    with pytest.raises(ValueError, match=r"0\.10\.21"):
        blazeface.source_bytes(wheel)


def test_the_conversion_needs_neither_torch_nor_tensorflow():
    program = "import sys; import export.blazeface; print({'torch', 'tensorflow'} & {*sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
