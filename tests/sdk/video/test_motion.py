"""Speeds, and where a face is expected next."""

import numpy as np

from lapland.video.motion import Motion
from tests.drawn_dots import five_points

FIVE = five_points(np.array([200.0, 150.0]))


def test_steady_motion_is_expected_to_go_on_and_shaking_is_not():
    one = Motion(FIVE)
    one = one.moved_to(FIVE + np.array([10, 0]), 0.1)
    assert not one.steady
    one = one.moved_to(FIVE + np.array([20, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.05), FIVE + np.array([25, 0]))
    # For a tenth of a second; and for the time of a frame, if that is longer.
    np.testing.assert_allclose(one.foreseen(60.0), FIVE + np.array([30, 0]))
    slow = Motion(FIVE).moved_to(FIVE + 30, 2.0).moved_to(FIVE + 60, 2.0)
    np.testing.assert_allclose(slow.foreseen(2.0), FIVE + 90)
    np.testing.assert_allclose(slow.foreseen(60.0), FIVE + 90)
    one = one.moved_to(FIVE + np.array([10, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)
    for x in (10.5, 11, 11.5):  # too little to go by
        one = one.moved_to(FIVE + np.array([x, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)


def test_a_face_that_grows_and_rolls_is_expected_to_go_on():
    way = [five_points(np.array([200.0 + 5 * i, 150]), 1.1**i, 0.08 * i) for i in range(6)]
    one = Motion(way[0])
    one = one.moved_to(way[1], 0.1)
    assert not one.turning  # that it came so far once says nothing
    for i in range(2, 5):
        one = one.moved_to(way[i], 0.1)
        np.testing.assert_allclose(one.foreseen(0.1), way[i + 1], atol=0.1)
    # Half the time: half the way, of the size in its logarithm.
    half = five_points(np.array([222.5, 150]), 1.1**4.5, 0.08 * 4.5)
    np.testing.assert_allclose(one.foreseen(0.05), half, atol=0.1)
    one = one.moved_to(way[3], 0.1)
    assert not one.turning
    one = one.moved_to(way[2], 0.1)
    assert one.turning
    one = one.at_rest()
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)


def test_points_that_coincide_turn_nowhere():
    one = Motion(np.zeros((5, 2)))
    for _ in range(3):
        one = one.moved_to(np.zeros((5, 2)), 0.1)
    assert not one.turning
    assert np.isfinite(one.foreseen(0.1)).all()


def test_the_mean_velocity_is_one_of_seconds():
    slow, fast = Motion(FIVE), Motion(FIVE)
    for i in range(1, 4):
        slow = slow.moved_to(FIVE + 40 * i, 0.04)
    for i in range(1, 13):
        fast = fast.moved_to(FIVE + 10 * i, 0.01)
    np.testing.assert_allclose(slow.mean_velocity, fast.mean_velocity)
    assert 600 < slow.mean_velocity[0] < 1000


def test_a_corrected_motion_keeps_its_speed():
    one = Motion(FIVE).moved_to(FIVE + 10, 0.1)
    better = one.corrected(FIVE + 12)
    np.testing.assert_array_equal(better.five_points, FIVE + 12)
    np.testing.assert_array_equal(better.velocity, one.velocity)
