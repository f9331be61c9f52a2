"""The stance of a face, found by the networks from four turns of its portrait."""

import numpy as np
import pytest

from lapland.detection.orientation import SIDE, cut_portraits, upright
from lapland.detection.registry import load_detector
from tests.sdk.detection.turned import error, turned


@pytest.fixture(scope="module")
def networks():
    paired = load_detector("blazeface", turned=True, threads=1)
    return paired.mtcnn, paired.blazeface


def test_portraits_have_the_face_in_the_middle(image):
    scene, truth = turned(image, 0)
    (portrait,), (matrix,) = cut_portraits(scene, truth[None])
    assert portrait.shape == (SIDE, SIDE, 3)
    middle = matrix[:, :2] @ [(SIDE - 1) / 2, (SIDE - 1) / 2] + matrix[:, 2]
    assert np.abs(middle - truth.mean(axis=0)).max() < 30


@pytest.mark.parametrize("quarters", range(4))
def test_points_of_a_wrong_turn_are_put_right(networks, image, quarters):
    """The points are those of an upright face, wherever the eyes of the true one are."""
    scene, truth = turned(image, 90 * quarters)
    place = truth.mean(axis=0)
    angle = np.deg2rad(-90 * quarters)
    cos, sin = np.cos(angle), np.sin(angle)
    given = (truth - place) @ np.array([[cos, -sin], [sin, cos]]).T + place
    stance = upright(*networks, scene, given[None], np.zeros(1, bool))
    assert stance.stands.all()
    assert bool(stance.turned[0]) == (quarters != 0)
    assert stance.scores[0] > 0.9
    assert error(stance.five_points[0], truth) < 0.15


def test_no_faces(networks, image):
    stance = upright(*networks, image, np.zeros((0, 5, 2)), np.zeros(0, bool))
    assert [len(array) for array in stance] == [0] * 4
