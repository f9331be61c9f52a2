"""The interface of face detectors, which every row of the table keeps."""

import numpy as np
import pytest

from lapland.base.errors import GeometryError
from lapland.detection.base import Detections
from lapland.detection.registry import DETECTORS, load_detector


@pytest.fixture(scope="module", params=DETECTORS)
def detector(request):
    return load_detector(request.param, threads=1)


def test_faces_of_an_image(detector, image):
    found = detector.detect(image)
    assert isinstance(found, Detections)
    assert (found.boxes.shape[1:], found.five_points.shape[1:]) == ((4,), (5, 2))
    assert {array.dtype for array in found} == {np.dtype(np.float32)}
    assert ((found.scores >= 0) & (found.scores <= 1)).all()
    none = detector.detect(np.full((90, 120, 3), 120, np.uint8))
    assert [array.shape for array in none] == [(0, 4), (0,), (0, 5, 2)]


def test_five_points_of_known_boxes(detector, image):
    (box,), _, (points,) = detector.detect(image)
    elsewhere = np.array([300.0, 300, 380, 400])
    scores, five = detector.five_points(image, [box, elsewhere])
    assert scores[0] > 0.9 > 0.5 > scores[1]
    assert np.abs(five[0] - points).max() < 0.1 * (box[2] - box[0])
    assert [array.shape for array in detector.five_points(image, np.zeros((0, 4)))] == [
        (0,),
        (0, 5, 2),
    ]
    with pytest.raises(GeometryError):
        detector.five_points(image, [[10, 10, 5, 20]])


def test_the_box_of_a_portrait_lies_in_it(detector):
    x1, y1, x2, y2 = detector.box_in_portrait
    assert x1 < 40 < x2
    assert y1 < 40 < y2
    assert max(abs(x2 - x1), abs(y2 - y1)) < 120
