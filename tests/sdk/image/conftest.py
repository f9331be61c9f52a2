"""The photo in RGB, as tests write it into files."""

import cv2
import numpy as np
import pytest


@pytest.fixture(scope="module")
def rgb(image):
    return np.ascontiguousarray(image[..., ::-1])


@pytest.fixture(scope="module")
def small(rgb):
    return cv2.resize(rgb, (120, 90), interpolation=cv2.INTER_AREA)
