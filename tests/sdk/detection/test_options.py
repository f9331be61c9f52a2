"""Options of the detectors: what is refused, and by whom."""

import numpy as np
import pytest

from lapland.base.errors import OptionError
from lapland.detection.options import checked_factor, checked_min_face, checked_thresholds
from lapland.detection.registry import load_detector


@pytest.mark.parametrize("value", [11, 40.0, True, "40", None])
def test_sides_of_the_smallest_face(value):
    with pytest.raises(OptionError, match=r"min_face must .*not "):
        checked_min_face(value)
    for name in ("blazeface", "mtcnn"):
        with pytest.raises(OptionError, match=r"min_face must .*not "):
            load_detector(name, min_face=value)
    assert checked_min_face(np.int64(12)) == 12


@pytest.mark.parametrize("value", [0.6, (0.6, 0.7), (0.6, 0.7, 1.0), (0.6, np.nan, 0.7), "abc"])
def test_thresholds(value):
    with pytest.raises(OptionError, match=r"thresholds must .*not "):
        checked_thresholds(value, usual=(0.5, 0.5, 0.5))
    assert checked_thresholds([0.1, 0.2, 0.3], usual=(0.5, 0.5, 0.5)) == (0.1, 0.2, 0.3)
    assert checked_thresholds(None, usual=(0.5, 0.6, 0.7)) == (0.5, 0.6, 0.7)


@pytest.mark.parametrize("value", [1.0, 0.05, "half", True])
def test_factors_of_the_pyramid(value):
    with pytest.raises(OptionError, match=r"pyramid_factor must .*not "):
        checked_factor(value)
    assert checked_factor(0.5) == 0.5


def test_the_pyramid_is_of_mtcnn_alone():
    with pytest.raises(OptionError, match=r"pyramid_factor .*detector='mtcnn'"):
        load_detector("blazeface", pyramid_factor=0.8)
    load_detector("mtcnn", pyramid_factor=0.8)


@pytest.mark.parametrize("name", ["blazeface", "mtcnn"])
def test_lower_thresholds_find_no_fewer_faces(name, image):
    counts = [
        len(load_detector(name, thresholds=t, threads=1).detect(image).boxes)
        for t in ((0.05, 0.05, 0.01), None, (0.99, 0.99, 0.99))
    ]
    assert counts[0] > counts[1] >= counts[2]
