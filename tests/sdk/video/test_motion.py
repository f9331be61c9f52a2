"""Speeds, and where a face is expected next."""

import numpy as np

from lapland.video.motion import Motion
from tests.drawn_dots import five_points

FIVE = five_points(np.array([200.0, 150.0]))


def test_steady_motion_is_expected_to_go_on_and_shaking_is_not():
    one = Motion(FIVE)
    one.moved_to(FIVE + np.array([10, 0]), 0.1)
    assert not one.steady
    one.moved_to(FIVE + np.array([20, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.05), FIVE + np.array([25, 0]))
    np.testing.assert_allclose(
        one.foreseen(60.0), FIVE + np.array([30, 0])
    )  # for a tenth of a second
    one.moved_to(FIVE + np.array([10, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)
    for x in (10.5, 11, 11.5):  # too little to go by
        one.moved_to(FIVE + np.array([x, 0]), 0.1)
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)


def test_a_face_that_grows_and_rolls_is_expected_to_go_on():
    way = [five_points(np.array([200.0 + 5 * i, 150]), 1.1**i, 0.08 * i) for i in range(6)]
    one = Motion(way[0])
    one.moved_to(way[1], 0.1)
    assert not one.turning  # that it came so far once says nothing
    for i in range(2, 5):
        one.moved_to(way[i], 0.1)
        np.testing.assert_allclose(one.foreseen(0.1), way[i + 1], atol=0.1)
    # Half the time: half the way, of the size in its logarithm.
    half = five_points(np.array([222.5, 150]), 1.1**4.5, 0.08 * 4.5)
    np.testing.assert_allclose(one.foreseen(0.05), half, atol=0.1)
    one.moved_to(way[3], 0.1)
    assert not one.turning
    one.moved_to(way[2], 0.1)
    assert one.turning
    one.rest()
    np.testing.assert_allclose(one.foreseen(0.1), one.five_points)


def test_points_that_coincide_turn_nowhere():
    one = Motion(np.zeros((5, 2)))
    for _ in range(3):
        one.moved_to(np.zeros((5, 2)), 0.1)
    assert not one.turning
    assert np.isfinite(one.foreseen(0.1)).all()
