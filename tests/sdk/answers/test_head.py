"""The 3D head: its form, and its points at any yaw."""

import numpy as np
import pytest

from lapland.answers.head import load_head

LEFT_EYE, RIGHT_EYE, NOSE, CHIN = 36, 45, 30, 8


@pytest.fixture(scope="module")
def head():
    return load_head()


def test_it_is_a_face_in_centimetres(head):
    x, y, z = head.frontal
    assert x[LEFT_EYE] < x[NOSE] < x[RIGHT_EYE]
    assert 7 < x[RIGHT_EYE] - x[LEFT_EYE] < 11  # outer corners
    assert y[CHIN] < y[NOSE] < y[LEFT_EYE]
    assert z[NOSE] == z.max()  # nearest to the viewer


def test_it_is_symmetric(head):
    x, y, z = head.frontal
    np.testing.assert_allclose(x[LEFT_EYE], -x[RIGHT_EYE], atol=0.01)
    np.testing.assert_allclose([y[LEFT_EYE], z[LEFT_EYE]], [y[RIGHT_EYE], z[RIGHT_EYE]], atol=0.01)


def test_points_at_a_yaw_lie_between_its_rows(head):
    points, modes = head.at(head.yaws)
    np.testing.assert_array_equal(points, head.points)
    np.testing.assert_array_equal(modes, head.modes)
    between, _ = head.at((head.yaws[:-1] + head.yaws[1:]) / 2)
    np.testing.assert_allclose(between, (head.points[:-1] + head.points[1:]) / 2)
    far, _ = head.at(np.array([-500.0, 500.0]))
    np.testing.assert_array_equal(far, head.points[[0, -1]])


def test_only_the_jaw_depends_on_the_yaw(head):
    moved = np.ptp(head.points, axis=0).max(axis=0)
    assert moved[:17].max() > 1
    assert moved[17:].max() < 1e-6


def test_nobody_can_change_it(head):
    assert load_head() is head
    with pytest.raises(ValueError, match="read-only"):
        head.points[:] = 0
