"""Every row of the table of face detectors."""

import numpy as np
import pytest

from lapland.detection.registry import DETECTORS, load_detector


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_finds_the_astronaut(name, image):
    found = load_detector(name, threads=1).detect(image)
    assert len(found.boxes) == len(found.scores) == len(found.five_points) == 1
    assert found.boxes.dtype == found.scores.dtype == found.five_points.dtype == np.float32
    np.testing.assert_allclose(found.boxes[0], [181, 64, 266, 171], atol=8)
    np.testing.assert_array_equal(found.five_points * 32, np.round(found.five_points * 32))
