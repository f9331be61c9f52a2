"""The stance of a face, found by the networks from its portrait and that of the other way up."""

import numpy as np
import pytest

from lapland.detection.orientation import SIDE, SURE, cut_portraits, stances
from lapland.detection.paired import boxes_of
from lapland.detection.registry import load_detector
from tests.sdk.detection.turned import error, turned


@pytest.fixture(scope="module")
def networks():
    paired = load_detector("blazeface", turned=True, threads=1)
    return paired.onet, paired.blazeface


def test_portraits_have_the_face_in_the_middle(image):
    scene, truth = turned(image, 0)
    (portrait,), (matrix,) = cut_portraits(scene, truth[None])
    assert portrait.shape == (SIDE, SIDE, 3)
    middle = matrix[:, :2] @ [(SIDE - 1) / 2, (SIDE - 1) / 2] + matrix[:, 2]
    assert np.abs(middle - truth.mean(axis=0)).max() < 30


def test_no_faces(networks, image):
    stance = stances(*networks, image, np.zeros((0, 5, 2)), np.zeros(0, bool))
    assert [len(array) for array in stance] == [0] * 4


@pytest.mark.parametrize("degrees", [0, 50, 180])
def test_one_look_at_faces_in_the_turn_of_their_points(networks, image, degrees):
    """A face with a mouth on its forehead is turned about its eyes, if it may be one that hangs."""
    scene, truth = turned(image, degrees)
    hanging = 2 * truth[:2].mean(axis=0) - truth
    both = np.stack([truth, hanging])
    stance = stances(*networks, scene, both, np.ones(2, bool))
    assert (stance.scores > 0.9).all()
    assert stance.stands.all()
    assert stance.turned.tolist() == [False, True]
    assert max(error(five, truth) for five in stance.five_points) < 0.15
    certain = stances(*networks, scene, both, np.zeros(2, bool))
    assert not certain.turned.any()
    assert certain.scores[1] < SURE


@pytest.mark.parametrize("degrees", [0, 45, 100, 180, 260])
def test_a_box_is_enough_for_a_face_at_any_angle(networks, image, degrees):
    """Five points that lie too near to one another, at any angle; a box beside the face is none."""
    scene, truth = turned(image, degrees)
    middle = truth.mean(axis=0)
    beside = truth + np.array([200, 0])
    given, boxes = [beside], [boxes_of(beside[None])[0]]
    for lean, size in [(-40, 0.9), (20, 1.4), (90, 0.3), (180, 0.2), (-120, 0.1), (200, 1.0)]:
        step = size * np.exp(1j * np.deg2rad(lean))
        turn = np.array([[step.real, -step.imag], [step.imag, step.real]])
        given.append((truth - middle) @ turn.T + middle)
        boxes.append(boxes_of(truth[None])[0])
    count = len(given)
    every, none = np.ones(count, bool), np.zeros(count, bool)
    given, boxes = np.array(given), np.array(boxes)
    assert not (stances(*networks, scene, given, none).scores > SURE)[3:].all()
    stance = stances(*networks, scene, given, every, boxes=boxes)
    assert (stance.stands & (stance.scores > SURE)).tolist() == [False] + [True] * (count - 1)
    assert max(error(five, truth) for five in stance.five_points[1:]) < 0.15
    assert stance.turned[3:].any()
    assert not stance.turned[0]


def test_a_face_does_not_depend_on_those_beside_it(networks, image):
    scene, truth = turned(image, 20)
    several = np.stack([truth + shift for shift in ([0, 0], [3, 2], [150, 40], [-4, 1])])
    together = stances(*networks, scene, several, np.ones(4, bool))
    for i, one in enumerate(several):
        alone = stances(*networks, scene, one[None], np.ones(1, bool))
        for all_of_them, of_one in zip(together, alone, strict=True):
            np.testing.assert_array_equal(all_of_them[i], of_one[0])
