"""The photo to measure on: one face, at every size."""

import tomllib
from pathlib import Path

import cv2
import numpy as np
import pytest

import lapland
from lapland import OptionError
from lapland.measure import sample

ROOT = Path(__file__).resolve().parents[3]


def test_the_sample_is_a_photo_with_one_face(detector):
    for width, height in ((128, 128), (160, 700), (640, 480), (1280, 720)):
        photo = sample.sample(width, height)
        assert (photo.shape, photo.dtype) == ((height, width, 3), np.uint8)
        (face,) = detector.predict(photo)
        middle = (face.box[:2] + face.box[2:]) / 2
        assert np.abs(middle - [width / 2, height / 2]).max() < 40
    with pytest.raises(OptionError, match="128x128"):
        sample.sample(100, 480)


def test_the_sample_is_cut_from_the_photo_of_the_examples(image):
    face = cv2.imread(str(sample.FILE))
    cut = image[10:234, 120:344]
    assert face.shape == cut.shape
    assert np.abs(face.astype(int) - cut).mean() < 3
    assert sample.FILE.stat().st_size < 40_000


def test_the_wheel_carries_the_sample():
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"][
        "targets"
    ]["wheel"]
    here = sample.FILE.relative_to(Path(lapland.__file__).parents[1])
    assert "sdk/lapland" in wheel["only-include"]
    assert here == Path("lapland/measure/sample.jpeg")
    assert not any(sample.FILE.match(pattern) for pattern in wheel["exclude"])
