"""What the fuzzers start from, and what they found, as ordinary tests."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from lapland import ImageError, ModelError
from lapland.image.headers import read_header
from lapland.image.loading import load_image
from lapland.networks import loading

CORPUS = Path(__file__).parent / "corpus"
IMAGES, MODELS = (sorted((CORPUS / kind).iterdir()) for kind in ("image", "model"))
NOT_READ = {"announced.png"}


@pytest.mark.parametrize("path", IMAGES, ids=lambda path: path.name)
def test_images(path):
    header = read_header(path.read_bytes())
    if path.name.startswith("found-") or path.name in NOT_READ:
        with pytest.raises(ImageError, match=path.name):
            load_image(path)
        return
    assert header is not None
    if not cv2.haveImageReader(str(path)):
        pytest.skip(f"OpenCV {cv2.__version__} does not read {path.suffix}")
    pixels = load_image(path)
    assert pixels.dtype == np.uint8
    assert sorted(pixels.shape[:2]) == sorted((header.height, header.width))
    # The drawn slope of colours: of whichever kind the file is, this picture and no other.
    rows, columns = pixels.shape[:2]
    if (rows, columns) == (16, 24) and "bilevel" not in path.name:
        bright, dark = pixels[13:, 12:].mean(), pixels[:2, :2].mean()
        assert bright > dark + 40


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.name)
def test_models(path):
    if path.name == "peaks.onnx":
        session, info = loading.load(path, threads=1)
        crops = np.zeros((1, info.size, info.size, 3), np.uint8)
        assert session.run(("landmarks",), {"crops": crops})[0].shape == (1, 68, 2)
        return
    with pytest.raises(ModelError, match=path.name):
        loading.load(path, threads=1)


def test_the_corpus_is_what_its_script_writes():
    pytest.importorskip("onnx")
    pytest.importorskip("PIL")
    from tests.fuzz.seeds import models as written

    for name, data in written().items():
        assert (CORPUS / "model" / name).read_bytes() == data
    assert sum(path.stat().st_size for path in [*IMAGES, *MODELS]) < 100_000
