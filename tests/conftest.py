"""Fixtures and options that all tests share."""

import os
from pathlib import Path

# One thread of numpy's and torch's: networks of tests are small, and threads that wait for one
# another cost more than they bring. What counts threads sets its own number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import pytest

from lapland import Detector

ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/*.json anew from the shipped weights, by torch",
    )


@pytest.fixture(scope="session")
def photo():
    """Eileen Collins, by NASA, public domain: 512 x 512, one face in about (180, 64, 265, 172)."""
    return ROOT / "examples" / "astronaut.png"


@pytest.fixture(scope="session")
def image(photo):
    """The photo as BGR; read-only, so that a test that writes to it fails."""
    pixels = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    assert pixels.shape == (512, 512, 3)
    assert pixels.dtype == np.uint8
    pixels.flags.writeable = False
    return pixels


@pytest.fixture(scope="session")
def detector():
    return Detector(threads=1)


@pytest.fixture(scope="session")
def peaks():
    """A model whose landmarks can be computed by hand; `make_peaks.py` says how."""
    return ROOT / "tests" / "peaks" / "peaks.onnx"


@pytest.fixture(scope="session")
def data_300w():
    """The folder of the 300-W photos, where the environment names one."""
    named = os.environ.get("LAPLAND_300W")
    if not named:
        pytest.skip("LAPLAND_300W is not set; it names a folder in 300-W layout with splits/")
    folder = Path(named)
    if not (folder / "splits").is_dir():
        pytest.skip(f"LAPLAND_300W={named} is no folder in 300-W layout: it has no splits/")
    return folder
