"""A detector, a face and a picture that tests of promises share."""

import cv2
import numpy as np
import pytest

from lapland import Detector


@pytest.fixture(scope="module")
def narrowest():
    """The narrowest: no test here asks how good the landmarks are."""
    return Detector("1/16", weights="300w", threads=1)


@pytest.fixture(scope="module")
def face(image):
    """112 x 96: a face that is found."""
    return cv2.resize(image[20:245, 120:314], (96, 112), interpolation=cv2.INTER_AREA)


@pytest.fixture
def picture():
    """24 x 16, bright on the right and below."""
    y, x = np.mgrid[:16, :24].astype(np.uint8)
    return np.dstack([x * 10, y * 15, np.full_like(x, 90)])
