"""Faces cut by the border: what is counted of them."""

import numpy as np
import pytest

from benchmarks import border
from tests.videos import people


@pytest.fixture(scope="module")
def person():
    return people()[0]


@pytest.mark.parametrize("side", border.SIDES)
def test_a_cut_leaves_a_share_of_the_face_beyond_its_side(person, detector, side):
    image, landmarks = border.cut(person.image, person.landmarks, side, 0.3)
    height, width = image.shape[:2]
    beyond = {
        "left": landmarks[:, 0] < -0.5,
        "right": landmarks[:, 0] >= width - 0.5,
        "top": landmarks[:, 1] < -0.5,
        "bottom": landmarks[:, 1] >= height - 0.5,
    }
    for name, which in beyond.items():
        assert (which.sum() > 0) == (name == side), name
    # The photo and its landmarks were moved alike.
    whole = border.cut(person.image, person.landmarks, "whole", 0).image
    assert len(detector.predict(whole)) == 1


def test_rows_are_summed_up_by_landmarks():
    radii = np.array([[1.0, 1.0, 1.0, 1.0], [3.0, 3.0, 3.0, 3.0]])
    outside = np.array([False, False, True, True])
    row = border.Row(np.array([0.5, 2.0, 2.0, 4.0]), radii, outside, 0.8, True)
    other = row._replace(outside=np.zeros(4, bool), confidence=0.4, good=False)
    report = border.summary([row, other])
    assert report["outside"] == 25
    assert report["inside_50"] == pytest.approx(100 * 2 / 6)
    assert report["inside_90"] == pytest.approx(100 * 5 / 6)
    assert (report["beyond_50"], report["beyond_90"]) == (0, 50)
    assert report["confidence"] == pytest.approx(60)
    assert report["good"] == 50


def test_the_face_is_measured_or_missed(person, detector):
    photo = border.cut(person.image, person.landmarks, "right", 0.2)
    row = border.measured(detector, photo)
    assert row.radii.shape == (2, 68)
    assert row.outside.sum() > 5
    assert (row.errors[row.outside] <= row.radii[1][row.outside]).mean() > 0.7
    assert border.measured(detector, photo._replace(landmarks=photo.landmarks + 900)) is None
